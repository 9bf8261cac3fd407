"""Problems and answers in batches: drawn on the fly, never the same in training and in a test.

**A new task is one file.** It holds a class with a name, its symbols and :meth:`~.pair_task.PairTask.pose`, and puts it
among the others in its last line::

    from minigate.data import TASKS, PairTask, answer_symbols, read_symbols

    class Backwards(PairTask):
        name = "backwards"
        inputs, outputs = read_symbols("abc", name), answer_symbols("abc", name)
        difficulty = "length: how many letters; there is no nesting (1)"

        def pose(self, random, length, nesting):
            row = "".join("abc"[int(random.random() * 3)] for _ in range(length))
            return row, row[::-1]

    TASKS[Backwards.name] = Backwards

All that follows, the parts, the batches, the curricula, then works with it. (One that comes with minigate stands in
``minigate/data``, and its line is in the dictionary below.)

**The same everywhere.** Only Python's ``random.Random`` is used, seeded with a str, and of it only ``random()``: these
two are promised to stay as they are in all versions, on all machines; ``randint``, ``shuffle`` and NumPy's
distributions are not. And where one number is wanted at a time, it costs a tenth of what NumPy's costs.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy

from minigate.data.addition import Addition
from minigate.data.copying import Copy
from minigate.data.pair_task import END, PairTask
from minigate.data.programs import Programs
from minigate.errors import DataError, OptionError, explain

Array = Any
Pair = tuple[str, str]
Difficulty = Callable[[Random], tuple[int, int]]  # draws a length and a nesting; a curriculum's ``draw`` is one

TASKS: dict[str, type[PairTask]] = {"programs": Programs, "addition": Addition, "copy": Copy}
PARTS = ("train", "valid", "test")
TRIES = 1000  # (2/3)¹⁰⁰⁰ is 10⁻¹⁷⁶; of ten problems, with one in the part, 0.9¹⁰⁰⁰ is 10⁻⁴⁶


def split_part(source: str) -> str:
    """Which part a problem belongs to: ``"train"``, ``"valid"`` or ``"test"``.

    It follows from the text alone, as it is read (reversed, where it is). So a program of the test can never occur in
    training, however long that goes on and whatever it is seeded with.

    **Equations**: CRC-32 of the UTF-8 of the text, modulo 3: 0 train, 1 valid, 2 test.
    **Source**: the authors' code for Zaremba & Sutskever (2014) divides in the same way, by a checksum of its own
    that also covers the answer.
    """
    return PARTS[zlib.crc32(source.encode()) % 3]


def draw_pair(task: PairTask, random: Random, part: str, length: int, nesting: int = 1) -> Pair:
    """A problem of this part and difficulty, as it is read, and its answer: problems of other parts are left out.

    **Errors**: :class:`OptionError` for another part or difficulty; :class:`DataError` where the part has, as far as
    a thousand tries tell, no such problem.
    """
    if part not in PARTS:
        raise OptionError(explain("no such part", where="draw_pair", expected=" | ".join(PARTS), got=repr(part)))
    for _ in range(TRIES):
        pair = task.draw(random, length, nesting)
        if split_part(pair[0]) == part:
            return pair
    raise DataError(
        explain(
            f"no problem of length {length} and nesting {nesting} belongs to the part {part}",
            where=task.name,
            expected=f"one in three of {TRIES} that were drawn",
            got=f"none; the last was {pair[0]!r}",
            slip="there are so few different problems of this difficulty that the part has none of them",
            remedy="a larger length or nesting",
        )
    )


def batch_random(seed: int, part: str, index: int) -> Random:
    """The random numbers of one batch: they follow from these three alone, so to resume takes one integer."""
    return Random(f"{seed}/{part}/{index}")


def draw_pairs(task: PairTask, seed: int, part: str, index: int, N: int, difficulty: Difficulty) -> list[Pair]:
    """The N pairs of batch ``index`` of a part.

    ``difficulty`` draws a length and a nesting for each pair, from the same random numbers: a curriculum's ``draw``, or
    ``lambda random: (4, 2)``. What a curriculum draws also depends on how far it has come, so its ``state`` belongs
    into a checkpoint, beside the index.

    **Errors**: those of :func:`draw_pair`.
    """
    random = batch_random(seed, part, index)
    return [draw_pair(task, random, part, *difficulty(random)) for _ in range(N)]


@dataclass(frozen=True)
class PairBatch:
    """N problems and answers as numbers: one column each, padded at the end.

    ``inputs`` is what a decoder is fed: the symbol that begins an answer, then the answer without its last symbol.
    ``targets`` is what it should say at each step: the answer, with its full stop.

    **Shapes**: source (T, N) int64; source_mask (T, N) bool, or None where nothing is padded; inputs, targets (S, N)
    int64; target_mask (S, N) bool. What a mask leaves out is 0.
    """

    source: Array
    source_mask: Array | None
    inputs: Array
    targets: Array
    target_mask: Array

    @property
    def count(self) -> int:
        """How many targets count."""
        return int(self.target_mask.sum())


def collate(task: PairTask, pairs: Sequence[Pair]) -> PairBatch:
    """Pairs of texts as one batch.

    **Shapes**: N pairs → a :class:`PairBatch`, T and S those of the longest.
    **Errors**: :class:`DataError` for no pairs, for an empty text, and for a character that the task does not have:
    which, where, and in which pair.
    """
    for n, texts in enumerate(pairs):
        if not all(texts):
            raise DataError(explain("an empty text", where=f"collate, pair {n}", got=repr(texts)))
    if not pairs:
        raise DataError(explain("no pairs to make a batch of", where="collate", expected="N ≥ 1"))
    sources = [task.inputs.encode(source, f"collate, pair {n}") for n, (source, _) in enumerate(pairs)]
    answers = [task.outputs.encode(END + answer, f"collate, pair {n}") for n, (_, answer) in enumerate(pairs)]
    source, source_mask = _padded(sources)
    inputs, target_mask = _padded([answer[:-1] for answer in answers])
    targets, _ = _padded([answer[1:] for answer in answers])
    return PairBatch(source, None if source_mask.all() else source_mask, inputs, targets, target_mask)


def _padded(rows: Sequence[Array]) -> tuple[Array, Array]:
    """N rows of tokens as columns, and which of it they fill: (longest, N) int64 and bool."""
    lengths = numpy.array([len(row) for row in rows])
    mask = numpy.arange(lengths.max())[:, None] < lengths
    columns = numpy.zeros(mask.shape, numpy.int64)
    for n, row in enumerate(rows):
        columns[: len(row), n] = row
    return columns, mask
