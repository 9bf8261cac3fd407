"""What a learner has passed, kept beside their copy of the lessons.

``minigate lessons copy`` leaves a marker file in the folder that it fills. Where a ``check`` runs in
such a folder its outcome goes into ``.minigate_progress.json`` there; anywhere else nothing is
written. A folder that cannot be written to costs the record, never the lesson.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from minigate.learn.exercise import Status

MARKER = ".minigate_lessons.json"
PROGRESS = ".minigate_progress.json"
COLLECT = "MINIGATE_RESULTS"  # the runner names a file in this variable; every check adds a line to it


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that it is either the old one or the new one, never half of either."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file; an empty one where there is no file or it cannot be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """Exercise → what is known of it: status, passed, attempts, hints, solution."""
    return {key: value for key, value in read_json(folder / PROGRESS).items() if isinstance(value, dict)}


def _update(identity: str, change: dict[str, Any], count: str = "") -> None:
    folder = Path.cwd()
    if not (folder / MARKER).is_file():
        return
    everything = read(folder)
    entry = everything.setdefault(identity, {"status": "not started", "passed": False, "attempts": 0})
    entry.update(change)
    if count:
        entry[count] = int(entry.get(count, 0)) + 1
    try:
        write_atomically(folder / PROGRESS, (json.dumps(everything, indent=1, sort_keys=True) + "\n").encode())
    except OSError:
        pass


def record(identity: str, status: Status) -> None:
    """Note the outcome of a check; that an exercise was passed once is never taken back."""
    collector = os.environ.get(COLLECT)
    if collector:
        with open(collector, "a", encoding="utf-8") as file:
            file.write(json.dumps({"id": identity, "status": status}) + "\n")
    elif status != "not started":
        _update(identity, {"status": status} | ({"passed": True} if status == "pass" else {}), count="attempts")


def record_hint(identity: str, number: int) -> None:
    """Note the highest hint that was asked for."""
    seen = read(Path.cwd()).get(identity, {}).get("hint", 0)
    _update(identity, {"hint": max(number, int(seen))})


def record_solution(identity: str) -> None:
    """Note that the solution was looked at."""
    _update(identity, {"solution": True})


def next_hint(identity: str) -> int:
    """The hint to offer: the first that has not been asked for yet."""
    seen = read(Path.cwd()).get(identity, {}).get("hint", 0)
    return min(int(seen) + 1, 3)
