"""Learning curves from the logs of runs, as arrays, as a picture, and as a table of several runs."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy

from minigate import plot
from minigate.errors import CheckpointError, OptionError, explain
from minigate.train.run import Run

Array = Any
Curve = tuple[Array, Array, Array]

#: Experiment → what its log calls the measure on the training part and on the validation part, and what that is.
MEASURES = {
    "charlm": ("loss", "valid_bpc", "bits per character"),
    "programs": ("train_error", "valid_error", "share of wrong symbols"),
    "seqmnist": ("train_error", "valid_error", "share of misclassified images"),
    "images": ("train_error", "valid_error", "share of misclassified images"),
}
_SPEED = "_per_second"
#: Experiment → the measure on the validation part that the time to get there is told for.
ENOUGH = {"seqmnist": 0.02, "images": 0.02}


def curve(run: Run, key: str) -> Curve:
    """What the log of a run says of ``key``: updates, minutes of training, values; ``loss`` comes in bits.

    **Shapes**: three arrays (n,), one entry for each evaluation.
    """
    records = [record for record in run.records() if key in record and "seconds" in record]
    unit = math.log(2) if key == "loss" else 1.0
    updates, seconds, values = ([record[name] for record in records] for name in ("step", "seconds", key))
    return numpy.array(updates, float), numpy.array(seconds, float) / 60.0, numpy.array(values, float) / unit


def measures(run: Run) -> tuple[str, str, str]:
    """The keys of its measure in training and in validation, and what it is called.

    **Errors**: :class:`CheckpointError` for a run of an experiment that is not known here.
    """
    name = str(run.config.get("experiment"))
    if name not in MEASURES:
        raise CheckpointError(
            explain(f"{run.folder} is a run of another program", where="run", expected=" | ".join(MEASURES), got=name)
        )
    return MEASURES[name]


def updates_to_enough(run: Run) -> dict[str, Any]:
    """``enough``, a measure on the validation part, and ``updates_to_enough``: after how many updates the log has it.

    Nothing for an experiment without such a measure, and None where it was not reached.
    """
    enough = ENOUGH.get(str(run.config.get("experiment")))
    if enough is None:
        return {}
    updates, _, values = curve(run, measures(run)[1])
    reached = updates[values <= enough]
    return {"enough": enough, "updates_to_enough": int(reached[0]) if len(reached) else None}


def draw_curves(run: Run, path: Path | None = None) -> Path:
    """Training and validation of one run against updates and minutes; into its folder unless ``path`` says where.

    **Errors**: :class:`CheckpointError` where nothing has been measured yet, or the disk refuses.
    """
    trained, valid, label = measures(run)
    named = {"training": curve(run, trained), "validation": curve(run, valid)}
    return _draw(named, run.folder.name, label, path or run.curves)


def draw_comparison(runs: Mapping[str, Run], path: Path) -> Path:
    """The validation curves of several runs of one experiment, against updates and against minutes.

    **Source**: as figures 2 and 3 of Chung et al. (2015), which are against updates and against time.

    **Errors**: :class:`CheckpointError` for runs of two experiments, where nothing has been measured yet, or where the
    disk refuses.
    """
    _, valid, label = _alike(list(runs.values()))
    return _draw({name: curve(run, valid) for name, run in runs.items()}, "validation", label, path)


def save_picture(axes: Any, path: Path) -> Path:
    """Save the figure that ``axes`` belong to, as a whole or not at all.

    **Errors**: :class:`CheckpointError` where the disk refuses.
    """
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        axes.figure.savefig(temporary, format=path.suffix[1:])
        os.replace(temporary, path)
    except OSError as problem:
        raise CheckpointError(
            explain(f"{path} could not be written ({problem.strerror or problem})", where="plot")
        ) from problem
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return path


def _alike(runs: Sequence[Run]) -> tuple[str, str, str]:
    for run in runs:
        if measures(run) != measures(runs[0]):
            raise CheckpointError(
                explain("runs of two experiments have nothing to be compared", where="compare",
                        expected=f"runs of {runs[0].config['experiment']}, as {runs[0].folder.name} is",
                        got=f"{run.folder.name}, a run of {run.config['experiment']}")
            )  # fmt: skip
    return measures(runs[0])


def compare(runs: Sequence[Run]) -> list[dict[str, Any]]:
    """One row for each run: what it is, how large, how far, how good, how fast.

    ``test`` is None for a run that has not come to an end. ``speed`` is the median over its evaluations of what was
    read in a second of updates, counted in ``unit``, without the time of evaluations.

    **Shapes**: plain values.

    **Errors**: :class:`OptionError` for no run at all; :class:`CheckpointError` for runs of two experiments, or where
    nothing has been measured yet.
    """
    if not runs:
        raise OptionError(explain("there is no run", where="compare", expected="one run or more", got="none"))
    valid = _alike(runs)[1]
    rows = []
    for run in runs:
        updates, minutes, values = curve(run, valid)
        if not len(values):
            raise _nothing(run.folder.name)
        speeds = [value for record in run.records() for key, value in record.items() if key.endswith(_SPEED)]
        units = [key.removesuffix(_SPEED) for record in run.records() for key in record if key.endswith(_SPEED)]
        rows.append(
            {
                "run": run.folder.name,
                "parameters": run.config.get("parameters"),
                "valid": float(values.min()),
                "test": run.read("result.json").get(valid.replace("valid", "test")),
                "updates": int(updates[-1]),
                "minutes": float(minutes[-1]),
                "speed": float(numpy.median(speeds)) if speeds else None,
                "unit": units[0] if units else "",
                "text": run.config["data"]["sha256"],
            }
        )
    return rows


def _draw(named: Mapping[str, Curve], title: str, label: str, path: Path) -> Path:
    for name, (_, _, values) in named.items():
        if not len(values):
            raise _nothing(name)
    with plot.off_screen():
        (left, _), _ = plot.learning_curves(named, ylabel=label, title=title)
        return save_picture(left, path)


def _nothing(name: str) -> CheckpointError:
    return CheckpointError(explain(f"{name}: nothing has been measured yet", where="curves"))
