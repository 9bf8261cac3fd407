"""How a wrong function with its right derivative is tried: the check passes it, and a second oracle does not.

The oracles are the tests that say what a function should be, called as they are: whoever weakens one of them hears
of it here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy

import minigate as mg
from minigate.cells import Cell, ScannedCell
from minigate.checking import Report, check_cell
from tests.bptt.test_windows import INEXACT, begun_anew
from tests.cells import test_restatements
from tests.checking.mutants import windows
from tests.checking.mutants.mutant import Change, Value
from tests.checking.mutants.subjects import OfCell
from tests.contracts.subjects import HOST

Oracle = Callable[[], None]


@dataclass(frozen=True)
class Consistent:
    """A function that is wrong in all its ways alike: ``check`` passes it, ``oracle`` raises ``AssertionError``."""

    name: str
    check: Callable[[int], Report]  # of a seed
    kind: str  # of oracle: restatement, by hand, reduction, invariant
    oracle: Oracle
    changes: tuple[Change | Value, ...]

    def apply(self, monkeypatch: Any) -> None:
        """Put all the wrong functions in the place of the right ones."""
        for change in self.changes:
            change.apply(monkeypatch)


def restated(name: str, method: str = "bptt") -> tuple[str, Oracle]:
    """The restatement of a cell of the registry, in plain Python."""
    return "restatement", partial(test_restatements.test_a_cell_is_its_restatement, HOST, name, method, False)


def by_cell(name: str, T: tuple[int, ...] = (1, 2, 3)) -> Callable[[int], Report]:
    """The check of a cell of the registry."""
    return lambda seed: check_cell(mg.cells.registry[name](), T=T, seed=seed, contracts=False)


def composed_only(name: str) -> Callable[[int], Report]:
    """The check of a cell that has nothing but the step of one of the registry: the tape has the derivative."""

    def check(seed: int) -> Report:
        cell = mg.cells.registry[name]()
        nothing_by_hand = {"step_forward": Cell.step_forward, "coefficients": ScannedCell.coefficients}
        cell.__class__ = type("Composed", (type(cell),), nothing_by_hand)
        assert not cell.written_by_hand
        return check_cell(cell, T=(1, 2), seed=seed, contracts=False)

    return check


def hand(name: str, check: Any, oracle: tuple[str, Oracle], *changes: Change | Value) -> Consistent:
    return Consistent(name, check, *oracle, changes)


def step(name: str, cell: str, line: str, instead: str, function: str = "step") -> Consistent:
    """One line of ``step``, of which the tape takes the right derivative; a restatement knows the equation."""
    owner = type(mg.cells.registry[cell]())
    return Consistent(name, composed_only(cell), *restated(cell, "tape"), (Change(owner, function, line, instead),))


def cut(through: str, function: str, line: str, instead: str) -> Consistent:
    """Wrong windows still are windows, and a check that is told them by the way itself cannot object."""
    written_out = {repr(way): each for way, each in INEXACT.items()}
    written_out["truncated(2)"] = [(0, 0, 2), (2, 2, 4), (4, 4, 5)]

    def oracle() -> None:
        """The windows of T = 5 steps are written out in the tests of the ways, and the loop begun anew at each."""
        found = windows.SUBJECTS[through].evidence()
        expected = OfCell(windows.SUBJECTS[through].build, lambda: begun_anew(written_out[through])).evidence()
        assert all(numpy.allclose(a, b, rtol=1e-10, atol=1e-13) for a, b in zip(found, expected, strict=True))

    change = Change(windows.WINDOWS, function, line, instead)
    return Consistent(f"{through}: {instead}", windows.SUBJECTS[through].check, "restatement", oracle, (change,))
