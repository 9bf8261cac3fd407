"""Gates by the name that a configuration has for them. A gate of your own becomes an option by one line here."""

from __future__ import annotations

from collections.abc import Callable

from minigate.gates import KAF, Gate, HardSigmoid, Sigmoid, SlopeSigmoid

#: Name → a gate as it begins, one for all gates of a cell, each with parameters of its own.
GATES: dict[str, Callable[[], Gate]] = {
    "sigmoid": Sigmoid,
    "hard-sigmoid": HardSigmoid,
    "hard-sigmoid-sixth": lambda: HardSigmoid("sixth"),
    "slope-sigmoid": SlopeSigmoid,
    "kaf": KAF,
    "kaf-5": lambda: KAF(elements=5),
    "kaf-20": lambda: KAF(elements=20),
    "kaf-code": lambda: KAF(gamma="code"),
    "kaf-trained": lambda: KAF(train_gamma=True),
    "kaf-random": lambda: KAF(init="random"),
    "kaf-no-residual": lambda: KAF(residual=False),
    "kaf-no-residual-random": lambda: KAF(residual=False, init="random"),
    "kaf-relu": lambda: KAF("relu", init="random"),
    "kaf-softplus": lambda: KAF("softplus"),
}
