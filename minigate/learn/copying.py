"""A learner's own copy of the lessons, and the promise that their work is never overwritten.

A marker file in the folder remembers what was delivered. From it every file's state follows: as it
was shipped, only run (other outputs, the same cells), or edited. A newer version of a lesson takes
the place of the first two; beside an edited one it is written as ``NN_name.new.ipynb``.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from minigate.errors import OptionError, explain
from minigate.learn.answers import Answers, are_closed
from minigate.learn.library import cell_text, exercises, find_lesson, lessons_root, read_notebook
from minigate.learn.paste import with_answers
from minigate.learn.progress import MARKER, read_json, write_atomically

State = Literal["none", "as shipped", "run", "edited"]


@dataclass(frozen=True)
class Written:
    """What happened to one file of a copy: ``new``, ``up to date``, ``upgraded``, ``kept``, …"""

    path: Path
    what: str


def learner_folder(chosen: str | None = None) -> Path:
    """The folder of the learner's copy: the one chosen, MINIGATE_LESSONS, here if it is one, ~/minigate-lessons."""
    for place in (chosen, os.environ.get("MINIGATE_LESSONS")):
        if place:
            return Path(place).expanduser().absolute()
    here = Path.cwd()
    return here if (here / MARKER).is_file() else Path.home() / "minigate-lessons"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _cells_digest(data: bytes) -> str:
    """A digest of the cells' text alone: running a notebook does not change it."""
    try:
        cells = json.loads(data)["cells"]
        return _digest(json.dumps([(cell["cell_type"], cell_text(cell)) for cell in cells]).encode())
    except (ValueError, KeyError, TypeError):
        return _digest(data)


def _fingerprint(data: bytes) -> dict[str, str]:
    return {"bytes": _digest(data), "cells": _cells_digest(data)}


def state_of(path: Path, delivered: dict[str, Any]) -> State:
    """What a learner has done with a file since it was delivered."""
    if not path.exists():
        return "none"
    data = path.read_bytes()
    if _digest(data) == delivered.get("bytes"):
        return "as shipped"
    return "run" if path.suffix == ".ipynb" and _cells_digest(data) == delivered.get("cells") else "edited"


def delivered(folder: Path) -> dict[str, dict[str, Any]]:
    """File → fingerprint of what was last delivered into a copy."""
    files = read_json(folder / MARKER).get("files", {})
    return {name: value for name, value in files.items() if isinstance(value, dict)}


#: What stands beside the lessons and no lesson points to: a word to teachers, the answers.
NOT_LESSONS = ("TEACHING.md", "solutions/")


def _shipped(only: Sequence[str], solutions: bool) -> Iterator[tuple[str, bytes]]:
    """Every file that a copy consists of: its path inside the copy, and its bytes."""
    root = lessons_root()
    chosen = {find_lesson(number).path.name for number in only}
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        name = path.relative_to(root).as_posix()
        hidden = any(part.startswith((".", "__")) for part in Path(name).parts)
        if hidden or name.startswith(NOT_LESSONS):
            continue
        if not chosen or path.suffix != ".ipynb" or path.name in chosen:
            yield name, path.read_bytes()
    for path in sorted(root.glob("[0-9][0-9]_*.ipynb")) if solutions else ():
        if not chosen or path.name in chosen:
            worked = with_answers(read_notebook(path), exercises(path.name[:2]))
            yield f"solutions/{path.name}", (json.dumps(worked, indent=1, ensure_ascii=False) + "\n").encode()


def copy_lessons(
    folder: Path,
    *,
    only: Sequence[str] = (),
    solutions: bool = False,
    force: bool = False,
    answers: Answers | None = None,
) -> list[Written]:
    """Bring a learner's copy up to date, file by file, and say what was done with each.

    With ``force`` an edited file is replaced too, after a ``.bak`` copy of it has been made. ``answers``
    closes or opens the answers in this copy; without it they stay as they were, at first open.

    **Errors**: :class:`OSError` where the folder cannot be written to; :class:`OptionError` for worked
    copies where the answers are closed.
    """
    marker = read_json(folder / MARKER)
    answers = answers or marker.get("answers", "open")
    if solutions and (answers == "closed" or are_closed(folder)):
        raise OptionError(
            explain("worked copies are answers, and the answers are closed", where=str(folder),
                    slip="a copy of your own, as a teacher, goes into another folder",
                    remedy="leave --solutions out, or --answers open")
        )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    known = delivered(folder)
    outcome = []
    for name, data in _shipped(only, solutions):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        before = known.get(name, {})
        state, same_as_before = state_of(path, before), _digest(data) == before.get("bytes")
        if state != "none" and path.read_bytes() == data:
            outcome.append(Written(path, "up to date"))
        elif state in ("none", "as shipped"):
            write_atomically(path, data)
            outcome.append(Written(path, "new" if state == "none" else "upgraded"))
        elif force or (state == "run" and not same_as_before):
            backup = _free_name(path.with_name(path.name + ".bak"))
            write_atomically(backup, path.read_bytes())
            write_atomically(path, data)
            outcome.append(Written(path, f"replaced (yours is {backup.name})"))
        elif same_as_before:
            outcome.append(Written(path, "yours, kept"))
            continue
        else:
            outcome.append(_beside(path, data, known.get(_new_name(name), {})))
            known[_new_name(name)] = _fingerprint(data)
            continue
        known[name] = _fingerprint(data)
    content = {"about": "minigate lessons: what was delivered here; do not edit", "answers": answers, "files": known}
    write_atomically(folder / MARKER, (json.dumps(content, indent=1, sort_keys=True) + "\n").encode())
    return outcome


def _new_name(name: str) -> str:
    path = Path(name)
    return path.with_name(f"{path.stem}.new{path.suffix}").as_posix()


def _beside(path: Path, data: bytes, before: dict[str, Any]) -> Written:
    """Write a newer version beside an edited file, unless it is there already."""
    newer = path.with_name(_new_name(path.name))
    if newer.exists() and newer.read_bytes() == data:
        return Written(path, f"yours, kept (the new version is {newer.name})")
    if state_of(newer, before) == "edited":
        newer = _free_name(newer)
    write_atomically(newer, data)
    return Written(path, f"yours, kept (the new version is {newer.name})")


def _free_name(path: Path) -> Path:
    """This path, or with a number added the first that is not taken."""
    candidate, number = path, 1
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.stem}{number}{path.suffix}")
    return candidate
