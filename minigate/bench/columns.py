"""A table as text: columns of a fixed width, so that a row can be printed as soon as it is measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple


class Column(NamedTuple):
    """A heading, the width of the column, and what stands in it for one row."""

    head: str
    width: int
    text: Callable[[Any], str]


def header(columns: Sequence[Column], markdown: bool = False) -> str:
    """The headings, and the line below them."""
    heads = [column.head for column in columns]
    if markdown:
        return f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}"
    line = _side_by_side(columns, heads)
    return f"{line}\n{'-' * len(line)}"


def line(columns: Sequence[Column], row: Any, markdown: bool = False) -> str:
    """One row."""
    texts = [column.text(row) for column in columns]
    return f"| {' | '.join(texts)} |" if markdown else _side_by_side(columns, texts)


def table(columns: Sequence[Column], rows: Sequence[Any], markdown: bool = False) -> str:
    """The whole table."""
    return "\n".join([header(columns, markdown), *(line(columns, row, markdown) for row in rows)])


def number(value: float | None) -> str:
    """Three digits are as many as a measured time has; a dash where nothing was measured."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 99.95 else f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"


def _side_by_side(columns: Sequence[Column], texts: Sequence[str]) -> str:
    first, *others = zip(columns, texts)
    return f"{first[1]:<{first[0].width}}" + "".join(f"{text:>{column.width}}" for column, text in others)
