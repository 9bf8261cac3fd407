"""Characters as numbers: the dictionary of a character model.

Index 0 is the unknown symbol. Whatever was not in the training text becomes it, so that a held-out
text can hold any character and still be scored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy

from minigate.errors import DataError, DTypeError, explain

UNKNOWN = "\N{REPLACEMENT CHARACTER}"


class Vocabulary:
    """K symbols: the unknown one, then every character of a text in code-point order.

    >>> vocabulary = Vocabulary("abba")
    >>> vocabulary.encode("cab").tolist()
    [0, 1, 2]
    >>> vocabulary.decode([1, 2, 0])
    'ab�'
    """

    def __init__(self, characters: Iterable[str]) -> None:
        known = sorted(set(characters) - {UNKNOWN})
        if not known:
            raise DataError(explain("no characters to make a vocabulary of", where="Vocabulary"))
        self.symbols: tuple[str, ...] = (UNKNOWN, *known)
        self._codes = numpy.array([ord(symbol) for symbol in known], dtype=numpy.uint32)

    def __len__(self) -> int:
        return len(self.symbols)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self.symbols == other.symbols

    def __hash__(self) -> int:
        return hash(self.symbols)

    def __repr__(self) -> str:
        return f"Vocabulary({len(self)} symbols: {''.join(self.symbols[1:])!r})"

    def encode(self, characters: str) -> Any:
        """The index of each character, 0 for one that is not in the vocabulary.

        **Shapes**: a str of M characters → int64 (M,).
        **Errors**: :class:`DTypeError` for anything that is not a str.
        """
        if not isinstance(characters, str):
            raise DTypeError(
                explain(
                    "characters must be a str",
                    where="Vocabulary.encode",
                    got=type(characters).__name__,
                    remedy="text.characters, or path.read_text()",
                )
            )
        codes = numpy.frombuffer(characters.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        places = numpy.minimum(numpy.searchsorted(self._codes, codes), len(self._codes) - 1)
        return numpy.where(self._codes[places] == codes, places + 1, 0)

    def decode(self, tokens: Sequence[int] | Any) -> str:
        """The characters of these indices; the unknown symbol shows as ``\N{REPLACEMENT CHARACTER}``.

        **Shapes**: int (M,) → a str of M characters.
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
            found.append(self.symbols[int(token)])
        return "".join(found)

    def unknown_in(self, characters: str) -> list[str]:
        """The characters of a text that the vocabulary does not have, each once, in order of appearance."""
        return [c for c in dict.fromkeys(characters) if c not in self.symbols[1:]]

    def to_json(self) -> str:
        """All of it as one JSON-able str: the symbols after the unknown one."""
        return "".join(self.symbols[1:])

    @classmethod
    def from_json(cls, characters: str) -> Vocabulary:
        """The vocabulary that :meth:`to_json` has written."""
        return cls(characters)
