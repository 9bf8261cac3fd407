"""The training loop, written once: loss, gradient, clip, step; and around it evaluation, log and checkpoint.

What is learnt is a :class:`Task`: it owns the model and the data and gives one loss after the other. The loop
knows no cell and no data set. What it promises: a run that is stopped at any update and resumed ends with
the same bytes as one that was never stopped, because everything the next update depends on is in the checkpoint
(parameters, optimiser slots, random streams, data position, carried state), and nothing else is used.
"""

from __future__ import annotations

import math
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy

from minigate.errors import CheckpointError, explain
from minigate.module import Module
from minigate.tensor import Tensor
from minigate.train.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from minigate.train.clipping import clip_gradient_norm
from minigate.train.interrupt import Interrupt
from minigate.train.optimisers import Optimiser
from minigate.train.run import Run
from minigate.train.schedules import scale

Record = dict[str, Any]


class Task(Protocol):
    """What the loop needs to know about the thing that is learnt."""

    model: Module
    measure: str  # the name of the number that evaluation gives; lower is better

    def loss(self) -> Tensor:
        """The loss of the next batch, a scalar; moves the data and the carried state on."""

    def evaluate(self, part: str) -> float:
        """The measure on ``"valid"`` or ``"test"``; leaves no trace in the training."""

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the next loss depends on besides parameters and random streams: arrays, and plain values."""

    def restore(self, arrays: dict[str, Any], values: dict[str, Any]) -> None:
        """Go on from what :meth:`state` has saved."""


class Trainer:
    """Run ``task`` for a number of updates in the folder ``run``.

    ``report`` is called with every record that goes into the log.

    **Errors**: :class:`CheckpointError` where a checkpoint cannot be written or does not fit.
    """

    def __init__(
        self,
        task: Task,
        optimiser: Optimiser,
        run: Run,
        *,
        updates: int,
        clip: float = math.inf,
        schedule: str = "constant",
        warm_up: int = 0,
        evaluate_every: int = 200,
        checkpoint_every: int = 200,
        quiet: bool = False,
        report: Callable[[Record], None] = lambda record: None,
    ) -> None:
        self.task, self.optimiser, self.run, self.report = task, optimiser, run, report
        self.updates, self.clip, self.schedule, self.warm_up = updates, clip, schedule, warm_up
        self.evaluate_every, self.checkpoint_every, self.quiet = evaluate_every, checkpoint_every, quiet
        self.peak = optimiser.learning_rate
        self.step = 0
        self.best: float | None = None
        self.best_step = 0
        self._losses: list[float] = []  # since the last record
        self._norms: list[float] = []
        self._seconds = 0.0

    def fit(self) -> str:
        """Train until the budget is used up: ``"finished"``, ``"interrupted"`` (Ctrl-C) or ``"diverged"``.

        In each case ``checkpoint.npz`` holds the last good state, and the model is as it was left.
        """
        if self.step == 0 and not self.run.checkpoint.exists():
            self.save()
        began = time.perf_counter() - self._seconds
        self.task.model.train()
        with Interrupt() as interrupt, _bar(self.updates, self.step, self.quiet) as bar:
            while self.step < self.updates:
                loss, norm = self._update()
                if not (math.isfinite(loss) and math.isfinite(norm)):
                    record = {"step": self.step, "diverged": True, "loss": str(loss), "gradient_norm": str(norm)}
                    self._tell(bar, record)
                    return "diverged"
                self._losses.append(loss)
                self._norms.append(norm)
                bar.set_postfix_str(f"loss {loss:.3f}", refresh=False)
                bar.update()
                self._seconds = time.perf_counter() - began
                last = self.step == self.updates
                if last or self.step % self.evaluate_every == 0:
                    self._tell(bar, self._measure())
                if (last or interrupt.requested or self.step % self.checkpoint_every == 0) and not self._save_finite():
                    self._tell(bar, {"step": self.step, "diverged": True})
                    return "diverged"
                if interrupt.requested and not last:
                    return "interrupted"
        return "finished"

    def _update(self) -> tuple[float, float]:
        """One update, unless its gradient is not finite: then the parameters stay as they are."""
        self.optimiser.zero_grad()
        loss = self.task.loss()
        value = loss.item()
        if not math.isfinite(value):
            return value, math.nan
        loss.backward()
        norm = clip_gradient_norm(self.optimiser.parameters.values(), self.clip)
        if math.isfinite(norm):
            factor = scale(self.schedule, self.step, self.updates, self.warm_up)
            self.optimiser.learning_rate = self.peak * factor
            self.optimiser.step()
            self.step += 1
        return value, norm

    def _measure(self) -> Record:
        """Evaluate, and keep the model if it is the best so far."""
        self.task.model.eval()
        value = self.task.evaluate("valid")
        self.task.model.train()
        better = math.isfinite(value) and (self.best is None or value < self.best)
        if better:
            self.best, self.best_step = value, self.step
            arrays = {f"model.{name}": array for name, array in self.task.model.state_dict().items()}
            save_checkpoint(self.run.best, arrays, {"step": self.step, "task": self.task.state()[1]}, keep=False)
        record = {
            "step": self.step,
            "loss": sum(self._losses) / len(self._losses),
            f"valid_{self.task.measure}": value,
            "best": better,
            "gradient_norm": max(self._norms),
            "learning_rate": self.optimiser.learning_rate,
            "seconds": round(self._seconds, 3),
        }
        self._losses, self._norms = [], []
        return record

    def _tell(self, bar: Any, record: Record) -> None:
        self.run.log(record)
        with bar.external_write_mode(file=sys.stdout):
            self.report(record)

    # ---- checkpoints ---------------------------------------------------------------------------

    def _save_finite(self) -> bool:
        """Save, unless a parameter has become infinite or NaN: the last good checkpoint stays then."""
        if not all(numpy.isfinite(array).all() for array in self.task.model.state_dict().values()):
            return False
        self.save()
        return True

    def save(self) -> None:
        """Write everything that the next update depends on.

        **Errors**: :class:`CheckpointError` where it cannot be written.
        """
        task_arrays, task_values = self.task.state()
        arrays = {f"model.{name}": array for name, array in self.task.model.state_dict().items()}
        arrays |= {f"optimiser.{name}": array for name, array in self.optimiser.state_dict().items()}
        arrays |= {f"task.{name}": array for name, array in task_arrays.items()}
        values = {
            "step": self.step,
            "best": self.best,
            "best_step": self.best_step,
            "losses": self._losses,
            "norms": self._norms,
            "task": task_values,
            "random": {path: rng.bit_generator.state for path, rng in _random_streams(self.task.model)},
        }
        save_checkpoint(self.run.checkpoint, arrays, values)

    def resume(self) -> None:
        """Go on from the checkpoint of the run.

        **Errors**: :class:`CheckpointError` where it is missing, damaged, or of another model;
        :class:`StateDictError` naming the parameters that do not fit.
        """
        saved = load_checkpoint(self.run.checkpoint)
        streams = dict(_random_streams(self.task.model))
        if set(streams) != set(saved.meta["random"]):
            raise CheckpointError(
                explain(
                    "the random streams are those of another model",
                    where=str(self.run.checkpoint),
                    expected=", ".join(streams) or "none",
                    got=", ".join(saved.meta["random"]) or "none",
                )
            )
        self.task.model.load_state_dict(part_of(saved, "model"))
        self.optimiser.load_state_dict(part_of(saved, "optimiser"))
        self.task.restore(part_of(saved, "task"), saved.meta["task"])
        for path, rng in streams.items():
            rng.bit_generator.state = saved.meta["random"][path]
        self.step, self.best, self.best_step = (saved.meta[name] for name in ("step", "best", "best_step"))
        self._losses, self._norms = list(saved.meta["losses"]), list(saved.meta["norms"])
        self.run.rewind_log(self.step)
        self._seconds = max((record.get("seconds", 0.0) for record in self.run.records()), default=0.0)


def part_of(saved: Checkpoint, part: str) -> dict[str, Any]:
    """The arrays of a checkpoint whose names begin with ``part.``, without it.

    **Shapes**: each array as it was saved.
    """
    return {name[len(part) + 1 :]: array for name, array in saved.arrays.items() if name.startswith(f"{part}.")}


def _random_streams(model: Module) -> Iterator[tuple[str, numpy.random.Generator]]:
    """Every stream of random numbers in the model (a dropout layer has one), by the path of its module."""
    for path, module in model.named_modules():
        rng = getattr(module, "generator", None)
        if isinstance(rng, numpy.random.Generator):
            yield path or "model", rng


def _bar(updates: int, done: int, quiet: bool) -> Any:
    """A progress bar on stderr; silent when that is not a terminal."""
    from tqdm import tqdm

    columns, lines = shutil.get_terminal_size()  # a terminal that does not know its size counts as 80 by 24
    return tqdm(
        total=updates,
        initial=done,
        disable=quiet or not sys.stderr.isatty(),
        unit=" updates",
        ncols=min(columns, 100),
        nrows=lines,
        leave=False,
        file=sys.stderr,
    )
