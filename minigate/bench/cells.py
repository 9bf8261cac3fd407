"""``minigate bench cells``: the training step of each cell, beside the built-in one and the GEMM floor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from minigate.backend import asarray, asnumpy, generator
from minigate.bench.floor import gemm_floor
from minigate.bench.timing import in_turns
from minigate.cells import GRU, LSTM, RNN, Cell
from minigate.layers import Recurrent
from minigate.tensor import Tensor

Array = Any

#: (T, N, D, H): rows of a small image, text, text with a wide input, pixels of a small image.
SHAPES = ((28, 32, 28, 100), (100, 64, 64, 256), (100, 64, 256, 512), (784, 32, 1, 100))

CELLS: dict[str, Callable[..., Cell]] = {
    "RNN": RNN,
    "GRU": GRU,
    "GRU-before": lambda D, H, **options: GRU(D, H, reset="before", **options),
    "LSTM": LSTM,
}


@dataclass
class Row:
    """One cell at one shape: median milliseconds of a training step, and of its rivals in the same run."""

    cell: str
    T: int
    N: int
    D: int
    H: int
    forward: float
    step: float
    floor: float
    peer: float | None
    tape: float | None

    @property
    def to_floor(self) -> float:
        """How many times the GEMM floor a step takes."""
        return self.step / self.floor

    @property
    def to_peer(self) -> float | None:
        """The share of the built-in layer's time that a step takes."""
        return None if self.peer is None else self.step / self.peer

    def as_dict(self) -> dict[str, Any]:
        """All columns, for ``--json``."""
        return asdict(self) | {"to_floor": self.to_floor, "to_peer": self.to_peer}


def training_step(cell: Cell, x: Array, dy: Array, method: str = "bptt") -> Callable[[], tuple[Array, Array]]:
    """Forward and backward through time of one cell; returns y and dx.

    **Shapes**: x (T, N, D), dy (T, N, H).
    """
    layer = Recurrent(cell, method=method)
    x_, dy_ = Tensor(asarray(x), requires_grad=True), Tensor(asarray(dy))

    def step() -> tuple[Array, Array]:
        layer.zero_grad()
        x_.grad = None
        y, _ = layer(x_)
        y.backward(dy_)
        dx: Tensor = x_.grad  # type: ignore[assignment]
        return y.data, dx.data

    return step


def measure(
    name: str,
    shape: tuple[int, int, int, int],
    vs: str | None = None,
    tape: bool = False,
    rounds: int = 7,
    seed: int = 0,
    quiet: bool = False,
) -> Row:
    """Time one cell at one shape against the floor, the built-in layer (``vs="torch"``) and the composed tape.

    **Shapes**: ``shape`` is (T, N, D, H); float32 throughout.
    """
    T, N, D, H = shape
    rng = generator(seed)
    x = rng.standard_normal((T, N, D)).astype("float32")
    dy = (rng.standard_normal((T, N, H)) / (T * N)).astype("float32")
    cell = CELLS[name](D, H, seed=seed, dtype="float32")
    layer = Recurrent(cell)
    own = training_step(cell, x, dy)
    contestants: dict[str, Callable[[], object]] = {"step": own, "forward": lambda: layer(x)}
    contestants["floor"] = gemm_floor(cell, T, N)
    if vs == "torch":
        from minigate.bench.torch_peer import import_torch, must_agree, same_layer
        from minigate.bench.torch_peer import training_step as peer_step

        torch = import_torch()
        peer = same_layer(torch, cell)
        if peer is not None:
            contestants["peer"] = peer_step(torch, peer, x, dy)
            y, dx = own()
            must_agree((asnumpy(y), asnumpy(dx)), contestants["peer"](), f"{name} {shape}")  # type: ignore[arg-type]
    if tape:
        contestants["tape"] = training_step(cell, x, dy, method="tape")
    calls = max(1, min(8, 2_000_000 // (T * N * H)))  # a turn of a small shape is as long as one of a large
    times = in_turns(contestants, rounds, calls, label=f"{name} {shape}", quiet=quiet)
    ms = {key: 1e3 * value for key, value in times.items()}
    return Row(name, T, N, D, H, ms["forward"], ms["step"], ms["floor"], ms.get("peer"), ms.get("tape"))


def table(rows: Sequence[Row], peer: str | None) -> str:
    """The rows as text: milliseconds, and the ratios that they are about."""
    head = f"{'cell':<11}{'T':>5}{'N':>4}{'D':>5}{'H':>5} {'forward':>9}{'step':>9}{'floor':>9}{'× floor':>9}"
    head += f"{peer:>9}{'× ' + peer:>9}" if peer else ""
    head += f"{'tape':>9}{'× tape':>9}" if any(row.tape for row in rows) else ""
    lines = [head, "-" * len(head)]
    for row in rows:
        line = f"{row.cell:<11}{row.T:>5}{row.N:>4}{row.D:>5}{row.H:>5} {row.forward:>9.2f}{row.step:>9.2f}"
        line += f"{row.floor:>9.2f}{row.to_floor:>9.2f}"
        if peer:
            line += f"{row.peer:>9.2f}{row.to_peer:>9.2f}" if row.peer else f"{'–':>9}{'–':>9}"
        if row.tape:
            line += f"{row.tape:>9.2f}{row.step / row.tape:>9.2f}"
        lines.append(line)
    return "\n".join(lines)
