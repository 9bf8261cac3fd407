"""The course as a table and as a picture: which lesson needs which, as the first cell of each says.

    python -m minigate.learn.publish --map

writes both anew: the rows in ``lessons/README.md``, and ``lessons/map.png``. What was drawn is written into
the picture's file too, so that a test can tell whether it is still that of the lessons.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from minigate import plot
from minigate.learn.library import Lesson, lessons, lessons_root
from minigate.learn.progress import write_atomically

MAP = "map.png"


def needs_of(course: Sequence[Lesson]) -> dict[str, list[str]]:
    """Lesson → the lessons before it."""
    return {lesson.number: list(lesson.needs) for lesson in course}


def index_rows(course: Sequence[Lesson]) -> str:
    """The rows of the table of lessons in the index."""
    return "".join(
        f"| {lesson.number} | [{lesson.title}]({lesson.path.name}) | {lesson.duration} | "
        f"{', '.join(lesson.needs) or '–'} |\n"
        for lesson in course
    )


def write_index(path: Path | None = None) -> Path:
    """Put a row for each lesson into the table of the index (``lessons/README.md``), in place of those there."""
    path = lessons_root() / "README.md" if path is None else path
    rows = index_rows(lessons())
    text = re.sub(r"(?:^\| \d\d \| \[.*\n)+", lambda _: rows, path.read_text(encoding="utf-8"), count=1, flags=re.M)
    write_atomically(path, text.encode())
    return path


def draw_map(path: Path | None = None) -> Path:
    """Draw the map of the lessons into a PNG (``lessons/map.png``), with what was drawn as its description."""
    path = lessons_root() / MAP if path is None else path
    course = lessons()
    with plot.off_screen():
        titles = {lesson.number: re.split(":|, and ", lesson.title)[0] for lesson in course}
        axes, drawn = plot.prerequisites(titles, needs_of(course))
    axes.figure.savefig(path, metadata={"Description": json.dumps(drawn["needs"]), "Software": None})
    return path
