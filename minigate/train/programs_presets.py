"""The models that evaluate programs, by name: those of Gated-Feedback's section 4.2, Learning to Execute's, small ones.

In the paper a stack and a Gated-Feedback network of a unit have equally many units, so the latter has twice the
parameters. The small models, *laptop-…*, have equally many parameters instead, and fewer, smaller programs to learn.

What the paper does not say is ours: the clipping of the gradient at 1, first weights as the cells have them, the
validation after every epoch of its 320,000 programs, and that these are met in the same order in each epoch.

*learning-to-execute* is trained as by Zaremba & Sutskever (2014) and their code: two layers of 400 LSTM units, each
reading the one below alone, every weight and bias from U(−0.08, 0.08), plain SGD from 0.5 on, the gradient's norm at
most 5, the combined curriculum up to length 6 and nesting 3, a check every 100 updates (theirs: of 50 steps of 100
streams), and the learning rate times 0.8 where a check would make the hardest problems harder, until it is below 0.001.

What is different here: theirs is one network that reads programs packed head to tail into a stream, carries its state
on from one to the next, and writes the answers itself. Ours reads one program at a time, shorter ones padded and
masked, with an encoder and a decoder of their own weights, which take symbols as they are, without an embedding of 400
numbers. As there, the loss is a sum over the symbols to be answered and a mean over what is read side by side, so that
0.5 and 5 mean what they do there; but a window of 50 steps has several answers to short programs, and ours is of one.
That it ends after 200,000 updates at the latest is ours.
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
_EXECUTE: dict[str, Any] = {
    "length": 6,
    "nesting": 3,
    "curriculum": "combined",
    "decay": 0.8,
    "cell": "lstm",
    "layers": 2,
    "hidden": 400,
    "feedback": "none",
    "skip_input": False,
    "skip_output": False,
    "init": "uniform",
    "unroll": 50,
    "batch": 100,
    "mean_over": "answers",
    "updates": 200_000,
    "optimiser": "sgd",
    "learning_rate": 0.5,
    "momentum": 0.0,
    "schedule": "constant",
    "warm_up": 0,
    "clip": 5.0,
    "lowest_rate": 1e-3,
    "evaluate_every": 100,
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
PRESETS: dict[str, dict[str, Any]] = {
    **_rows("gru", 230, 128, 100),
    **_rows("lstm", 200, 112, 88),
    "learning-to-execute": _EXECUTE,
}


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
    skip = row.get("skip_input", True)
    both = sum(recurrent_parameters(symbols, *sizes, skip_input=skip) for symbols in (read, answer))
    return both + (row["layers"] if row.get("skip_output", True) else 1) * row["hidden"] * answer + answer
