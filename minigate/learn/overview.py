"""Where a learner is in the course: for each lesson what it takes, what became of the copy, what is passed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from minigate.learn import progress
from minigate.learn.copying import delivered, state_of
from minigate.learn.library import exercises, lessons


def overview(folder: Path) -> list[dict[str, Any]]:
    """One row per lesson: number, name, title, minutes, duration, needs, file, copy, newer, passed, exercises.

    ``duration`` is the minutes as a text, with those of a first reading; ``copy`` is ``none``, ``as shipped``, ``run``
    or ``edited``; ``newer`` tells that a newer version stands beside an edited copy; ``exercises`` maps each to its
    last outcome.
    """
    known, marks = delivered(folder), progress.read(folder)
    rows: list[dict[str, Any]] = []
    for lesson in lessons():
        own = folder / lesson.path.name
        outcomes = {known_exercise.id: marks.get(known_exercise.id, {}) for known_exercise in exercises(lesson.number)}
        rows.append(
            {
                "number": lesson.number,
                "name": lesson.name,
                "title": lesson.title,
                "minutes": lesson.minutes,
                "duration": lesson.duration,
                "needs": list(lesson.needs),
                "file": str(own) if own.is_file() else None,
                "copy": state_of(own, known.get(lesson.path.name, {})),
                "newer": own.with_name(f"{own.stem}.new{own.suffix}").is_file(),
                "passed": sum(bool(outcome.get("passed")) for outcome in outcomes.values()),
                "exercises": {identity: outcome.get("status", "not started") for identity, outcome in outcomes.items()},
            }
        )
    return rows
