"""A configuration of something with a recurrent part: which cells, how many, who reads whom, and how they begin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from minigate.train.configuration import option
from minigate.train.initialisation import INIT
from minigate.train.training_config import TrainingConfig
from minigate.train.wiring import CELLS, FEEDBACK, check_wiring, tie, wiring_of


@dataclass(frozen=True)
class WiredConfig(TrainingConfig):
    """What :func:`~minigate.train.recurrent_part.recurrent_part` needs to know, and how it is trained.

    **Errors**: :class:`OptionError` for a value that cannot be meant.
    """

    cell: str = option("gru", "the recurrent cell; rnn is tanh", tuple(CELLS))
    layers: int = option(2, "how many layers, L")
    hidden: int = option(100, "units of each layer, H")
    feedback: str = option("gated", "from every layer to every other: none, gated, or with gates open", FEEDBACK)
    gate_input: str = tie("gate_input")
    gate_bias: bool = tie("gate_bias")
    unit_gates: str = tie("unit_gates")
    skip_input: bool = tie("skip_input")
    skip_output: bool = tie("skip_output")
    peephole: str = tie("peephole")
    reset: str = tie("reset")
    init: str = option("default", "how weights begin: as in the cells, Gated-Feedback's code, or uniform", tuple(INIT))

    def check(self, where: str, at_least: Mapping[str, float]) -> None:
        """Raise unless the fields here, and those of ``at_least``, can be meant.

        **Errors**: :class:`OptionError` naming the field.
        """
        super().check(where, {"layers": 1, "hidden": 1, **at_least})
        check_wiring(where, self.cell, self.layers, self.feedback, **wiring_of(self))
