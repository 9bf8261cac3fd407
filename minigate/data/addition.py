"""Two numbers of the same length to be added: ``print(398345+425098)@`` → ``823443.``"""

from __future__ import annotations

from random import Random

from minigate.data.pair_task import DIGITS, PairTask, answer_symbols, read_symbols

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
