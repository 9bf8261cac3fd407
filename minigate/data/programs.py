"""Small programs that print one number: what "Learning to Execute" learns to run by reading them.

    i=7218#for x in range(9):i+=5016#print((968-(282 if i<3830 else 3205)))@    →    -2237.

A program is written from the inside out. There is one expression so far, with its value; each of ``nesting``
operations takes it as one of its operands, draws the others, and gives back a larger expression, sometimes with a
line of code to go before it. At the end the expression is printed. The operations are written as the templates
below, and the alphabet is whatever occurs in those.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from minigate.data.pair_task import DIGITS, END, PairTask, answer_symbols, read_symbols
from minigate.data.program_parser import canonical, evaluate
from minigate.data.program_tokens import JOINT, LOOP_VARIABLE, VARIABLES

SUM = ("(%s+%s)", "(%s-%s)")
PRODUCT = "(%s*%s)"
ASSIGNMENT = "%s=%s;"
LOOP_START = "%s=%s"
LOOP = (f"for {LOOP_VARIABLE} in range(%s):%s+=%s", f"for {LOOP_VARIABLE} in range(%s):%s-=%s")
CONDITIONAL = ("(%s if %s>%s else %s)", "(%s if %s<%s else %s)")
PRINT = "print(%s)"
_TEMPLATES = (*SUM, PRODUCT, ASSIGNMENT, LOOP_START, *LOOP, *CONDITIONAL, PRINT)

Operand = tuple[str, int]  # an expression and its value


class _Script:
    """A program being written: its lines so far, and the expression that the next operation takes."""

    __slots__ = ("_largest", "_names", "_random", "_small", "lines", "result")

    def __init__(self, random: Callable[[], float], length: int) -> None:
        self._random, self._largest, self._small = random, 10**length, 4 * length
        self._names = list(VARIABLES)
        self.lines: list[str] = []
        self.result: Operand | None = None

    def operands(self, k: int) -> list[Operand]:
        """k operands, one of them the expression so far, each role as likely for it as any other.

        The others are whole numbers, uniform in 1 … 10^ℓ. They are drawn alike, so to permute all roles at random, as
        the authors do, comes to the same as choosing one for the expression.
        """
        random, largest, drawn = self._random, self._largest, []
        for _ in range(k if self.result is None else k - 1):
            number = 1 + int(random() * largest)
            drawn.append((str(number), number))
        if self.result is not None:
            drawn.insert(int(random() * k), self.result)
        return drawn

    def small(self) -> int:
        """A factor, or how often a loop turns: uniform in 1 … 4ℓ."""
        return 1 + int(self._random() * self._small)

    def coin(self) -> bool:
        return self._random() < 0.5

    def unused_name(self) -> str:
        """The next variable of a random permutation."""
        return self._names.pop(int(self._random() * len(self._names)))

    def sum(self) -> Operand:
        (a, a_value), (b, b_value) = self.operands(2)
        if self.coin():
            return SUM[0] % (a, b), a_value + b_value
        return SUM[1] % (a, b), a_value - b_value

    def product(self) -> Operand:
        ((a, value),) = self.operands(1)
        factor = self.small()
        return PRODUCT % ((a, factor) if self.coin() else (factor, a)), value * factor

    def identity(self) -> Operand:
        (operand,) = self.operands(1)
        return operand

    def assignment(self) -> Operand:
        (a, a_value), (b, b_value) = self.operands(2)
        name = self.unused_name()
        self.lines.append(ASSIGNMENT % (name, a))
        if self.coin():
            return SUM[0] % (name, b), a_value + b_value
        return SUM[1] % (name, b), a_value - b_value

    def loop(self) -> Operand:
        (a, a_value), (b, b_value) = self.operands(2)
        name, turns, adds = self.unused_name(), self.small(), self.coin()
        self.lines += (LOOP_START % (name, a), LOOP[0 if adds else 1] % (turns, name, b))
        return name, a_value + turns * b_value if adds else a_value - turns * b_value

    def conditional(self) -> Operand:
        (a, a_value), (b, b_value), (c, c_value), (d, d_value) = self.operands(4)
        if self.coin():
            return CONDITIONAL[0] % (c, a, b, d), c_value if a_value > b_value else d_value
        return CONDITIONAL[1] % (c, a, b, d), c_value if a_value < b_value else d_value


OPERATIONS = (_Script.sum, _Script.product, _Script.identity, _Script.assignment, _Script.loop, _Script.conditional)


def compose(random: Random, length: int, nesting: int) -> tuple[str, int]:
    """A program of ``nesting`` operations on numbers up to 10^length, and the number that it prints.

    **Source**: the rules are those of the authors' code for Zaremba & Sutskever (2014), ``data.lua`` and
    ``utils/operations.lua`` as first published. It differs in two things. Its numbers are floating point, exact up to
    2⁵³; ours are exact. And under a mixed curriculum it draws a new length for every number; here a program has one
    length, as Chung et al. (2015) have it, who draw the difficulty for each example.

    >>> compose(Random("an example"), length=3, nesting=3)
    ('print(((350-506)-17))', -173)
    """
    script = _Script(random.random, length)
    for _ in range(nesting):
        script.result = OPERATIONS[int(random.random() * len(OPERATIONS))](script)
    assert script.result is not None
    expression, value = script.result
    script.lines.append(PRINT % expression)
    return JOINT.join(script.lines), value


class Programs(PairTask):
    """Read a program, answer with what it prints.

    The 41 symbols that are read: ten digits, the eighteen letters and thirteen signs (a space among them) of the
    templates. The 13 of the answers: ten digits, the minus, the full stop, and the ``@`` that begins them.

    **Source**: :func:`compose`; 41 and 13 are what Chung et al. (2015), section 4, count.
    """

    name = "programs"
    inputs = read_symbols("".join(_TEMPLATES).replace("%s", "") + DIGITS + VARIABLES + JOINT, name)
    outputs = answer_symbols(DIGITS + "-", name)
    difficulty = "length ℓ: numbers up to 10^ℓ; nesting: how many operations, each with at most one variable of a … j"
    deepest = len(VARIABLES)

    def pose(self, random: Random, length: int, nesting: int) -> tuple[str, str]:
        """A program and what it prints."""
        script, value = compose(random, length, nesting)
        return script, str(value)

    def solve(self, typed: str) -> tuple[str, str]:
        """A program of somebody's own as the generator would write it, and what it prints.

        **Errors**: :class:`DataError` for what is not such a program.
        """
        return canonical(typed).removesuffix(END), str(evaluate(typed))
