"""Gates by the name that a configuration has for them. A gate of your own becomes an option by one line here."""

from __future__ import annotations

from collections.abc import Callable

from minigate.gates import Gate, HardSigmoid, Sigmoid

#: Name → a gate as it begins, one for all gates of a cell, each with parameters of its own.
GATES: dict[str, Callable[[], Gate]] = {
    "sigmoid": Sigmoid,
    "hard-sigmoid": HardSigmoid,
    "hard-sigmoid-sixth": lambda: HardSigmoid("sixth"),
}
