"""Image models by name: the three architectures of the ReNet paper, and three that a laptop can train.

Of the paper are the layers, the units, the patches, dropout and augmentation: for MNIST the sizes are confirmed; those
for CIFAR-10 and SVHN, the rates of dropout and the augmentation are as recalled, and not checked against the paper. The
learning rate, the batch, and what is held out to validate are ours: 5,000 images of MNIST, 10,000 of CIFAR-10 and 6,105
of SVHN, whose extra part is left out.
"""

from __future__ import annotations

from typing import Any

_MNIST, _CIFAR, _SVHN = 55_000, 40_000, 67_152
_PAPER = {"model": "renet", "dropout": 0.5, "input_dropout": 0.2, "batch": 100, "patience": 20}
_LAPTOP = {"data": "mnist", "dropout": 0.0, "shift": 2, "batch": 32, "patience": 15}


def _epochs(images: int, batch: int, many: int) -> dict[str, int]:
    """Evaluated and saved once an epoch."""
    updates = images // batch
    return {"updates": many * updates, "evaluate_every": updates, "checkpoint_every": updates}


#: Name → the fields of the configuration that are not at their default.
PRESETS: dict[str, dict[str, Any]] = {
    "mnist-renet": _PAPER | {"data": "mnist", "layers": 2, "hidden": 256, "dense": "4096,4096", "shift": 2}
    | _epochs(_MNIST, 100, 200),
    "cifar10-renet": _PAPER
    | {"data": "cifar10", "layers": 3, "hidden": 320, "dense": "4096", "shift": 2, "flip": True}
    | _epochs(_CIFAR, 100, 200),
    "svhn-renet": _PAPER | {"data": "svhn", "layers": 3, "hidden": 256, "dense": "4096,4096", "shift": 2}
    | _epochs(_SVHN, 100, 200),
    "laptop-renet": _LAPTOP | {"model": "renet", "layers": 2, "hidden": 32, "patch": "4,2"} | _epochs(_MNIST, 32, 60),
    "laptop-mdlstm": _LAPTOP | {"model": "mdlstm", "layers": 2, "hidden": 16, "patch": "4,2"}
    | _epochs(_MNIST, 32, 60),
    "laptop-lenet": _LAPTOP | {"model": "lenet", "channels": "8,24", "dense": "150,84"} | _epochs(_MNIST, 32, 60),
}  # fmt: skip

_WORDS = {
    "mnist-renet": "the paper's for MNIST: 0.45 % there",
    "cifar10-renet": "the paper's for CIFAR-10: 12.35 % there",
    "svhn-renet": "the paper's for SVHN: 2.38 % there",
    "laptop-renet": "ours: two layers of 32, patches of 4 and 2",
    "laptop-mdlstm": "ours: two layers of four times 16",
    "laptop-lenet": "ours: LeNet-5 with 8 and 24 maps",
}


def preset_table() -> str:
    """The presets for people: name, what it is."""
    return "\n".join(f"  {name:<14} {_WORDS[name]}" for name in PRESETS)
