"""``minigate bench images``: a training step of what reads images, beside the same thing from elsewhere.

=================  =====================================================  =====================================
contestant         ours                                                   rival
=================  =====================================================  =====================================
ReNet              one layer of four sweeps of GRUs over patches          PyTorch: two bidirectional ``nn.GRU``
                                                                          and the same views between them
MD-LSTM            a diagonal of the grid at a time, by hand              a position at a time, on the tape
LeNet-5            two convolutions, poolings, three linear maps          PyTorch: the same, from ``nn``
=================  =====================================================  =====================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy

from minigate import ops
from minigate.backend import generator
from minigate.bench.cells import training_step
from minigate.bench.columns import Column, number
from minigate.bench.timing import in_turns
from minigate.bench.torch_peer import import_torch
from minigate.cells import MDLSTM
from minigate.layers import Grid, ReNet
from minigate.tensor import Tensor

Array = Any
Step = Callable[[], object]


@dataclass
class ImageRace:
    """One comparison: seconds of a training step of ours and of the rival, and the ratio that is asked for."""

    name: str
    shape: str
    rival: str
    ours: float
    theirs: float
    wanted: float | None

    @property
    def ratio(self) -> float:
        """Ours divided by theirs: below 1 is faster."""
        return self.ours / self.theirs

    def as_dict(self) -> dict[str, Any]:
        """All that was measured, for ``--json``."""
        return asdict(self) | {"ratio": self.ratio}


def race_images(
    vs: str | None, rounds: int = 5, seed: int = 0, quiet: bool = False, side: int = 28
) -> list[ImageRace]:
    """Every comparison that can be made: those with PyTorch only with ``vs="torch"``.

    **Shapes**: images of ``side`` × ``side`` pixels; for LeNet-5 always 28 × 28.

    **Errors**: :class:`OptionError` where PyTorch is asked for and is not installed.
    """
    torch, rng = import_torch() if vs == "torch" else None, generator(seed)
    races: list[tuple[str, str, str, Callable[[], tuple[Step, Step]], float | None]] = []
    if torch is not None:
        renet = ("ReNet layer", f"64 × {side}×{side}, 2×2, d = 64", "PyTorch")
        races.append((*renet, lambda: _renet(torch, rng.standard_normal((64, 1, side, side), "float32"), 64), 1.0))
    for N, wanted in ((8, 0.25), (64, None)):
        shape = f"{side}×{side}, N = {N}, D = 1, H = 32"
        races.append(("MD-LSTM", shape, "by position", lambda N=N: _md_lstm(rng, side, N), wanted))  # type: ignore[misc]
    if torch is not None:
        lenet = ("LeNet-5", "64 × 28×28", "PyTorch")
        races.append((*lenet, lambda: _lenet(torch, rng.standard_normal((64, 1, 28, 28), "float32"), seed), None))
    found = []
    for name, shape, rival, make, wanted in races:
        ours, theirs = make()
        seconds = in_turns({"ours": ours, "theirs": theirs}, rounds, 1, label=name, quiet=quiet)
        found.append(ImageRace(name, shape, rival, seconds["ours"], seconds["theirs"], wanted))
    return found


def _renet(torch: Any, images: Array, d: int) -> tuple[Step, Step]:
    """One layer, and the same of PyTorch's layers: the weights need not be the same for the time to be."""
    net = ReNet(1, d, patch=2, seed=0)
    y = net(images)
    dy = numpy.full(y.shape, 1e-3, "float32")
    I, J, N, _ = y.shape

    def ours() -> None:
        net.zero_grad()
        net(images).backward(dy)

    halves = [torch.nn.GRU(4, d, bidirectional=True), torch.nn.GRU(2 * d, d, bidirectional=True)]
    x, dy_ = torch.from_numpy(images), torch.from_numpy(dy)

    def theirs() -> None:
        p = x.reshape(N, 1, I, 2, J, 2).permute(2, 4, 0, 3, 5, 1).reshape(I, J * N, 4)
        v = halves[0](p)[0].reshape(I, J, N, 2 * d).transpose(0, 1).reshape(J, I * N, 2 * d)
        h = halves[1](v)[0].reshape(J, I, N, 2 * d).transpose(0, 1)
        h.backward(dy_)
        for half in halves:
            half.zero_grad()

    return ours, theirs


def _md_lstm(rng: Any, side: int, N: int) -> tuple[Step, Step]:
    x = rng.standard_normal((side, side, N, 1), "float32")
    dy = numpy.full((side, side, N, 32), 1e-3, "float32")
    by_diagonals, by_position = (Grid(MDLSTM(1, 32, seed=0), method=method) for method in ("bptt", "tape"))
    return training_step(by_diagonals, x, dy), training_step(by_position, x, dy)


def _lenet(torch: Any, images: Array, seed: int) -> tuple[Step, Step]:
    from minigate.train.image_classifier import build_image_classifier  # a model of an experiment
    from minigate.train.images_config import ImagesConfig

    labels = numpy.arange(len(images)) % 10
    model, x = build_image_classifier(ImagesConfig(model="lenet", seed=seed), (1, 28, 28), 10), Tensor(images)

    def ours() -> None:
        model.zero_grad()
        ops.softmax_cross_entropy(model(x), labels).backward()

    nn = torch.nn
    peer = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip
    x_, labels_, loss = torch.from_numpy(images), torch.from_numpy(labels), nn.CrossEntropyLoss()

    def theirs() -> None:
        peer.zero_grad()
        loss(peer(x_), labels_).backward()

    return ours, theirs


def _asked(race: ImageRace) -> str:
    if race.wanted is None:
        return f"{race.ratio:.2f}"
    return f"{race.ratio:.2f} ≤ {race.wanted:.2f} {'✓' if race.ratio <= race.wanted else '✗'}"


IMAGE_COLUMNS = [
    Column("model", 14, lambda race: race.name),
    Column("shape", 28, lambda race: race.shape),
    Column("step", 9, lambda race: number(1e3 * race.ours)),
    Column("rival", 14, lambda race: race.rival),
    Column("its step", 10, lambda race: number(1e3 * race.theirs)),
    Column("×", 15, _asked),
]
