"""The way back: what is added where, in which order, what is freed, and what is refused."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref

import numpy
import pytest

from minigate import ops
from minigate.errors import (
    GradientUndefinedError,
    GraphFreedError,
    OptionError,
    SecondDerivativeError,
    ShapeError,
)
from minigate.tensor import Tensor, backward, by_hand, grad, is_grad_enabled, no_grad


def leaf(value: object, name: str | None = None, dtype: str = "float64") -> Tensor:
    return Tensor(numpy.array(value, dtype=dtype), requires_grad=True, name=name)


def test_a_value_that_is_used_twice_gets_the_sum_of_both_gradients() -> None:
    """The diamond: an engine that overwrites instead of adding is right about b = a + 1 and wrong here."""
    a = leaf(3.0)
    b = a + a
    c = b + b
    c.backward()
    assert a.grad is not None and a.grad.item() == 4.0


def test_a_node_waits_for_all_its_users_whatever_the_order_they_were_made_in() -> None:
    a = leaf(2.0)
    b = a * a
    late = ops.exp(ops.tanh(ops.tanh(ops.tanh(b))))
    c = b * late + b
    c.backward()
    t = numpy.tanh(numpy.tanh(numpy.tanh(4.0)))
    slope = numpy.exp(t)
    inner = 4.0
    factor = 1.0
    for _ in range(3):
        inner = numpy.tanh(inner)
        factor *= 1 - inner**2
    expected = 4.0 * (slope + 4.0 * slope * factor + 1.0)
    assert a.grad is not None and a.grad.item() == pytest.approx(expected)


def test_gradients_accumulate_into_leaves_until_they_are_forgotten() -> None:
    a = leaf([1.0, 2.0])
    (a * 2.0).sum().backward()
    first = a.grad
    (a * 3.0).sum().backward()
    assert a.grad is not None and first is not None
    assert a.grad.data.tolist() == [5.0, 5.0]
    assert first.data.tolist() == [2.0, 2.0], "a gradient that somebody holds does not change under them"
    a.zero_grad()
    assert a.grad is None


def test_a_leaf_is_its_own_derivative() -> None:
    a = leaf([1.0, 2.0])
    a.backward(numpy.array([3.0, 4.0]))
    assert a.grad is not None and a.grad.data.tolist() == [3.0, 4.0]
    assert grad(a, a, numpy.ones(2)).data.tolist() == [1.0, 1.0]


def test_a_chain_of_ten_thousand_operations() -> None:
    x = leaf(1.0)
    y = x
    for _ in range(10_000):
        y = y * 1.0001
    y.backward()
    assert x.grad is not None and x.grad.item() == pytest.approx(1.0001**10_000)


LONG = """
import numpy
from minigate.tensor import Tensor
from minigate import ops
x = Tensor(numpy.ones(1), requires_grad=True)
for way in ("drop", "backward"):
    y = x
    for i in range(50_000):
        y = ops.tanh(y) if i % 3 == 0 else ops.stack([y + 1.0])[0] if i % 1000 == 1 else y * 0.5
    if way == "backward":
        y.backward()
        assert numpy.isfinite(x.grad.data).all()
    del y
print("alive")
"""


def test_a_long_graph_is_dropped_without_deep_recursion() -> None:
    """In a process of its own: an overflow of the C stack would end the process, not raise."""
    run = subprocess.run([sys.executable, "-c", LONG], capture_output=True, text=True, timeout=600)
    assert run.stdout.strip() == "alive", run.stderr[-2000:]


def test_the_tape_is_no_cycle_and_goes_away_by_itself() -> None:
    gc.collect()
    gc.disable()
    try:
        x = leaf([1.0, 2.0])
        y = ops.tanh(x) * x
        y.name = "y"
        gone = [weakref.ref(y), weakref.ref(y._node)]
        del y
        assert [ref() for ref in gone] == [None, None]
    finally:
        gc.enable()


def test_memory_is_freed_by_backward() -> None:
    x = leaf([1.0, 2.0])
    kept = numpy.ones(2)
    alive = weakref.ref(kept)
    y = (x * kept).sum()
    del kept
    assert alive() is not None
    y.backward()
    assert alive() is None


def test_grad_leaves_dot_grad_alone_and_returns_what_was_asked_for() -> None:
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    h = x * w
    y = (h * h).sum()
    gx, gh = grad(y, [x, h], retain_graph=True)
    assert x.grad is None and w.grad is None
    assert gh.data.tolist() == [6.0, 16.0] and gx.data.tolist() == [18.0, 64.0]
    assert isinstance(grad(y, x), Tensor)


def test_grad_of_several_results_with_cotangents() -> None:
    x = leaf([1.0, 2.0])
    a, b = x * 2.0, x * x
    g = grad([a, b], x, [numpy.array([1.0, 0.0]), numpy.array([0.0, 1.0])])
    assert g.data.tolist() == [2.0, 4.0]
    a, b = x * 2.0, x * x
    assert grad([a, b], x, [None, numpy.array([1.0, 1.0])]).data.tolist() == [2.0, 4.0]
    assert grad([(x * 2.0).sum(), (x * x).sum()], x).data.tolist() == [4.0, 6.0]


def test_only_the_rules_between_y_and_x_run() -> None:
    x, w = leaf([1.0]), leaf([2.0])
    (dead,) = by_hand("dead", [w], [w.data * 2], lambda _: pytest.fail("not asked for"), composed="")
    y = (x * 3.0 + dead).sum()
    assert grad(y, x).data.tolist() == [3.0]


def test_unused_is_an_error_or_zeros() -> None:
    x, other = leaf([1.0]), leaf([[1.0, 2.0]], name="other")
    with pytest.raises(GradientUndefinedError, match="y was not computed from x\\[0\\]"):
        grad((x * x).sum(), other)
    g = grad((x * x).sum(), other, unused="zero")
    assert g.data.tolist() == [[0.0, 0.0]]
    with pytest.raises(OptionError, match='"error" \\| "zero"'):
        grad((x * x).sum(), other, unused="none")


def test_gradients_share_memory_with_nothing() -> None:
    a, b = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    cotangent = numpy.array([5.0, 6.0])
    y = a + b
    y.retain_grad()
    y.reshape((2,)).backward(cotangent)
    assert a.grad is not None and b.grad is not None and y.grad is not None
    arrays = [cotangent, a.grad.data, b.grad.data, y.grad.data]
    for i, one in enumerate(arrays):
        assert not any(numpy.shares_memory(one, other) for other in arrays[i + 1 :])
    ga, gb, same = grad(a + b, [a, b, a], cotangent)
    arrays = [cotangent, ga.data, gb.data, same.data]
    for i, one in enumerate(arrays):
        assert not any(numpy.shares_memory(one, other) for other in arrays[i + 1 :])
    assert cotangent.tolist() == [5.0, 6.0]


def test_gradients_on_the_tape_are_not_shared_either() -> None:
    a, b = leaf([1.0]), leaf([2.0])
    (a + b).backward(create_graph=True)
    assert a.grad is not None and b.grad is not None
    assert a.grad is not b.grad and not numpy.shares_memory(a.grad.data, b.grad.data)


def test_what_is_summed_at_a_shared_leaf_is_right_for_many_uses() -> None:
    rng = numpy.random.default_rng(1)
    w = leaf(rng.standard_normal((4, 4)))
    h = leaf(rng.standard_normal((3, 4)))
    y = h
    for _ in range(6):
        y = ops.tanh(y @ w + y)
    cotangent = rng.standard_normal((3, 4))
    before = cotangent.copy()
    first = grad(y, [w, h], cotangent, retain_graph=True)
    again = grad(y, [w, h], cotangent, create_graph=True)
    for one, other in zip(first, again, strict=True):
        numpy.testing.assert_allclose(one.data, other.data, rtol=1e-12)
    numpy.testing.assert_array_equal(cotangent, before)


def test_retain_grad_keeps_the_gradient_of_a_result() -> None:
    x = leaf([1.0, 2.0], name="x")
    h = x * 3.0
    h.name = "h"
    h.retain_grad()
    (h * h).sum().backward()
    assert h.grad is not None and h.grad.data.tolist() == [6.0, 12.0] and h.grad.name == "dh"


def test_a_second_backward_needs_the_graph_to_be_retained() -> None:
    x = leaf([1.0])
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad is not None and x.grad.item() == 4.0
    with pytest.raises(GraphFreedError, match="retain_graph=True"):
        y.backward()
    assert x.grad.item() == 4.0


def test_a_state_carried_without_detach_is_found() -> None:
    w = leaf([0.5])
    h = ops.tanh(w * 1.0)
    h.sum().backward()
    with pytest.raises(GraphFreedError, match=r"state\.detach\(\)"):
        ops.tanh(w * h).sum().backward()
    ops.tanh(w * h.detach()).sum().backward()


def test_an_error_on_the_way_leaves_every_grad_as_it_was() -> None:
    x = leaf([1.0])
    (broken,) = by_hand("broken", [x], [x.data * 2], lambda douts: [numpy.ones(3)], composed="")
    y = (broken + x * x).sum()
    with pytest.raises(ShapeError, match="broken"):
        y.backward()
    assert x.grad is None


def test_backward_of_several_roots_at_once() -> None:
    x = leaf([1.0, 2.0])
    h = x * x
    backward([h.sum(), h.mean()], [None, None])
    assert x.grad is not None and x.grad.data.tolist() == [3.0, 6.0]


@pytest.mark.parametrize("create_graph", [False, True])
def test_the_mode_is_put_back_after_an_error(create_graph: bool) -> None:
    x = leaf([1.0])
    (broken,) = by_hand("broken", [x], [x.data * 2], lambda douts: [numpy.ones(3)], composed="mg")
    with pytest.raises((ShapeError, SecondDerivativeError)):
        broken.backward(numpy.ones(1), create_graph=create_graph)
    assert is_grad_enabled()


def test_a_backward_pass_inside_no_grad() -> None:
    x = leaf([3.0])
    y = (x * x * x).sum()
    with no_grad():
        g = grad(y, x, create_graph=True)
    assert grad(g.sum(), x).data.tolist() == [18.0]
