"""A gate held to what everything that computes on arrays promises: by hand, put on the tape, and composed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from minigate.backend import array_module, generator
from minigate.checking.array_contract import ARRAYS, SAME_AGAIN
from minigate.checking.contract import Outcome, hold
from minigate.checking.gate_contract import Bench
from minigate.checking.trial import Case, Trial, set_out
from minigate.gates import Gate
from minigate.tensor import by_hand

#: Those that a gate has no stricter promise of its own for.
KINDS = ("deterministic", "kept", "layout", "linear", "precision", "library")
#: What to look at, where it is another thing in a gate than in a cell.
ADVICE = {
    "deterministic": "no random numbers in a gate, and nothing that counts its calls",
    "kept": "a gate keeps nothing: parameters come from init and arrive in p; slope has s and g, no attribute",
}
PROMISES = [
    replace(promise, advice=ADVICE.get(promise.kind, promise.advice))
    for promise in (*SAME_AGAIN, *ARRAYS)
    if promise.kind in KINDS
]


def array_promises(bench: Bench, seed: int) -> list[Outcome]:
    """The promises about arrays, at parameters moved away from where they begin.

    **Shapes**: s (5, 3, H).
    """
    rng = generator(np.random.SeedSequence([seed, 11]))
    case = Case({}, {"s": 2.0 * rng.normal(size=(5, 3, bench.H)), **bench.points["moved"]}, {})
    trial = Trial(bench.gate, {"by hand": _by_hand, "composed": _composed}, case, time={"s": 0}, batch={"s": 1})
    return list(hold(set_out(trial, rng), PROMISES))


def _composed(gate: Gate, given: dict[str, Any]) -> list[tuple[str, Any]]:
    return [("g", gate.compose(given["s"], {name: p for name, p in given.items() if name != "s"}))]


def _by_hand(gate: Gate, given: dict[str, Any]) -> list[tuple[str, Any]]:
    """The three methods by hand as one operation; s is shown to the last two only where the gate asks for it."""
    s, p = given["s"].data, {name: tensor.data for name, tensor in given.items() if name != "s"}
    xp = array_module(s)
    g = gate.forward(xp, s, p)
    shown = s if gate.needs_input else None

    def backward(cotangents: list[Any]) -> list[Any]:
        dg = cotangents[0]
        found = gate.param_gradients(xp, dg, shown, g, p)
        return [dg * gate.slope(xp, shown, g, p), *(found[name] for name in p)]

    return [("g", by_hand("the gate", list(given.values()), [g], backward, "gate.compose(s, p)")[0])]
