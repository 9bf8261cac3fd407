"""Characters that are known beforehand, as numbers: the alphabet of a task whose rules say what it can write.

A :class:`~minigate.data.Vocabulary` is found in a text, and what it never saw becomes the unknown symbol. Here the
rules say what can occur, so there is no unknown symbol, and anything else is a mistake that is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy

from minigate.errors import DataError, explain

Array = Any


class Symbols:
    """The K characters that can occur, in code-point order: character k has index k.

    >>> digits = Symbols("9876543210", "a digit")
    >>> digits.encode("2026").tolist(), digits.decode([4, 2])
    ([2, 0, 2, 6], '42')

    **Shapes**: len(symbols) is K; ``characters`` is a str of K characters. ``meaning`` says in errors what they are.
    """

    def __init__(self, characters: Iterable[str], meaning: str) -> None:
        self.characters, self.meaning = "".join(sorted(set(characters))), meaning
        codes = _codes(self.characters)
        self._index = numpy.full(int(codes.max()) + 2, -1)  # the last is for all characters above
        self._index[codes] = numpy.arange(len(codes))

    def __len__(self) -> int:
        return len(self.characters)

    def __repr__(self) -> str:
        return f"Symbols({len(self)}: {self.characters!r})"

    def encode(self, text: str, where: str = "encode") -> Array:
        """The index of each character.

        **Shapes**: M characters → int64 (M,).
        **Errors**: :class:`DataError` for a character that is not one of them: which, and where in the text.
        """
        tokens = self._index.take(_codes(text), mode="clip")
        if len(tokens) and tokens.min() < 0:
            at = int((tokens < 0).argmax())
            raise DataError(
                explain(
                    f"{text[at]!r}, character {at + 1} of {excerpt(text, at)!r}, is not {self.meaning}",
                    where=where,
                    expected=f"one of the {len(self)}: {self.characters}",
                    got=f"U+{ord(text[at]):04X}",
                )
            )
        return tokens

    def decode(self, tokens: Sequence[int] | Array) -> str:
        """The characters that have these indices.

        **Shapes**: int (M,) → M characters.
        **Errors**: :class:`DataError` for an index outside 0 … K−1.
        """
        found = []
        for token in map(int, tokens):
            if not 0 <= token < len(self):
                raise DataError(
                    explain(
                        "no such symbol",
                        where="decode",
                        expected=f"0 … K−1 = {len(self) - 1}, each {self.meaning}",
                        got=str(token),
                        slip="tokens of the other vocabulary: what is read and what is answered have one each",
                    )
                )
            found.append(self.characters[token])
        return "".join(found)


def _codes(text: str) -> Array:
    """The number of each character: M characters → intp (M,)."""
    return numpy.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4").astype(numpy.intp)


def excerpt(text: str, at: int, around: int = 30) -> str:
    """A long text cut down to what stands around one of its characters."""
    begin, end = max(0, at - around), at + around + 1
    return ("…" if begin else "") + text[begin:end] + ("…" if end < len(text) else "")
