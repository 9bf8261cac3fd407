"""The exercise cells of a notebook: which they are, the stubs in them, and a copy with answers pasted in.

An exercise cell is a code cell whose first line is ``# Exercise 03.step_backward``. It holds nothing
but the stub, so that the reference answer can take its place as it stands.
"""

from __future__ import annotations

import copy
import re
from typing import Any

from minigate.learn.exercise import Exercise
from minigate.learn.library import cell_text

_FIRST_LINE = re.compile(r"# Exercise (\d\d\.\w+)")


def exercise_cells(notebook: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Exercise → the cell that its answer is written in, in the order of the notebook."""
    found = {}
    for cell in notebook["cells"]:
        match = _FIRST_LINE.match(cell_text(cell)) if cell["cell_type"] == "code" else None
        if match:
            found[match[1]] = cell
    return found


def without_outputs(notebook: dict[str, Any]) -> dict[str, Any]:
    """A copy of a notebook with no outputs and no execution counts."""
    bare = copy.deepcopy(notebook)
    for cell in bare["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return bare


def with_answers(notebook: dict[str, Any], answers: tuple[Exercise, ...]) -> dict[str, Any]:
    """A copy of a notebook, without outputs, in which each exercise cell holds the reference answer."""
    worked = without_outputs(notebook)
    cells = exercise_cells(worked)
    for known in answers:
        if known.id in cells:
            cells[known.id]["source"] = f"# Exercise {known.id}\n{known.source()}"
    return worked
