"""The course as a picture: which lesson needs which, as the first cell of each says.

    python -m minigate.learn.publish --map

draws it anew, into ``lessons/map.png``. What was drawn is written into the file too, so that a test can
tell whether the picture is still that of the lessons.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from minigate import plot
from minigate.learn.library import Lesson, lessons, lessons_root

MAP = "map.png"


def needs_of(course: Sequence[Lesson]) -> dict[str, list[str]]:
    """Lesson → the lessons before it."""
    return {lesson.number: list(lesson.needs) for lesson in course}


def draw_map(path: Path | None = None) -> Path:
    """Draw the map of the lessons into a PNG (``lessons/map.png``), with what was drawn as its description."""
    path = lessons_root() / MAP if path is None else path
    course = lessons()
    with plot.off_screen():
        titles = {lesson.number: re.split(":|, and ", lesson.title)[0] for lesson in course}
        axes, drawn = plot.prerequisites(titles, needs_of(course))
    axes.figure.savefig(path, metadata={"Description": json.dumps(drawn["needs"]), "Software": None})
    return path
