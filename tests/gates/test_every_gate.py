"""What every gate promises, for all of the registry and for those that exist only in the tests."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.cells import GatedCell
from tests.contracts import differences
from tests.contracts.example_gates import Algebraic, ComposedSigmoid, ParametricSigmoid
from tests.contracts.subjects import Subject, sequence
from tests.contracts.test_three_ways import compare

GATES = dict(mg.gates.registry) | {
    "ParametricSigmoid": ParametricSigmoid,
    "ComposedSigmoid": ComposedSigmoid,
    "Algebraic": Algebraic,
}
H = 4

#: What a gate is at −∞ and at ∞ where these are not its bounds: without its half of s, σ(0).
ENDS = {"KAF-no-residual": (0.5, 0.5)}

#: To a cell one kernel gate is like another: the variants are tried in two of the cells, the others in all.
VARIANTS = [name for name in mg.gates.registry if name.startswith("KAF-") and name != "KAF-trained"]
CELLS = [name for name, build in mg.cells.registry.items() if isinstance(build(), GatedCell)]
IN_CELLS = [(name, cell) for name in GATES for cell in (("GRU-after", "MinLSTM") if name in VARIANTS else CELLS)]

gates = pytest.mark.parametrize("name", GATES)
dtypes = pytest.mark.parametrize("dtype", ["float32", "float64"])


def made(name, backend, dtype="float64"):
    """A gate, its parameters there, and pre-activations (5, 3, H) with some far out and some at round numbers."""
    gate = GATES[name]()
    rng = numpy.random.default_rng(5)
    p = {key: backend.to(value, dtype) for key, value in gate.init(H, rng).items()}
    s = rng.normal(scale=2.0, size=(5, 3, H))
    s[0, 0], s[1, 0] = [-60.0, 60.0, -1e4, 1e4], [0.0, 2.5, -2.5, 3.0]
    return gate, p, backend.to(s, dtype)


def rounding(p):
    """By how much a sum of large terms of alternating sign enlarges an error of rounding: by its coefficients."""
    return max(1.0, float(abs(p["alpha"]).max())) if "alpha" in p else 1.0


def tensors(p):
    return {key: mg.Tensor(value, requires_grad=True) for key, value in p.items()}


@gates
@dtypes
def test_forward_is_compose(backend, name, dtype):
    gate, p, s = made(name, backend, dtype)
    with mg.no_grad():
        expected = backend.host(gate.compose(mg.Tensor(s), tensors(p)))
    found = gate.forward(backend.xp, s, p)
    assert found.dtype == expected.dtype == dtype and found.shape == s.shape
    limit = (1e-15 if dtype == "float64" else 1e-6) * rounding(p)
    assert differences.distance(backend.host(found), expected) <= limit


@gates
@dtypes
@pytest.mark.parametrize("where", ["new", "s itself", "columns"])
def test_out_is_where_the_result_goes(backend, name, dtype, where):
    """As the cells use it: in place, and on columns of a packed array."""
    gate, p, s = made(name, backend, dtype)
    expected = backend.host(gate.forward(backend.xp, s, p))
    packed = backend.xp.zeros((5, 3, 3 * H), dtype=dtype)
    out = {"new": backend.xp.zeros_like(s), "s itself": s, "columns": packed[..., H : 2 * H]}[where]
    returned = gate.forward(backend.xp, s, p, out=out)
    assert returned is out or backend.xp.shares_memory(returned, out)
    assert backend.host(out).tobytes() == expected.tobytes()
    assert not backend.host(packed)[..., :H].any() and not backend.host(packed)[..., 2 * H :].any()


@gates
@dtypes
def test_nothing_that_comes_in_is_changed(backend, name, dtype):
    gate, p, s = made(name, backend, dtype)
    g = gate.forward(backend.xp, s, p)
    dg = backend.to(numpy.random.default_rng(6).normal(size=s.shape), dtype)
    arrays = [s, g, dg, *p.values()]
    before = [backend.host(array).copy() for array in arrays]
    if backend.name == "numpy":
        for array in arrays:
            array.flags.writeable = False
    gate.forward(backend.xp, s, p)
    slope = gate.slope(backend.xp, s, g, p)
    found = gate.param_gradients(backend.xp, dg, s, g, p)
    assert all(backend.host(array).tobytes() == old.tobytes() for array, old in zip(arrays, before, strict=True))
    assert slope.dtype == dtype and slope.shape == s.shape and not backend.xp.shares_memory(slope, g)
    assert {key: (value.dtype, value.shape) for key, value in found.items()} == {
        key: (value.dtype, value.shape) for key, value in p.items()
    }


@gates
@pytest.mark.parametrize("shape", [(H,), (3, H), (2, 5, 3, H), (0, H), (0, 3, H)])
def test_leading_axes_are_free(backend, name, shape):
    gate, p, _ = made(name, backend)
    s = numpy.random.default_rng(6).normal(size=shape)
    rows = s.reshape(-1, H)
    g = backend.host(gate.forward(backend.xp, backend.to(s), p))
    slope = backend.host(gate.slope(backend.xp, backend.to(s), backend.to(g), p))
    assert g.shape == slope.shape == shape
    for n, row in enumerate(rows):
        alone = gate.forward(backend.xp, backend.to(row), p)
        assert numpy.array_equal(backend.host(alone), g.reshape(-1, H)[n])


def smooth(function, s, e=1e-4):
    """Where the function has one slope: the differences to both sides agree."""
    left, right = (function(s) - function(s - e)) / e, (function(s + e) - function(s)) / e
    return numpy.abs(left - right) < 1e-3 + 1e-2 * numpy.abs(left)


@gates
def test_slope_is_the_derivative_by_differences(backend, name):
    gate, p, s = made(name, backend)
    host = backend.host(s)

    def forward(values):
        return backend.host(gate.forward(backend.xp, backend.to(values), p))

    found = backend.host(gate.slope(backend.xp, s, backend.to(forward(host)), p))
    (expected,) = differences.along(lambda v: [forward(v["s"])], {"s": host}, {"s": numpy.ones_like(host)}, 1e-4)
    at = smooth(forward, host)
    assert at.sum() > 0.9 * at.size
    assert numpy.abs(found - expected)[at].max() <= 1e-10
    composed = mg.gates.Gate.slope(gate, backend.xp, s, backend.to(forward(host)), p)
    assert differences.distance(found, backend.host(composed)) <= 1e-12  # everywhere: also at the corners


@gates
def test_parameter_gradients_are_the_derivative_by_differences(backend, name):
    gate, p, s = made(name, backend)
    dg = numpy.random.default_rng(6).normal(size=s.shape)
    g = gate.forward(backend.xp, s, p)
    found = gate.param_gradients(backend.xp, backend.to(dg), s, g, p)
    composed = mg.gates.Gate.param_gradients(gate, backend.xp, backend.to(dg), s, g, p)
    values = {key: backend.host(value) for key, value in p.items()}
    assert found.keys() == values.keys()
    for key in values:
        columns = differences.jacobian(
            lambda v: [backend.host(gate.forward(backend.xp, s, {k: backend.to(a) for k, a in v.items()}))], values, key
        )
        expected = differences.gradient(columns, [dg], values[key].shape)
        assert differences.distance(backend.host(found[key]), expected) <= 1e-7
        assert differences.distance(backend.host(found[key]), backend.host(composed[key])) <= 1e-12


@gates
@dtypes
def test_it_is_bounded_everywhere_without_a_warning(backend, name, dtype):
    gate, p, _ = made(name, backend, dtype)
    far = numpy.geomspace(10, 1e4, 50)
    line = numpy.concatenate([numpy.linspace(-10, 10, 201), far, -far])
    s = backend.to(numpy.repeat(line[:, None], H, axis=1), dtype)
    low, high = gate.bounded
    for values in (gate.forward(backend.xp, s, p), gate.compose(mg.Tensor(s), tensors(p))):
        g = backend.host(values)
        assert numpy.isfinite(g).all() and g.min() >= low - 1e-6 and g.max() <= high + 1e-6
    slope = gate.slope(backend.xp, s, gate.forward(backend.xp, s, p), p)
    assert numpy.isfinite(backend.host(slope)).all()


@pytest.mark.parametrize("name", mg.gates.registry)
@dtypes
def test_at_infinity_it_is_at_its_bounds_and_flat(backend, name, dtype):
    gate, p, _ = made(name, backend, dtype)
    s = backend.to(numpy.array([[-numpy.inf] * H, [numpy.inf] * H]), dtype)
    g = gate.forward(backend.xp, s, p)
    low, high = ENDS.get(name, gate.bounded)
    assert backend.host(g)[0] == pytest.approx(low) and backend.host(g)[1] == pytest.approx(high)
    flat = 0.0 if name not in ENDS else 1e-6 if dtype == "float32" else 1e-15  # kernels end where rounding does
    assert abs(backend.host(gate.slope(backend.xp, s, g, p))).max() <= flat
    composed = mg.Tensor(s, requires_grad=True)
    out = gate.compose(composed, tensors(p))
    assert abs(backend.host(out) - backend.host(g)).max() <= flat
    if out.requires_grad:
        assert not backend.host(mg.grad(out, composed, backend.xp.ones_like(s))).any()


@gates
def test_the_same_generator_draws_the_same_parameters(name):
    one, two = (GATES[name]().init(H, numpy.random.default_rng(3)) for _ in range(2))
    assert one.keys() == two.keys() and all(numpy.array_equal(one[key], two[key]) for key in one)


@pytest.mark.parametrize("name, cell", IN_CELLS)
def test_in_every_gated_cell_by_hand_is_the_tape(backend, name, cell):
    x = sequence((5, 3, 2))
    hand, tape = (
        Subject(mg.layers.Recurrent(mg.cells.registry[cell](gate=GATES[name]()), method=method), backend, x)
        for method in ("bptt", "tape")
    )
    for found, expected in zip(hand.outputs(), tape.outputs(), strict=True):
        assert differences.distance(found, expected) <= 1e-12
    cotangents = hand.cotangents()["all"]
    compare(hand.gradients(cotangents), tape.gradients(cotangents), 1e-10, name)


@gates
@dtypes
def test_a_slope_that_comes_with_forward_is_the_slope(backend, name, dtype):
    """And g is the same with it as without, also where it takes the place of s."""
    gate, p, s = made(name, backend, dtype)
    if not gate.slope_with_forward:
        pytest.skip("slope by itself")
    expected, slope = backend.host(gate.forward(backend.xp, s, p)), backend.xp.full_like(s, 7.0)
    g = gate.forward(backend.xp, s, p, out=s, slope=slope)
    assert g is s and differences.distance(backend.host(g), expected) <= (1e-14 if dtype == "float64" else 1e-6)
    gate, p, s = made(name, backend, dtype)
    g = gate.forward(backend.xp, s, p)
    assert backend.host(slope).tobytes() == backend.host(gate.slope(backend.xp, s, g, p)).tobytes()


@gates
def test_neighbours_that_run_together_are_what_each_is_alone(backend, name):
    """What prepare makes of two sets of parameters, on planes (G, N, H) and on a block of steps (B, G, N, H)."""
    gate, one, s = made(name, backend)
    other = {key: value + 0.1 for key, value in one.items()}
    together = gate.prepare(backend.xp, [one, other])
    if together is None:
        pytest.skip("one by one")
    a = backend.xp.stack([s, 0.7 * s], axis=1)  # (5, 2, 3, H)
    found = backend.host(gate.forward(backend.xp, a, together))
    step = backend.host(gate.forward(backend.xp, a[2], together))
    for k, p in enumerate((one, other)):
        expected = backend.host(gate.forward(backend.xp, a[:, k], p))
        assert differences.distance(found[:, k], expected) <= 1e-14
        assert differences.distance(step[k], expected[2]) <= 1e-14
