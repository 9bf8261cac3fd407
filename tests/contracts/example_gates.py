"""Gates that exist only for the tests: one formula with parameters, once by hand and once composed only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import minigate as mg
from minigate.cells import GatedCell, GatedFeedback


class ParametricSigmoid(mg.gates.Gate):
    """g = σ(k s + m), a slope k and an offset m for every unit; everything by hand."""

    def init(self, size: int, rng: Any) -> dict[str, Any]:
        return {"k": 1.0 + 0.3 * rng.normal(size=size), "m": 0.3 * rng.normal(size=size)}

    def compose(self, s: Any, p: Mapping[str, Any]) -> Any:
        return mg.ops.sigmoid(p["k"] * s + p["m"])

    def forward(self, xp: Any, s: Any, p: Mapping[str, Any], out: Any = None) -> Any:
        g = xp.multiply(s, p["k"], out=out)
        g += p["m"]
        g *= 0.5
        xp.tanh(g, out=g)
        g *= 0.5
        g += 0.5
        return g

    def slope(self, xp: Any, s: Any, g: Any, p: Mapping[str, Any]) -> Any:
        return g * (1.0 - g) * p["k"]

    def param_gradients(self, xp: Any, dg: Any, s: Any, g: Any, p: Mapping[str, Any]) -> dict[str, Any]:
        inner = dg * g * (1.0 - g)
        over = tuple(range(inner.ndim - 1))
        return {"k": (inner * s).sum(axis=over), "m": inner.sum(axis=over)}


class ComposedSigmoid(mg.gates.Gate):
    """The same formula and nothing but ``compose``."""

    init = ParametricSigmoid.init
    compose = ParametricSigmoid.compose


class Algebraic(mg.gates.Gate):
    """g = ½ + ½ s / √(1 + s²): no parameters, and nothing but ``compose``."""

    def compose(self, s: Any, p: Mapping[str, Any]) -> Any:
        return s / mg.ops.sqrt(s * s + 1.0) * 0.5 + 0.5


#: What ``gate=`` a gated cell is tried with, as a function of the names of its gates.
CHOICES = {
    "sigmoid": lambda names: mg.gates.Sigmoid(),
    "parametric": lambda names: ParametricSigmoid(),
    "composed": lambda names: ComposedSigmoid(),
    "algebraic": lambda names: Algebraic(),
    "one-kaf": lambda names: {names[-1]: mg.gates.KAF(train_gamma=True)},  # the others are Sigmoid and run together
    "one-of-each": lambda names: dict(zip(names, (ComposedSigmoid(), mg.gates.Sigmoid(), ParametricSigmoid()))),
}


#: Enough where a test is about arrays and not about formulas.
FEW = ("sigmoid", "one-of-each")


def cells_and_gates(choices: Iterable[str] = CHOICES) -> list[tuple[str, str]]:
    """Every entry of the registry, the gated ones with every choice of gates.

    Cells of several layers have so many gates that some are of each kind; they have a test of their own for the rest.
    """

    def of(cell: mg.cells.Cell) -> Iterable[str]:
        if not isinstance(cell, GatedCell):
            return ["none"]
        return [choice for choice in choices if choice in FEW] if isinstance(cell, GatedFeedback) else choices

    return [(name, choice) for name, build in mg.cells.registry.items() for choice in of(build())]


def build_cell(name: str, choice: str = "none", **options: Any) -> mg.cells.Cell:
    """A small cell of the registry, with the chosen gates."""
    build = mg.cells.registry[name]
    if choice != "none":
        options["gate"] = CHOICES[choice](build().gate_names)  # type: ignore[attr-defined]
    return build(**options)
