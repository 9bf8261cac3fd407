"""The committed notebooks: in order, complete, described, and in step with their exercises."""

from __future__ import annotations

import inspect
import json
import re
import sys
from pathlib import Path

import pytest

from minigate.learn import Lesson, exercises, lessons, lessons_root
from minigate.learn.library import SECOND, cell_text, read_notebook
from minigate.learn.paste import exercise_cells
from minigate.learn.publish import as_bytes, complaints

LESSONS = lessons()
REPOSITORY = lessons_root().parent
every_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=[lesson.name for lesson in LESSONS])


def cells(lesson: Lesson, kind: str) -> list[str]:
    return [cell_text(cell) for cell in read_notebook(lesson.path)["cells"] if cell["cell_type"] == kind]


def american_spellings(text: str) -> list[str]:
    words = r"color|colors|optimizer|behavior|neighbor\w*|center|gray|(?:initial|normal|general|vector|optim)iz\w+"
    return re.findall(rf"\b(?:{words})\b", text)


@every_lesson
def test_committed_form(lesson: Lesson) -> None:
    assert complaints(read_notebook(lesson.path), lesson.name) == []
    assert lesson.path.read_bytes() == as_bytes(read_notebook(lesson.path))


@every_lesson
def test_outputs_are_of_one_run_from_top_to_bottom(lesson: Lesson) -> None:
    notebook = read_notebook(lesson.path)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    figures = [o for cell in code for o in cell["outputs"] if "image/png" in o.get("data", {})]
    assert figures, "a lesson has at least one figure"
    for cell in code:
        if cell_text(cell).startswith("check("):
            text = "".join("".join(output["text"]) for output in cell["outputs"])
            assert "not started" in text, f"{cell_text(cell)} is committed with {text!r}"


@every_lesson
def test_opening_and_closing(lesson: Lesson) -> None:
    words = cells(lesson, "markdown")
    assert "When you are done you can" in words[0] and "| symbol |" in words[0]
    whole = "\n".join(words)
    parts = [whole.find(f"## {title}") for title in ("Summary", "Three questions", "Where this stands in the source")]
    assert -1 not in parts and parts == sorted(parts)
    assert whole.count("<details><summary>") == 3 == whole.count("</details>")
    assert re.search(r"^show\(", cells(lesson, "code")[-1], re.MULTILINE), "the source is shown, not copied"
    assert "**Predict**" in whole


@every_lesson
def test_each_exercise_has_its_cell_its_check_and_its_words(lesson: Lesson) -> None:
    known = exercises(lesson.number)
    notebook = read_notebook(lesson.path)
    assert list(exercise_cells(notebook)) == [e.id for e in known], "in the notebook and in ex_NN.py, in the same order"
    whole = "\n".join(cells(lesson, "markdown"))
    code = cells(lesson, "code")
    for e in known:
        assert f'check("{e.id}", {e.variable})' in code
        words = f"### Exercise {e.id}\n\n*{e.minutes} minutes · difficulty {e.difficulty} of 3"
        assert words in whole, f"{words!r} is not in the notebook"
    kinds = {e.kind for e in known}
    assert len(known) >= 3 and {"forward", "backward"} <= kinds and kinds & {"predict", "break"}
    assert sum(e.minutes for e in known) < lesson.minutes


def waiting(lesson: Lesson) -> tuple[set[str], set[str]]:
    """What is for a second reading: the headings of sections, and the names of exercises, in those or elsewhere."""
    whole = "\n".join(cells(lesson, "markdown"))
    sections, names, marks = set(), set(), 0
    for part in re.split(r"^## ", whole, flags=re.MULTILINE)[1:]:
        later = f"\n\n*{SECOND.capitalize()}.*\n" in part.split("###")[0]
        sections |= {part.split("\n")[0]} if later else set()
        own = re.findall(rf"^### Exercise (\S+)\n\n\*.* · {SECOND}\*$", part, re.MULTILINE)
        names |= set(re.findall(r"^### Exercise (\S+)$", part, re.MULTILINE) if later else own)
        marks += later + len(own)
    assert whole.lower().count(SECOND) == marks, "a mark that is not where marks stand"
    return sections, names


@every_lesson
def test_a_first_reading_takes_about_forty_minutes(lesson: Lesson) -> None:
    sections, names = waiting(lesson)
    assert bool(sections or names) == (lesson.first_reading < lesson.minutes)
    assert lesson.first_reading in (40, 45)
    first = [e for e in exercises(lesson.number) if e.id not in names]
    assert {"forward", "backward"} <= {e.kind for e in first} and len(first) >= 3, "what a lesson is about is in it"
    assert sum(e.minutes for e in first) < lesson.first_reading - 10, "there is time to read, too"


@every_lesson
def test_pieces_that_notebook_and_exercises_share_are_the_same_text(lesson: Lesson) -> None:
    exercises(lesson.number)
    code = "\n\n\n".join(cells(lesson, "code"))
    for piece in getattr(sys.modules[f"minigate_answers.ex_{lesson.number}"], "SHARED", ()):
        assert inspect.getsource(piece).rstrip() in code, f"{piece.__name__} is not the same text in both"


@every_lesson
def test_words(lesson: Lesson) -> None:
    text = "\n".join(cells(lesson, "markdown"))
    assert not american_spellings(text + (lessons_root() / "solutions" / f"ex_{lesson.number}.py").read_text("utf-8"))
    for name in re.findall(r"`(minigate/[\w/]+(?:\.py|/))`", text):
        assert (REPOSITORY / name).exists(), f"{name} is not in the package"
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        assert (lesson.path.parent / target).exists(), f"the link {target} leads nowhere"
    wide = [line for text in cells(lesson, "code") for line in text.splitlines() if len(line) > 120]
    assert not wide, "a line of code that a notebook has to scroll sideways"
    for needed in lesson.needs:
        assert needed < lesson.number and needed in {other.number for other in LESSONS}


def test_the_index_lists_every_lesson_as_it_describes_itself() -> None:
    index = (lessons_root() / "README.md").read_text(encoding="utf-8")
    for lesson in LESSONS:
        needs = ", ".join(lesson.needs) or "–"
        row = f"| {lesson.number} | [{lesson.title}]({lesson.path.name}) | {lesson.duration} | {needs} |"
        assert row in index, f"lessons/README.md should have the row {row}"
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", index):
        assert (lessons_root() / target).exists(), f"the link {target} leads nowhere"


def test_numbers_are_unique() -> None:
    numbers = [lesson.number for lesson in LESSONS]
    assert len(set(numbers)) == len(numbers) and all(lesson.name.startswith(lesson.number + "_") for lesson in LESSONS)


def test_complaints_see_what_is_wrong(tmp_path: Path) -> None:
    notebook = json.loads(LESSONS[0].path.read_text(encoding="utf-8"))
    cell = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    cell["outputs"] = [{"output_type": "stream", "name": "stderr", "text": ["a warning\n"]}]
    cell["outputs"] += [{"output_type": "stream", "name": "stdout", "text": ["/usr/lib/file at 0x7f0000001234\n"]}]
    cell["outputs"] += [{"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": []}]
    cell["outputs"] += [{"output_type": "display_data", "data": {"text/html": ["<b>"]}, "metadata": {}}]
    found = "; ".join(complaints(notebook, LESSONS[0].name))
    for piece in ("stderr", "a path or an address", "ValueError", "HTML"):
        assert piece in found
    notebook["cells"][0]["id"] = "another"
    assert "committed form" in "; ".join(complaints(notebook, LESSONS[0].name))
