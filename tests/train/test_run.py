"""The folder of a run: never overwritten, found again, and its log wound back."""

import pytest

from minigate.errors import CheckpointError, OptionError
from minigate.train.run import Run

CONFIG = {"experiment": "charlm", "config": {"seed": 0}}


def test_a_run_is_made_once_and_found_again(tmp_path):
    run = Run.create(tmp_path / "a", CONFIG)
    assert Run.open(tmp_path / "a").config == CONFIG
    with pytest.raises(OptionError, match=r"not empty.*\n.*--resume"):
        Run.create(tmp_path / "a", {})
    assert Run.open(run.folder).config == CONFIG


def test_an_empty_folder_may_be_used(tmp_path):
    assert Run.create(tmp_path, CONFIG).folder == tmp_path


def test_numbered_runs_take_the_next_free_name(tmp_path):
    names = [Run.create_numbered("charlm", CONFIG, tmp_path / "runs").folder.name for _ in range(3)]
    assert names == ["charlm", "charlm-2", "charlm-3"]


def test_what_is_not_a_run_is_named_with_those_that_are(tmp_path):
    Run.create(tmp_path / "real", CONFIG)
    with pytest.raises(CheckpointError, match=r"there is no folder .*missing(.|\n)*real"):
        Run.open(tmp_path / "missing")
    (tmp_path / "other").mkdir()
    with pytest.raises(CheckpointError, match=r"other is not a run: it has no config\.json"):
        Run.open(tmp_path / "other")
    for bad in ("{", "[]"):
        (tmp_path / "other" / "config.json").write_text(bad)
        with pytest.raises(CheckpointError, match="cannot be read"):
            Run.open(tmp_path / "other")


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OptionError, match="cannot be made"):
        Run.create(tmp_path / "file" / "run", CONFIG)
    with pytest.raises(OptionError, match="cannot be made"):
        Run.create_numbered("run", CONFIG, tmp_path / "file")


def test_the_log_is_lines_of_json_and_can_be_wound_back(tmp_path):
    run = Run.create(tmp_path / "a", CONFIG)
    assert run.records() == []
    for step in (10, 20, 30):
        run.log({"step": step, "loss": 1 / step})
    with run.log_file.open("a") as file:
        file.write('{"step": 4')  # a power cut in the middle of a line
    assert [record["step"] for record in run.records()] == [10, 20, 30]
    run.rewind_log(20)
    run.log({"step": 30})
    assert [record["step"] for record in run.records()] == [10, 20, 30]
