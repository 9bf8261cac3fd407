"""Units in groups, each with a time of its own: who belongs to which group, and who works at which step.

A group that works at every fourth step leaves three quarters of its columns in every array over time
untouched. A :class:`Beat` says which quarter is left, so that products can be made of that alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

Array = Any
Columns = tuple[slice, ...]


class Beat(NamedTuple):
    """A group that works: the columns ``first`` … ``end`` − 1, at every ``period``-th step from ``offset`` on.

    **Shapes**: 0 ≤ offset < period.
    """

    offset: int
    period: int
    first: int
    end: int

    @property
    def columns(self) -> slice:
        """Where the group lies along the last axis."""
        return slice(self.first, self.end)

    def steps(self, T: int) -> slice:
        """The steps among the first T at which the group works."""
        return slice(self.offset, T, self.period)

    def after(self, t: int) -> Beat:
        """The same, for steps that are counted from t on."""
        return self._replace(offset=(self.offset - t) % self.period)


def equal_groups(H: int, count: int) -> Columns:
    """H units in groups of equal size; what is left over goes, one unit each, to the first (the faster) groups.

    >>> equal_groups(7, 3)
    (slice(0, 3, None), slice(3, 5, None), slice(5, 7, None))
    """
    size, left = divmod(H, count)
    ends = [(k + 1) * size + min(k + 1, left) for k in range(count)]
    return tuple(slice(first, end) for first, end in zip([0, *ends], ends, strict=False))


def timetable(beats: Sequence[Beat], T: int) -> list[tuple[Columns, Columns]]:
    """For every step the columns that work and the columns that rest, neighbours joined to one slice.

    With the periods 1, 2, 4, 8 the groups that work are always the first few: one slice.

    >>> timetable([Beat(0, 1, 0, 3), Beat(1, 2, 3, 5), Beat(0, 3, 5, 7)], 2)
    [((slice(0, 3, None), slice(5, 7, None)), (slice(3, 5, None),)), ((slice(0, 5, None),), (slice(5, 7, None),))]
    """
    working: list[list[int]] = [[] for _ in range(T)]
    for k, beat in enumerate(beats):
        for t in range(T)[beat.steps(T)]:
            working[t].append(k)
    rows = [tuple(row) for row in working]
    known = {}
    for row in set(rows):
        resting = [k for k in range(len(beats)) if k not in row]
        known[row] = _joined([beats[k] for k in row]), _joined([beats[k] for k in resting])
    return [known[row] for row in rows]


def _joined(beats: Sequence[Beat]) -> Columns:
    found: list[slice] = []
    for beat in beats:
        first = found.pop().start if found and found[-1].stop == beat.first else beat.first
        found.append(slice(first, beat.end))
    return tuple(found)


def shared_clock(xp: Any, t: Array, mask: Array | None) -> int | None:
    """The step count that every sequence has before the first step, if they all keep the same time; else None.

    They do if they start together and none pauses. One that has no step left may have stopped at any time, and
    padding at the end disturbs nobody. On a device this is the one moment, before the loop, at which the host waits.

    **Shapes**: t int (N,); mask bool (T, N) or None.
    """
    if not len(t):
        return 0
    clock = t.max()
    together = t == clock
    if mask is not None:
        together = (together & ~(mask[1:] & ~mask[:-1]).any(axis=0)) | ~mask.any(axis=0)
    shared = int(xp.where(together.all(), clock, -1))
    return None if shared < 0 else shared
