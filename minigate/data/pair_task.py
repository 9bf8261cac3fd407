"""What a task of pairs is: a problem is read character by character, and then its answer is written.

Program evaluation, addition and copying are three of them. Each says only how to draw a problem and what
characters it is made of. The marks at the end, and the two ways of showing a problem that help a network to
learn it, are the same for all and stand here.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import ClassVar

from minigate.data.symbols import Symbols
from minigate.errors import OptionError, explain

END = "@"  # of what is read. The decoder is fed it first: "all is read, now answer" is also where its answer begins.
STOP = "."  # of an answer
DIGITS = "0123456789"
LONGEST_NUMBER = 15  # digits: one random number in [0, 1) has 53 bits, and 10¹⁵ is less than 2⁵³


@dataclass(frozen=True)
class PairTask:
    """A kind of problem, to be read and answered.

    A subclass gives its ``name``; ``inputs`` and ``outputs``, the symbols that are read and written; ``difficulty``,
    what length and nesting mean, in words; how large they may be; and :meth:`pose`.

    Its two options change what is read, never the answer. ``reverse``: the problem is written backwards. ``double``:
    it is written twice, the second time right behind the first. With both, it is reversed, then doubled. The mark
    ``@`` stays at the end and is there once: ``print(12+34)@`` is read as ``)43+21(tnirp@``,
    ``print(12+34)print(12+34)@``, or ``)43+21(tnirp)43+21(tnirp@``.

    **Source**: Zaremba & Sutskever (2014), who find that both help a network to memorise and to add; what is done
    with the mark, and that there is none between the two copies, is ours.
    """

    reverse: bool = False
    double: bool = False

    name: ClassVar[str]
    inputs: ClassVar[Symbols]
    outputs: ClassVar[Symbols]
    difficulty: ClassVar[str]
    longest: ClassVar[int] = LONGEST_NUMBER
    deepest: ClassVar[int] = 1

    @property
    def start(self) -> int:
        """The number of the symbol that a decoder is fed first."""
        return int(self.outputs.encode(END)[0])

    @property
    def stop(self) -> int:
        """The number of the symbol that an answer ends with."""
        return int(self.outputs.encode(STOP)[0])

    def pose(self, random: Random, length: int, nesting: int) -> tuple[str, str]:
        """A problem and its answer, without marks. Only ``random.random()`` may be called: see :mod:`.pairs`."""
        raise NotImplementedError(f"{type(self).__name__}.pose")

    def draw(self, random: Random, length: int, nesting: int = 1) -> tuple[str, str]:
        """What is read and what is to be answered, as texts that end with their marks.

        **Errors**: :class:`OptionError` for a length or nesting that the task does not have.
        """
        if not (1 <= length <= self.longest and 1 <= nesting <= self.deepest):
            raise OptionError(
                explain(
                    "no such difficulty",
                    where=self.name,
                    expected=f"length 1 … {self.longest}, nesting {'1 … ' if self.deepest > 1 else ''}{self.deepest}",
                    got=f"length {length}, nesting {nesting}",
                    slip=self.difficulty,
                )
            )
        problem, answer = self.pose(random, length, nesting)
        return self.source(problem), answer + STOP

    def solve(self, typed: str) -> tuple[str, str | None]:
        """A problem that somebody typed, as :meth:`pose` would write it, and its answer; None where it is not known.

        **Errors**: :class:`DataError` for what is no problem of this task.
        """
        return typed.strip().removesuffix(END), None

    def source(self, problem: str) -> str:
        """A problem as the network reads it: reversed, doubled, and with the mark at its end."""
        if self.reverse:
            problem = problem[::-1]
        return problem + problem + END if self.double else problem + END


def read_symbols(characters: str, task: str) -> Symbols:
    """The symbols of what a task reads: those of its problems, and the mark at the end."""
    return Symbols(characters + END, f"a symbol that {task} reads")


def answer_symbols(characters: str, task: str) -> Symbols:
    """The symbols of its answers: also where an answer stops, and the one that the decoder is fed first.

    That last one is never to be predicted.
    """
    return Symbols(characters + STOP + END, f"a symbol that {task} answers with")
