"""Progress is kept beside a copy of the lessons, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from minigate.learn import attempt, check, hint, progress, solution
from minigate.learn.overview import overview
from tests.learn.test_check import HALVE, stub_that_raises


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(attempt, "exercise", {HALVE.id: HALVE}.__getitem__)
    monkeypatch.chdir(tmp_path)
    (tmp_path / progress.MARKER).write_text("{}", encoding="utf-8")
    return tmp_path


def test_a_pass_is_never_taken_back(copy: Path) -> None:
    check(HALVE.id, stub_that_raises)
    assert progress.read(copy) == {}
    check(HALVE.id, lambda x: x)
    check(HALVE.id, lambda x: x / 2)
    assert progress.read(copy)[HALVE.id] == {"status": "pass", "passed": True, "attempts": 2}
    check(HALVE.id, lambda x: x)
    assert progress.read(copy)[HALVE.id] == {"status": "fail", "passed": True, "attempts": 3}


def test_hints_are_offered_in_order(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in (1, 2, 3):
        check(HALVE.id, lambda x: x)
        assert f'next: hint("{HALVE.id}", {number})' in capsys.readouterr().out
        hint(HALVE.id, number)
    check(HALVE.id, lambda x: x)
    assert f'next: hint("{HALVE.id}", 3)' in capsys.readouterr().out
    hint(HALVE.id, 1)
    solution(HALVE.id)
    assert progress.read(copy)[HALVE.id]["hint"] == 3 and progress.read(copy)[HALVE.id]["solution"] is True


def test_elsewhere_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt, "exercise", {HALVE.id: HALVE}.__getitem__)
    monkeypatch.chdir(tmp_path)
    check(HALVE.id, lambda x: x / 2)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_costs_only_the_record(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(path: Path, data: bytes) -> None:
        raise PermissionError(path)

    monkeypatch.setattr(progress, "write_atomically", read_only)
    assert check(HALVE.id, lambda x: x / 2)


def test_a_damaged_record_begins_anew(copy: Path) -> None:
    (copy / progress.PROGRESS).write_text('{"90.halve": 3, ', encoding="utf-8")
    check(HALVE.id, lambda x: x / 2)
    assert progress.read(copy)[HALVE.id]["passed"]


def test_the_runner_collects_instead(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    collector = copy / "results.jsonl"
    monkeypatch.setenv(progress.COLLECT, str(collector))
    check(HALVE.id, stub_that_raises)
    check(HALVE.id, lambda x: x / 2)
    lines = [json.loads(line) for line in collector.read_text(encoding="utf-8").splitlines()]
    assert [line["status"] for line in lines] == ["not started", "pass"] and progress.read(copy) == {}


def test_overview_counts_what_was_passed(copy: Path) -> None:
    (copy / progress.PROGRESS).write_text(json.dumps({"00.gate": {"status": "fail", "passed": True}}), encoding="utf-8")
    row = overview(copy)[0]
    assert row["passed"] == 1
    assert row["exercises"]["00.gate"] == "fail" and row["exercises"]["00.shapes"] == "not started"
