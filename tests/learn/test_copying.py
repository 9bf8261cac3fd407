"""A learner's copy: delivered, upgraded, and never overwritten."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from minigate.errors import OptionError
from minigate.learn import copying, library, progress
from minigate.learn.copying import copy_lessons, delivered, learner_folder, state_of
from minigate.learn.overview import overview

FIRST = "00_first.ipynb"


def notebook(text: str, output: str = "") -> bytes:
    outputs = [{"output_type": "stream", "name": "stdout", "text": output}] if output else []
    head = "# 00 · First\n\n**Time** 10 minutes · **Computing** 1 seconds · **Needs** nothing"
    cells: list[dict[str, Any]] = [{"cell_type": "markdown", "metadata": {}, "source": head}]
    cells += [{"cell_type": "code", "metadata": {}, "source": text, "outputs": outputs, "execution_count": None}]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course of one lesson, as a wheel carries it."""
    package = tmp_path / "package"
    folder = package / "_lessons"
    (folder / "solutions").mkdir(parents=True)
    (folder / FIRST).write_bytes(notebook("print(1)"))
    (folder / "01_second.ipynb").write_bytes(notebook("print(2)").replace(b"# 00 ", b"# 01 "))
    (folder / "README.md").write_text("# The lessons\n", encoding="utf-8")
    (folder / "solutions" / "ex_77.py").write_text("EXERCISES = ()\n", encoding="utf-8")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "junk.pyc").write_bytes(b"junk")
    monkeypatch.setattr(library, "_PACKAGE", package)
    monkeypatch.setattr(copying, "exercises", lambda number: ())
    return folder


def said(folder: Path, **options: Any) -> dict[str, str]:
    return {item.path.name: item.what for item in copy_lessons(folder, **options)}


def test_a_first_copy_has_everything_but_the_answers(shipped: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    assert said(mine) == {FIRST: "new", "01_second.ipynb": "new", "README.md": "new"}
    assert (mine / FIRST).read_bytes() == (shipped / FIRST).read_bytes()
    assert sorted(path.name for path in mine.iterdir()) == [progress.MARKER, FIRST, "01_second.ipynb", "README.md"]
    assert set(said(mine).values()) == {"up to date"}
    assert state_of(mine / FIRST, delivered(mine)[FIRST]) == "as shipped"


def test_what_a_lesson_links_to_is_in_the_copy(tmp_path: Path) -> None:
    copy_lessons(tmp_path)
    for path in [*tmp_path.glob("*.ipynb"), *tmp_path.glob("*.md")]:
        for link in re.findall(r"\]\(([\w/.-]+\.(?:ipynb|md|png))\)", path.read_text(encoding="utf-8")):
            assert (tmp_path / link).is_file(), f"{path.name} points to {link}"


def test_only_some_lessons(shipped: Path, tmp_path: Path) -> None:
    assert said(tmp_path / "mine", only=["1"]) == {"01_second.ipynb": "new", "README.md": "new"}
    with pytest.raises(OptionError, match="there is no lesson '9'.*expected one of 00, 01"):
        said(tmp_path / "mine", only=["9"])


def test_what_was_edited_is_never_overwritten(shipped: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    copy_lessons(mine)
    (mine / FIRST).write_bytes(notebook("my own work"))
    assert said(mine)[FIRST] == "yours, kept"
    (shipped / FIRST).write_bytes(notebook("print('better')"))
    assert said(mine)[FIRST] == "yours, kept (the new version is 00_first.new.ipynb)"
    assert (mine / FIRST).read_bytes() == notebook("my own work")
    assert (mine / "00_first.new.ipynb").read_bytes() == notebook("print('better')")
    assert said(mine)[FIRST] == "yours, kept (the new version is 00_first.new.ipynb)"
    assert len(list(mine.glob("00_first*"))) == 2
    (shipped / FIRST).write_bytes(notebook("print('best')"))
    copy_lessons(mine)
    assert (mine / "00_first.new.ipynb").read_bytes() == notebook("print('best')")
    (mine / "00_first.new.ipynb").write_bytes(notebook("work on the new one"))
    (shipped / FIRST).write_bytes(notebook("print('last')"))
    copy_lessons(mine)
    assert (mine / "00_first.new.ipynb").read_bytes() == notebook("work on the new one")
    assert (mine / "00_first.new2.ipynb").read_bytes() == notebook("print('last')")
    assert (mine / FIRST).read_bytes() == notebook("my own work")


def test_what_was_not_edited_is_upgraded(shipped: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    copy_lessons(mine)
    (shipped / FIRST).write_bytes(notebook("print('better')"))
    assert said(mine)[FIRST] == "upgraded"
    assert (mine / FIRST).read_bytes() == notebook("print('better')")


def test_what_was_only_run_is_upgraded_and_kept_beside(shipped: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    copy_lessons(mine)
    ran = notebook("print(1)", output="1\n")
    (mine / FIRST).write_bytes(ran)
    assert state_of(mine / FIRST, delivered(mine)[FIRST]) == "run"
    assert said(mine)[FIRST] == "yours, kept"
    (shipped / FIRST).write_bytes(notebook("print('better')"))
    assert said(mine)[FIRST] == "replaced (yours is 00_first.ipynb.bak)"
    assert (mine / "00_first.ipynb.bak").read_bytes() == ran


def test_force_keeps_every_backup(shipped: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    copy_lessons(mine)
    for text, backup in (("one", "00_first.ipynb.bak"), ("two", "00_first.ipynb2.bak")):
        (mine / FIRST).write_bytes(notebook(text))
        assert said(mine, force=True)[FIRST] == f"replaced (yours is {backup})"
        assert (mine / backup).read_bytes() == notebook(text)
    assert (mine / FIRST).read_bytes() == (shipped / FIRST).read_bytes()


def test_a_file_that_was_there_before_is_kept(shipped: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "README.md").write_text("my project\n", encoding="utf-8")
    assert said(mine)["README.md"] == "yours, kept (the new version is README.new.md)"
    assert (mine / "README.md").read_text(encoding="utf-8") == "my project\n"


def test_a_copy_that_cannot_be_completed_leaves_no_half_files(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "mine"
    copy_lessons(mine)
    before = (mine / FIRST).read_bytes()
    (shipped / FIRST).write_bytes(notebook("print('better')"))

    def disk_full(source: Any, target: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(progress.os, "replace", disk_full)
    with pytest.raises(OSError, match="no space left"):
        copy_lessons(mine)
    assert (mine / FIRST).read_bytes() == before and not list(mine.glob("*.part"))


def test_worked_copies_on_demand(tmp_path: Path) -> None:
    copy_lessons(tmp_path, only=["00"], solutions=True)
    worked = (tmp_path / "solutions" / "00_orientation.ipynb").read_text(encoding="utf-8")
    assert "g * new + (1.0 - g) * old" in worked and "NotImplementedError" not in worked


def test_which_folder_is_the_learners(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MINIGATE_LESSONS", raising=False)
    monkeypatch.chdir(tmp_path)
    assert learner_folder() == Path.home() / "minigate-lessons"
    (tmp_path / progress.MARKER).write_text("{}", encoding="utf-8")
    assert learner_folder() == tmp_path
    monkeypatch.setenv("MINIGATE_LESSONS", str(tmp_path / "elsewhere"))
    assert learner_folder() == tmp_path / "elsewhere"
    assert learner_folder("~/chosen") == Path.home() / "chosen"


def test_overview_of_a_copy(shipped: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    assert [row["copy"] for row in overview(mine)] == ["none", "none"]
    copy_lessons(mine)
    (mine / FIRST).write_bytes(notebook("mine"))
    rows = overview(mine)
    assert [row["copy"] for row in rows] == ["edited", "as shipped"]
    assert rows[0]["title"] == "First" and rows[0]["minutes"] == 10 and not rows[0]["newer"]


def test_a_broken_marker_loses_nothing(shipped: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    copy_lessons(mine)
    (mine / progress.MARKER).write_text("not json", encoding="utf-8")
    (mine / FIRST).write_bytes(notebook("my own work"))
    copy_lessons(mine)
    assert (mine / FIRST).read_bytes() == notebook("my own work")
