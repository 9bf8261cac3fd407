"""What things are called in a report: a function by its own name, its arguments by theirs."""

from __future__ import annotations

import inspect
from typing import Any

from minigate.tensor import Op


def argument_names(f: Any, count: int) -> list[str]:
    """The names of the first ``count`` arguments of a function; "input k" for what has none."""
    if isinstance(f, Op):
        return [*f.operands, *(f"input {k}" for k in range(len(f.operands), count))][:count]
    try:
        parameters = [
            p
            for p in inspect.signature(f).parameters.values()
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
        names = [p.name for p in parameters][:count]
    except (TypeError, ValueError):
        names = []
    return names + [f"input {k}" for k in range(len(names), count)]


def name_of(f: Any) -> str:
    """The name of a function or an operation."""
    name = getattr(f, "__qualname__", None) or getattr(f, "__name__", None) or type(f).__name__
    return str(name).split(".<locals>.")[-1].replace("<lambda>", "a lambda")
