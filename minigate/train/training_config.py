"""How something is trained, whatever it is: the part of a configuration that all experiments share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from minigate.errors import OptionError, explain
from minigate.module import Module
from minigate.train.configuration import check_configuration, option
from minigate.train.optimisers import SGD, Adam, Optimiser, RMSProp
from minigate.train.schedules import SCHEDULES


@dataclass(frozen=True)
class TrainingConfig:
    """What the optimiser and the training loop need to know. An experiment adds fields for what it learns.

    **Errors**: :class:`OptionError` for a value that cannot be meant.
    """

    updates: int = option(5000, "how many updates to make")
    optimiser: str = option("adam", "the optimiser", ("adam", "rmsprop", "sgd"))
    learning_rate: float = option(1e-3, "its learning rate, where it is highest")
    beta1: float = option(0.9, "for adam: how long the gradients are remembered")
    beta2: float = option(0.99, "for adam: how long the squared gradients are remembered")
    momentum: float = option(0.9, "for rmsprop and sgd: the share of the last step that is taken again")
    nesterov: bool = option(False, "for sgd: take the gradient's step from where the momentum leads to")
    epsilon: float = option(1e-4, "for rmsprop: what is added to the variance of the gradient")
    schedule: str = option("constant", "the learning rate over time", SCHEDULES)
    warm_up: int = option(0, "updates over which the learning rate rises at the start")
    clip: float = option(5.0, "largest norm of the gradient")
    explode_threshold: float = option(0.0, "a gradient norm above it halves the learning rate, for good; 0 is never")
    lowest_rate: float = option(0.0, "a learning rate that was lowered below it for good ends the run; 0 is never")
    patience: int = option(0, "evaluations without a new best after which it ends early; 0 is never")
    evaluate_every: int = option(200, "updates between two looks at the validation part")
    checkpoint_every: int = option(200, "updates between two checkpoints")
    checkpoint_minutes: float = option(5.0, "and at most so many minutes between them; 0 is no such limit")
    seed: int = option(0, "the seed of everything that is drawn")

    def check(self, where: str, at_least: Mapping[str, float]) -> None:
        """Raise unless the fields here, and those of ``at_least``, can be meant.

        **Errors**: :class:`OptionError` naming the field.
        """
        ones = dict.fromkeys(("updates", "evaluate_every", "checkpoint_every"), 1)
        zeros = dict.fromkeys(("warm_up", "explode_threshold", "lowest_rate", "patience", "checkpoint_minutes"), 0)
        check_configuration(self, where, ones | zeros | dict(at_least))
        if not self.clip > 0:
            raise OptionError(explain("clip is out of range", where=where, expected="clip > 0", got=str(self.clip)))
        if self.nesterov and (self.optimiser != "sgd" or not self.momentum):
            raise OptionError(
                explain("Nesterov's step is that of sgd with momentum", where=where,
                        expected="optimiser sgd, momentum > 0",
                        got=f"optimiser {self.optimiser}, momentum {self.momentum:g}")
            )  # fmt: skip

    def make_optimiser(self, model: Module) -> Optimiser:
        """The optimiser that is named here, on the parameters of ``model``."""
        if self.optimiser == "adam":
            return Adam(model, self.learning_rate, beta1=self.beta1, beta2=self.beta2)
        if self.optimiser == "rmsprop":
            return RMSProp(model, self.learning_rate, momentum=self.momentum, epsilon=self.epsilon)
        return SGD(model, self.learning_rate, momentum=self.momentum, nesterov=self.nesterov)

    def for_the_trainer(self) -> dict[str, Any]:
        """The options of :class:`Trainer` that stand here."""
        return {name: getattr(self, name) for name in _TRAINER}


_TRAINER = (
    "updates", "clip", "explode_threshold", "lowest_rate", "schedule", "warm_up", "patience", "evaluate_every",
    "checkpoint_every", "checkpoint_minutes",
)  # fmt: skip


def by_default(name: str, default: Any, of: type[Any] = TrainingConfig) -> Any:
    """A field of a configuration with another default, and the same line of ``--help``."""
    return field(default=default, metadata=of.__dataclass_fields__[name].metadata)


def own_first(config: type[Any]) -> dict[str, Any]:
    """The fields of a configuration by name: what is learnt, by what kind of model, and then how it is trained."""
    fields = config.__dataclass_fields__
    bases = [kind.__dataclass_fields__ for kind in config.__mro__ if hasattr(kind, "__dataclass_fields__")]
    return {name: fields[name] for name in sorted(fields, key=lambda name: sum(name in base for base in bases))}
