"""The file format of MNIST: a few numbers that say what follows, and then nothing but bytes.

    bytes     0 0        two zeros
              type       0x08: unsigned bytes (others exist, and MNIST has none of them)
              axes       1 for labels, 3 for images
              sizes      one number of four bytes, the highest first, for each axis
              the rest   every number, the last axis running fastest
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import Any

import numpy

from minigate.errors import DataError, explain

Array = Any
UNSIGNED_BYTES = 0x08
_GZIP = b"\x1f\x8b"
_AXES = {1: "labels", 3: "images"}


def read_idx(path: str | Path, axes: int) -> Array:
    """The array in an idx file, compressed (``.gz``) or not.

    **Shapes**: uint8 with ``axes`` axes: labels (N,), images (N, Y, X).

    **Source**: the description at the end of LeCun's MNIST page.

    **Errors**: :class:`DataError` for a file that is not there, cut off, damaged, or of another kind: what it is.
    """
    path = Path(path)
    content = _content(path)
    start = 4 + 4 * axes
    if len(content) < start or tuple(content[:4]) != (0, 0, UNSIGNED_BYTES, axes):
        raise DataError(
            explain(
                f"{path.name} does not begin as such an idx file does",
                where=str(path.parent),
                expected=f"0 0 {UNSIGNED_BYTES} {axes} (unsigned bytes, {axes} axes), and {axes} sizes",
                got=" ".join(str(byte) for byte in content[:4]) or "an empty file",
                slip=_what_it_is(content, axes),
            )
        )
    sizes = [int.from_bytes(content[k : k + 4], "big") for k in range(4, start, 4)]
    count, there = math.prod(sizes), len(content) - start
    if there != count:
        raise DataError(
            explain(
                f"{path.name} has {'fewer' if there < count else 'more'} numbers than it says",
                where=str(path.parent),
                expected=f"{' × '.join(map(str, sizes))} = {count:,} bytes after the first {start}",
                got=f"{there:,}",
                slip="a download that was cut off" if there < count else "",
            )
        )
    return numpy.frombuffer(content, numpy.uint8, offset=start).reshape(sizes)


def _what_it_is(content: bytes, axes: int) -> str:
    if content[:3] == bytes((0, 0, UNSIGNED_BYTES)) and len(content) > 3 and content[3] != axes:
        return f"a file of {_AXES.get(content[3], f'{content[3]} axes')} in the place of {_AXES.get(axes, 'another')}"
    if content[:1] == b"<":
        return "a page of text that a server has sent in its place: look into it"
    return ""


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        return gzip.decompress(content) if content.startswith(_GZIP) else content
    except FileNotFoundError:
        raise DataError(explain(f"there is no file {path.name}", where=str(path.parent))) from None
    except (OSError, EOFError, zlib.error) as problem:
        what = f"{path.name} cannot be read to its end ({problem})"
        raise DataError(explain(what, where=str(path.parent), slip="a download that was cut off")) from problem
