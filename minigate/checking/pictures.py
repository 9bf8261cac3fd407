"""A report as pictures: each wrong gradient beside the right one, or how close each came to its limit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from minigate import plot
from minigate.checking.evidence import Residual
from minigate.errors import OptionError, explain

if TYPE_CHECKING:
    from minigate.checking.report import Report

#: As many wrong gradients are drawn, the worst of them first; the next one would show nothing new.
MOST_PICTURES = 9


def draw(report: Report, gradient: str = "", axes: Any = None) -> Any:
    """One picture: of the worst wrong gradient, or of ``gradient``; without a wrong one, of all deviations.

    **Errors**: :class:`OptionError` where there is nothing to draw.
    """
    known = _worst_first(report)
    if gradient:
        chosen = [residual for residual in known if residual.gradient == gradient.removeprefix("d")]
        chosen = [residual for residual in known if residual.gradient == gradient] or chosen
        if not chosen:
            names = ", ".join(residual.gradient for residual in known) or "none is wrong"
            raise OptionError(
                explain("there is no such wrong gradient", where="report.plot", expected=names, got=gradient)
            )
        return _draw_residual(chosen[0], axes)
    if known:
        return _draw_residual(known[0], axes)
    if not report.deviations:
        why = "; ".join(report.reasons) or "no gradient was compared"
        raise OptionError(explain(f"there is nothing to draw ({why})", where="report.plot"))
    named = report.deviations.items()
    return plot.deviations({n: d.deviation for n, d in named}, {n: d.limit for n, d in named}, axes=axes)


def save(report: Report, folder: Path) -> list[Path]:
    """Every picture as a PNG in a folder, made where it is not there; the report's text names them from then on."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [residual.gradient for residual in _worst_first(report)[:MOST_PICTURES]]
    if not names and not report.deviations:
        return []
    paths = []
    for gradient in names or [""]:
        with plot.off_screen():
            axes, _ = draw(report, gradient)
        path = folder / (f"d{_file_name(gradient)}.png" if gradient else "deviations.png")
        np.ravel(axes)[0].figure.savefig(path)
        paths.append(path)
    report.pictures = paths
    return paths


def _draw_residual(residual: Residual, axes: Any) -> Any:
    name = f"d{residual.gradient}"
    if residual.along is not None:
        return plot.residual_curve(residual.along, residual.got, residual.right, bad=residual.bad,
                                   name="dg/ds", xlabel=residual.axes[0], axes=axes)  # fmt: skip
    told = residual.told if residual.whole else f"{residual.told}; not every number was compared"
    return plot.residual_map(residual.got, residual.right, bad=residual.bad, name=name, names=residual.axes,
                             told=told, axes=axes)  # fmt: skip


def _worst_first(report: Report) -> list[Residual]:
    """The wrong gradients in the order in which the report tells of them."""
    order = {name: k for k, name in reversed(list(enumerate(entry.gradient for entry in report.worst)))}
    return sorted(report.residuals, key=lambda residual: order.get(residual.gradient, len(order)))


def _file_name(gradient: str) -> str:
    return re.sub(r"[^\w.-]+", "_", gradient).strip("_")
