"""A long sequence, read by N readers at once: what stateful truncated BPTT learns from.

The sequence is cut into N contiguous streams. Reader n goes through stream n from left to right, a window
of T steps at a time; all N make one batch. Because window k + 1 begins where window k ended, the state
that the network has reached can be carried from one to the next, and it sees a past much longer than
the T steps through which gradients flow.

              window 0        window 1        window 2
    n = 0     the quick br    own fox jump    s ov
    n = 1     er the lazy     dog. The quic   k b
    n = 2     rown fox jum    ps over the     laz        ← the last window is shorter

Every element is a target exactly once per epoch, except the first, which nothing comes before. Where the
streams cannot all have the same length, the longer ones come first and a mask covers the gap at the
end of the others: one step at most.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy

from minigate.errors import DataError, OptionError, explain

Array = Any


@dataclass(frozen=True)
class Window:
    """One batch: what goes in, what should come out, and which of it counts.

    **Shapes**: inputs (T, N) int64; targets (T, N) int64, the inputs one step later; mask (T, N) bool or
    None where all of it counts. ``first`` says that the streams begin here, so the state must be zero.
    """

    inputs: Array
    targets: Array
    mask: Array | None
    first: bool

    @property
    def count(self) -> int:
        """How many targets count."""
        return self.targets.size if self.mask is None else int(self.mask.sum())


class StreamReader:
    """N contiguous streams over a sequence of tokens, in windows of T steps.

    Iterating goes through one epoch. :meth:`next_window` goes on for ever, and ``position`` says how far
    it has come: setting it on another reader of the same tokens continues at exactly that window.

    The tokens stay as they are, in the small dtype that a vocabulary gives them, and only a window of them at a
    time becomes int64: ninety million bytes take ninety megabytes.

    **Shapes**: tokens (M,) int; windows (T, N), the last of an epoch with fewer rows.
    **Source**: the layout of the Gated-Feedback author's ``enwiki.py``, 100 streams, windows of 100.
    **Errors**: :class:`DataError` where the sequence has fewer than N + 1 elements; :class:`OptionError`
    for N or T below one.
    """

    def __init__(self, tokens: Array, N: int, T: int) -> None:
        tokens = numpy.asarray(tokens)
        if tokens.ndim != 1 or tokens.dtype.kind not in "iu":
            raise DataError(
                explain(
                    "tokens are one row of integers",
                    where="StreamReader",
                    expected="int (M,)",
                    got=f"{tokens.dtype} {tokens.shape}",
                    remedy="vocabulary.encode(text)",
                )
            )
        if N < 1 or T < 1:
            raise OptionError(
                explain("N streams, T steps", where="StreamReader", expected="both at least 1", got=f"N={N}, T={T}")
            )
        if len(tokens) < N + 1:
            raise DataError(
                explain(
                    "the sequence is shorter than one step of every stream",
                    where="StreamReader",
                    expected=f"at least N + 1 = {N + 1} elements",
                    got=str(len(tokens)),
                    remedy="a longer text, or a smaller batch (--batch)",
                )
            )
        self.N, self.T, self.count = N, T, len(tokens) - 1
        shortest, longer = divmod(self.count, N)
        self.steps = shortest + (longer > 0)  # of the longest stream
        self._tokens = tokens
        self._starts = numpy.array([n * shortest + min(n, longer) for n in range(N)])
        self._lengths = numpy.array([shortest + (n < longer) for n in range(N)])
        self.epoch, self.index = 0, 0

    def __len__(self) -> int:
        """Windows per epoch."""
        return -(-self.steps // self.T)

    def window(self, k: int) -> Window:
        """Window ``k`` of an epoch.

        **Shapes**: see :class:`Window`.
        """
        steps = numpy.arange(k * self.T, min((k + 1) * self.T, self.steps) + 1)[:, None]  # and one for the last target
        rows = self._tokens[numpy.minimum(self._starts + steps, self.count)].astype(numpy.int64)
        valid = steps[:-1] < self._lengths
        return Window(rows[:-1], rows[1:], None if valid.all() else valid, first=k == 0)

    def __iter__(self) -> Iterator[Window]:
        return (self.window(k) for k in range(len(self)))

    def next_window(self) -> Window:
        """The window at ``position``, which then moves on, into the next epoch after the last.

        **Shapes**: see :class:`Window`.
        """
        window = self.window(self.index)
        self.index += 1
        if self.index == len(self):
            self.epoch, self.index = self.epoch + 1, 0
        return window

    @property
    def position(self) -> dict[str, int]:
        """Where :meth:`next_window` will read, as plain integers that a checkpoint can hold."""
        return {"epoch": self.epoch, "index": self.index, "steps": self.steps, "N": self.N, "T": self.T}

    @position.setter
    def position(self, value: dict[str, int]) -> None:
        here = {"steps": self.steps, "N": self.N, "T": self.T}
        there = {name: value.get(name) for name in here}
        if there != here or not 0 <= value.get("index", -1) < len(self):
            raise DataError(
                explain(
                    "the position belongs to other streams",
                    where="StreamReader",
                    expected=str(here),
                    got=str(value),
                    slip="the text, N or T has changed since it was saved",
                )
            )
        self.epoch, self.index = value["epoch"], value["index"]
