"""What belongs to the caller is as it was, whether a check passes, fails, or dies on the way."""

from __future__ import annotations

import random

import numpy
import pytest

import minigate as mg
from minigate.checking import check, check_cell, check_gate, check_layer, check_vjp
from minigate.tensor import is_grad_enabled


def snapshot(cell):
    return {name: (p.data, p.data.tobytes(), p.dtype, None if p.grad is None else p.grad.data.tobytes(), p.grad)
            for name, p in cell.named_parameters()}  # fmt: skip


def same(before, after):
    return before.keys() == after.keys() and all(
        b[0] is a[0] and b[1:4] == a[1:4] and b[4] is a[4] for b, a in zip(before.values(), after.values(), strict=True)
    )


@pytest.fixture
def cell():
    made = mg.cells.GRU(2, 4, seed=0, dtype="float32")
    y, _ = mg.layers.Recurrent(made)(numpy.ones((5, 3, 2), dtype="float32"))
    y.backward(numpy.ones(y.shape, dtype="float32"))
    made.train(False)
    return made


class Deadly(mg.cells.RNN):
    def step_backward(self, t, dy_t, dstate, trace):
        random.random()
        raise RuntimeError("on the way")


def test_a_cell_keeps_its_arrays_gradients_and_mode(cell):
    before = snapshot(cell)
    assert check_cell(cell, T=(2,)) and check_layer(mg.layers.Recurrent(cell))
    assert same(before, snapshot(cell)) and cell.training is False and is_grad_enabled()


def test_also_after_an_exception():
    cell = Deadly(2, 4, seed=0)
    before, state = snapshot(cell), (random.getstate(), str(numpy.random.get_state()))  # noqa: NPY002
    with pytest.raises(RuntimeError, match="on the way"):
        check_cell(cell, T=(2,))
    assert same(before, snapshot(cell)) and cell.training is True and is_grad_enabled()
    assert state == (random.getstate(), str(numpy.random.get_state()))  # noqa: NPY002


def test_random_streams_are_put_back():
    def f(x):
        return x * float(numpy.random.rand()) + random.random()  # noqa: NPY002

    before = random.getstate(), str(numpy.random.get_state())  # noqa: NPY002
    assert check(f, numpy.ones(3)).verdict == "INCONCLUSIVE"
    assert before == (random.getstate(), str(numpy.random.get_state()))  # noqa: NPY002


def test_inputs_stay_and_an_edit_of_them_is_a_failure():
    x = mg.Tensor(numpy.arange(1.0, 4.0), requires_grad=True)
    (x * x).sum().backward()
    grad, data = x.grad, x.data.copy()

    def edits(t):
        t.data[...] = t.data + 1.0
        return mg.ops.tanh(t)

    report = check(edits, x)
    assert report.verdict == "FAIL" and "changed in place: t" in report.diagnosis
    assert x.grad is grad and numpy.array_equal(x.data, data)


def test_plain_functions_get_copies():
    x = numpy.arange(1.0, 4.0)

    def forward(x):
        x += 1.0
        return x * x

    check_vjp(forward, lambda dy, x: 2.0 * dy * (x + 1.0), x)
    assert x.tolist() == [1.0, 2.0, 3.0]


def test_a_cotangent_that_is_edited_is_a_failure():
    def f(x):
        def backward(d):
            d[0] *= 2.0
            return [d[0] * 0.5]

        return mg.by_hand("id", [x], [x.data.copy()], backward, "x")[0]

    report = check(f, numpy.ones(3))
    assert report.verdict == "FAIL" and report.diagnosis == "changed in place: the cotangent"


def test_it_works_inside_no_grad_and_leaves_it_on():
    with mg.no_grad():
        assert check(mg.ops.tanh, numpy.ones(3)) and check_gate(mg.gates.Sigmoid) and check_cell(mg.cells.RNN, T=(1,))
        assert not is_grad_enabled()


def test_a_gate_object_stays_as_it_is():
    class Lies(mg.gates.Sigmoid):
        def slope(self, xp, s, g, p):
            return s * 0.0 + g * (1.0 - g)

    gate = Lies()
    assert check_gate(gate).verdict == "FAIL" and gate.needs_input is False and vars(gate) == {}
