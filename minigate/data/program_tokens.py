"""The text of a program taken apart: into numbers, names, signs and line ends, each with the place where it stands."""

from __future__ import annotations

import re
from typing import NamedTuple

from minigate.data.pair_task import END
from minigate.errors import DataError, explain

VARIABLES = "abcdefghij"  # each is given a value once
LOOP_VARIABLE = "x"
JOINT = "#"  # between two lines
MOST_SYMBOLS = 5000  # of the text
LINE_END = ""
_TOKEN = re.compile(r"[ \t]*([A-Za-z_0-9]+|\+=|-=|\*\*|//|==|<=|>=|!=|[^ \t])")


class Token(NamedTuple):
    """A number, a name, a sign, or the end of a line (``""``), and where it stands, both counted from 1."""

    text: str
    line: int
    character: int
    line_text: str


def tokens_of(script: str) -> list[Token]:
    """The tokens of a program: lines may be joined by ``#`` or by line ends, and the ``@`` at the end may be missing.

    **Errors**: :class:`DataError` for an empty text, and for one of more than 5,000 characters.
    """
    if len(script) > MOST_SYMBOLS:
        expected, got = f"at most {MOST_SYMBOLS:,} characters", f"{len(script):,}"
        raise DataError(explain("too long a program", where="program", expected=expected, got=got))
    found = []
    for number, line in enumerate(re.split(rf"{JOINT}|\r?\n", script.strip().removesuffix(END)), start=1):
        line = line.rstrip()
        tokens = [Token(m[1], number, m.start(1) + 1, line) for m in _TOKEN.finditer(line)]
        if tokens:  # an empty line is passed over
            found += [*tokens, Token(LINE_END, number, len(line) + 1, line)]
    if not found:
        remedy = "a=5;#for x in range(3):a+=2#print(a)@"
        raise DataError(explain("an empty program", where="program", expected="at least print(…)", remedy=remedy))
    return found


def to_python(script: str) -> str:
    """The same program as Python would run it: each line on its own, without the mark at the end. Nothing is checked.

    >>> print(to_python("a=5;#print((a+1))@"))
    a=5;
    print((a+1))
    """
    return script.strip().removesuffix(END).replace(JOINT, "\n")
