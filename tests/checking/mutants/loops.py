"""Mutants of what is around a cell: gates, the mask, what comes in, and the sums over time and batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

import minigate as mg
from tests.checking.mutants.mutant import LOOP, Bent, Mutant
from tests.checking.mutants.subjects import OfCell
from tests.contracts.example_gates import ParametricSigmoid

Sigmoid, HardSigmoid = mg.gates.Sigmoid, mg.gates.HardSigmoid

LONGER = (1, 2, 3)  # where a loop goes wrong at one step, it takes three to say so

SUBJECTS = {
    "rnn": OfCell(lambda: mg.cells.RNN(2, 4, seed=0, dtype="float64"), T=LONGER),
    "gru": OfCell(lambda: mg.cells.GRU(2, 4, seed=0, dtype="float64")),
    "lstm": OfCell(lambda: mg.cells.LSTM(2, 4, seed=0, dtype="float64"), T=LONGER),
    "gru-k": OfCell(lambda: mg.cells.GRU(2, 4, seed=0, dtype="float64", gate=ParametricSigmoid())),
    "gru-hard": OfCell(lambda: mg.cells.GRU(2, 4, seed=0, dtype="float64", gate=HardSigmoid())),
}


def weight(name: str, change: Callable[..., Any]) -> Callable[..., Any]:
    """Bend one recurrent weight's gradient: ``change(gradient, operand over time, da over time)``."""

    def bend(right: Any, cell: Any, trace: Any) -> Any:
        found = right(cell, trace)
        operand, da = cell.products[name]
        return found | {name: change(found[name], trace[operand], trace[da]).copy()}

    return bend


def of_input(change: Callable[..., tuple[Any, dict[str, Any]]]) -> Callable[..., Any]:
    """Bend dx, or the gradients of W and b: ``change(dx, gradients, cell, trace)``."""

    def bend(right: Any, cell: Any, trace: Any, wants_dx: bool) -> Any:
        dx, found = right(cell, trace, wants_dx)
        return change(dx, found, cell, trace)

    return bend


def incoming(change: Callable[..., tuple[Any, Any]]) -> Callable[..., Any]:
    """Bend what comes in: ``change(dy, dstate)``; a ``None`` in them stays."""

    def bend(right: Any, cell: Any, trace: Any, dy: Any, dstate: Any, *rest: Any) -> Any:
        dy, dstate = change(dy, list(dstate))
        return right(cell, trace, dy, dstate, *rest)

    return bend


def moved(dy: Any, by: int) -> Any:
    """dy, ``by`` steps later in time, zeros where nothing comes from."""
    if dy is None:
        return None
    late = numpy.zeros_like(dy)
    if by > 0:
        late[by:] = dy[:-by]
    else:
        late[:by] = dy[-by:]
    return late


def steps_only(dy: Any, keep: Callable[[int, int], bool]) -> Any:
    """dy with zeros at all steps t of T that ``keep(t, T)`` does not keep."""
    return None if dy is None else numpy.array([d if keep(t, len(dy)) else 0.0 * d for t, d in enumerate(dy)])


MUTANTS: list[Mutant | Bent] = [
    # ---- gates -------------------------------------------------------------------------------
    Mutant("gate: slope g", "gru", Sigmoid, "slope",
           "dg_ds *= g", "dg_ds = g.copy()", "gate", "in the blocks update, reset"),
    Mutant("gate: slope four times too large", "lstm", Sigmoid, "slope",
           "dg_ds *= g", "dg_ds *= 4.0 * g", "factor", "4.000000"),
    Mutant("gate: hard sigmoid without its flat pieces", "gru-hard", HardSigmoid, "slope",
           "((g > 0.0) & (g < 1.0))", "(g == g)", "gate", "in the blocks update, reset"),
    Mutant("gate: a parameter left out of the slope", "gru-k", ParametricSigmoid, "slope",
           'g * (1.0 - g) * p["k"]', "g * (1.0 - g)", "gate"),
    Mutant("gate: one parameter from one sequence only", "gru-k", ParametricSigmoid, "param_gradients",
           '"m": inner.sum(axis=over)', '"m": inner[:, 0].sum(axis=0)', "sum", "sequence 0 alone"),
    Mutant("gate: parameters change places", "gru-k", ParametricSigmoid, "param_gradients",
           '"k": (inner * s).sum(axis=over), "m": inner.sum(axis=over)',
           '"m": (inner * s).sum(axis=over), "k": inner.sum(axis=over)', "swapped", "gate.m"),
    # ---- the loop: what comes in, and the mask ------------------------------------------------
    Mutant("loop: what a held state hands on is lost", "lstm", LOOP, "backward_through_time",
           "d += around", "pass", "mask", "held by the mask"),
    Mutant("loop: dy of padding not ignored", "gru", LOOP, "backward_through_time",
           "dy = xp.where(held, 0.0, dy)", "pass", "mask", "dy at padded steps is not ignored"),
    Bent("loop: the final state's gradient ignored", "gru", "backward_through_time",
         incoming(lambda dy, ds: (dy, [None for _ in ds])),
         "cotangent", "the gradient of the final state is ignored"),
    Bent("loop: one final state's gradient ignored", "lstm", "backward_through_time",
         incoming(lambda dy, ds: (dy, [ds[0], None])), "cotangent", "the gradient of the final state c is ignored"),
    Bent("loop: the final state's gradient twice", "rnn", "backward_through_time",
         incoming(lambda dy, ds: (dy, [None if d is None else 2.0 * d for d in ds])), "cotangent", "counted twice"),
    Bent("loop: dy one step late", "gru", "backward_through_time",
         incoming(lambda dy, ds: (moved(dy, 1), ds)), "cotangent", "one step too late"),
    Bent("loop: dy one step early", "lstm", "backward_through_time",
         incoming(lambda dy, ds: (moved(dy, -1), ds)), "cotangent", "one step too early"),
    Bent("loop: dy in reversed time", "lstm", "backward_through_time",
         incoming(lambda dy, ds: (None if dy is None else dy[::-1].copy(), ds)), "cotangent", "reversed time"),
    Bent("loop: only the last dy", "gru", "backward_through_time",
         incoming(lambda dy, ds: (steps_only(dy, lambda t, T: t == T - 1), ds)), "cotangent", "only the last step"),
    Bent("loop: the last dy left out", "rnn", "backward_through_time",
         incoming(lambda dy, ds: (steps_only(dy, lambda t, T: t < T - 1), ds)),
         "cotangent", "the last step's dy is left"),
    Bent("loop: the incoming gradient ignored", "rnn", "backward_through_time",
         lambda right, cell, trace, dy, ds, *rest: right(
             cell, trace, numpy.ones_like(trace["h"]), [numpy.ones_like(trace["h"][0])], *rest),
         "ignores cotangent", "incoming gradient is ignored"),
    # ---- sums over time and batch, products with the input ------------------------------------
    Bent("sums: U transposed", "rnn", "product_gradients", weight("U", lambda g, x, da: g.T), "transpose", "dU"),
    Bent("sums: mean over time", "rnn", "product_gradients", weight("U", lambda g, x, da: g / len(x)), "factor",
         "1/T"),
    Bent("sums: mean over the batch", "gru", "product_gradients",
         weight("U.reset", lambda g, x, da: g / x.shape[1]), "factor", "1/N"),
    Bent("sums: twice", "lstm", "product_gradients", weight("U.forget", lambda g, x, da: 2.0 * g),
         "factor", "counted twice"),
    Bent("sums: sign", "lstm", "product_gradients", weight("U.output", lambda g, x, da: -g), "sign", "dU.output"),
    Bent("sums: only the first step", "rnn", "product_gradients",
         weight("U", lambda g, x, da: x[0].T @ da[0]), "sum", "time step 0 alone"),
    Bent("sums: all but the first step", "gru", "product_gradients",
         weight("U.update", lambda g, x, da: g - x[0].T @ da[0]), "sum", "everything but the share of time step 0"),
    Bent("sums: one sequence only", "rnn", "product_gradients",
         weight("U", lambda g, x, da: x[:, 0].T @ da[:, 0]), "sum", "sequence 0 alone"),
    Bent("sums: h_t in place of h_{t-1}", "rnn", "product_gradients",
         lambda right, cell, trace: right(cell, trace)
         | {"U": numpy.einsum("tni,tnj->ij", trace["h"], trace["da"])},
         "operand", "dU is hᵀ @ da, and should be h_prevᵀ @ da"),
    Bent("sums: one number a thousandth off", "gru", "product_gradients",
         weight("U.reset", lambda g, x, da: g * (1.0 + 1e-3 * (numpy.arange(16).reshape(4, 4) == 6))),
         "product", "dU.reset: only from unit 1 is wrong"),
    Bent("input: two biases change places", "lstm", "input_gradients",
         of_input(lambda dx, g, cell, trace: (dx, g | {"b.input": g["b.output"], "b.output": g["b.input"]})),
         "swapped", "db.input: this is the gradient of b.output"),
    Bent("input: one bias taken from another", "lstm", "input_gradients",
         of_input(lambda dx, g, cell, trace: (dx, g | {"b.output": g["b.forget"]})),
         "swapped", "db.output: this is the gradient of b.forget"),
    Bent("input: b never written", "gru", "input_gradients",
         of_input(lambda dx, g, cell, trace: (dx, g | {"b.reset": 0.0 * g["b.reset"]})), "zero", "db.reset"),
    Bent("input: b without the sum over the batch", "rnn", "input_gradients",
         of_input(lambda dx, g, cell, trace: (dx, g | {"b": trace["da"][:, 0].sum(axis=0)})),
         "sum", "sequence 0 alone"),
    Bent("input: dx with another sign", "gru", "input_gradients",
         of_input(lambda dx, g, cell, trace: (None if dx is None else -dx, g)), "sign", "dx"),
    Bent("input: dx in reversed time", "gru", "input_gradients",
         of_input(lambda dx, g, cell, trace: (None if dx is None else dx[::-1].copy(), g)),
         "flip", "reversed along t"),
    Bent("input: dx one step late", "rnn", "input_gradients",
         of_input(lambda dx, g, cell, trace: (moved(dx, 1) if len(dx) > 2 else dx, g)),
         "shift", "shifted by one along t"),
    Bent("input: dx never written", "gru", "input_gradients",
         of_input(lambda dx, g, cell, trace: (None if dx is None else 0.0 * dx, g)), "zero", "dx"),
    Bent("input: dx of one block only", "gru", "input_gradients",
         of_input(lambda dx, g, cell, trace: (trace["da_update"] @ cell["W.update"].data.T, g)), "input", "only dx"),
    Bent("input: dx wrong at one step", "lstm", "input_gradients",
         of_input(lambda dx, g, cell, trace: (steps_only(dx, lambda t, T: t != 1 or T < 3), g)),
         "window", "dx: only t 1 is wrong, and there every number is 0"),
]  # fmt: skip
