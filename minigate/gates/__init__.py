"""Gates: elementwise maps s → g that decide how much passes, with or without parameters of their own."""

from collections.abc import Callable

from minigate.gates.choice import GateOption, choose_gates, draw_gate_parameters, gate_parameters
from minigate.gates.gate import Constant, Gate
from minigate.gates.sigmoid import HardSigmoid, Sigmoid

#: name → how to make one; the contract tests walk it, so a new gate is covered by one line here.
registry: dict[str, Callable[[], Gate]] = {
    "Sigmoid": Sigmoid,
    "HardSigmoid": HardSigmoid,
    "HardSigmoid-sixth": lambda: HardSigmoid("sixth"),
    "Constant": lambda: Constant(0.7),
}

__all__ = [
    "Constant",
    "Gate",
    "GateOption",
    "HardSigmoid",
    "Sigmoid",
    "choose_gates",
    "draw_gate_parameters",
    "gate_parameters",
    "registry",
]
