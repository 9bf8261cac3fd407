"""An experiment from the first line to the last: begin or resume, train, report, test.

What is printed and what is saved come from the same place, so that a run can be understood later from its
folder alone: the resolved configuration, the data with its checksum, and the versions of what computed it.
"""

from __future__ import annotations

import importlib.metadata
import platform
import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any

import numpy

from minigate import backend
from minigate.backend.blas import describe_blas
from minigate.errors import CheckpointError, OptionError, explain
from minigate.train import charlm_presets, images_presets, programs_presets, seqmnist_presets
from minigate.train.charlm import CharLM
from minigate.train.charlm_config import CharLMConfig
from minigate.train.checkpoint import backup_of, load_checkpoint
from minigate.train.curves import curve, draw_curves, measures, updates_to_enough
from minigate.train.images import ClassifyingImages
from minigate.train.images_config import ImagesConfig
from minigate.train.programs import Answering
from minigate.train.programs_config import ProgramsConfig
from minigate.train.run import Run
from minigate.train.seqmnist import ClassifyingSequences
from minigate.train.seqmnist_config import SeqMnistConfig
from minigate.train.trainer import Trainer, part_of
from minigate.train.training_config import own_first

PICTURE_SECONDS = 60.0
Events = Callable[[str, dict[str, Any]], None]


@dataclass(frozen=True)
class Experiment:
    """A thing that ``minigate train`` knows: its configuration and the task made from one."""

    help: str
    config: type[Any]
    task: Callable[[Any], Any]
    presets: dict[str, dict[str, Any]]
    preset_table: Callable[[], str]


EXPERIMENTS: dict[str, Experiment] = {
    "charlm": Experiment(
        "a character model on Python's own documentation, or on any text",
        CharLMConfig, CharLM, charlm_presets.PRESETS, charlm_presets.preset_table,
    ),
    "programs": Experiment(
        "an encoder-decoder that reads small Python programs and answers what they print; also sums, and copying",
        ProgramsConfig, Answering, programs_presets.PRESETS, programs_presets.preset_table,
    ),
    "seqmnist": Experiment(
        "images read as sequences, row by row or pixel by pixel: handwritten digits on board, or MNIST",
        SeqMnistConfig, ClassifyingSequences, seqmnist_presets.PRESETS, seqmnist_presets.preset_table,
    ),
    "images": Experiment(
        "images read by a ReNet, by MD-LSTMs or by convolutions: digits on board, MNIST, CIFAR-10, SVHN",
        ImagesConfig, ClassifyingImages, images_presets.PRESETS, images_presets.preset_table,
    ),
}  # fmt: skip


def run_experiment(
    name: str,
    options: dict[str, Any] | None = None,
    *,
    out: str | Path | None = None,
    resume: str | Path | None = None,
    minutes: float = 0.0,
    quiet: bool = False,
    tell: Events = lambda kind, record: None,
) -> tuple[str, Run]:
    """Run an experiment; returns how it ended (``"finished"``, ``"interrupted"``, ``"diverged"``) and its folder.

    ``options`` are fields of its configuration, by name; what is not given has the value of the preset, where one is
    named, or its default, or with ``resume`` the value that the run began with. ``minutes`` is how long the run may
    train in all, 0 for no limit; resumed with more, it goes on. ``tell`` is called with the kind of event
    (``"begin"``, ``"measure"``, ``"result"``) and a record of plain values.

    **Errors**: :class:`OptionError` for an unknown name or option, and for a folder that is taken;
    :class:`CheckpointError` for a run that does not exist, is damaged, or began with other options or another text.
    """
    experiment = _known(name)
    if not (isinstance(minutes, Real) and minutes >= 0):
        raise OptionError(explain("minutes below zero", where="train", expected="minutes ≥ 0", got=repr(minutes)))
    run = Run.open(resume) if resume is not None else None
    config = _configure(experiment, options or {}) if run is None else _same(run, name, experiment, options or {})
    task = experiment.task(config)
    optimiser = task.optimiser()
    data = task.describe()
    parameters = sum(parameter.size for parameter in task.model.parameters())
    if run is None:
        settings = {field: getattr(config, field) for field in own_first(experiment.config)}
        record = {"experiment": name, "config": settings, "parameters": parameters, "data": data}
        record["versions"] = versions()
        title = f"{name}-{config.title}-seed{config.seed}"
        run = Run.create(out, record) if out is not None else Run.create_numbered(title, record)
        begin = {**record, "resumed": 0}
    else:
        _same_data(run, data)
        begin = {**run.config, "versions": versions(), "resumed": 0}
    picture = _Picture(run)

    def report(measured: dict[str, Any]) -> None:
        tell("measure", measured)
        picture.draw(every=PICTURE_SECONDS)

    trainer = Trainer(task, optimiser, run, minutes=minutes, quiet=quiet, report=report, **config.for_the_trainer())
    if resume is not None and not _never_saved(run):
        trainer.resume()
        begin["resumed"] = trainer.step
    tell("begin", {**begin, "minutes": minutes, "run": str(run.folder)})
    ended = trainer.fit()
    picture.draw()
    if ended == "finished":
        result = _result(task, trainer, run)
        run.write("result.json", result)
        tell("result", result)
    return ended, run


class _Picture:
    """The curves of a run, drawn anew after an evaluation, but not so often that it would cost time."""

    def __init__(self, run: Run) -> None:
        self.run, self.drawn = run, time.monotonic()

    def draw(self, every: float = 0.0) -> None:
        if time.monotonic() - self.drawn >= every and len(curve(self.run, measures(self.run)[1])[0]):
            draw_curves(self.run)
            self.drawn = time.monotonic()


def _never_saved(run: Run) -> bool:
    """Was it killed before there was anything to lose?"""
    return not (run.checkpoint.exists() or backup_of(run.checkpoint).exists() or run.records())


def versions() -> dict[str, str]:
    """What computes here; the same bytes are promised where all of these are the same."""
    blas = describe_blas()
    return {
        "minigate": _installed("minigate"),
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "backend": getattr(backend.current(), "__name__", "numpy"),
        "blas": f"{blas['name']} {blas['version']}".strip(),
        "threads": str(blas["threads"]),
        "platform": platform.platform(),
    }


def _installed(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def resume_command(name: str, run: Run, minutes: float = 0.0) -> str:
    """What to type to go on with a run, within the same minutes if it has such a budget."""
    budget = f" --minutes {minutes:g}" if minutes else ""
    return f"minigate train {name} --resume {shlex.quote(str(run.folder))}{budget}"


def _result(task: Any, trainer: Trainer, run: Run) -> dict[str, Any]:
    """The score on the test part of the model that was best on the validation part, and what it can show."""
    if trainer.best is not None:
        task.model.load_state_dict(part_of(load_checkpoint(run.best), "model"))
    task.model.eval()
    return {
        "updates": trainer.step,
        "best_update": trainer.best_step,
        f"valid_{task.measure}": task.evaluate("valid") if trainer.best is None else trainer.best,
        f"test_{task.measure}": task.evaluate("test"),
        "seconds": round(trainer.seconds, 3),
        **updates_to_enough(run),
        **task.show(),
        "run": str(run.folder),
    }


def _known(name: str) -> Experiment:
    if name not in EXPERIMENTS:
        raise OptionError(
            explain("no such experiment", where="train", expected=" | ".join(EXPERIMENTS), got=repr(name))
        )
    return EXPERIMENTS[name]


def _configure(experiment: Experiment, options: dict[str, Any]) -> Any:
    fields = experiment.config.__dataclass_fields__
    unknown = [name for name in options if name not in fields]
    if unknown:
        raise OptionError(explain("no such option", where="train", expected=", ".join(fields), got=", ".join(unknown)))
    return experiment.config(**options)


def _same(run: Run, name: str, experiment: Experiment, options: dict[str, Any]) -> Any:
    """The configuration that a run began with; the options given now must agree with it."""
    if run.config.get("experiment") != name:
        raise CheckpointError(
            explain(
                "the run is of another experiment",
                where=f"--resume {run.folder}",
                expected=name,
                got=str(run.config.get("experiment")),
            )
        )
    defaults = {field.name: field.default for field in experiment.config.__dataclass_fields__.values()}
    before = {**defaults, **run.config["config"]}  # an older run lacks the options that are newer
    different = {key: value for key, value in options.items() if before.get(key) != value}
    if different:
        lines = [f"--resume {run.folder}: the run began with other options"]
        lines += [f"  {key}: {before.get(key)!r} then, {value!r} now" for key, value in different.items()]
        lines.append("  type: the same command without them, or a new run with --out")
        raise CheckpointError("\n".join(lines))
    return _configure(experiment, run.config["config"])


def _same_data(run: Run, data: dict[str, Any]) -> None:
    if data["sha256"] != run.config["data"]["sha256"]:
        raise CheckpointError(
            explain(
                "the data are not those that the run began with",
                where=f"--resume {run.folder}",
                expected=run.config["data"]["text"],
                got=data["text"],
            )
        )
