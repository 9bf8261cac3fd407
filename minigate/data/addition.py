"""Two numbers of the same length to be added: ``print(398345+425098)@`` → ``823443.``"""

from __future__ import annotations

import re
from random import Random

from minigate.data.pair_task import DIGITS, END, PairTask, answer_symbols, read_symbols
from minigate.errors import DataError, explain

SUM = "print(%s+%s)"


class Addition(PairTask):
    """Read a sum, answer with its value.

    Both numbers have ``length`` digits, the first of them not 0 (but a number of one digit may be 0, so there are a
    hundred sums of that length).

    **Source**: Zaremba & Sutskever (2014): an addition is a program too, and is written as one.
    """

    name = "addition"
    inputs = read_symbols(SUM.replace("%s", "") + DIGITS, name)
    outputs = answer_symbols(DIGITS, name)
    difficulty = "length: how many digits both numbers have; there is no nesting (1)"

    def pose(self, random: Random, length: int, nesting: int) -> tuple[str, str]:
        """A sum and its value."""
        smallest = 10 ** (length - 1) if length > 1 else 0
        count = 10**length - smallest
        a, b = (smallest + int(random.random() * count) for _ in range(2))
        return SUM % (a, b), str(a + b)

    def solve(self, typed: str) -> tuple[str, str]:
        """A sum of somebody's own, ``12+34`` or ``print(12+34)``, and its value.

        **Errors**: :class:`DataError` for anything but two whole numbers with a plus between them.
        """
        found = re.fullmatch(r"(?:print\()?([0-9]+)\+([0-9]+)(\))?", re.sub(r"\s", "", typed.strip().removesuffix(END)))
        if found is None:
            raise DataError(
                explain("not a sum of two whole numbers", where=self.name, expected="print(12+34)", got=repr(typed))
            )
        return SUM % (found[1], found[2]), str(int(found[1]) + int(found[2]))
