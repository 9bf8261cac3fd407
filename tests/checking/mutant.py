"""Deliberately wrong backward passes, most of them one line of the source with another in its place.

Three sorts. Lines of the plain cells: the derivation of RNN, GRU and LSTM, gone wrong. Lines of gates and of
the loop through time. And what the loop gets and gives, bent on its way: sums over time and batch, products
with the input, cotangents. Each names what the check should say: the kind of its first finding, and a piece
of its text. Every mutant is verified to change a gradient, or an array that is not its own.
"""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy

import minigate as mg
from tests.checking.plain_cells import PlainGRU, PlainLSTM, PlainRNN
from tests.contracts.example_gates import ParametricSigmoid

LOOP = sys.modules["minigate.bptt.loop"]

CELLS: dict[str, Callable[[], mg.cells.Cell]] = {
    "rnn": lambda: mg.cells.RNN(2, 4, seed=0, dtype="float64"),
    "gru": lambda: mg.cells.GRU(2, 4, seed=0, dtype="float64"),
    "lstm": lambda: mg.cells.LSTM(2, 4, seed=0, dtype="float64"),
    "gru-k": lambda: mg.cells.GRU(2, 4, seed=0, dtype="float64", gate=ParametricSigmoid()),
    "lstm-peephole": lambda: mg.cells.LSTM(2, 4, seed=0, dtype="float64", peephole="diagonal"),
    "lstm-full": lambda: mg.cells.LSTM(2, 4, seed=0, dtype="float64", peephole="full"),
    "lstm-coupled": lambda: mg.cells.LSTM(2, 4, seed=0, dtype="float64", coupled=True),
    "lstm-coupled-k": lambda: mg.cells.LSTM(2, 4, seed=0, dtype="float64", coupled=True, gate=ParametricSigmoid()),
    "gru-bias": lambda: mg.cells.GRU(2, 4, seed=0, dtype="float64", recurrent_bias=True),
    "gru-hard": lambda: mg.cells.GRU(2, 4, seed=0, dtype="float64", gate=mg.gates.HardSigmoid()),
    "min-gru": lambda: mg.cells.MinGRU(2, 4, seed=0, dtype="float64"),
    "min-gru-k": lambda: mg.cells.MinGRU(2, 4, seed=0, dtype="float64", gate=ParametricSigmoid()),
    "min-gru-positive": lambda: mg.cells.MinGRU(2, 4, seed=0, dtype="float64", candidate="positive"),
    "min-lstm": lambda: mg.cells.MinLSTM(2, 4, seed=0, dtype="float64"),
    "clockwork": lambda: mg.cells.ClockworkRNN(2, 4, seed=0, dtype="float64", periods=(1, 2)),
    "leaky": lambda: mg.cells.LeakyRNN(2, 4, seed=0, dtype="float64", time_constants=(2, 3)),
    "sgu": lambda: mg.cells.SGU(2, 4, seed=0, dtype="float64", gate=mg.gates.Sigmoid()),
    "sgu-k": lambda: mg.cells.SGU(2, 4, seed=0, dtype="float64", gate=ParametricSigmoid()),
    "dsgu": lambda: mg.cells.DSGU(2, 4, seed=0, dtype="float64"),
    "slstm": lambda: mg.cells.SLSTM(2, 4, seed=0, dtype="float64"),
    "slstm-k": lambda: mg.cells.SLSTM(2, 4, seed=0, dtype="float64", gate=ParametricSigmoid()),
    "lstm-norm": lambda: mg.cells.LayerNormLSTM(2, 4, seed=0, dtype="float64"),
    "plain-rnn": lambda: PlainRNN(2, 4, seed=0, dtype="float64"),
    "plain-gru": lambda: PlainGRU(2, 4, seed=0, dtype="float64"),
    "plain-gru-before": lambda: PlainGRU(2, 4, seed=0, dtype="float64", reset="before"),
    "plain-gru-k": lambda: PlainGRU(2, 4, seed=0, dtype="float64", gate=ParametricSigmoid()),
    "plain-lstm": lambda: PlainLSTM(2, 4, seed=0, dtype="float64"),
    "plain-lstm-k": lambda: PlainLSTM(2, 4, seed=0, dtype="float64", gate=ParametricSigmoid()),
}


@dataclass(frozen=True)
class Mutant:
    """One wrong line: in ``function`` of ``owner``, ``instead`` stands where ``line`` belongs."""

    name: str
    cell: str
    owner: Any
    function: str
    line: str
    instead: str
    kind: str  # the kind of the first finding; "" where a verdict is all that is asked for
    says: str = ""  # a piece of the diagnosis

    def apply(self, monkeypatch: Any) -> None:
        """Put the wrong function in the place of the right one."""
        right = getattr(self.owner, self.function)
        source = textwrap.dedent(inspect.getsource(right))
        times = source.count(self.line)
        assert times == 1, f"mutant {self.name!r}: {self.line!r} stands {times} times in {self.function}: write it anew"
        space: dict[str, Any] = {}
        exec(compile(source.replace(self.line, self.instead), f"<{self.name}>", "exec"), right.__globals__, space)
        put(monkeypatch, self.owner, self.function, space[self.function])


@dataclass(frozen=True)
class Bent:
    """A function whose result, or arguments, are bent: ``bend(right, *arguments)`` stands in its place."""

    name: str
    cell: str
    function: str
    bend: Callable[..., Any]
    kind: str
    says: str = ""

    def apply(self, monkeypatch: Any) -> None:
        """Put the bent function in the place of the right one."""
        right = getattr(LOOP, self.function)
        put(monkeypatch, LOOP, self.function, lambda *arguments: self.bend(right, *arguments))


def put(monkeypatch: Any, owner: Any, name: str, function: Any) -> None:
    """Replace a method, or a function of a module in every module of minigate that has imported it."""
    right = getattr(owner, name)
    modules = [m for key, m in sys.modules.items() if key.startswith("minigate") and vars(m).get(name) is right]
    for place in [owner] if inspect.isclass(owner) else modules:
        monkeypatch.setattr(place, name, function)


def evidence(cell: mg.cells.Cell, through: Callable[..., Any] = mg.bptt.full) -> list[numpy.ndarray]:
    """What a cell gives over two sequences, its gradients, and the cotangents after use: does a mutant change any?"""
    rng = numpy.random.default_rng(5)
    for parameter in cell.parameters():
        parameter.assign(parameter.data + 0.5 * rng.normal(size=parameter.shape))
    layer, found = mg.layers.Recurrent(cell, through=through), []
    for mask in (None, numpy.array([[1, 1, 1], [1, 1, 0], [1, 1, 0], [1, 0, 0], [1, 0, 0]], dtype=bool)):
        x = mg.Tensor(rng.normal(size=(5, 3, 2)), requires_grad=True)
        state = [mg.Tensor(rng.normal(size=h.shape), requires_grad=True) if h.dtype.kind == "f" else h
                 for h in cell.initial_state(3)]  # fmt: skip
        y, final = layer(x, tuple(state), mask)
        outputs = [out for out in (y, *final) if out.dtype.kind == "f"]
        weights = [rng.normal(size=out.shape) for out in outputs]
        inputs = [given for given in (x, *state, *cell.parameters()) if given.requires_grad]
        gradients = mg.grad(outputs, inputs, weights)
        found += [*(array.data for array in (*outputs, *gradients)), *weights]
    return found
