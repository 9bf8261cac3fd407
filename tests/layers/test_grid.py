"""Layers that read a grid: what each position may know of it, where a sweep begins, the trace, and the door."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate import errors
from minigate.layers import FourDirections, Grid
from minigate.layers.grid import DIRECTIONS
from tests.conftest import Backend
from tests.contracts.differences import distance
from tests.contracts.example_gates import CHOICES
from tests.contracts.subjects import HOST, Subject, sequence
from tests.contracts.test_purity import LAYOUTS, same_with
from tests.contracts.test_three_ways import along_a_direction, compare
from tests.strict_double import random_strides, strict_xp

I, J, N, D, H = 3, 5, 2, 3, 4
methods = pytest.mark.parametrize("method", ["bptt", "tape"])
directions = pytest.mark.parametrize("direction", DIRECTIONS)


def cell(seed: int = 0, **options) -> mg.cells.MDLSTM:
    return mg.cells.MDLSTM(D, H, seed=seed, dtype="float64", **options)


def grid(shape=(I, J, N, D)) -> numpy.ndarray:
    return sequence(shape)


def turned(array: numpy.ndarray, direction: tuple[int, int]) -> numpy.ndarray:
    return array[:: direction[0], :: direction[1]].copy()


class GridRNN(mg.cells.Cell):
    """h = tanh(x W + h_row U_row + h_column U_column), composed only."""

    dimensions = 2

    def __init__(self) -> None:
        super().__init__(D, H)
        rng = numpy.random.default_rng(0)
        for name, shape in (("W", (D, H)), ("b", (H,)), ("U.row", (H, H)), ("U.column", (H, H))):
            self.parameter(name, 0.5 * rng.normal(size=shape), "float64")

    def step(self, x_t, state):
        h_row, h_column = state
        h = mg.ops.tanh(self.input_share(x_t, "") + h_row @ self["U.row"] + h_column @ self["U.column"])
        return h, (h,)


@methods
@directions
def test_a_position_depends_on_exactly_the_rectangle_from_the_corner(method, direction):
    layer = Grid(cell(), method=method, direction=direction)
    x = mg.Tensor(grid(), requires_grad=True)
    y = layer(x)
    for i in range(I):
        for j in range(J):
            cotangent = numpy.zeros(y.shape)
            cotangent[i, j] = numpy.random.default_rng(1).normal(size=(N, H))
            seen = mg.grad(y, x, cotangent, retain_graph=True).data != 0.0
            expected = numpy.zeros((I, J), dtype=bool)
            expected[slice(0, i + 1) if direction[0] > 0 else slice(i, I),
                     slice(0, j + 1) if direction[1] > 0 else slice(j, J)] = True  # fmt: skip
            assert numpy.array_equal(seen, numpy.broadcast_to(expected[:, :, None, None], seen.shape))


@methods
@directions
def test_another_direction_is_the_first_on_a_grid_that_is_turned(backend, method, direction):
    one, other = (Subject(Grid(cell(), method=method, direction=d), backend, grid()) for d in (direction, (1, 1)))
    other.values["x"] = turned(one.values["x"], direction)
    assert distance(one.outputs()[0], turned(other.outputs()[0], direction)) <= 1e-14
    (cotangent,) = one.cotangents()["all"]
    found, expected = one.gradients([cotangent]), other.gradients([turned(cotangent, direction)])
    compare(found, expected | {"x": turned(expected["x"], direction)}, 1e-12, str(direction))


@methods
def test_four_directions_are_four_sweeps_side_by_side(backend, method):
    whole = Subject(FourDirections([cell(k) for k in range(4)], method=method), backend, grid())
    (y,) = whole.outputs()
    assert y.shape == (I, J, N, 4 * H) and whole.layer.output_size == 4 * H and whole.layer.D == D
    for k, direction in enumerate(DIRECTIONS):
        one = Grid(whole.layer.directions[k].cell, method=method, direction=direction)
        assert numpy.array_equal(y[..., k * H : (k + 1) * H], backend.host(one(backend.to(whole.values["x"]))))


@pytest.mark.parametrize(
    "direction, pairs", [((-1, 1), (2, 3, 0, 1)), ((1, -1), (1, 0, 3, 2)), ((-1, -1), (3, 2, 1, 0))]
)
def test_a_turned_image_exchanges_the_directions(backend, direction, pairs):
    """All four with the same weights: upside down, what began above begins below."""
    layer = FourDirections([cell() for _ in range(4)])
    straight, upside = (backend.host(layer(backend.to(x))) for x in (grid(), turned(grid(), direction)))
    upside = turned(upside, direction)
    for k, partner in enumerate(pairs):
        assert numpy.array_equal(upside[..., k * H : (k + 1) * H], straight[..., partner * H : (partner + 1) * H])


def test_with_four_directions_every_position_knows_the_whole_grid():
    x = mg.Tensor(grid(), requires_grad=True)
    y = FourDirections([cell(k) for k in range(4)])(x)
    cotangent = numpy.zeros(y.shape)
    cotangent[1, 2] = 1.0
    assert (mg.grad(y, x, cotangent).data != 0.0).all()


def test_a_cell_with_nothing_but_step(backend):
    whole = Subject(Grid(GridRNN()), backend, grid())
    assert whole.layer.method == "tape" and not whole.layer.cell.written_by_hand
    along_a_direction(whole)
    h = numpy.zeros((I + 1, J + 1, N, H))
    v = whole.values
    for i in range(I):
        for j in range(J):
            h[i + 1, j + 1] = numpy.tanh(
                v["x"][i, j] @ v["W"] + h[i, j + 1] @ v["U.row"] + h[i + 1, j] @ v["U.column"] + v["b"]
            )
    assert distance(whole.outputs()[0], h[1:, 1:]) <= 1e-13


@directions
@pytest.mark.parametrize("choice", ["sigmoid", "one-of-each"])
def test_the_trace_has_every_gate_where_its_position_is(backend, direction, choice):
    layer = Grid(cell(gate=CHOICES[choice](mg.cells.MDLSTM.gate_names)), direction=direction)
    x = grid()
    found = {name: backend.host(array) for name, array in layer.trace(backend.to(x)).items()}
    assert {"h", "c", "tanh_c", "candidate", *layer.cell.gate_names} <= set(found)
    assert all(array.shape == (I, J, N, H) for array in found.values())
    assert numpy.array_equal(found["h"], backend.host(layer(backend.to(x))))
    above, left = (numpy.roll(found["c"], step, axis=axis) for axis, step in enumerate(direction))
    above[0 if direction[0] > 0 else -1] = 0.0
    left[:, 0 if direction[1] > 0 else -1] = 0.0
    c = found["input"] * found["candidate"] + found["forget_row"] * above + found["forget_column"] * left
    assert distance(c, found["c"]) <= 1e-14
    assert distance(found["output"] * numpy.tanh(c), found["h"]) <= 1e-14
    with pytest.raises(errors.OptionError, match="GridRNN: a composed cell leaves no trace"):
        Grid(GridRNN()).trace(backend.to(x))


@methods
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_in_memory_does_not_matter(backend, method, layout):
    subject = Subject(Grid(cell(), method=method, direction=(-1, 1)), backend, grid())
    same_with(subject, {layout: lambda array: LAYOUTS[layout](backend.xp, array) if array.ndim > 1 else array})


def test_read_only_arrays_will_do():
    def read_only(array):
        array.flags.writeable = False
        return array

    same_with(Subject(Grid(cell()), HOST, grid()), {"read-only": read_only})


@pytest.mark.parametrize("choice", ["sigmoid", "one-of-each"])
def test_computed_arrays_may_lie_in_memory_as_they_like(choice):
    with mg.use("strict"):
        layer = Grid(cell(gate=CHOICES[choice](mg.cells.MDLSTM.gate_names)), direction=(1, -1))
        subject = Subject(layer, Backend("strict", strict_xp), grid())
        cotangents = subject.cotangents()["all"]
        before = subject.gradients(cotangents)
        for seed in range(3):
            with random_strides(seed):
                compare(subject.gradients(cotangents), before, 1e-12, f"seed {seed}")


x = numpy.zeros((I, J, N, D))
CASES = {
    "one image": (lambda: Grid(cell())(x[:, :, 0]), errors.ShapeError, """\
MDLSTM: wrong shape: expected x of shape (I, J, N, D=3), got (3, 5, 3)
  likely slip: one image, or a batch of sequences?
  type: x[:, :, None] for one image (I, J, D); x[None] for sequences (T, N, D), a grid one row high"""),
    "channels first": (lambda: Grid(cell())(numpy.zeros((7, 3, 6, 5))), errors.ShapeError, """\
MDLSTM: wrong shape: expected x of shape (I, J, N, D=3), got (7, 3, 6, 5)
  likely slip: images (N, C, Y, X), the batch and the channels first?
  type: x.transpose(2, 3, 0, 1)"""),
    "another D": (lambda: Grid(cell())(x[..., :2]), errors.ShapeError, """\
MDLSTM: wrong shape: expected x of shape (I, J, N, D=3), got (3, 5, 2, 2)
  likely slip: the cell was made for another input size
  type: a cell with D=2"""),
    "a plain image": (lambda: Grid(cell())(x[:, :, 0, 0]), errors.ShapeError, """\
MDLSTM: wrong shape: expected x of shape (I, J, N, D=3), got (3, 5)"""),
    "whole numbers": (lambda: Grid(cell())(x.astype("uint8")), errors.DTypeError, """\
MDLSTM: x has no numbers to compute with: expected floating x (I, J, N, D), got uint8
  type: x.astype("float32")"""),
    "a cell for sequences": (lambda: Grid(mg.cells.GRU(2, 4)), errors.OptionError, """\
Grid: the layer sends a cell of two dimensions over a grid: expected a cell with two predecessors, such as \
mg.cells.MDLSTM(D, H), got GRU(D=2, H=4)
  likely slip: a cell for sequences
  type: mg.layers.Recurrent(cell)"""),
    "a class": (lambda: Grid(mg.cells.MDLSTM), errors.OptionError, """\
Grid: the layer sends a cell of two dimensions over a grid: expected a cell with two predecessors, such as \
mg.cells.MDLSTM(D, H), got <class 'minigate.cells.md_lstm.MDLSTM'>
  likely slip: the class instead of an object of it"""),
    "an unknown method": (lambda: Grid(cell(), method="fast"), errors.OptionError, """\
Grid: unknown method: expected method='bptt' or 'tape' or None, got 'fast'"""),
    "no pair by hand": (lambda: Grid(GridRNN(), method="bptt"), errors.OptionError, """\
Grid: GridRNN has no step_forward / step_backward
  likely slip: a cell that is composed only
  type: Grid(cell, method="tape"), or leave method out"""),
    "an unknown direction": (lambda: Grid(cell(), direction=(0, 1)), errors.OptionError, """\
Grid: how do i and j go?: expected direction=(1, 1), (1, -1), (-1, 1) or (-1, -1), got (0, 1)"""),
    "three cells": (lambda: FourDirections([cell(k) for k in range(3)]), errors.OptionError, """\
FourDirections: a cell for each corner, with weights of its own: expected four cells, got 3, 3 of them different
  type: FourDirections([MDLSTM(D, H, seed=k) for k in range(4)])"""),
    "one cell four times": (lambda: FourDirections([cell()] * 4), errors.OptionError, """\
FourDirections: a cell for each corner, with weights of its own: expected four cells, got 4, 1 of them different
  type: FourDirections([MDLSTM(D, H, seed=k) for k in range(4)])"""),
    "one cell": (lambda: FourDirections(cell()), errors.OptionError, """\
FourDirections: a cell for each corner, with weights of its own: expected four cells, got MDLSTM(D=3, H=4)
  type: FourDirections([MDLSTM(D, H, seed=k) for k in range(4)])"""),
    "cells of two input sizes": (
        lambda: FourDirections([cell(), cell(), cell(), mg.cells.MDLSTM(2, 4)]), errors.OptionError, """\
FourDirections: all directions read the same x: expected cells with D=3, got MDLSTM(D=2, H=4)"""),
}  # fmt: skip


@pytest.mark.parametrize("slip", CASES)
def test_the_text_at_the_door(slip):
    attempt, kind, text = CASES[slip]
    with pytest.raises(kind) as caught:
        attempt()
    assert str(caught.value) == text
    assert issubclass(kind, errors.MinigateError)


@methods
def test_arrays_of_two_libraries_are_named(method):
    with pytest.raises(errors.DeviceMixError):
        Grid(cell(), method=method)(strict_xp.zeros((I, J, N, D)))


def test_how_they_are_shown():
    assert repr(Grid(cell(), direction=(-1, 1))) == "Grid(MDLSTM(D=3, H=4), method='bptt', direction=(-1, 1))"
    assert repr(FourDirections([cell(k) for k in range(4)])).count("MDLSTM(D=3, H=4)") == 4
