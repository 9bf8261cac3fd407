"""The models that evaluate programs, by name: those of Gated-Feedback's section 4.2, and small ones.

In the paper a stack and a Gated-Feedback network of a unit have equally many units, so the latter has twice the
parameters. The small models, *laptop-…*, have equally many parameters instead, and fewer, smaller programs to learn.

What the paper does not say is ours: the clipping of the gradient at 1, first weights as the cells have them, the
validation after every epoch of its 320,000 programs, and that these are met in the same order in each epoch.
"""

from __future__ import annotations

from typing import Any

from minigate.data import Programs
from minigate.train.recurrent_part import recurrent_parameters

_PAPER: dict[str, Any] = {
    "length": 10,
    "nesting": 5,
    "curriculum": "mix",
    "examples": 320_000,
    "layers": 3,
    "unroll": 50,
    "batch": 128,
    "pool": 4,
    "test_examples": 2000,
    "updates": 75_000,  # 30 epochs
    "learning_rate": 1e-3,
    "beta1": 0.99,
    "beta2": 0.99,
    "schedule": "constant",
    "warm_up": 0,
    "patience": 5,
    "evaluate_every": 2500,
    "checkpoint_every": 500,
}
_LAPTOP: dict[str, Any] = {"length": 4, "nesting": 3, "layers": 2, "updates": 10_000}


def _rows(unit: str, paper: int, stacked: int, feedback: int) -> dict[str, dict[str, Any]]:
    none, gated = {"cell": unit, "feedback": "none"}, {"cell": unit, "feedback": "gated"}
    return {
        f"stacked-{unit}": {**_PAPER, **none, "hidden": paper},
        f"gf-{unit}": {**_PAPER, **gated, "hidden": paper},
        f"laptop-stacked-{unit}": {**_LAPTOP, **none, "hidden": stacked},
        f"laptop-gf-{unit}": {**_LAPTOP, **gated, "hidden": feedback},
    }


#: Name → the fields of the configuration that are not at their default.
PRESETS: dict[str, dict[str, Any]] = {**_rows("gru", 230, 128, 100), **_rows("lstm", 200, 112, 88)}


def preset_table() -> str:
    """The presets for people: name, layers and units, unit, parameters, and what is read."""
    lines = []
    for name, row in PRESETS.items():
        sizes = f"{row['layers']} × {row['hidden']}"
        read = f"length ≤ {row['length']}, nesting ≤ {row['nesting']}"
        feedback = "gated feedback" if row["feedback"] == "gated" else ""
        lines.append(f"  {name:<20} {sizes:>7}  {_parameters(row):>9,} parameters  {read:<26} {feedback}".rstrip())
    return "\n".join(lines)


def _parameters(row: dict[str, Any]) -> int:
    """Those of the encoder, of the decoder, and of the linear map to the symbols of an answer."""
    read, answer = len(Programs.inputs), len(Programs.outputs)
    sizes = row["cell"], row["layers"], row["hidden"], row["feedback"]
    both = recurrent_parameters(read, *sizes) + recurrent_parameters(answer, *sizes)
    return both + row["layers"] * row["hidden"] * answer + answer
