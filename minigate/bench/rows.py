"""A row of the table: what was measured of one cell at one shape, what is asked of it, and where its time goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minigate.bench.columns import Column, number

#: At most this many times the built-in layer's time, at every shape.
BUILT_IN_TARGET = 1.0

#: H → at most this share of the time of the same cell as a per-step PyTorch module.
PER_STEP_TARGETS = {100: 0.35, 256: 0.5, 573: 0.65, 684: 0.65}

#: H → at most this many times the matrix products alone.
FLOOR_TARGETS = {256: 1.7, 512: 1.5}


@dataclass
class Row:
    """One cell at one shape: median milliseconds of a training step, and of its rivals in the same run.

    ``products`` is the GEMM floor; ``bandwidth`` takes its place for a cell that has no product in its loop.
    ``calls`` is what the same number of calls takes on arrays of almost nothing, products left out. ``peer`` is
    PyTorch, of the kind ``opponent`` ("built-in" or "per-step"), ``tape`` our own composed way.
    """

    cell: str
    shape: tuple[int, ...]
    forward: float
    step: float
    products: float
    calls: float
    bandwidth: float | None = None
    opponent: str | None = None
    peer: float | None = None
    tape: float | None = None

    @property
    def floor(self) -> float:
        """The products alone, or where there is none in the loop the memory traffic alone."""
        return self.products if self.bandwidth is None else self.bandwidth

    @property
    def to_floor(self) -> float:
        """How many times the floor a step takes."""
        return self.step / self.floor

    @property
    def to_peer(self) -> float | None:
        """The share of PyTorch's time that a step takes."""
        return None if self.peer is None else self.step / self.peer

    @property
    def least(self) -> float | None:
        """What ``to_peer`` would be if a step were its products and nothing else."""
        return None if self.peer is None else self.products / self.peer

    @property
    def to_tape(self) -> float | None:
        """The share of the composed tape's time that a step takes."""
        return None if self.tape is None else self.step / self.tape

    @property
    def arithmetic(self) -> float:
        """What is neither products nor calls: pointwise arithmetic, and moving its numbers."""
        return self.step - self.products - self.calls

    @property
    def floor_target(self) -> float | None:
        """What ``to_floor`` is asked to be at most."""
        return FLOOR_TARGETS.get(self.shape[-1]) if self.bandwidth is None else None

    @property
    def peer_target(self) -> float | None:
        """What ``to_peer`` is asked to be at most; nothing of a cell that is held against the memory."""
        if self.bandwidth is not None:
            return None
        return BUILT_IN_TARGET if self.opponent == "built-in" else PER_STEP_TARGETS.get(self.shape[-1])

    def as_dict(self) -> dict[str, Any]:
        """All columns, for ``--json``."""
        letters = "TNDH" if len(self.shape) == 4 else "IJNDH"
        names = ("forward", "step", "floor", "to_floor", "floor_target", "opponent", "peer", "to_peer", "peer_target",
                 "least", "tape", "to_tape", "products", "calls", "arithmetic", "bandwidth")  # fmt: skip
        return {"cell": self.cell} | dict(zip(letters, self.shape)) | {name: getattr(self, name) for name in names}


def race_columns(peer: str | None, tape: bool) -> list[Column]:
    """Milliseconds, and the ratios that they are about, each beside its target."""
    columns = [
        *_NAMES,
        Column("forward", 9, lambda row: number(row.forward)),
        Column("step", 9, lambda row: number(row.step)),
        Column("floor", 9, lambda row: number(row.floor) + ("*" if row.bandwidth is not None else "")),
        Column("× floor", 15, lambda row: _beside(row.to_floor, row.floor_target)),
    ]
    if peer:
        columns += [
            Column("opponent", 10, lambda row: row.opponent or "–"),
            Column(peer, 9, lambda row: number(row.peer)),
            Column(f"× {peer}", 15, lambda row: _beside(row.to_peer, row.peer_target)),
        ]
    if tape:
        columns += [
            Column("tape", 9, lambda row: number(row.tape)),
            Column("× tape", 8, lambda row: _beside(row.to_tape, None)),
        ]
    return columns


def share_columns(peer: str | None = None) -> list[Column]:
    """Where the time of a step is; and the share of the opponent's time that our products alone would take."""
    columns = [
        *_NAMES,
        Column("step", 9, lambda row: number(row.step)),
        Column("forward", 9, lambda row: _share(row.forward, row.step)),
        Column("backward", 10, lambda row: _share(row.step - row.forward, row.step)),
        Column("products", 11, lambda row: _share(row.products, row.step)),
        Column("calls", 8, lambda row: _share(row.calls, row.step)),
        Column("arithmetic", 12, lambda row: _share(row.arithmetic, row.step)),
        Column("traffic", 9, lambda row: "–" if row.bandwidth is None else _share(row.bandwidth, row.step)),
    ]
    if peer:
        columns += [Column(f"products × {peer}", 18, lambda row: _beside(row.least, None))]
    return columns


_NAMES = [
    Column("cell", 19, lambda row: row.cell),
    Column("shape", 17, lambda row: ", ".join(str(size) for size in row.shape)),
]


def _beside(ratio: float | None, target: float | None) -> str:
    """A ratio, and where something is asked of it, what, and whether it is so."""
    if ratio is None or target is None:
        return "–" if ratio is None else f"{ratio:.2f}"
    return f"{ratio:.2f} ≤ {target:.2f} {'✓' if ratio <= target else '✗'}"


def _share(part: float, whole: float) -> str:
    return f"{100.0 * part / whole:.0f} %"
