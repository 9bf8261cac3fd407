"""A cell of ten lines that has nothing but ``step`` works wherever a cell works."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.cells import Cell, GatedCell
from minigate.layers import Recurrent, Stack
from tests.contracts import differences
from tests.contracts.example_gates import CHOICES, Algebraic
from tests.contracts.subjects import MASK, N, Subject, T, sequence
from tests.contracts.test_masks import near
from tests.contracts.test_state import same_as_whole
from tests.contracts.test_three_ways import along_a_direction


class Leaky(Cell):
    """h_t = ½ h_{t−1} + ½ tanh(x_t W + h_{t−1} U + b)."""

    def __init__(self, D, H, seed=0):
        super().__init__(D, H)
        rng = numpy.random.default_rng(seed)
        for name, shape in {"W": (D, H), "U": (H, H), "b": (H,)}.items():
            self.parameter(name, rng.normal(size=shape), "float64")

    def step(self, x_t, state):
        (h,) = state
        h = 0.5 * h + 0.5 * mg.ops.tanh(self.input_share(x_t, "") + h @ self["U"])
        return h, (h,)


class Forgetful(GatedCell):
    """A gated cell with two states, an output of another size than its states, and only ``step``."""

    gate_names, state_names, output_size = ("keep", "take"), ("h", "total"), 3

    def _draw_weights(self, rng, dtype):
        for gate in (*self.gate_names, "candidate"):
            self.parameter(f"W.{gate}", rng.normal(size=(self.D, self.H)), dtype)
            self.parameter(f"b.{gate}", rng.normal(size=(self.H,)), dtype)
        self.parameter("V", rng.normal(size=(self.H, 3)), dtype)

    def step(self, x_t, state):
        h, total = state
        h = self.gate("keep", self.input_share(x_t, "keep")) * h
        h = h + self.gate("take", self.input_share(x_t, "take")) * mg.ops.tanh(self.input_share(x_t, "candidate"))
        total = total + h
        return mg.ops.tanh(total) @ self["V"], (h, total)


class Average(Cell):
    """A running mean: no parameter at all."""

    def step(self, x_t, state):
        h = 0.9 * state[0] + 0.1 * x_t
        return h, (h,)


BUILDERS = {
    "Leaky": lambda D=2: Leaky(D, 4),
    "Average": lambda D=2: Average(D, D),
} | {
    f"Forgetful-{choice}": lambda D=2, choose=choose: Forgetful(
        D, 4, gate=choose(Forgetful.gate_names), seed=0, dtype="float64"
    )
    for choice, choose in CHOICES.items()
}

cells = pytest.mark.parametrize("name", BUILDERS)
masks = pytest.mark.parametrize("masked", [False, True], ids=["all", "mask"])


def subject(layer, backend, masked=False, tokens=False) -> Subject:
    mask = MASK if masked else None
    return Subject(layer, backend, sequence((T, N, 2), tokens=tokens, mask=mask), mask)


@cells
@masks
def test_in_a_recurrent_layer(backend, name, masked):
    layer = Recurrent(BUILDERS[name]())
    assert layer.method == "tape" and not layer.cell.written_by_hand
    whole = subject(layer, backend, masked)
    y, *states = whole.outputs()
    assert y.shape == (T, N, layer.cell.output_size) and len(states) == len(layer.cell.state_names)
    if masked:
        assert not numpy.any(y[~MASK])
    along_a_direction(whole)
    same_as_whole(whole, [2])


@cells
def test_step_by_step_it_is_what_the_layer_computes(backend, name):
    layer = Recurrent(BUILDERS[name]())
    whole = subject(layer, backend)
    y, *final = whole.outputs()
    state = tuple(mg.Tensor(backend.to(whole.values[f"state.{k}"])) for k in range(len(final)))
    for t in range(T):
        y_t, state = layer.cell.step(mg.Tensor(backend.to(whole.values["x"][t])), state)
        assert near(backend.host(y_t), y[t])
    assert all(near(backend.host(one), other) for one, other in zip(state, final, strict=True))


@pytest.mark.parametrize("name", ["Leaky", "Forgetful-one-of-each"])
@masks
def test_in_a_stack_above_and_below_a_cell_by_hand(backend, name, masked):
    below = Recurrent(BUILDERS[name]())
    between = Recurrent(mg.cells.GRU(below.cell.output_size, 4, seed=0, dtype="float64"))
    above = Recurrent(BUILDERS[name](D=4))
    whole = subject(Stack([below, between, above]), backend, masked)
    along_a_direction(whole)
    same_as_whole(whole, [3])


@masks
def test_reading_tokens(backend, masked):
    cell = Leaky(6, 4)
    along_a_direction(subject(Recurrent(cell), backend, masked, tokens=True))


def test_a_second_derivative(backend):
    """d²y/dx² of one step of a single unit, by differences of the first derivative."""
    layer = Recurrent(Leaky(1, 1))

    def slope(at):
        x = mg.Tensor(backend.to([[[at]]]), requires_grad=True)
        return x, mg.grad(layer(x)[0], x, create_graph=True)

    x, first = slope(0.3)
    second = backend.host(mg.grad(first, x))
    near_by = [backend.host(slope(0.3 + e)[1]) for e in (1e-5, -1e-5)]
    assert differences.distance(second, (near_by[0] - near_by[1]) / 2e-5) <= 1e-8


def test_a_gate_with_nothing_but_compose_has_all_its_methods(backend):
    gate, s = Algebraic(), backend.to(sequence((T, N, 4)))
    g = backend.host(gate.forward(backend.xp, s, {}))
    host = backend.host(s)
    assert near(g, 0.5 + 0.5 * host / numpy.sqrt(1 + host**2))
    assert near(backend.host(gate.slope(backend.xp, s, backend.to(g), {})), 0.5 * (1 + host**2) ** -1.5)
    assert gate.param_gradients(backend.xp, s, s, backend.to(g), {}) == {}
