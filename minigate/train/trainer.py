"""The training loop, written once: loss, gradient, clip, step; and around it evaluation, log and checkpoint.

What is learnt is a :class:`Task`: it owns the model and the data and gives one loss after the other. The loop
knows no cell and no data set. What it promises: a run that is stopped at any update and resumed ends with
the same bytes as one that was never stopped, because everything the next update depends on is in the checkpoint
(parameters, optimiser slots, random streams, data position, carried state), and nothing else is used. A budget of
``minutes`` is outside that promise: how far one comes in a minute is no property of the run.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, Protocol

import numpy

from minigate.errors import CheckpointError, explain
from minigate.module import Module
from minigate.tensor import Tensor
from minigate.train.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from minigate.train.clipping import clip_gradient_norm
from minigate.train.interrupt import Interrupt
from minigate.train.optimisers import Optimiser
from minigate.train.progress import Progress
from minigate.train.run import Run
from minigate.train.schedules import scale

Record = dict[str, Any]


class Task(Protocol):
    """What the loop needs to know about the thing that is learnt."""

    model: Module
    measure: str  # the name of the number that evaluation gives; lower is better
    unit: str  # what is counted for the speed: "characters"
    seen: int  # how many of them this process has learnt from

    def loss(self) -> Tensor:
        """The loss of the next batch, a scalar; moves the data and the carried state on."""

    def evaluate(self, part: str) -> float:
        """The measure on ``"valid"`` or ``"test"``; leaves no trace in the training."""

    def measured(self, value: float) -> Record:
        """Called in training with what :meth:`evaluate` found on ``"valid"``: a curriculum may move on.

        What is returned goes into the record beside it, and is nothing where a task has no more to say.
        """
        return {}

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the next loss depends on besides parameters and random streams: arrays, and plain values."""

    def restore(self, arrays: dict[str, Any], values: dict[str, Any]) -> None:
        """Go on from what :meth:`state` has saved."""


class Trainer:
    """Run ``task`` for a number of updates in the folder ``run``.

    It ends earlier after ``minutes`` of training in all, and after ``patience`` evaluations without a new best. A
    gradient that becomes longer than ``explode_threshold`` halves the learning rate from that update on; with momentum
    it may stay that long for several updates, which counts as one explosion and halves it once. Of ``minutes``,
    ``patience``, ``explode_threshold`` and ``checkpoint_minutes``, 0 is none. ``report`` is called with every record
    that goes into the log.

    **Source**: halving where the gradient's norm explodes is what Chung et al. (2015), section 4.2, do.

    **Errors**: :class:`CheckpointError` where a checkpoint cannot be written or does not fit.
    """

    def __init__(
        self,
        task: Task,
        optimiser: Optimiser,
        run: Run,
        *,
        updates: int,
        minutes: float = 0.0,
        clip: float = math.inf,
        explode_threshold: float = 0.0,
        schedule: str = "constant",
        warm_up: int = 0,
        patience: int = 0,
        evaluate_every: int = 200,
        checkpoint_every: int = 200,
        checkpoint_minutes: float = 0.0,
        quiet: bool = False,
        report: Callable[[Record], None] = lambda record: None,
    ) -> None:
        self.task, self.optimiser, self.run, self.report = task, optimiser, run, report
        self.updates, self.clip, self.schedule, self.warm_up = updates, clip, schedule, warm_up
        self.patience, self.evaluate_every, self.checkpoint_every = patience, evaluate_every, checkpoint_every
        self.budget, self.checkpoint_seconds = 60.0 * minutes or math.inf, 60.0 * checkpoint_minutes or math.inf
        self.explode_threshold, self.quiet = explode_threshold or math.inf, quiet
        self.peak = optimiser.learning_rate
        self.step = 0
        self.halvings = 0
        self.exploding = False  # was the last gradient longer than the threshold?
        self.best: float | None = None
        self.best_step = 0
        self.waited = 0  # evaluations since the best
        self.seconds = 0.0  # of the whole run, also before it was resumed
        self._losses: list[float] = []  # since the last record
        self._norms: list[float] = []
        self._busy = 0.0  # seconds that went into updates since the last record, and what was learnt from in them
        self._seen = 0

    def fit(self) -> str:
        """Train until a budget is used up: ``"finished"``, ``"interrupted"`` (Ctrl-C) or ``"diverged"``.

        In each case ``checkpoint.npz`` holds the last good state, and the model is as it was left.
        """
        if self.step == 0 and not self.run.checkpoint.exists():
            self.save()
        start = saved = time.perf_counter()
        before = self.seconds
        self.task.model.train()
        with Interrupt() as interrupt, self._progress() as progress:
            while not self._enough():
                began = time.perf_counter()
                halvings = self.halvings
                loss, norm = self._update()
                now = time.perf_counter()
                self.seconds, self._busy = before + now - start, self._busy + now - began
                if not (math.isfinite(loss) and math.isfinite(norm)):
                    record = {"step": self.step, "diverged": True, "loss": str(loss), "gradient_norm": str(norm)}
                    self._tell(progress, record)
                    return "diverged"
                self._losses.append(loss)
                self._norms.append(norm)
                progress.update(self.step, loss, self._speed(), self.seconds, now - start)
                if self.halvings > halvings:
                    self._tell(progress, {"step": self.step, "gradient_norm": norm, "halvings": self.halvings})
                if self._enough() or self.step % self.evaluate_every == 0:
                    self._tell(progress, self._measure())
                    self.seconds = before + time.perf_counter() - start
                last = self._enough()
                due = self.step % self.checkpoint_every == 0 or time.perf_counter() - saved >= self.checkpoint_seconds
                if last or interrupt.requested or due:
                    if not self._save_finite():
                        self._tell(progress, {"step": self.step, "diverged": True})
                        return "diverged"
                    saved = time.perf_counter()
                if interrupt.requested and not last:
                    return "interrupted"
        return "finished"

    def _enough(self) -> bool:
        """Is one of the budgets used up?"""
        patient = self.patience == 0 or self.waited < self.patience
        return self.step >= self.updates or self.seconds >= self.budget or not patient

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
            begins = norm > self.explode_threshold and not self.exploding
            self.halvings, self.exploding = self.halvings + begins, norm > self.explode_threshold
            factor = scale(self.schedule, self.step, self.updates, self.warm_up)
            self.optimiser.learning_rate = self.peak * factor * 0.5**self.halvings
            self.optimiser.step()
            self.step += 1
        return value, norm

    def _measure(self) -> Record:
        """Evaluate, and keep the model if it is the best so far."""
        self.task.model.eval()
        value = self.task.evaluate("valid")
        self.task.model.train()
        better = math.isfinite(value) and (self.best is None or value < self.best)
        self.waited = 0 if better else self.waited + 1
        if better:
            self.best, self.best_step = value, self.step
            arrays = {f"model.{name}": array for name, array in self.task.model.state_dict().items()}
            save_checkpoint(self.run.best, arrays, {"step": self.step, "task": self.task.state()[1]}, keep=False)
        record = {
            "step": self.step,
            "loss": sum(self._losses) / len(self._losses),
            f"valid_{self.task.measure}": value,
            **self.task.measured(value),
            "best": better,
            "gradient_norm": max(self._norms),
            "learning_rate": self.optimiser.learning_rate,
            "seconds": round(self.seconds, 3),
            f"{self.task.unit}_per_second": round(self._speed(), 1),
        }
        self._losses, self._norms = [], []
        self._busy, self._seen = 0.0, self.task.seen
        return record

    def _speed(self) -> float:
        """What was learnt from in a second since the last record; evaluations and checkpoints do not count."""
        return (self.task.seen - self._seen) / self._busy if self._busy else 0.0

    def _progress(self) -> Progress:
        return Progress(self.updates, self.step, self.budget, self.task.unit, self.quiet)

    def _tell(self, progress: Progress, record: Record) -> None:
        self.run.log(record)
        progress.tell(lambda: self.report(record))

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
            "waited": self.waited,
            "halvings": self.halvings,
            "exploding": self.exploding,
            "losses": self._losses,
            "norms": self._norms,
            "task": task_values,
            "random": {path: rng.bit_generator.state for path, rng in self.task.model.random_streams().items()},
        }
        save_checkpoint(self.run.checkpoint, arrays, values)
        self.run.write("clock.json", {"seconds": round(self.seconds, 3)})

    def resume(self) -> None:
        """Go on from the checkpoint of the run.

        **Errors**: :class:`CheckpointError` where it is missing, damaged, or of another model;
        :class:`StateDictError` naming the parameters that do not fit.
        """
        self.run.sweep()
        saved = load_checkpoint(self.run.checkpoint)
        streams = self.task.model.random_streams()
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
        for name in ("step", "best", "best_step", "waited", "halvings"):
            setattr(self, name, saved.meta[name])
        self.exploding = saved.meta.get("exploding", False)  # not every checkpoint has it
        self._losses, self._norms = list(saved.meta["losses"]), list(saved.meta["norms"])
        self.run.rewind_log(self.step)
        self.seconds = self.run.read("clock.json").get("seconds", 0.0)


def part_of(saved: Checkpoint, part: str) -> dict[str, Any]:
    """The arrays of a checkpoint whose names begin with ``part.``, without it.

    **Shapes**: each array as it was saved.
    """
    return {name[len(part) + 1 :]: array for name, array in saved.arrays.items() if name.startswith(f"{part}.")}
