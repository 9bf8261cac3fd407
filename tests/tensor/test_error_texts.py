"""The whole text of the errors that people meet most: what, where, expected, got, the slip, what to type."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest

from minigate import ops
from minigate.errors import MinigateError
from minigate.tensor import Tensor, by_hand, grad, no_grad


def x() -> Tensor:
    return Tensor(numpy.array([[1.0, 2.0]]), requires_grad=True, name="x")


def w() -> Tensor:
    return Tensor(numpy.ones((2, 3)), requires_grad=True, name="w")


def twice() -> None:
    y = (x() @ w()).sum()
    y.backward()
    y.backward()


def edited() -> None:
    weights = w()
    y = (x() @ weights).sum()
    with no_grad():
        weights -= 0.1
    y.backward()


def in_place() -> None:
    t = x()
    t += 1.0


def set_item() -> None:
    h = x() * 2.0
    h[0] = 1.0


def second() -> None:
    t = x()
    (y,) = by_hand("GRU", [t], [t.data * 2], lambda d: [None], composed='Recurrent(cell, method="tape")')
    grad(y.sum(), t, create_graph=True)


TEXTS: dict[Callable[[], Any], str] = {
    lambda: (x() @ w()).backward(): """\
backward of Tensor: many numbers have no gradient without a cotangent: expected one number, or a \
cotangent, got shape (1, 3)
  likely slip: the loss was not averaged
  type: y.mean().backward(), or y.backward(cotangent) with a cotangent of shape (1, 3)""",
    lambda: (x() @ w()).backward(numpy.ones(3)): """\
backward of Tensor: cotangent of another shape: expected (1, 3), the shape of y, got (3,)
  type: mg.ops.broadcast_to(cotangent, y.shape) if that is meant""",
    lambda: (x() @ w()).backward(numpy.ones((1, 3), "float32")): """\
backward of Tensor: cotangent of another dtype: expected float64, the dtype of y, got float32
  type: cotangent.astype(y.dtype)""",
    lambda: x().detach().backward(): """\
backward of Tensor 'x': there is no tape to go back along: got a constant of shape (1, 2) and dtype float64
  likely slip: no operand has requires_grad=True, or it was computed under no_grad or after detach
  type: x = mg.Tensor(x, requires_grad=True) before the forward pass""",
    twice: """\
backward through sum: the tape was freed by an earlier backward pass
  likely slip: two losses that share a part, or a state carried from one window to the next
  type: (loss1 + loss2).backward() for both at once, state.detach() between windows, or retain_graph=True in the \
first backward""",
    edited: """\
backward of matmul: 'w', shape (2, 3), was edited after the tape had taken note of it: expected the value of the \
forward pass, got one that was edited 1 time since
  likely slip: an optimiser step, a load, `t += v` or `t[...] = v` between forward and backward
  type: y.backward() before the edit, or edit a copy: t = mg.Tensor(t.data.copy())""",
    in_place: """\
Tensor 'x': `t += v` would edit a value in place, and the tape could not follow
  likely slip: in-place arithmetic in a forward pass
  type: t = t + v; or, for a step of an optimiser: with mg.no_grad(): t += v""",
    set_item: """\
Tensor: `t[...] = v` would edit a value in place, and the tape could not follow
  likely slip: in-place arithmetic in a forward pass
  type: collect the parts and mg.ops.stack(parts), or mg.ops.where(mask, v, t); or, for a step of an optimiser: \
with mg.no_grad(): t[...] = v""",
    lambda: grad((x() * 2.0).sum(), w()): """\
grad with respect to Tensor 'w': y was not computed from x[0]
  likely slip: a detach or a no_grad on the way, or another Tensor with the same numbers
  type: mg.grad(y, x, unused="zero") if zeros are meant""",
    second: """\
GRU: the backward pass of this computation is written by hand and has no derivative of its own
  likely slip: create_graph=True through the fast path
  type: Recurrent(cell, method="tape"): the composed way can be differentiated to any order""",
    lambda: x() @ numpy.ones((3, 2)): """\
matmul: operands that do not fit (matmul: Input operand 1 has a mismatch in its core dimension 0, with gufunc \
signature (n?,k),(k,m?)->(n?,m?) (size 3 is different from 2)): got a (1, 2) ('x'), b (3, 2)
  likely slip: weights stored as in the papers: here it is operand @ W
  type: a @ b.T""",
    lambda: ops.concat([x(), w()]): """\
concat: operands that do not fit (all the input array dimensions except for the concatenation axis must match \
exactly, but along dimension 1, the array at index 0 has size 2 and the array at index 1 has size 3): got parts[0] \
(1, 2) ('x'), parts[1] (2, 3) ('w')""",
    lambda: ops.embedding(w(), numpy.array([[0, 2]])): """\
embedding: tokens outside of the table: expected 0 … 1 (K=2), got 0 … 2
  likely slip: a vocabulary that is larger than the table, or a padding of -1 without a mask""",
    lambda: Tensor([1, 2], requires_grad=True, name="steps"): """\
Tensor 'steps': only floating numbers have a gradient: expected float32 or float64, got int64
  likely slip: Python integers make an integer Tensor
  type: mg.Tensor([1.0, 2.0], requires_grad=True), or array.astype('float32')""",
    lambda: ops.add(x(), [1.0]): """\
add: not an operand: expected a Tensor, an array or a number, got list
  likely slip: a list of Tensors
  type: mg.Tensor(values), or mg.ops.stack(tensors)""",
    lambda: numpy.asarray(x()): """\
turning Tensor 'x' into an array: this would leave the tape unnoticed
  likely slip: a function of the array library on a Tensor, instead of one of mg.ops
  type: mg.ops.tanh(t) to stay on the tape, t.numpy() to leave it""",
    lambda: float(x()): """\
Tensor 'x': one number asked of many: expected 1 element, got shape (1, 2)
  type: t.sum().item(), t[0].item(), or t.numpy() for all of them""",
    lambda: x().assign(numpy.ones(3)): """\
Tensor 'x': assigned another shape: expected (1, 2), got (3,)""",
}


@pytest.mark.parametrize("number", range(len(TEXTS)))
def test_the_whole_text(number: int) -> None:
    call, text = list(TEXTS.items())[number]
    with pytest.raises(MinigateError) as caught:
        call()
    assert str(caught.value) == text
