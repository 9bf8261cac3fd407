"""The course as a whole: its picture is that of the lessons, and the two hours are two hours."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from minigate.learn import exercises, find_lesson, lessons, lessons_root, publish
from minigate.learn.course import MAP, draw_map, needs_of, write_index
from minigate.learn.library import cell_text, read_notebook

INDEX = (lessons_root() / "README.md").read_text(encoding="utf-8")


def drawn_in(path: Path) -> dict[str, list[str]]:
    from PIL import Image

    with Image.open(path) as image:
        return dict(json.loads(image.text["Description"]))


def test_the_map_is_that_of_the_lessons() -> None:
    again = "the lessons have changed since: python -m minigate.learn.publish --map"
    assert drawn_in(lessons_root() / MAP) == needs_of(lessons()), again
    assert f"]({MAP})" in INDEX and (lessons_root() / MAP).stat().st_size < 150_000


def test_table_and_map_are_made_by_one_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    index = tmp_path / "README.md"
    first, last = lessons()[0].number, lessons()[-1].number
    index.write_text(re.sub(rf"^\| ({last}) \|.*\n", "", INDEX, flags=re.MULTILINE), encoding="utf-8")
    assert f"\n| {first} |" in index.read_text(encoding="utf-8") != INDEX
    monkeypatch.setattr(publish, "draw_map", lambda: draw_map(tmp_path / MAP))
    monkeypatch.setattr(publish, "write_index", lambda: write_index(index))
    assert publish.main(["--map"]) == 0
    assert drawn_in(tmp_path / MAP) == needs_of(lessons())
    assert index.read_text(encoding="utf-8") == INDEX, "the row that was taken out is there again"
    with pytest.raises(SystemExit):
        publish.main([])


def test_the_two_hours_are_two_hours() -> None:
    part = INDEX.split("## Two hours")[1].split("\n## ")[0]
    rows = re.findall(r"^\| \[(\d\d)\]\((\S+)\) \| ([\d, ]+) \| (.*?) \| (\d+) \|$", part, re.MULTILINE)
    assert len(rows) > 3 and sum(int(minutes) for *_, minutes in rows) == 120
    before: set[str] = set()
    for number, file, sections, named, minutes in rows:
        lesson = find_lesson(number)
        words = "\n".join(cell_text(cell) for cell in read_notebook(lesson.path)["cells"])
        assert file == lesson.path.name and set(lesson.needs) <= before, number
        for section in sections.split(", "):
            assert f"\n## {section}. " in f"\n{words}", f"lesson {number} has no section {section}"
        takes = {exercise.id: exercise.minutes for exercise in exercises(number)}
        chosen = re.findall(r"`(\S+)`", named)
        assert set(chosen) <= set(takes) and sum(takes[each] for each in chosen) < int(minutes) < lesson.minutes
        before.add(number)


TEACHING = (lessons_root() / "TEACHING.md").read_text(encoding="utf-8")


def plan(title: str) -> list[list[str]]:
    """The lessons of each row of a plan for teachers."""
    part = TEACHING.split(f"## {title}\n")[1].split("\n## ")[0]
    return [re.findall(r"\d\d", row) for row in re.findall(r"^\| \d+ \| ([\d, ]+) \|", part, re.MULTILINE)]


def test_twelve_weeks_have_every_lesson_once_and_in_order() -> None:
    weeks = plan("Twelve weeks")
    numbers = [number for week in weeks for number in week]
    assert len(weeks) == 12 and numbers == sorted(set(numbers))
    assert {lesson.number for lesson in lessons()} <= set(numbers)


def test_two_days_are_two_days_and_have_what_each_lesson_needs() -> None:
    known = {lesson.number: lesson for lesson in lessons()}
    before: set[str] = set()
    days = plan("Two days")
    assert len(days) == 2
    for day in days:
        assert sum(known[number].minutes for number in day if number in known) <= 6 * 60
        for number in (each for each in day if each in known):
            assert set(known[number].needs) <= before, number
            before.add(number)


def test_what_teachers_are_told_to_type_exists() -> None:
    from minigate.cli import main

    for command in re.findall(r"minigate (lessons [a-z]+)", TEACHING):
        assert main([*command.split(), "--help"]) == 0, command
    for option in set(re.findall(r"--[a-z]+", TEACHING)):
        assert option in ("--json", "--to", "--answers")
