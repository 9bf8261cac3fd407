"""A program of somebody's own: read, run and put into the form that a network has learned; nothing else is run.

    script      lines joined by "#" or by line ends, the last a print, then "@" if you like
    line        name "=" expression [";"]
                "for x in range(" number "):" name ("+=" | "-=") expression
                "print(" expression ")"
    expression  sum ["if" sum ("<" | ">") sum "else" expression]
    sum         product (("+" | "-") product)*
    product     operand ("*" operand)*
    operand     number | name | "(" expression ")"

Each of these is a method below, which reads its part of the text and gives back its value at once. The body of a loop
is read as often as the loop turns. Everything has a bound (the length of the text, :data:`MOST_STEPS`,
:data:`LARGEST`, :data:`DEEPEST`), so that no text can keep it busy for longer than a moment.
"""

from __future__ import annotations

import keyword
import re
from typing import NoReturn

from minigate.data.pair_task import DIGITS, END
from minigate.data.program_tokens import JOINT, LINE_END, LOOP_VARIABLE, VARIABLES, Token, tokens_of
from minigate.data.symbols import excerpt
from minigate.errors import DataError, explain

MOST_STEPS = 100_000  # numbers, names and signs that are read, again in each turn of a loop
LARGEST = 10**50  # in size: the largest that can be generated is below 10³³
DEEPEST = 50  # expressions inside one another

_BELOW = "numbers below 10⁵⁰ in size"
_NAMES = tuple(VARIABLES)
_SLIPS = {
    "/": "only +, - and * are known: nothing is divided",
    "//": "only +, - and * are known: nothing is divided",
    "**": "only +, - and * are known: a square is (a*a)",
    "%": "only +, - and * are known",
    "==": "one = gives a variable its value; only < and > compare",
    "<=": "only < and > compare",
    ">=": "only < and > compare",
    "!=": "only < and > compare",
    ".": "all numbers are whole",
    "'": "there are numbers and no texts",
    '"': "there are numbers and no texts",
    END: f"{END} ends the script; nothing follows it",
    LOOP_VARIABLE: f"{LOOP_VARIABLE} only counts the turns of a loop",
}


def evaluate(script: str) -> int:
    """The number that a program prints.

    >>> evaluate("a=5#for x in range(3):a+=(2*4)#print((a if a>20 else 0))@")
    29

    It is stricter than Python in what is not executed: a variable must have a value, and a number stay below 10⁵⁰, also
    in the branch of a conditional that is not chosen and in a loop that does not turn.

    **Errors**: :class:`DataError` for what is not such a program: the line and the character, what is expected there
    and what came instead. And for one that goes beyond the bounds.
    """
    return _Run(tokens_of(script)).script()


def canonical(script: str) -> str:
    """The same program as the generator writes it: joined by ``#``, no spaces but those around words, ``@`` at the end.

    >>> canonical("a = 5; \\nfor x in range( 3 ): a += 2\\nprint( a if a>9 else 0 )")
    'a=5#for x in range(3):a+=2#print(a if a>9 else 0)@'

    **Errors**: those of :func:`evaluate`.
    """
    tokens = tokens_of(script)
    _Run(tokens).script()
    lines: list[list[str]] = [[]]
    for token in tokens:
        if token.text == LINE_END:
            lines.append([])
        else:
            lines[-1].append({word: f" {word} " for word in ("in", "if", "else")}.get(token.text, token.text))
    lines.pop()
    for line, after in zip(lines, lines[1:]):
        if line[0] == "for":
            line[0] = "for "
            continue
        ends = line[-1] == ";"
        if after[0] == "for" and ends:  # the line before a loop belongs to it, and has no semicolon
            line.pop()
        elif after[0] != "for" and not ends:
            line.append(";")
    return JOINT.join("".join(line) for line in lines) + END


class _Run:
    """Reads the tokens from left to right, and computes as it reads."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens, self.at = tokens, 0
        self.values: dict[str, int] = {}
        self.steps, self.depth = 0, 0

    def script(self) -> int:
        while self.at < len(self.tokens):
            word = self.next
            if word == "print":
                return self.printed()
            if word == "for":
                self.loop()
            elif word in _NAMES:
                self.assignment()
            else:
                self.fail("a line that begins with print, for, or a variable of a … j", self.begins_wrong(word))
        raise DataError(
            explain(
                "nothing is printed",
                where="program",
                expected="print(…) as the last line",
                got=repr(self.tokens[-1].line_text),
                remedy=f"…{JOINT}print({next(iter(self.values), 'a')}){END}",
            )
        )

    def begins_wrong(self, word: str) -> str:
        """The likely slip where a line begins with something else."""
        if word in _SLIPS or keyword.iskeyword(word) or not re.match("[A-Za-z_]", word):
            return _SLIPS.get(word, "")
        if self.tokens[self.at + 1].text in ("=", "+=", "-="):
            return "a variable is one letter, a to j"
        return f'"{JOINT}" joins two lines: it begins no comment' if self.tokens[self.at].line > 1 else ""

    def printed(self) -> int:
        self.take("print", "(")
        value = self.expression()
        self.take(")", LINE_END)
        if self.at < len(self.tokens):
            self.fail("nothing: the print is the last line", "one number is printed, at the end")
        return value

    def assignment(self) -> None:
        name = self.advance()
        if self.next in ("+=", "-="):
            self.fail("'='", f"{self.next} stands only in a loop: for x in range(1):{name}{self.next}…")
        self.take("=")
        value = self.expression()
        if self.next == ";":
            self.advance()
            if self.next != LINE_END:
                self.fail("the end of the line", f'each line is one statement; "{JOINT}" begins the next')
        self.take(LINE_END)
        self.values[name] = value

    def loop(self) -> None:
        self.take("for", LOOP_VARIABLE, "in", "range", "(")
        turns = self.number() if self.next[:1] in tuple(DIGITS) else self.fail("a whole number", "")
        self.take(")", ":")
        if self.next == LINE_END:
            self.fail("a variable of a … j", "what is repeated stands on the same line")
        self.value()  # which it must have
        name = self.tokens[self.at - 1].text
        if self.next not in ("+=", "-="):
            self.fail("'+=' or '-='", "")
        sign = 1 if self.advance() == "+=" else -1
        body = self.at
        for turn in range(max(turns, 1)):  # a loop that does not turn is read all the same
            self.at = body
            old = self.values[name]
            new = self.bounded(old + sign * self.expression())
            self.values[name] = new if turn < turns else old
        self.take(LINE_END)

    def expression(self) -> int:
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(f"at most {DEEPEST} expressions inside one another", "")
        value = self.sum()
        if self.next == "if":
            self.advance()
            left = self.sum()
            if self.next not in ("<", ">"):
                self.fail("'<' or '>'", _SLIPS.get(self.next, "a condition compares two numbers: (1 if a<b else 2)"))
            less = self.advance() == "<"
            right = self.sum()
            self.take("else")
            other = self.expression()
            value = value if (left < right if less else left > right) else other
        self.depth -= 1
        return value

    def sum(self) -> int:
        value = self.product()
        while self.next in ("+", "-"):
            sign = 1 if self.advance() == "+" else -1
            value = self.bounded(value + sign * self.product())
        return value

    def product(self) -> int:
        value = self.operand()
        while self.next == "*":
            self.advance()
            value = self.bounded(value * self.operand())
        return value

    def operand(self) -> int:
        word = self.next
        if word[:1] in tuple(DIGITS):
            return self.number()
        if word == "(":
            self.advance()
            value = self.expression()
            self.take(")")
            return value
        slip = "a number below zero is written (0-5)" if word == "-" else ""
        return self.value() if word in self.values else self.fail("a number, a variable or '('", slip)

    def number(self) -> int:
        digits = self.next
        if not digits.isdecimal():
            self.fail("a number", "a name does not begin with a digit, and behind a number a word needs a space")
        if len(digits) > 1 and digits[0] == "0":
            self.fail("a number", "a number does not begin with 0")
        if len(digits) >= len(str(LARGEST)):
            self.fail(_BELOW, "", got=f"one of {len(digits)} digits")
        self.advance()
        return int(digits)

    def value(self) -> int:
        if self.next not in self.values:
            self.fail("a variable that has a value", "")
        return self.values[self.advance()]

    def bounded(self, value: int) -> int:
        if abs(value) >= LARGEST:
            self.fail(_BELOW, "", got=f"one of {len(str(abs(value)))} digits")
        return value

    @property
    def next(self) -> str:
        """The text of the next token; that of a line end is empty."""
        return self.tokens[self.at].text if self.at < len(self.tokens) else LINE_END

    def advance(self) -> str:
        self.steps += 1
        if self.steps > MOST_STEPS:
            self.fail(f"at most {MOST_STEPS:,} steps", "a loop that turns too often", got="more")
        self.at += 1
        return self.tokens[self.at - 1].text

    def take(self, *words: str) -> None:
        """Read exactly these."""
        for word in words:
            if self.next != word:
                slip = f"a loop counts with {LOOP_VARIABLE}" if word == LOOP_VARIABLE else ""
                self.fail(repr(word) if word else "the end of the line", slip)
            self.advance()

    def fail(self, expected: str, slip: str, got: str = "") -> NoReturn:
        """Say what was expected at the next token."""
        token = self.tokens[min(self.at, len(self.tokens) - 1)]
        if not slip and token.text in _NAMES and "variable" in expected:
            slip = f"{token.text} has no value yet; {', '.join(self.values) or 'no variable'} has"
        raise DataError(
            explain(
                excerpt(token.line_text, token.character - 1),
                where=f"program, line {token.line}, character {token.character}",
                expected=expected,
                got=got or (repr(token.text) if token.text else "the end of the line"),
                slip=slip or _SLIPS.get(token.text, ""),
            )
        )
