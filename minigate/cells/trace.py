"""The trace: everything that a forward pass through time leaves behind, by name.

It is what the backward pass needs, what ``Recurrent.trace`` returns and what the plots read. Each
array is over time, ``(T, N, ·)``; a recurrent state has one entry more, ``h[0]`` being the state
that came in, so that no step ever needs an index of −1.

Gates that share a matrix product live in one array and are also known by their own names, as views of
it: packed inside, by name outside. There are two ways to pack. A product wants all gates of a sequence
side by side, as columns ``(N, G·H)``. Pointwise arithmetic is fastest where each gate is one plane without
gaps, ``(G, N, H)``. :func:`by_gate` looks at the one as the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigate.cells.clock import Beat, Columns

Array = Any

#: Neighbours that run together: the gate that they all are, the first, the end, and what it gets as parameters.
Run = tuple[Any, int, int, Any]


class Trace(dict[str, Array]):
    """Name → array over time, with a note of which names are columns of one packed array.

    **Shapes**: every array (T, N, ·), or (T + 1, N, ·) for a state.
    """

    def __init__(self, xp: Any, dtype: Any) -> None:
        super().__init__()
        self.xp = xp
        self.dtype = dtype
        self.weights: dict[str, Array] = {}  # packed once for the whole sequence
        #: place → at each moment, and once more when all are open, which gates run together
        self.gate_runs: dict[str, list[list[Run]]] = {}
        self.keeps_dstate = False  # keep the gradient of the state at every step, as d<name>?
        self.first = 0  # the time step that entry 0 of the backward factors belongs to
        self.columns: dict[str, tuple[str, int, int]] = {}  # name -> (packed array, first column, end)
        self.mask: Array | None = None  # bool (T, N): which steps are real; None: all of them
        self.beats: list[Beat] = []  # the part of the pre-activations that is used; none: all of it, at every step
        self.timetable: list[tuple[Columns, Columns]] = []  # by step: the columns that work, and those that rest

    def planes(self, name: str, array: Array, parts: Sequence[str], prefix: str = "") -> None:
        """Enter ``array`` as ``name``, and the planes of its second axis as ``prefix + part``.

        **Shapes**: array (T, G, N, H) with G = len(parts); each part (T, N, H), a view.
        """
        self[name] = array
        for k, part in enumerate(parts):
            self[prefix + part] = array[:, k]

    def pack(
        self, name: str, array: Array, parts: Sequence[str], prefix: str = "", widths: Sequence[int] | None = None
    ) -> None:
        """Enter ``array`` as ``name``, and shares of its last axis, equal or of these ``widths``, as ``prefix + part``.

        **Shapes**: array (T, N, G·H) with G = len(parts); each part (T, N, H), a view.
        """
        self[name] = array
        widths = widths or [array.shape[-1] // len(parts)] * len(parts)
        end = 0
        for part, width in zip(parts, widths, strict=True):
            first, end = end, end + width
            self.columns[prefix + part] = (name, first, end)
            self[prefix + part] = array[..., first:end]

    def state(self, name: str, initial: Array, T: int) -> None:
        """Enter a state: ``name`` (T, N, H) after each step, ``name_prev`` (T, N, H) before it.

        Both are views of one array over T + 1 moments, whose first is the state that came in.

        **Shapes**: initial (N, H).
        """
        dtype = self.dtype if initial.dtype.kind == "f" else initial.dtype
        moments = self.xp.empty((T + 1, *initial.shape), dtype=dtype)
        moments[0] = initial
        self[f"{name}_moments"] = moments
        self[name], self[f"{name}_prev"] = moments[1:], moments[:-1]

    def empty(self, *shape: int) -> Array:
        """An array of this trace's library and dtype, its contents yet to be written.

        **Shapes**: returns ``shape``.
        """
        return self.xp.empty(shape, dtype=self.dtype)


def by_gate(rows: Array, H: int) -> Array:
    """Columns of gates, as a product leaves them, seen as one plane for each gate.

    **Shapes**: (N, G·H) → (G, N, H), or (n, N, G·H) → (G, n, N, H), a view.
    """
    if rows.ndim == 2:  # a step of a sequence: nothing more is done in its loop
        return rows.reshape(len(rows), rows.shape[1] // H, H).swapaxes(0, 1)
    n, N, width = rows.shape
    return rows.reshape(n, N, width // H, H).transpose(2, 0, 1, 3)
