"""In which order a network meets problems: hard ones at once, easy ones first, or both mixed.

To run a program of three nested operations, a network has to know what a digit is. The obvious idea is to begin with
easy problems and to go on when they are solved (``naive``); Zaremba & Sutskever (2014) report that this can do worse
than no curriculum at all. What does nearly always best with them is a mixture of all difficulties (``mix``), or a
little of it beside the naive order (``combined``).

A curriculum of your own is a class here with a ``name``, a ``draw`` and, if it moves on, ``report``, ``state`` and
``restore``; and one line in :data:`CURRICULA`.
"""

from __future__ import annotations

from random import Random
from typing import Any, ClassVar

from minigate.errors import CheckpointError, OptionError, explain

Level = tuple[int, int]  # a length and a nesting

ENOUGH = 0.95  # the validation accuracy that promotes
PATIENCE = 5  # checks after which the training accuracy should not be lower than it was
SHARE_OF_MIX = 0.2  # of the combined curriculum


class Curriculum:
    """Draws the difficulty of each example, up to a target (ℓ*, n*).

    ``current`` is where it stands: the difficulty at which the validation accuracy of :meth:`report` is to be measured.
    One that does not move stands at the target.

    Only ``random.random()`` is called, so what is drawn is the same everywhere.

    **Source**: ``utils/strategies.lua`` and ``main.lua`` of the authors' code for Zaremba & Sutskever (2014). What we
    leave out: there the baseline and the mixture are validated at a difficulty that rises from (1, 1) in the
    same way; and at the hardest a promotion multiplies the learning rate by 0.8, which ends the training when
    it is below 10⁻³. Here the learning rate has its own schedule.

    **Errors**: :class:`OptionError` for a target below 1.
    """

    name: ClassVar[str]

    def __init__(self, length: int, nesting: int = 1) -> None:
        if length < 1 or nesting < 1:
            got = f"length {length}, nesting {nesting}"
            raise OptionError(explain("no such target", where=self.name, expected="length ≥ 1, nesting ≥ 1", got=got))
        self.length, self.nesting = length, nesting

    def draw(self, random: Random) -> Level:
        """The length and the nesting of the next example."""
        raise NotImplementedError(f"{type(self).__name__}.draw")

    @property
    def current(self) -> Level:
        """The difficulty that it has come to."""
        return self.length, self.nesting

    def report(self, valid_accuracy: float, train_accuracy: float) -> None:
        """Take note of how well the network does: shares of right symbols, in [0, 1].

        **Errors**: :class:`OptionError` for a number outside [0, 1], or none.
        """
        for kind, accuracy in (("validation", valid_accuracy), ("training", train_accuracy)):
            if not 0 <= accuracy <= 1:
                raise OptionError(
                    explain(
                        f"the {kind} accuracy is no share",
                        where=self.name,
                        expected="a number in [0, 1]",
                        got=str(accuracy),
                        slip="percent?" if 1 < accuracy <= 100 else "",
                    )
                )

    def state(self) -> dict[str, Any]:
        """All that a checkpoint needs to hold of it, in plain values."""
        return {"curriculum": self.name, "target": [self.length, self.nesting]}

    def restore(self, values: dict[str, Any]) -> None:
        """Go to where :meth:`state` was taken.

        **Errors**: :class:`CheckpointError` for the state of another curriculum or target, and for a damaged one.
        """
        here, keys = self.state(), set(values)
        for key in ("curriculum", "target"):
            if values.get(key) != here[key]:
                raise _not_restored(f"the {key} is another", self.name, str(here[key]), str(values.get(key)))
        if keys != set(here):
            raise _not_restored("the state is damaged", self.name, ", ".join(here), ", ".join(values))


class Baseline(Curriculum):
    """No curriculum: every example has the target's difficulty."""

    name = "baseline"

    def draw(self, random: Random) -> Level:
        """Always (ℓ*, n*)."""
        return self.length, self.nesting


class Mix(Curriculum):
    """Every difficulty up to the target from the beginning: length and nesting uniform, each on its own.

    This is what Chung et al. (2015), section 4, train with.
    """

    name = "mix"

    def draw(self, random: Random) -> Level:
        """ℓ uniform in 1 … ℓ*, n uniform in 1 … n*."""
        return _any_level(self, random)


class Naive(Curriculum):
    """One difficulty at a time, from (1, 1) up: the next length, and after ℓ* length 1 of the next nesting.

    It moves on where the validation accuracy is above 0.95, or where the training accuracy is lower than it was five
    checks before (it has stopped learning from what it gets). The five are counted anew from each move on; the check
    that moved it is the first of them. At the target it stays.
    """

    name = "naive"

    def __init__(self, length: int, nesting: int = 1) -> None:
        super().__init__(length, nesting)
        self._current: Level = (1, 1)
        self._accuracies: list[float] = []  # of training, the last five since it moved

    @property
    def current(self) -> Level:
        """The difficulty that it has come to."""
        return self._current

    def draw(self, random: Random) -> Level:
        """The current difficulty."""
        return self._current

    def report(self, valid_accuracy: float, train_accuracy: float) -> None:
        """Move on if it is time to."""
        super().report(valid_accuracy, train_accuracy)
        worse = len(self._accuracies) == PATIENCE and self._accuracies[0] > train_accuracy
        if valid_accuracy > ENOUGH or worse:
            length, nesting = self._current
            if length < self.length:
                self._current = length + 1, nesting
            elif nesting < self.nesting:
                self._current = 1, nesting + 1
            self._accuracies = []
        self._accuracies = [*self._accuracies, float(train_accuracy)][-PATIENCE:]

    def state(self) -> dict[str, Any]:
        """All that a checkpoint needs to hold of it, in plain values."""
        return {**super().state(), "current": list(self._current), "accuracies": list(self._accuracies)}

    def restore(self, values: dict[str, Any]) -> None:
        """Go to where :meth:`state` was taken."""
        super().restore(values)
        try:
            length, nesting = map(int, values["current"])
            accuracies = [float(accuracy) for accuracy in values["accuracies"]][-PATIENCE:]
        except (TypeError, ValueError):
            raise _not_restored("the state is damaged", self.name, str(self.state()), str(values)) from None
        if not (1 <= length <= self.length and 1 <= nesting <= self.nesting):
            target = f"at most {self.length}, {self.nesting}"
            raise _not_restored("it stands beyond the target", self.name, target, f"{length}, {nesting}")
        self._current, self._accuracies = (length, nesting), accuracies


class Combined(Naive):
    """The naive order, but one example in five is drawn as in the mixture (the authors call it ``blend``)."""

    name = "combined"

    def draw(self, random: Random) -> Level:
        """With probability 1/5 as :class:`Mix` draws, else the current difficulty."""
        return _any_level(self, random) if random.random() < SHARE_OF_MIX else self._current


CURRICULA: dict[str, type[Curriculum]] = {each.name: each for each in (Baseline, Naive, Mix, Combined)}


def _any_level(of: Curriculum, random: Random) -> Level:
    return 1 + int(random.random() * of.length), 1 + int(random.random() * of.nesting)


def _not_restored(what: str, where: str, expected: str, got: str) -> CheckpointError:
    return CheckpointError(explain(what, where=f"{where}.restore", expected=expected, got=got))
