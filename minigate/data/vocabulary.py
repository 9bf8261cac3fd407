"""Characters or bytes as numbers: the dictionary of a character model.

Index 0 is the unknown symbol. Whatever was not in the training text becomes it, so that a held-out
text can hold anything and still be scored.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy

from minigate.data.text import Characters
from minigate.errors import DataError, DTypeError, OptionError, explain

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
_BLOCK = 2**20  # symbols turned into numbers at once, so that a long text needs no memory but its tokens


class Vocabulary:
    """K symbols: the unknown one, then every character (or byte) of a text in code-point order.

    With ``reserve``, K is that number whatever occurs, so that models of different texts have the same size:
    what is left over stays unused, and where more occur than there is room for, the rarest count as unknown.

    >>> vocabulary = Vocabulary("abba")
    >>> vocabulary.encode("cab").tolist()
    [0, 1, 2]
    >>> vocabulary.decode([1, 2, 0])
    'ab�'
    >>> print(Vocabulary(b"abba", reserve=205).description)
    205 symbols: unknown, the 2 bytes that occur, 202 unused

    **Errors**: :class:`DataError` for an empty text; :class:`OptionError` for a ``reserve`` below 2.
    """

    def __init__(self, characters: Characters, reserve: int = 0) -> None:
        if reserve and reserve < 2:
            raise OptionError(
                explain(
                    "no room for a symbol beside the unknown one",
                    where="Vocabulary",
                    expected="reserve ≥ 2, or 0 for as many as occur",
                    got=str(reserve),
                )
            )
        self.of_bytes, self.reserve = isinstance(characters, bytes), reserve
        counts = _counted(characters)
        codes = numpy.flatnonzero(counts)
        codes = codes[codes != ord(UNKNOWN)]
        if not len(codes):
            raise DataError(explain("no characters to make a vocabulary of", where="Vocabulary"))
        self.occurring = len(codes)
        if reserve and len(codes) >= reserve:  # the unknown symbol takes one place
            codes = numpy.sort(codes[numpy.argsort(-counts[codes], kind="stable")][: reserve - 1])
        self.symbols: tuple[str, ...] = (UNKNOWN, *map(chr, codes))  # those in use; a byte as the code point it has
        self._index = numpy.zeros(codes[-1] + 2, numpy.min_scalar_type(len(self) - 1))  # the last is for all above
        self._index[codes] = numpy.arange(1, len(self.symbols))

    def __len__(self) -> int:
        return max(len(self.symbols), self.reserve)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash((self.symbols, self.of_bytes, self.reserve))

    def __repr__(self) -> str:
        return f"Vocabulary({len(self)} symbols: {''.join(self.symbols[1:])!r})"

    @property
    def description(self) -> str:
        """How many symbols there are, and how many of them occur, in words."""
        kind, used = "bytes" if self.of_bytes else "characters", len(self.symbols) - 1
        parts = ["unknown", f"the {used} {kind} that occur"]
        if used < self.occurring:
            parts[1] = f"the {used} most frequent of the {self.occurring} {kind} that occur"
        if len(self) > used + 1:
            parts.append(f"{len(self) - used - 1} unused")
        return f"{len(self)} symbols: {', '.join(parts)}"

    def encode(self, characters: Characters) -> Any:
        """The index of each character, 0 for one that is not in the vocabulary.

        A vocabulary of bytes also takes a str, and encodes its UTF-8.

        **Shapes**: M characters or bytes → (M,), in the smallest unsigned dtype that K fits in (uint8 up to 256).
        **Errors**: :class:`DTypeError` for anything else, and for bytes where the vocabulary is of characters.
        """
        if self.of_bytes and isinstance(characters, str):
            characters = characters.encode("utf-8", "surrogatepass")
        if not isinstance(characters, bytes if self.of_bytes else str):
            raise DTypeError(
                explain(
                    f"characters must be {'bytes or a str' if self.of_bytes else 'a str'}",
                    where="Vocabulary.encode",
                    got=type(characters).__name__,
                    remedy="text.characters, or path.read_text()",
                )
            )
        tokens = numpy.empty(len(characters), self._index.dtype)
        for begin in range(0, len(characters), _BLOCK):
            codes = _codes(characters[begin : begin + _BLOCK])
            self._index.take(codes, mode="clip", out=tokens[begin : begin + _BLOCK])
        return tokens

    def decode(self, tokens: Sequence[int] | Any) -> str:
        """The characters of these indices; the unknown symbol shows as ``\N{REPLACEMENT CHARACTER}``.

        Bytes are read as UTF-8, and shown in the same way where they are none.

        **Shapes**: int (M,) → a str, of M characters where the vocabulary is of characters.
        **Errors**: :class:`DataError` for an index outside 0 … K−1.
        """
        found = []
        for token in tokens:
            if not 0 <= int(token) < len(self):
                raise DataError(
                    explain(
                        "no such symbol",
                        where="Vocabulary.decode",
                        expected=f"0 … K−1 = {len(self) - 1}",
                        got=str(int(token)),
                        slip="tokens of another vocabulary",
                    )
                )
            found.append(self.symbols[int(token)] if int(token) < len(self.symbols) else UNKNOWN)
        if not self.of_bytes:
            return "".join(found)
        return b"".join(s.encode("utf-8" if s == UNKNOWN else "latin-1") for s in found).decode("utf-8", "replace")

    def unknown_in(self, characters: str) -> list[str]:
        """The characters of a text that the vocabulary does not have, each once, in order of appearance."""
        return [c for c in dict.fromkeys(characters) if not self.encode(c).all()]

    def to_json(self) -> dict[str, Any]:
        """All of it in values that JSON has."""
        return {
            "symbols": "".join(self.symbols[1:]),
            "bytes": self.of_bytes,
            "reserve": self.reserve,
            "occurring": self.occurring,
        }

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Vocabulary:
        """The vocabulary that :meth:`to_json` has written."""
        symbols = saved["symbols"]
        vocabulary = cls(symbols.encode("latin-1") if saved["bytes"] else symbols, saved["reserve"])
        vocabulary.occurring = saved["occurring"]
        return vocabulary


def _codes(characters: Characters) -> Any:
    """The number of each character or byte.

    **Shapes**: M characters → intp (M,): the dtype of an index, so that nothing is converted twice.
    """
    if isinstance(characters, bytes):
        return numpy.frombuffer(characters, numpy.uint8).astype(numpy.intp)
    return numpy.frombuffer(characters.encode("utf-32-le", "surrogatepass"), "<u4").astype(numpy.intp)


def _counted(characters: Characters) -> Any:
    """How often each code point (or byte) occurs.

    **Shapes**: M characters → int64 (number of code points,).
    """
    counts = numpy.zeros(256 if isinstance(characters, bytes) else sys.maxunicode + 1, numpy.int64)
    for begin in range(0, len(characters), _BLOCK):
        block = numpy.bincount(_codes(characters[begin : begin + _BLOCK]))
        counts[: len(block)] += block
    return counts
