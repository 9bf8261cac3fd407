"""All deliberately wrong backward passes, as one registry: a chapter for each cell, and for what is around cells.

A new cell adds its mutants by a file beside these and its name in ``CHAPTERS``. The file has

- ``SUBJECTS``: name → what is tried on, how it is built and checked (:mod:`tests.checking.mutants.subjects`);
- ``MUTANTS``: wrong lines, each with the name of its subject, the function that the line stands in, and what the
  check should say (:mod:`tests.checking.mutants.mutant`).

Every one is verified to change something, caught, and called by the name that it has here (tests/checking/
test_mutants.py), and every subject passes without mutants. Wrong *forward* passes, of which no gradient check can
know, are in :mod:`tests.checking.mutants.consistent`.
"""

from __future__ import annotations

from tests.checking.mutants import (
    clockwork,
    derivations,
    gated_feedback,
    gates,
    kaf,
    layer_norm,
    layers,
    loops,
    lstm,
    md_lstm,
    operations,
    scanned,
    sgu,
    slstm,
    tape,
    windows,
)
from tests.checking.mutants.mutant import Bent, Mutant
from tests.checking.mutants.subjects import Subject

CHAPTERS = (
    derivations,  # RNN, GRU, LSTM, each equation one line
    lstm,
    layer_norm,
    slstm,
    sgu,
    clockwork,
    scanned,
    md_lstm,
    gated_feedback,
    gates,
    kaf,  # flexible gates, and layers of kernels
    layers,
    loops,
    windows,
    operations,
    tape,
)

SUBJECTS: dict[str, Subject] = {name: subject for chapter in CHAPTERS for name, subject in chapter.SUBJECTS.items()}
MUTANTS: list[Mutant | Bent] = [mutant for chapter in CHAPTERS for mutant in chapter.MUTANTS]
