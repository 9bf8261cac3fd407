"""A row of digits to be said again: ``8103@`` → ``8103.`` How much does a state hold?"""

from __future__ import annotations

from random import Random

from minigate.data.pair_task import DIGITS, PairTask, answer_symbols, read_symbols


class Copy(PairTask):
    """Read a row of random digits, answer with the same row.

    **Source**: the memorisation task of Zaremba & Sutskever (2014).
    """

    name = "copy"
    inputs = read_symbols(DIGITS, name)
    outputs = answer_symbols(DIGITS, name)
    difficulty = "length: how many digits; there is no nesting (1)"
    longest = 1000

    def pose(self, random: Random, length: int, nesting: int) -> tuple[str, str]:
        """A row of digits, twice."""
        row = "".join([DIGITS[int(random.random() * 10)] for _ in range(length)])
        return row, row

    def solve(self, typed: str) -> tuple[str, str]:
        """A row of somebody's own, twice."""
        row, _ = super().solve(typed)
        return row, row
