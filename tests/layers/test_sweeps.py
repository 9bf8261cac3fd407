"""Four sweeps: the equations position by position, what each sweep can have seen, reductions, options and the door."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.errors import DTypeError, OptionError, ShapeError
from minigate.layers import Bidirectional, Sweeps
from minigate.layers.sweeps import to_patches
from tests.contracts.differences import distance
from tests.contracts.subjects import HOST, Subject, sequence
from tests.contracts.test_masks import near
from tests.contracts.test_three_ways import along_a_direction, compare

Y, X, N, D, H = 5, 6, 2, 3, 4
orders = pytest.mark.parametrize("order", ["vertical-first", "horizontal-first"])
parallels = pytest.mark.parametrize("parallel", [False, True], ids=["sequential", "parallel"])
CELLS = {
    "rnn": dict(cell=mg.cells.RNN),
    "gru": dict(cell=mg.cells.GRU, reset="before"),
    "lstm": dict(cell=mg.cells.LSTM, peephole="diagonal"),
    "kaf": dict(cell=mg.cells.GRU, gate=mg.gates.KAF(elements=4)),
}


def sweeps(**options) -> Sweeps:
    """A layer with biases that are not zero."""
    layer = Sweeps(D, H, seed=0, dtype="float64", **options)
    rng = numpy.random.default_rng(1)
    for parameter in layer.parameters():
        parameter.assign(parameter.data + 0.2 * rng.normal(size=parameter.shape))
    return layer


def grid(shape: tuple[int, ...] = (Y, X, N, D)) -> numpy.ndarray:
    return sequence(shape)


def one_by_one(cell: mg.cells.Cell, patches: list) -> list:
    """A cell over a list of patches, a step at a time."""
    state, found = cell.initial_state(N), []
    for patch in patches:
        y, state = cell.step(mg.Tensor(patch), state)
        found.append(y.data)
    return found


def restated(layer: Sweeps, x: numpy.ndarray) -> numpy.ndarray:
    """The equations, in loops over rows i and columns j, with nothing of the layer's but its cells."""
    (h, w), (I, J) = layer.patch, (-(-x.shape[0] // layer.patch[0]), -(-x.shape[1] // layer.patch[1]))
    p = {}
    for i in range(I):
        for j in range(J):
            rows = []
            for u in range(h):
                for v in range(w):
                    y, c = h * i + u, w * j + v
                    rows.append(x[y, c] if y < x.shape[0] and c < x.shape[1] else numpy.zeros((N, D)))
            p[i, j] = numpy.concatenate(rows, axis=-1)

    def vertical(read):
        forward, backward = (each.cell for each in layer.halves["vertical"].directions)
        found = {}
        for j in range(J):
            down = one_by_one(forward, [read[i, j] for i in range(I)])
            up = one_by_one(backward, [read[i, j] for i in reversed(range(I))])
            found |= {(i, j): numpy.concatenate([down[i], up[I - 1 - i]], axis=-1) for i in range(I)}
        return found

    def horizontal(read):
        forward, backward = (each.cell for each in layer.halves["horizontal"].directions)
        found = {}
        for i in range(I):
            right = one_by_one(forward, [read[i, j] for j in range(J)])
            left = one_by_one(backward, [read[i, j] for j in reversed(range(J))])
            found |= {(i, j): numpy.concatenate([right[j], left[J - 1 - j]], axis=-1) for j in range(J)}
        return found

    one, two = (vertical, horizontal) if layer.order == "vertical-first" else (horizontal, vertical)
    first = one(p)
    second = two(p if layer.parallel else first)
    at = {k: numpy.concatenate([first[k], second[k]], axis=-1) if layer.parallel else second[k] for k in p}
    return numpy.array([[at[i, j] for j in range(J)] for i in range(I)])


@orders
@parallels
@pytest.mark.parametrize("patch", [1, 2, (3, 2), (1, 4)])
def test_the_equations_position_by_position(order, parallel, patch):
    layer = sweeps(order=order, parallel=parallel, patch=patch, cell=mg.cells.RNN)
    assert distance(layer(grid()).data, restated(layer, grid())) <= 1e-12


@pytest.mark.parametrize("name", CELLS)
def test_the_equations_with_any_cell(name):
    layer = sweeps(patch=2, **CELLS[name])
    assert distance(layer(grid()).data, restated(layer, grid())) <= 1e-12


@pytest.mark.parametrize("name", CELLS)
def test_by_hand_is_the_tape_and_both_are_the_differences(name):
    hand, tape = (Subject(sweeps(patch=(2, 3), method=m, **CELLS[name]), HOST, grid()) for m in ("bptt", "tape"))
    assert distance(hand.outputs()[0], tape.outputs()[0]) <= 1e-12
    (cotangent,) = hand.cotangents()["all"]
    compare(hand.gradients([cotangent]), tape.gradients([cotangent]), 1e-10, name)
    along_a_direction(hand)


def test_a_cell_with_nothing_but_step():
    class Leak(mg.cells.Cell):
        def __init__(self, D, H, seed=None, dtype=None):
            super().__init__(D, H)
            self.parameter("W", numpy.random.default_rng(seed).normal(size=(D, H)), dtype)
            self.parameter("b", numpy.zeros(H), dtype)

        def step(self, x_t, state):
            h = 0.5 * state[0] + mg.ops.tanh(self.input_share(x_t, ""))
            return h, (h,)

    layer = sweeps(patch=2, cell=Leak)
    assert distance(layer(grid()).data, restated(layer, grid())) <= 1e-12


# ---- what a position can have seen ---------------------------------------------------------------


def seen_by(y: mg.Tensor, x: mg.Tensor, i: int, j: int) -> numpy.ndarray:
    """Which positions of the grid y_ij depends on."""
    cotangent = numpy.zeros(y.shape)
    cotangent[i, j] = numpy.random.default_rng(0).normal(size=y.shape[2:])
    return (mg.grad(y, x, cotangent, retain_graph=True).data != 0.0).any(axis=(2, 3))


def test_what_each_sweep_has_seen():
    layer, x = sweeps(), mg.Tensor(grid(), requires_grad=True)
    found = layer.sweeps(x)
    assert list(found) == ["vertical.forward", "vertical.backward", "horizontal.forward", "horizontal.backward"]
    for i, j in ((0, 0), (2, 3), (Y - 1, X - 1)):
        expected = {name: numpy.zeros((Y, X), dtype=bool) for name in found}
        expected["vertical.forward"][: i + 1, j] = True
        expected["vertical.backward"][i:, j] = True
        expected["horizontal.forward"][:, : j + 1] = True
        expected["horizontal.backward"][:, j:] = True
        for name, y in found.items():
            assert numpy.array_equal(seen_by(y, x, i, j), expected[name]), name
        assert seen_by(layer(x), x, i, j).all()


def test_in_parallel_a_position_has_seen_its_row_and_its_column():
    layer, x = sweeps(parallel=True), mg.Tensor(grid(), requires_grad=True)
    expected = numpy.zeros((Y, X), dtype=bool)
    expected[2] = expected[:, 3] = True
    assert numpy.array_equal(seen_by(layer(x), x, 2, 3), expected)


def test_a_bright_pixel_that_moves_takes_its_features_with_it():
    """Without biases nothing comes of nothing: a row or column before the pixel is 0, and after it h depends on how
    far it has come."""
    layer = Sweeps(1, H, cell=mg.cells.RNN, seed=0, dtype="float64")

    def features(i, j):
        x = numpy.zeros((Y, X, 1, 1))
        x[i, j] = 1.0
        return {name: y.data[:, :, 0] for name, y in layer.sweeps(x).items()}

    here, down, right = features(1, 2), features(2, 2), features(1, 3)
    zF = here["vertical.forward"]
    assert not zF[0].any() and not zF[:, :2].any() and not zF[:, 3:].any() and zF[1:, 2].all()
    assert numpy.array_equal(down["vertical.forward"][1:], zF[:-1]) and not down["vertical.forward"][:2].any()
    zR = here["vertical.backward"]
    assert zR[:2, 2].all() and not zR[2:].any()
    assert near(down["vertical.backward"][1:3], zR[0:2])
    for name in ("vertical.forward", "vertical.backward"):
        assert numpy.array_equal(right[name][:, 1:], here[name][:, :-1])
    hF = here["horizontal.forward"]
    assert not hF[:, :2].any() and hF[:, 2:].all()  # every row: the vertical half has told them all
    assert near(right["horizontal.forward"][:, 3:], hF[:, 2:-1])


# ---- reductions ----------------------------------------------------------------------------------


def test_the_horizontal_half_on_one_row_is_a_bidirectional_layer():
    layer = sweeps(parallel=True)
    own: Bidirectional = layer.halves["horizontal"]
    x = grid((1, X, N, D))
    assert numpy.array_equal(layer(x).data[0, ..., 2 * H :], own(x[0])[0].data)


def test_one_patch_is_one_step_of_every_cell():
    layer = sweeps(patch=(Y, X))
    x = grid()
    p = mg.Tensor(x.transpose(2, 0, 1, 3).reshape(N, Y * X * D))
    for half in ("vertical", "horizontal"):
        steps = [each.cell.step(p, each.cell.initial_state(N))[0] for each in layer.halves[half].directions]
        p = mg.ops.concat(steps, axis=-1)
    assert distance(layer(x).data[0, 0], p.data) <= 1e-12


def test_the_other_order_is_the_first_on_a_transposed_image():
    one, other = sweeps(patch=(2, 3)), sweeps(patch=(3, 2), order="horizontal-first")
    weights = one.state_dict()
    turn = numpy.arange(6 * D).reshape(2, 3, D).transpose(1, 0, 2).reshape(-1)  # a patch (2, 3) read as one (3, 2)
    for name, array in list(weights.items()):
        if name.startswith("vertical") and ".W." in name:
            weights[name] = array[turn]
    swap = {"vertical": "horizontal", "horizontal": "vertical"}
    other.load_state_dict({swap[name.split(".")[0]] + name[name.index(".") :]: a for name, a in weights.items()})
    x = grid()
    expected = one(x).data.transpose(1, 0, 2, 3)
    assert distance(other(x.transpose(1, 0, 2, 3)).data, expected) <= 1e-12


def test_what_does_not_divide_is_padded_with_zeros_below_and_on_the_right():
    layer, x = sweeps(patch=(2, 4)), grid()
    padded = numpy.zeros((6, 8, N, D))
    padded[:Y, :X] = x
    assert layer(x).shape == (3, 2, N, 2 * H)
    assert numpy.array_equal(layer(x).data, layer(padded).data)


def test_a_patch_is_rows_then_columns_then_channels():
    x = grid()
    p = to_patches(mg.Tensor(x), (2, 3)).data
    assert p.shape == (3, 2, N, 2 * 3 * D)
    assert numpy.array_equal(p[1, 1, 0], x[2:4, 3:6, 0].reshape(-1))


@orders
def test_agrees_with_two_bidirectional_layers_of_pytorch(order):
    torch = pytest.importorskip("torch")
    layer, I, J = sweeps(patch=2, order=order), 2, 3
    y = torch.from_numpy(grid((2 * I, 2 * J, N, D)))
    y = y.reshape(I, 2, J, 2, N, D).permute(0, 2, 4, 1, 3, 5).reshape(I, J, N, 4 * D)
    for half in layer.halves:
        own = mg.convert.to_torch(layer.halves[half].state_dict())
        theirs = torch.nn.GRU(y.shape[-1], H, bidirectional=True, dtype=torch.float64)
        theirs.load_state_dict({name: torch.from_numpy(array) for name, array in own.items()})
        time_first = y if half == "vertical" else y.transpose(0, 1)
        T, M = time_first.shape[:2]
        read, _ = theirs(time_first.reshape(T, M * N, -1))
        y = read.reshape(T, M, N, 2 * H)
        y = y if half == "vertical" else y.transpose(0, 1)
    assert distance(layer(grid((2 * I, 2 * J, N, D))).data, y.detach().numpy()) <= 1e-10


# ---- the door ------------------------------------------------------------------------------------


def test_what_is_no_grid_is_told_apart():
    layer = Sweeps(3, 4, seed=0)
    with pytest.raises(ShapeError, match=r"images \(N, C, Y, X\)[\s\S]*x\.transpose\(2, 3, 0, 1\)"):
        layer(numpy.zeros((8, 3, 28, 28), "float32"))
    with pytest.raises(ShapeError, match=r"one image without a batch[\s\S]*x\[:, :, None\]"):
        layer(numpy.zeros((28, 28, 3), "float32"))
    with pytest.raises(ShapeError, match=r"another number of channels[\s\S]*Sweeps\(D=1, …\)"):
        layer(numpy.zeros((28, 28, 2, 1), "float32"))
    with pytest.raises(DTypeError, match="pixels as bytes"):
        layer(numpy.zeros((28, 28, 2, 3), "uint8"))


def test_options_that_cannot_be_meant():
    with pytest.raises(OptionError, match="first.: expected order='vertical-first' or 'horizontal-first', got 'rows'"):
        Sweeps(1, 2, order="rows")
    with pytest.raises(OptionError, match="one cell, already made"):
        Sweeps(1, 2, cell=mg.cells.GRU(1, 2))
    for patch in (0, 2.5, None, "2", (2, 2, 2), (2, -1), numpy.ones(2, int)):
        with pytest.raises(OptionError, match="patch=: no such choice: expected one or two integers ≥ 1"):
            Sweeps(1, 2, patch=patch)
    assert Sweeps(1, 2, patch=numpy.int64(2)).patch == (2, 2)
    with pytest.raises(OptionError, match="reads grids"):
        Sweeps(1, 2, cell=mg.cells.MDLSTM)
