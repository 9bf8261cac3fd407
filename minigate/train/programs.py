"""Reading a problem and answering it: the task, as the trainer sees it.

Problems are made while they are needed, from the seed and their number alone. An encoder reads one, character by
character, and a decoder writes the answer; the loss is the cross entropy with the right symbol at every step of the
answer, given the right ones before it ("teacher forcing").

The score is the share of right symbols, again given the right ones before, and the share of answers that are right
as a whole. Training minimises, so what it watches is the share of *wrong* symbols, on problems of every difficulty up
to the largest, drawn once and for all: they are the same for every seed, model and curriculum.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from random import Random
from typing import Any

from minigate import ops
from minigate.backend import asarray
from minigate.data import collate, draw_pairs
from minigate.data.pairs import Pair
from minigate.errors import CheckpointError, explain
from minigate.layers import greedy
from minigate.tensor import Tensor
from minigate.train.answers import Score, score, score_pairs, scores_of
from minigate.train.curricula import CURRICULA, Mix
from minigate.train.optimisers import Optimiser
from minigate.train.program_model import build, task_of
from minigate.train.programs_config import ProgramsConfig
from minigate.train.trainer import Task

SHOWN = 6  # problems with the model's answers, at the end
OF_THE_LEVEL = 256  # problems at the difficulty that the curriculum has come to


class Answering(Task):
    """The task that the trainer works on: an encoder-decoder, and problems in the order of a curriculum.

    Problems are drawn a *pool* at a time, some batches of them, and sorted by length before they are made batches,
    whose order is then random: a batch has problems of much the same length, and little padding.

    **Errors**: :class:`OptionError` for a difficulty that the task does not have.
    """

    measure, unit = "error", "symbols"

    def __init__(self, config: ProgramsConfig) -> None:
        self.config = config
        self.pairs = task_of(config)
        self.model = build(config)
        self.curriculum = CURRICULA[config.curriculum](config.length, config.nesting)
        self.every = Mix(config.length, config.nesting)  # every difficulty, for validation
        self.index = 0  # of the next batch
        self.seen = 0
        self.trained = Score()  # on what was learnt from since the last evaluation
        self._drawn_with = self.curriculum.state()  # when the pool was drawn
        self._pool: list[list[Pair]] = []
        self._valid: list[Pair] = []
        self._validated = Score()
        self._grid: dict[str, Any] = {}

    def optimiser(self) -> Optimiser:
        """The optimiser that the configuration names, on the model's parameters."""
        return self.config.make_optimiser(self.model)

    def describe(self) -> dict[str, Any]:
        """The data in plain values: what a resumed run must find again."""
        config, example = self.config, self._draw("train", 0, 1)
        changed = [word for word, is_so in (("reversed", config.reverse), ("doubled", config.double)) if is_so]
        shown = f", {' and '.join(changed)}" if changed else ""
        many = f"{config.examples:,} of them, again and again" if config.examples else "new ones for ever"
        return {
            "text": f"{config.task} of length ≤ {config.length} and nesting ≤ {config.nesting}{shown}; {many}",
            "sha256": hashlib.sha256(repr(example + self._validation()).encode()).hexdigest(),
            "symbols": f"{len(self.pairs.inputs)} to read, {len(self.pairs.outputs)} to answer with",
            "example": " → ".join(example[0]),
        }

    def loss(self) -> Tensor:
        """Cross entropy in nats, the mean over the symbols of the next batch's answers; or over its answers, where
        that of an answer is the sum over its symbols.

        **Shapes**: a scalar.
        """
        place = self.index % self.config.pool
        if place == 0:
            self._drawn_with = self.curriculum.state()
            self._pool = self._draw_pool(self.index // self.config.pool)
        batch = collate(self.pairs, self._pool[place])
        self.index += 1
        scores = scores_of(self.model, batch)
        self.trained += score(scores, batch)
        self.seen += batch.count + (batch.source.size if batch.source_mask is None else int(batch.source_mask.sum()))
        targets, mask = (asarray(x, like=scores.data) for x in (batch.targets, batch.target_mask))
        loss = ops.softmax_cross_entropy(scores, targets, mask=mask)
        return loss if self.config.mean_over == "symbols" else loss * (batch.count / self.config.batch)

    def evaluate(self, part: str) -> float:
        """The share of wrong symbols: on ``"valid"`` of problems of every difficulty, drawn as the mixture draws
        them; on ``"test"`` the mean over all difficulties, with equally many problems of each.

        **Equations**: 1 − right symbols / symbols, each after the right ones before it.
        """
        if part == "test":
            self._grid, total = self._tested()
            return 1.0 - total.accuracy
        self._validated = score_pairs(self.model, self.pairs, self._validation())
        return 1.0 - self._validated.accuracy

    def measured(self, value: float) -> dict[str, Any]:
        """Tell the curriculum how it goes, and say where it stands."""
        trained, self.trained = self.trained.accuracy, Score()
        level = self.curriculum.current
        pairs = draw_pairs(self.pairs, 0, "valid", 1, OF_THE_LEVEL, lambda random: level)
        self.model.eval()
        at_the_level = score_pairs(self.model, self.pairs, pairs).accuracy
        self.model.train()
        self.curriculum.report(at_the_level, trained)
        return {
            "valid_whole": self._validated.whole,
            "train_error": 1.0 - trained,
            "level": list(level),
            "level_error": 1.0 - at_the_level,
        }

    def show(self) -> dict[str, Any]:
        """The share of right symbols and of right answers for every difficulty, and some answers of its own."""
        pairs = self._draw("test", 0, SHOWN)
        batch = collate(self.pairs, pairs)
        start, stop = self.pairs.start, self.pairs.stop
        found = greedy(self.model, batch.source, start=start, stop=stop, mask=batch.source_mask)
        answers = [self.pairs.outputs.decode(answer.tokens) for answer in found]
        shown = [{"problem": p, "right": r, "answer": a} for (p, r), a in zip(pairs, answers, strict=True)]
        return {**self._grid, "answers": shown}

    def slowed(self) -> float:
        """``decay``, once for each time that the hardest problems could have been made harder."""
        return float(self.config.decay**self.curriculum.mastered)

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Nothing is carried from batch to batch but where we are, in the problems and in the curriculum."""
        return {}, {
            "index": self.index,
            "curriculum": self.curriculum.state(),
            "drawn_with": self._drawn_with,
            "trained": list(vars(self.trained).values()),
            "config": asdict(self.config),
        }

    def restore(self, arrays: dict[str, Any], values: dict[str, Any]) -> None:
        """Go on from what :meth:`state` has saved.

        **Errors**: :class:`CheckpointError` where the saved run met other problems.
        """
        if ProgramsConfig(**values["config"]) != self.config:  # an older one lacks the fields that are newer
            raise CheckpointError(explain("the problems are others than in the checkpoint", where="programs"))
        self.index, self.trained = values["index"], Score(*values["trained"])
        self._drawn_with = values["drawn_with"]
        self.curriculum.restore(self._drawn_with)  # as it was when the pool was drawn
        self._pool = self._draw_pool(self.index // self.config.pool) if self.index % self.config.pool else []
        self.curriculum.restore(values["curriculum"])

    def _draw(self, part: str, index: int, N: int) -> list[Pair]:
        return draw_pairs(self.pairs, self.config.seed if part == "train" else 0, part, index, N, self.every.draw)

    def _validation(self) -> list[Pair]:
        self._valid = self._valid or self._draw("valid", 0, self.config.valid_examples)
        return self._valid

    def _draw_pool(self, number: int) -> list[list[Pair]]:
        """The batches of a pool, in the order in which they are learnt from."""
        config = self.config
        N, many = config.batch, config.batch * config.pool
        if config.examples:
            number %= config.examples // many
        pairs = draw_pairs(self.pairs, config.seed, "train", number, many, self.curriculum.draw)
        pairs.sort(key=lambda pair: len(pair[0]) + len(pair[1]))
        batches = [pairs[start : start + N] for start in range(0, many, N)]
        random = Random(f"{config.seed}/order/{number}")
        order = [(random.random(), k) for k in range(config.pool)]
        return [batches[k] for _, k in sorted(order)]

    def _tested(self) -> tuple[dict[str, Any], Score]:
        """Every difficulty by itself."""
        config, total = self.config, Score()
        lengths, nestings = range(1, config.length + 1), range(1, config.nesting + 1)
        symbols: list[list[float]] = []
        answers: list[list[float]] = []
        for length in lengths:
            row = []
            for nesting in nestings:
                number = length * 100 + nesting  # another batch for each
                pairs = draw_pairs(
                    self.pairs, 0, "test", number, config.test_examples, lambda random: (length, nesting)  # noqa: B023
                )
                row.append(score_pairs(self.model, self.pairs, pairs))
                total += row[-1]
            symbols.append([one.accuracy for one in row])
            answers.append([one.whole for one in row])
        grid = {
            "lengths": list(lengths), "nestings": list(nestings), "symbols": symbols, "answers": answers,
            "examples": config.test_examples,
        }  # fmt: skip
        return {"test_whole": total.whole, "grid": grid}, total
