"""A gradient that fades for hundreds of steps ends in zeros, and not in numbers that cost time and mean nothing."""

import numpy
import pytest

import minigate as mg
from minigate.bptt import loop


def gradients(dtype, T=600):
    rng = numpy.random.default_rng(0)
    cell = mg.cells.GRU(2, 8, seed=0, dtype=dtype)
    x = mg.Tensor(rng.normal(size=(T, 3, 2)).astype(dtype), requires_grad=True)
    start = mg.Tensor(rng.normal(size=(3, 8)).astype(dtype), requires_grad=True)
    _, (h,) = mg.layers.Recurrent(cell)(x, (start,))
    wanted = [*cell.parameters(), x, start]
    return [g.data for g in mg.grad(h, wanted, rng.normal(size=h.shape).astype(dtype))]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_sweep_changes_no_gradient_of_a_weight(monkeypatch, dtype):
    swept = gradients(dtype)
    monkeypatch.setattr(loop, "SWEEP", 10**9)  # never, but at t = 0
    whole = gradients(dtype)
    for one, other in zip(swept[:-2], whole[:-2], strict=True):
        assert abs(one - other).max() <= 2 * numpy.finfo(dtype).eps * abs(other).max()
    limit = numpy.finfo(dtype).tiny / numpy.finfo(dtype).eps
    for one, other in zip(swept[-2:], whole[-2:], strict=True):
        assert (abs(one - other) <= 100 * limit).all()


def test_nothing_subnormal_is_left_at_the_beginning(monkeypatch):
    *_, dx, start = gradients("float32")
    assert not start.any()
    assert not dx[:100].any()
    monkeypatch.setattr(loop, "SWEEP", 10**9)
    *_, dx, _ = gradients("float32")
    assert ((dx != 0) & (abs(dx) < numpy.finfo("float32").tiny)).any()  # so there was something to sweep away


def test_what_is_not_finite_stays_to_be_seen():
    d = numpy.array([[numpy.nan, 1e-40, -1e-40, 1.0, -numpy.inf]], dtype="float32")
    loop._sweep(numpy, [None, d], 1e-31)
    assert numpy.array_equal(d, numpy.array([[numpy.nan, 0, 0, 1, -numpy.inf]], dtype="float32"), equal_nan=True)
