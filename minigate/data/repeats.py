"""How much of a held-out text can be known by heart, because it stands in the training text word for word.

Every stretch of 40 characters is given a number (a polynomial in its characters, modulo 2⁶⁴), and the
training text is searched for the numbers that occur in the held-out one. That takes ten to twenty seconds and
300 MB for ninety million bytes, where a set of all stretches would take more memory than there is. Two different
stretches have the same number with a chance of 2⁻⁶⁴: among all pairs of 90 million and 5 million stretches, one
time in forty thousand.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy

from minigate.data.text import Characters

_BLOCK = 2**18
_BASE = 0x9E3779B97F4A7C15  # B: odd, and its bits well mixed (2⁶⁴ / the golden ratio)
_BITS = 26  # of the table that sorts out, without a search, nearly all stretches that occur in one text only


def overlap(train: Characters, held_out: Characters, run: int = 40) -> float:
    """The share of the held-out text that stands, word for word, in the training text.

    A model can know that share by heart, so a score on held-out text means less the larger it is. What counts
    are stretches of at least ``run`` characters.

    **Shapes**: two texts → a share in [0, 1].
    """
    if min(len(train), len(held_out)) < run:
        return 0.0
    numbers = numpy.concatenate(list(_numbered(held_out, run)))
    different, which = numpy.unique(numbers, return_inverse=True)
    shift = numpy.uint64(64 - _BITS)
    candidate = numpy.zeros(2**_BITS, bool)
    candidate[different >> shift] = True
    found = numpy.zeros(len(different), bool)
    for block in _numbered(train, run):
        block = numpy.sort(block[candidate[block >> shift]])  # a search for sorted numbers goes through memory in order
        places = numpy.minimum(numpy.searchsorted(different, block), len(different) - 1)
        found[places[different[places] == block]] = True
    begins = numpy.flatnonzero(found[which])
    if not len(begins):
        return 0.0
    gaps = numpy.diff(begins, append=begins[-1] + run)
    return float(numpy.minimum(gaps, run).sum()) / len(held_out)


def _numbered(characters: Characters, run: int) -> Iterator[Any]:
    """The number of the stretch of ``run`` characters that begins at each place, block by block.

    **Equations**: h_n(k) = Σ_{i<n} c_{k+i} B^{n−1−i}; h_{m+n}(k) = h_m(k) Bⁿ + h_n(k + m), so that 40 = 32 + 8 takes
    six products and not forty.

    **Shapes**: M characters → uint64, M − run + 1 in all.
    """
    for begin in range(0, len(characters) - run + 1, _BLOCK):
        part = characters[begin : begin + _BLOCK + run - 1]
        if isinstance(part, bytes):
            codes = numpy.frombuffer(part, numpy.uint8)
        else:
            codes = numpy.frombuffer(part.encode("utf-32-le", "surrogatepass"), "<u4")
        doubled, power = codes.astype(numpy.uint64), 1  # the numbers of stretches of 1, 2, 4, …
        numbers, length = numpy.zeros(len(part), numpy.uint64), 0
        while length < run:
            if run & power:
                numbers = _joined(numbers, length, doubled, power)
                length += power
            if length < run:
                doubled = _joined(doubled, power, doubled, power)
                power *= 2
        yield numbers


def _joined(first: Any, m: int, second: Any, n: int) -> Any:
    """The numbers of stretches of m + n characters from those of m and those of n."""
    size = min(len(first), len(second) - m)
    return first[:size] * numpy.uint64(pow(_BASE, n, 2**64)) + second[m : m + size]
