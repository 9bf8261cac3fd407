"""The MD-LSTM says what its paper says: against a restatement, numbers worked by hand, and what it reduces to."""

from __future__ import annotations

from math import comb, log, tanh

import numpy
import pytest

import minigate as mg
from minigate.errors import OptionError
from minigate.gates import Constant
from minigate.layers import Grid, Recurrent
from tests.cells.restate_md_lstm import over_image
from tests.contracts.differences import distance
from tests.contracts.subjects import D, H, J, N, Subject, T, sequence

methods = pytest.mark.parametrize("method", ["bptt", "tape"])
peepholes = pytest.mark.parametrize("input_peepholes", [1, 2])


def small(**options) -> mg.cells.MDLSTM:
    return mg.cells.MDLSTM(D, H, seed=0, dtype="float64", **options)


def subject(cell, backend, method, I=T, J=J) -> Subject:
    return Subject(Grid(cell, method=method), backend, sequence((I, J, N, D)))


def of_one_unit(method: str, **weights: float) -> Grid:
    """A cell of one unit with these weights, all others 0; ``U_input`` takes a pair, for above and for the left."""
    cell = mg.cells.MDLSTM(1, 1, dtype="float64")
    zero = {name: numpy.zeros_like(array) for name, array in cell.state_dict().items()}
    named = {key.replace("_", ".", 1): value for key, value in weights.items()}
    assert set(named) <= set(zero)
    cell.load_state_dict(zero | {name: numpy.reshape(value, zero[name].shape) for name, value in named.items()})
    return Grid(cell, method=method)


@methods
@peepholes
def test_it_is_its_restatement(backend, method, input_peepholes):
    whole = subject(small(input_peepholes=input_peepholes), backend, method)
    (y,) = whole.outputs()
    w = {key: whole.values[key].T.tolist() for key, _ in whole.layer.named_parameters()}  # the papers' W x is x W here
    c = whole.layer.trace(backend.to(whole.values["x"]))["c"]
    for n in range(N):
        expected = over_image(w, whole.values["x"][:, :, n].tolist())
        for i in range(T):
            for j in range(J):
                assert y[i, j, n].tolist() == pytest.approx(expected[i][j][0], rel=1e-12, abs=1e-14)
                assert backend.host(c)[i, j, n].tolist() == pytest.approx(expected[i][j][1], rel=1e-12, abs=1e-14)


@methods
def test_two_by_two_worked_by_hand(backend, method):
    """x = 1 at (0, 0) and 0 elsewhere; σ(0) = 1/2, σ(ln 3) = 3/4, σ(−ln 3) = 1/4, o = σ(ln 2) = 2/3 everywhere.

    (0, 0): c̃ = tanh(½ ln 3) = 1/2, i = σ(ln 3) = 3/4:   c = 3/8
    (0, 1): c̃ = tanh(−h_00), i = 1/2, f_l = 3/4:         c = ½ c̃ + 3/4 c_00
    (1, 0): c̃ = tanh(2 h_00), i = 1/2, f_r = 1/4:        c = ½ c̃ + 1/4 c_00
    (1, 1): c̃ = tanh(2 h_01 − h_10), for above it lies (0, 1), to its left (1, 0):   c = ½ c̃ + 1/4 c_01 + 3/4 c_10
    """
    layer = of_one_unit(
        method, W_candidate=0.5 * log(3), W_input=log(3), b_forget_row=-log(3), b_forget_column=log(3),
        b_output=log(2), U_candidate=(2.0, -1.0),
    )  # fmt: skip
    x = numpy.zeros((2, 2, 1, 1))
    x[0, 0] = 1.0
    c00 = 3 / 8
    h00 = 2 / 3 * tanh(c00)
    c01 = 3 / 4 * c00 + 0.5 * tanh(-h00)
    c10 = 1 / 4 * c00 + 0.5 * tanh(2 * h00)
    h01, h10 = 2 / 3 * tanh(c01), 2 / 3 * tanh(c10)
    c11 = 1 / 4 * c01 + 3 / 4 * c10 + 0.5 * tanh(2 * h01 - h10)
    y = backend.host(layer(backend.to(x)))
    assert y.ravel().tolist() == pytest.approx([h00, h01, h10, 2 / 3 * tanh(c11)], rel=1e-14)


@methods
def test_each_peephole_looks_where_it_should(backend, method):
    """Without any input or recurrent weight and b_c = ½ ln 3, so that c̃ = 1/2 everywhere; i = f_r = f_l = o = σ(V c).

    (0, 0): i = 1/2, c = 1/4. (0, 1): i = σ(ln 3 · 1/4), f_l = σ(ln 4 · 1/4). (1, 0): f_r = σ(−ln 5 · 1/4).
    (1, 1): i = σ(ln 3 · (c_(0,1) + c_(1,0))), f_r looks at c_(0,1), f_l at c_(1,0), o at c_(1,1).
    """

    def sigma(a: float) -> float:
        return 0.5 * tanh(0.5 * a) + 0.5

    layer = of_one_unit(
        method, b_candidate=0.5 * log(3), V_input=log(3), V_forget_row=-log(5), V_forget_column=log(4), V_output=log(7)
    )
    c00 = 1 / 4
    c01 = 0.5 * sigma(log(3) * c00) + sigma(log(4) * c00) * c00
    c10 = 0.5 * sigma(log(3) * c00) + sigma(-log(5) * c00) * c00
    c11 = 0.5 * sigma(log(3) * (c01 + c10)) + sigma(-log(5) * c01) * c01 + sigma(log(4) * c10) * c10
    y = backend.host(layer(backend.to(numpy.zeros((2, 2, 1, 1)))))
    expected = [sigma(log(7) * c) * tanh(c) for c in (c00, c01, c10, c11)]
    assert y.ravel().tolist() == pytest.approx(expected, rel=1e-14)


@methods
def test_two_input_peepholes_that_are_equal_are_one(backend, method):
    one, two = (subject(small(input_peepholes=k), backend, method) for k in (1, 2))
    for name in two.values:
        two.values[name] = one.values["V.input" if name.startswith("V.input") else name]
    assert distance(one.outputs()[0], two.outputs()[0]) <= 1e-12
    cotangents = one.cotangents()["all"]
    found, expected = one.gradients(cotangents), two.gradients(cotangents)
    both = expected.pop("V.input_row") + expected.pop("V.input_column")
    for name, gradient in (expected | {"V.input": both}).items():
        assert distance(found[name], gradient) <= 1e-12, name


@methods
def test_a_transposed_grid_exchanges_rows_and_columns(backend, method):
    """What is a row to the one is a column to the other: their names change places, and the halves of U."""
    one, other = (subject(small(input_peepholes=2), backend, method, *shape) for shape in ((T, J), (J, T)))

    def transposed(values):
        found = {}
        for name, value in values.items():
            place = {"row": "column", "column": "row"}.get(name.split("_")[-1])
            key = f"{name[: name.rindex('_')]}_{place}" if place else name
            if name == "x":
                value = value.swapaxes(0, 1)
            found[key] = numpy.roll(value, H, axis=0) if name.startswith("U") else value
        return found

    other.values = transposed(one.values)
    assert distance(one.outputs()[0].swapaxes(0, 1), other.outputs()[0]) <= 1e-12
    (cotangent,) = one.cotangents()["all"]
    expected = other.gradients([cotangent.swapaxes(0, 1).copy()])
    for name, found in transposed(one.gradients([cotangent])).items():
        assert distance(found, expected[name]) <= 1e-12, name


@methods
def test_on_a_grid_one_row_high_it_is_an_lstm_with_diagonal_peepholes(backend, method):
    """Above there is nothing, and to the left is the step before: f_l is the forget gate, U the lower half of U."""
    one = subject(small(), backend, method, 1, T)
    lstm = Recurrent(mg.cells.LSTM(D, H, peephole="diagonal", seed=0, dtype="float64"), method=method)
    with mg.no_grad():
        for name, parameter in lstm.named_parameters():
            value = one.values[name.replace("forget", "forget_column")]
            parameter.assign(backend.to(value[H:] if name.startswith("U") else value))
    x = mg.Tensor(backend.to(one.values["x"][0]), requires_grad=True)
    y, _ = lstm(x)
    assert distance(one.outputs()[0][0], backend.host(y)) <= 1e-12
    (cotangent,) = one.cotangents()["all"]
    found = one.gradients([cotangent])
    wanted = mg.grad(y, [x, *lstm.parameters()], backend.to(cotangent[0]))
    assert distance(found.pop("x")[0], backend.host(wanted[0])) <= 1e-12
    for (name, _), expected in zip(lstm.named_parameters(), wanted[1:], strict=True):
        gradient = found.pop(name.replace("forget", "forget_column"))
        if name.startswith("U"):
            assert not gradient[:H].any()
            gradient = gradient[H:]
        assert distance(gradient, backend.host(expected)) <= 1e-12, name
    assert set(found) == {"W.forget_row", "U.forget_row", "V.forget_row", "b.forget_row"}
    assert not any(gradient.any() for gradient in found.values())


@methods
def test_on_a_grid_one_row_high_it_is_the_recurrence_of_one_dimension(backend, method):
    """The same in NumPy: i and f look at c_{t−1}, o at c_t."""
    one = subject(small(), backend, method, 1, T)
    v = one.values
    h, c = numpy.zeros((N, H)), numpy.zeros((N, H))
    for t in range(T):
        a = {b: v["x"][0, t] @ v[f"W.{b}"] + h @ v[f"U.{b}"][H:] + v[f"b.{b}"] for b in one.layer.cell.blocks}
        i = 1 / (1 + numpy.exp(-a["input"] - v["V.input"] * c))
        f = 1 / (1 + numpy.exp(-a["forget_column"] - v["V.forget_column"] * c))
        c = i * numpy.tanh(a["candidate"]) + f * c
        h = numpy.tanh(c) / (1 + numpy.exp(-a["output"] - v["V.output"] * c))
        assert distance(one.outputs()[0][0, t], h) <= 1e-12


@methods
def test_with_both_forget_gates_open_c_counts_the_ways(backend, method):
    """f_r + f_l = 2: one pixel of 1 in the corner, and c at (i, j) is the number of ways there, (i + j choose i)."""
    cell = mg.cells.MDLSTM(1, 1, gate=Constant(1.0), dtype="float64")
    cell.load_state_dict({name: numpy.zeros_like(array) for name, array in cell.state_dict().items()})
    cell["W.candidate"].assign(backend.to([[50.0]]))  # tanh(50) = 1
    x = numpy.zeros((9, 7, 1, 1))
    x[0, 0] = 1.0
    ways = numpy.array([[comb(i + j, i) for j in range(7)] for i in range(9)], dtype="float64")
    grid = Grid(cell, method=method)
    assert numpy.array_equal(backend.host(grid(backend.to(x)))[..., 0, 0], numpy.tanh(ways))
    assert numpy.array_equal(backend.host(grid.trace(backend.to(x))["c"])[..., 0, 0], ways)


@pytest.mark.parametrize("open_gate", ["forget_row", "forget_column"])
def test_through_one_forget_gate_c_goes_one_way(backend, open_gate):
    """What comes from the row before goes down a column; what comes from the column before goes along a row."""
    shut = {"input": Constant(1.0), "forget_row": Constant(0.0), "forget_column": Constant(0.0)}
    gates = shut | {open_gate: Constant(1.0)}
    cell = mg.cells.MDLSTM(1, 1, gate=gates, dtype="float64")
    cell.load_state_dict({name: numpy.zeros_like(array) for name, array in cell.state_dict().items()})
    cell["W.candidate"].assign(backend.to([[50.0]]))
    x = numpy.zeros((4, 3, 1, 1))
    x[0, 0] = 1.0
    c = backend.host(Grid(cell).trace(backend.to(x))["c"])[..., 0, 0]
    ones = numpy.zeros((4, 3))
    if open_gate == "forget_row":
        ones[:, 0] = 1.0
    else:
        ones[0, :] = 1.0
    assert numpy.array_equal(c, ones)


def test_half_open_forget_gates_hold_c_within_the_range_of_its_input(backend):
    """f_r + f_l = 1: an average of two, and no growth."""
    gates = {"input": Constant(0.5), "forget_row": Constant(0.5), "forget_column": Constant(0.5)}
    x = backend.to(sequence((30, 20, N, D)))
    halves = Grid(small(gate=gates)).trace(x)["c"]
    full = Grid(small(gate=gates | {"forget_row": Constant(1.0), "forget_column": Constant(1.0)})).trace(x)["c"]
    assert numpy.abs(backend.host(halves)).max() < 30
    assert numpy.abs(backend.host(full)).max() > 1e9


def test_how_it_begins():
    """U with orthonormal columns, peepholes at 0, biases at 0 but for the forget gates'."""
    for key, array in small(forget_bias=1.5).state_dict().items():
        if key.startswith("U"):
            numpy.testing.assert_allclose(array.T @ array, numpy.eye(H), atol=1e-12)
        elif not key.startswith("W"):
            assert numpy.all(array == (1.5 if key.startswith("b.forget") else 0.0)), key


def test_one_step_takes_plain_arrays(backend):
    cell = small()
    zero = tuple(backend.to(numpy.ones((N, H))) for _ in range(4))
    y, (h, c) = cell.step(backend.to(numpy.ones((N, D))), zero)
    assert y is h and h.shape == c.shape == (N, H)


def test_other_numbers_of_peepholes_and_a_sequence_are_errors_that_say_so():
    with pytest.raises(OptionError) as caught:
        mg.cells.MDLSTM(2, 4, input_peepholes=3)
    assert str(caught.value) == """\
MDLSTM: how many peepholes has the input gate?: expected input_peepholes=1 (one over the sum of both c) or 2 (one for \
each), got 3"""
    with pytest.raises(OptionError) as caught:
        Recurrent(small())
    assert str(caught.value) == """\
Recurrent: MDLSTM reads grids, where a position has two predecessors
  type: mg.layers.Grid(cell)"""
    with pytest.raises(OptionError) as caught:
        mg.check_cell(mg.cells.MDLSTM)
    assert str(caught.value) == """\
check_cell: a cell that reads grids: expected a cell that reads sequences, got MDLSTM(D=2, H=4)
  type: mg.check_layer(mg.layers.Grid(MDLSTM(D, H)))"""
    assert repr(small(input_peepholes=2)) == "MDLSTM(D=2, H=4, input_peepholes=2)"
