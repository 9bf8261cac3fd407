"""The model that reads a problem and answers it, as a configuration names it, and found again by its run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from minigate import backend
from minigate.data import TASKS, PairTask
from minigate.layers import EncoderDecoder
from minigate.train.initialisation import initialise
from minigate.train.programs_config import ProgramsConfig
from minigate.train.recurrent_part import recurrent_part
from minigate.train.run import best_of
from minigate.train.trainer import part_of
from minigate.train.wiring import wiring_of

Solver = tuple[EncoderDecoder, PairTask]


def task_of(config: ProgramsConfig) -> PairTask:
    """What is read and answered."""
    return TASKS[config.task](reverse=config.reverse, double=config.double)


def build(config: ProgramsConfig) -> EncoderDecoder:
    """Encoder and decoder of the same kind and size, each with weights of its own, and first weights."""
    streams, task = backend.Streams(config.seed), task_of(config)
    sizes = config.cell, config.layers, config.hidden, config.feedback
    own: dict[str, Any] = {"init": config.init, "seed": streams.init, **wiring_of(config)}
    encoder, decoder = (recurrent_part(len(symbols), *sizes, **own) for symbols in (task.inputs, task.outputs))
    model = EncoderDecoder(encoder, decoder, unroll=config.unroll, seed=streams.init)
    initialise(model, config.init, streams.init)
    return model


def load_solver(run: str | Path | Solver) -> Solver:
    """The model of a run, as it was when it was best on the validation part, and what it reads and answers.

    ``run`` is its folder; a model with its task comes back as it is.

    **Errors**: :class:`CheckpointError` where there is no such run, nothing in it yet, or a damaged file.
    """
    if isinstance(run, tuple):
        return run
    saved = best_of(run, "programs", "a model that answers")
    values: dict[str, Any] = saved.meta["task"]["config"]
    config = ProgramsConfig(**values)
    model = build(config)
    model.load_state_dict(part_of(saved, "model"))
    model.eval()
    return model, task_of(config)
