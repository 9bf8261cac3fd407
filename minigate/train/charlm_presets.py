"""The models of Gated-Feedback's table, by name: its sizes and its way of training.

Within each unit, *single*, *stacked* and *gf* have about as many parameters as one layer of 1000 tanh units;
*gf-…-l* has as many units as the stacked model instead, and so more parameters. They are equal only if the softmax
and every layer also read past one layer, and the unit gates (i, f, o; z, r) see the states of all layers, ungated:
so that is how the models are wired here.

What the paper does not say is taken from its first author's code, or is ours:

- the first weights, the form of RMSProp, its constant ε = 1e-4 and the clipping at 5 are the author's. Where that
  code trains with RMSProp, its loss is a sum over the steps of a window and a mean over the N sequences, and the
  gradient is divided by N once more before it is clipped: for N = 100 windows of 100 steps that is the gradient of our
  mean over all characters, so both numbers hold for it as they are;
- a gradient longer than 25 "explodes" and halves the learning rate, once until it is shorter again: the 25 is ours,
  since the first gradients of a larger model may exceed 5, and so is the "once", since with momentum one explosion
  lasts several updates;
- one look at the validation text every 2000 updates is ours, too. It is 5 MB, 500 windows, and reading takes a good
  third of the time of learning from it: as long as some 190 updates, so that looking costs a tenth of the learning.
"""

from __future__ import annotations

from typing import Any

from minigate.train.recurrent_part import recurrent_parameters

#: 100 epochs of 90 MB at 10,000 characters an update.
EPOCHS_100 = 900_000

_PAPER: dict[str, Any] = {
    "text": "enwik8",
    "bytes": True,
    "symbols": 205,
    "init": "author",
    "batch": 100,
    "length": 100,
    "reset_every": 100,
    "updates": EPOCHS_100,
    "optimiser": "rmsprop",
    "learning_rate": 1e-3,
    "momentum": 0.9,
    "epsilon": 1e-4,
    "schedule": "constant",
    "warm_up": 0,
    "clip": 5.0,
    "explode_threshold": 25.0,
    "dropout": 0.0,
    "evaluate_every": 2000,
    "checkpoint_every": 100,
}


def _row(cell: str, layers: int, hidden: int, feedback: str = "none", **other: Any) -> dict[str, Any]:
    rate = {"learning_rate": 5e-5} if cell == "rnn" else {}
    return {**_PAPER, "cell": cell, "layers": layers, "hidden": hidden, "feedback": feedback, **rate, **other}


#: Name → the fields of the configuration that are not at their default.
PRESETS: dict[str, dict[str, Any]] = {
    "single-tanh": _row("rnn", 1, 1000),
    "stacked-tanh": _row("rnn", 3, 390),
    "gf-tanh": _row("rnn", 3, 303, "gated"),
    "single-gru": _row("gru", 1, 540),
    "stacked-gru": _row("gru", 3, 228),
    "gf-gru": _row("gru", 3, 165, "gated"),
    "gf-gru-l": _row("gru", 3, 228, "gated"),
    "gf-gru-open": _row("gru", 3, 165, "open"),
    "single-lstm": _row("lstm", 1, 456),
    "stacked-lstm": _row("lstm", 3, 191),
    "gf-lstm": _row("lstm", 3, 140, "gated"),
    "gf-lstm-l": _row("lstm", 3, 191, "gated"),
    "gf-lstm-open": _row("lstm", 3, 140, "open"),
    "gf-lstm-large": _row("lstm", 5, 700, "gated", optimiser="adam", beta2=0.99),
}


def preset_table() -> str:
    """The presets for people: name, layers and units, unit, parameters with 205 symbols, and how it is trained."""
    lines = []
    for name, row in PRESETS.items():
        cell, layers, hidden = row["cell"], row["layers"], row["hidden"]
        count = parameter_count(row["symbols"], cell, layers, hidden, row["feedback"])
        trained = f"{row['optimiser']}, learning rate {row['learning_rate']:g}"
        feedback = {"none": "", "gated": "gated feedback", "open": "feedback, gates open"}[row["feedback"]]
        sizes = f"{layers} × {hidden}"
        lines.append(f"  {name:<14} {sizes:>8}  {count:>10,} parameters  {trained:<29} {feedback}".rstrip())
    return "\n".join(lines)


def parameter_count(
    K: int, cell: str, layers: int, hidden: int, feedback: str = "none", *, skip_output: bool = True, **wiring: Any
) -> int:
    """How many numbers such a model learns, without making it.

    **Equations**: those of the recurrent part, and L·H·K + K of the softmax, which reads all layers; H·K + K if it
    reads the top one alone.

    **Shapes**: plain numbers.
    """
    read = layers * hidden if skip_output else hidden
    return recurrent_parameters(K, cell, layers, hidden, feedback, **wiring) + read * K + K
