"""Everything that the result of reading and answering depends on, with the defaults."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from minigate.data import TASKS
from minigate.errors import OptionError, explain
from minigate.train.configuration import option, with_presets
from minigate.train.curricula import CURRICULA
from minigate.train.programs_presets import PRESETS
from minigate.train.training_config import by_default
from minigate.train.wired_config import WiredConfig


@with_presets(PRESETS)
@dataclass(frozen=True)
class ProgramsConfig(WiredConfig):
    """What is read and answered, in which order, and by which model.

    The defaults make a small model that runs small programs after some minutes on a laptop; those of the paper are the
    presets (:mod:`minigate.train.programs_presets`).

    **Errors**: :class:`OptionError` for a value that cannot be meant.
    """

    preset: str = option("", "a model by name, as listed below", list(PRESETS))
    task: str = option("programs", f"what is read and answered: {', '.join(TASKS)}")
    length: int = option(3, "the largest length: digits of a number, or of what is to be copied")
    nesting: int = option(2, "the largest nesting: operations of a program; 1 for every other task")
    curriculum: str = option("mix", f"in which order problems come: {', '.join(CURRICULA)}")
    decay: float = option(1.0, "factor on the learning rate each time that the hardest problems could be made harder")
    reverse: bool = option(False, "write the problem backwards")
    double: bool = option(False, "write the problem twice")
    examples: int = option(0, "read the same so many problems again and again; 0 is new ones for ever")
    hidden: int = by_default("hidden", 96, WiredConfig)
    unroll: int = option(0, "steps after which the gradient is cut; 0 goes all the way back")
    batch: int = option(64, "problems in an update, N")
    mean_over: str = option("symbols", "the loss is a mean over symbols, or over answers", ("symbols", "answers"))
    pool: int = option(8, "batches that are drawn together and sorted by length, so that little is padding")
    valid_examples: int = option(1000, "problems of the validation part, of every difficulty up to the largest")
    test_examples: int = option(300, "problems of the test part, for every difficulty")
    updates: int = by_default("updates", 4000)
    learning_rate: float = by_default("learning_rate", 5e-3)
    schedule: str = by_default("schedule", "cosine")
    warm_up: int = by_default("warm_up", 50)
    clip: float = by_default("clip", 1.0)

    def __post_init__(self) -> None:
        ones = ("length", "nesting", "batch", "pool", "valid_examples", "test_examples")
        self.check("programs", dict.fromkeys(ones, 1) | {"examples": 0, "unroll": 0})
        if not self.skip_output and self.feedback != "none":
            raise OptionError(
                explain("a decoder with feedback is read by the softmax as a whole", where="programs",
                        expected="skip_output, or feedback none", got=f"feedback {self.feedback} without skip_output")
            )  # fmt: skip
        if not 0 < self.decay <= 1:
            raise OptionError(
                explain("decay is out of range", where="programs", expected="0 < decay ≤ 1", got=str(self.decay))
            )
        _one_of("task", self.task, TASKS)
        _one_of("curriculum", self.curriculum, CURRICULA)
        deepest, longest = TASKS[self.task].deepest, TASKS[self.task].longest
        for name, value, most in (("nesting", self.nesting, deepest), ("length", self.length, longest)):
            if value > most:
                raise OptionError(
                    explain(f"{name} is too large for {self.task}", where="programs", expected=f"{name} ≤ {most}",
                            got=str(value), remedy=f"--{name} {most}")
                )  # fmt: skip
        if self.examples % (self.batch * self.pool):
            raise OptionError(
                explain("the examples are no whole number of pools", where="programs",
                        expected=f"a multiple of batch × pool = {self.batch * self.pool}, or 0", got=str(self.examples))
            )  # fmt: skip

    @property
    def title(self) -> str:
        """A short name: task, and preset or cell and sizes."""
        wiring = {"none": "", "gated": "gf-", "open": "gf-open-"}[self.feedback]
        model = self.preset or f"{wiring}{self.cell}{f'{self.layers}x' if self.layers > 1 else ''}{self.hidden}"
        shown = "".join(f"-{word}" for word in ("reverse", "double") if getattr(self, word))
        return f"{model}{shown}" if self.task == "programs" else f"{self.task}-{model}{shown}"


def _one_of(name: str, value: str, known: Iterable[str]) -> None:
    if value not in known:
        raise OptionError(
            explain(f"no such {name}", where="programs", expected=" | ".join(known), got=repr(value))
        )
