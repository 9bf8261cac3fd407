"""Images as sequences, by name: MNIST in the three orders in which flexible gates were tried.

One layer of 100 GRU units with the reset before the product, a softmax on the last state: that is the model of
Scardapane et al. (2018), eqs. 2–6, ``--gate`` its gates. How it is trained is our choice: batch normalisation before
the softmax, Adam at 0.001, 32 images in an update, the gradient clipped at 1, 50 epochs at most, and the end after ten
epochs in which the validation part, the last 5,000 training images, was not better than before.
"""

from __future__ import annotations

from typing import Any

from minigate.data.sequences import ORDERS, sizes

_SIZE, _CLASSES = (1, 28, 28), 10
_EPOCH = 55_000 // 32  # updates

#: Name → the fields of the configuration that are not at their default.
PRESETS: dict[str, dict[str, Any]] = {
    f"mnist-{order}": {
        "data": "mnist",
        "order": order,
        "updates": 50 * _EPOCH,
        "patience": 10,
        "evaluate_every": _EPOCH,
        "checkpoint_every": _EPOCH,
    }
    for order in ORDERS
}


def preset_table() -> str:
    """The presets for people: name, length and width of a sequence, parameters with a GRU of 100 and plain gates."""
    lines = []
    for name, row in PRESETS.items():
        T, D = sizes(row["order"], _SIZE)
        lines.append(f"  {name:<15} {T:>3} steps of {D:>2}  {_parameters(D, 100):>6,} parameters, 50 epochs at most")
    return "\n".join(lines)


def _parameters(D: int, H: int) -> int:
    """Those of a GRU, of the batch normalisation, and of the linear map to the classes."""
    return 3 * (D * H + H * H + H) + 2 * H + H * _CLASSES + _CLASSES
