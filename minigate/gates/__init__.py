"""Gates: elementwise maps s → g that decide how much passes, with or without parameters of their own."""

from collections.abc import Callable

from minigate.gates.choice import GateOption, choose_gates, draw_gate_parameters, gate_parameters
from minigate.gates.gate import Constant, Gate
from minigate.gates.kaf import KAF
from minigate.gates.sigmoid import HardSigmoid, Sigmoid
from minigate.gates.slope_sigmoid import SlopeSigmoid

#: name → how to make one; the contract tests walk it, so a new gate is covered by one line here.
registry: dict[str, Callable[[], Gate]] = {
    "Sigmoid": Sigmoid,
    "HardSigmoid": HardSigmoid,
    "HardSigmoid-sixth": lambda: HardSigmoid("sixth"),
    "Constant": lambda: Constant(0.7),
    "SlopeSigmoid": SlopeSigmoid,
    "KAF": KAF,
    "KAF-trained": lambda: KAF(train_gamma=True, gamma="code", elements=7),
    "KAF-narrow": lambda: KAF(gamma=60.0, train_gamma=True, init="random"),  # element by element
    "KAF-relu": lambda: KAF("relu", init="random", deviation=0.1),
    "KAF-softplus": lambda: KAF("softplus", elements=5),
    "KAF-no-residual": lambda: KAF(residual=False),
}

__all__ = [
    "KAF",
    "Constant",
    "Gate",
    "GateOption",
    "HardSigmoid",
    "Sigmoid",
    "SlopeSigmoid",
    "choose_gates",
    "draw_gate_parameters",
    "gate_parameters",
    "registry",
]
