"""``show``: the source of a function, class or module, from the package itself, inside a lesson.

A lesson never holds a copy of the package's code: it shows the file that runs, so that the two cannot
drift apart.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

from minigate.errors import OptionError, explain
from minigate.learn.fold import folded_source

_PACKAGE = Path(__file__).resolve().parents[1]


class Source:
    """Pieces of source code, each under the file that it stands in (no line: it moves with every edit above it).

    On the page of a notebook long lines are folded; printed, they are as in the file.
    """

    def __init__(self, pieces: list[tuple[str, str]]) -> None:
        self.pieces = pieces

    def __repr__(self) -> str:
        return "\n\n".join(f"# {place}\n{text}" for place, text in self.pieces)

    def _repr_markdown_(self) -> str:
        return "\n\n".join(f"`{place}`\n```python\n{folded_source(text)}\n```" for place, text in self.pieces)


def show(*objects: Any, body: bool = True) -> Source:
    """The source of each of these, with the file that it stands in; ``body=False`` stops after the docstring.

    **Errors**: :class:`OptionError` for something that was not written in Python.
    """
    return Source([_piece(part, body) for thing in objects for part in _parts(thing)])


def _parts(thing: Any) -> list[Any]:
    """An operation is its forward pass and its rules; anything else is one piece."""
    rules = list(getattr(thing, "own_rules", {}).values()) + [getattr(thing, "shared_rule", None)]
    return [thing, *dict.fromkeys(rule for rule in rules if rule is not None)]


def _piece(thing: Any, body: bool) -> tuple[str, str]:
    thing = thing.fget if isinstance(thing, property) else inspect.unwrap(thing) if callable(thing) else thing
    try:
        lines, _ = inspect.getsourcelines(thing)
        file = Path(inspect.getsourcefile(thing) or "").resolve()
    except (OSError, TypeError):
        raise OptionError(
            explain("there is no Python source to show", where="show", got=repr(thing), expected="a function or class")
        ) from None
    text = inspect.cleandoc("\n" + "".join(lines)) if lines[0].startswith(" ") else "".join(lines)
    if not body:
        text = _up_to_docstring(text)
    inside = _PACKAGE.parent in file.parents
    place = file.relative_to(_PACKAGE.parent).as_posix() if inside else "this notebook"
    return place, text.rstrip()


def _up_to_docstring(text: str) -> str:
    match = re.search(r'"""(?:.|\n)*?"""', text)
    return text[: match.end()] if match else text
