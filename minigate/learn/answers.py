"""May the answers be shown here, and are they here at all? A course can close them, or leave them out.

``minigate lessons copy FOLDER --answers closed`` says so in the folder's marker, and the variable
``MINIGATE_ANSWERS=closed`` says it for a whole machine: ``solution`` then refuses, hints and checks go on.
It is a request and no lock. A check compares with the reference answer, so where checks run the answers
are on the disk; only an installation without ``lessons/solutions`` has none, and it judges nothing.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from minigate.learn.library import lessons_root
from minigate.learn.progress import MARKER, read_json

VARIABLE = "MINIGATE_ANSWERS"
Answers = Literal["open", "closed"]


def are_closed(folder: Path | None = None) -> bool:
    """Has the course closed the answers, for this machine or for a folder (by default the current one)?"""
    marker = read_json((Path.cwd() if folder is None else folder) / MARKER)
    return "closed" in (os.environ.get(VARIABLE, ""), marker.get("answers"))


def are_here() -> bool:
    """Does this installation have the answers, and with them checks and hints?"""
    return (lessons_root() / "solutions").is_dir()
