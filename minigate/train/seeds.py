"""Several runs of the same thing with other seeds: what they amount to together.

One run says little of a method. First weights and the order of the data alone move its result, often by more than the
difference that somebody wants to see; the deviation over seeds says by how much.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy

from minigate.train.curves import compare, updates_to_enough
from minigate.train.run import Run


def over_seeds(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """One summary for each group of two runs or more that differ in nothing but their seed.

    ``valid`` and ``test`` are mean and deviation, ``test`` None unless every run has come to an end. Where the
    experiment has a measure that is enough, ``updates_to_enough`` is the same over those that reached it, and
    ``reached`` how many did; the others have no such number, so a mean over few is of the quick ones only.

    **Equations**: mean x̄ = Σ x / n, deviation √(Σ (x − x̄)² / (n − 1)).

    **Shapes**: plain values.

    **Errors**: :class:`CheckpointError` for runs of two experiments, or where nothing has been measured yet.
    """
    groups: dict[str, list[tuple[Run, dict[str, Any]]]] = {}
    for run, row in zip(runs, compare(runs), strict=True):
        alike = {name: value for name, value in run.config["config"].items() if name != "seed"}
        groups.setdefault(json.dumps([alike, row["text"]], sort_keys=True), []).append((run, row))
    return [_together(group) for group in groups.values() if len({_seed(run) for run, _ in group}) > 1]


def _together(group: list[tuple[Run, dict[str, Any]]]) -> dict[str, Any]:
    by_seed = {_seed(run): (run, row) for run, row in group}  # the same seed twice is the same run
    rows = [row for _, row in by_seed.values()]
    found: dict[str, Any] = {
        "runs": [row["run"] for row in rows],
        "seeds": list(by_seed),
        "valid": _spread([row["valid"] for row in rows]),
        "test": None if any(row["test"] is None for row in rows) else _spread([row["test"] for row in rows]),
    }
    logged = [updates_to_enough(run) for run, _ in by_seed.values()]
    if logged[0]:
        reached = [each["updates_to_enough"] for each in logged if each["updates_to_enough"] is not None]
        found |= {
            "enough": logged[0]["enough"],
            "updates_to_enough": _spread(reached) if reached else None,
            "reached": len(reached),
        }
    return found


def _seed(run: Run) -> int:
    seed: int = run.config["config"]["seed"]
    return seed


def _spread(values: Sequence[float]) -> list[float | None]:
    """Mean and deviation; one number by itself has none."""
    return [float(numpy.mean(values)), float(numpy.std(values, ddof=1)) if len(values) > 1 else None]
