"""A check as an assertion: for tests, where a gradient that is wrong, or untested, has to stop everything."""

from __future__ import annotations

from typing import Any

from minigate.cells import Cell
from minigate.checking.cell import check_cell
from minigate.checking.function import check, check_layer
from minigate.checking.gate import check_gate
from minigate.checking.report import Report
from minigate.errors import GradientMismatch
from minigate.gates import Gate
from minigate.layers import Recurrent
from minigate.module import Module


def assert_gradients(what: Any, *inputs: Any, **options: Any) -> Report:
    """Check whatever this is, and raise unless the verdict is PASS.

    A cell (or a class of cells, or a Recurrent layer without inputs) goes to :func:`check_cell`, a gate to
    :func:`check_gate`, a layer to :func:`check_layer`, any function to :func:`check`; a report that there
    is already is taken as it is.

    **Shapes**: inputs as ``what`` takes them.

    **Errors**: :class:`GradientMismatch`, with the report as its text and as ``error.report``.
    """
    report = what if isinstance(what, Report) else _check(what, inputs, options)
    if not report:
        raise GradientMismatch(str(report), report)
    return report


def _check(what: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> Report:
    kind = what if isinstance(what, type) else type(what)
    if issubclass(kind, Cell) or (issubclass(kind, Recurrent) and not inputs):
        return check_cell(what, **options)
    if issubclass(kind, Gate):
        return check_gate(what, **options)
    if isinstance(what, Module):
        return check_layer(what, *inputs, **options)
    return check(what, *inputs, **options)
