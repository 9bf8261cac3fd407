"""Where the lessons are, and what is in them.

In a checkout (and with an editable install) they stand in ``lessons/`` beside the package; in a wheel
they travel inside it, as ``minigate/_lessons``. A lesson says what it is in its own first cell:

    # 00 · Orientation
    **Time** 60 minutes, 45 for a first reading · **Computing** 5 seconds · **Needs** nothing

so there is no second list that could disagree with it. Where a first reading is shorter, sections and exercises that
can wait are marked as :data:`SECOND`.
"""

from __future__ import annotations

import difflib
import importlib.util
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from minigate.errors import OptionError, explain
from minigate.learn.exercise import Exercise

_PACKAGE = Path(__file__).resolve().parents[1]
_HEADING = re.compile(r"^#\s+(\d\d)\s+·\s+(.+?)\s*$", re.MULTILINE)
_FACTS = re.compile(
    r"\*\*Time\*\*\s+(\d+) minutes?(?:, (\d+) for a first reading)?\s.*?"
    r"\*\*Computing\*\*\s+(\d+) seconds?.*?\*\*Needs\*\*\s+([^\n·]+)"
)

#: Stands under the heading of a section that can wait, and in the line of an exercise that can.
SECOND = "for a second reading"


@dataclass(frozen=True)
class Lesson:
    """One notebook of the course, as its first cell describes it.

    ``minutes`` is the time for all of it, ``first_reading`` for what is not marked as :data:`SECOND`.
    """

    number: str
    title: str
    minutes: int
    first_reading: int
    seconds: int
    needs: tuple[str, ...]
    path: Path

    @property
    def name(self) -> str:
        """The notebook's name without its ending: ``00_orientation``."""
        return self.path.stem

    @property
    def duration(self) -> str:
        """The minutes of a first reading and of all of it: ``45–60``, or one number where that is the same."""
        return f"{self.minutes}" if self.first_reading == self.minutes else f"{self.first_reading}–{self.minutes}"


def lessons_root() -> Path:
    """The folder that the lessons are shipped in (read only: learners work on a copy)."""
    for folder in (_PACKAGE / "_lessons", _PACKAGE.parent / "lessons"):
        if any(folder.glob("[0-9][0-9]_*.ipynb")):
            return folder
    raise OptionError(
        explain(
            "the lessons are not with this installation",
            expected=f"{_PACKAGE / '_lessons'}",
            remedy='python -m pip install --force-reinstall "minigate[lessons]"',
        )
    )


def read_notebook(path: Path) -> dict[str, Any]:
    """A notebook as the dictionary that its JSON holds."""
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def cell_text(cell: dict[str, Any]) -> str:
    """The source of a cell as one string (the format also allows a list of lines)."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def describe_lesson(path: Path) -> Lesson:
    """Read what a notebook's first cell says of it.

    **Errors**: :class:`OptionError` where the first cell has no heading, or no line of facts.
    """
    first = cell_text(read_notebook(path)["cells"][0])
    heading, facts = _HEADING.search(first), _FACTS.search(first)
    if not heading or not facts:
        raise OptionError(
            explain(
                "the first cell does not describe the lesson",
                where=path.name,
                expected="'# NN · Title' and '**Time** 30 minutes · **Computing** 5 seconds · **Needs** 00, 01'",
                got=repr(first[:80]),
            )
        )
    return Lesson(
        number=heading[1],
        title=heading[2],
        minutes=int(facts[1]),
        first_reading=int(facts[2] or facts[1]),
        seconds=int(facts[3]),
        needs=tuple(re.findall(r"\d\d", facts[4])),
        path=path,
    )


def lessons() -> list[Lesson]:
    """Every lesson that is shipped, in the order of the course."""
    return [describe_lesson(path) for path in sorted(lessons_root().glob("[0-9][0-9]_*.ipynb"))]


def find_lesson(number: str) -> Lesson:
    """The lesson with this number (``"3"``, ``"03"``) or name (``"03_rnn_by_hand"``).

    **Errors**: :class:`OptionError` listing the lessons there are.
    """
    known = lessons()
    for lesson in known:
        if number.strip().zfill(2) == lesson.number or number.removesuffix(".ipynb") == lesson.name:
            return lesson
    raise OptionError(
        explain(
            f"there is no lesson {number!r}",
            expected=f"one of {', '.join(lesson.number for lesson in known)}",
            remedy="minigate lessons list",
        )
    )


def _answers_module(number: str) -> ModuleType | None:
    """``solutions/ex_NN.py``, executed once; ``None`` for a lesson without exercises."""
    path = lessons_root() / "solutions" / f"ex_{number}.py"
    name = f"minigate_answers.ex_{number}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        return None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # inspect.getsource finds a class through its module's name
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def exercises(number: str) -> tuple[Exercise, ...]:
    """The exercises of one lesson, in the order in which the notebook has them."""
    module = _answers_module(number)
    return tuple(module.EXERCISES) if module else ()


def exercise(identity: str) -> Exercise:
    """The exercise with this name (``"03.step_backward"``).

    **Errors**: :class:`OptionError` with the nearest names.
    """
    number = identity.split(".")[0] if isinstance(identity, str) else ""
    known = {e.id: e for e in exercises(number)} if re.fullmatch(r"\d\d", number) else {}
    if isinstance(identity, str) and identity in known:
        return known[identity]
    solutions = lessons_root() / "solutions"
    if not solutions.is_dir():
        slip = "a course that has taken them out"
        what = "the answers are not with this installation"
        raise OptionError(explain(what, where=str(identity), expected=f"the folder {solutions}", slip=slip))
    names = list(known) or [e.id for lesson in lessons() for e in exercises(lesson.number)]
    close = difflib.get_close_matches(str(identity), names, n=1, cutoff=0.4)
    raise OptionError(
        explain(
            f"there is no exercise {identity!r}",
            expected=f"one of {', '.join(names)}",
            slip="the name comes first: check(\"00.name\", your_function)" if not isinstance(identity, str) else "",
            remedy=f'check("{close[0]}", …)' if close else "",
        )
    )
