"""What the loop promises: the same bytes whether stopped or not, and a good checkpoint whatever happens."""

import json
import math
import signal

import numpy
import pytest

from minigate.errors import CheckpointError, OptionError
from minigate.tensor import Tensor
from minigate.train import CharLM, load_checkpoint, run_experiment, trainer
from minigate.train.checkpoint import backup_of
from minigate.train.experiments import resume_command

TIMES = {"seconds": 0, "characters_per_second": 0}


def bytes_of(path):
    """Everything in a checkpoint that numbers are made of, and all else."""
    saved = load_checkpoint(path)
    return {name: array.tobytes() for name, array in saved.arrays.items()}, saved.meta


def ctrl_c(loss):
    signal.raise_signal(signal.SIGINT)
    return loss


class PowerCut(Exception):
    """The process is gone."""


def power_cut(loss):
    raise PowerCut


PAPER = {"optimiser": "rmsprop", "init": "author", "reset_every": 7, "explode_threshold": 1.0, "patience": 9}


@pytest.mark.parametrize(
    "model",
    [
        {"cell": "gru"},
        {"cell": "lstm"},
        {"cell": "rnn"},
        {"cell": "lstm", "layers": 2, **PAPER},
        {"cell": "gru", "layers": 3, "feedback": "gated", **PAPER},
        {"cell": "rnn", "layers": 2, "feedback": "open", "bytes": True, "symbols": 60},
    ],
)
def test_stopping_and_resuming_gives_the_same_bytes(small, tmp_path, monkeypatch, at_update, model):
    options = {**small, **model}
    ended, straight = run_experiment("charlm", options, out=tmp_path / "straight")
    assert ended == "finished"

    at_update(13, ctrl_c)
    ended, stopped = run_experiment("charlm", options, out=tmp_path / "stopped")
    monkeypatch.undo()
    assert ended == "interrupted"
    assert load_checkpoint(stopped.checkpoint).meta["step"] == 13

    ended, resumed = run_experiment("charlm", resume=stopped.folder)
    assert ended == "finished"
    assert bytes_of(resumed.checkpoint) == bytes_of(straight.checkpoint)
    assert bytes_of(resumed.best) == bytes_of(straight.best)
    assert [r["step"] for r in resumed.records() if "valid_bpc" in r] == [10, 20, 30]
    for one, other in zip(straight.records(), resumed.records(), strict=True):
        assert {**one, **TIMES} == {**other, **TIMES}


@pytest.mark.parametrize("optimiser", ["sgd", "rmsprop", "adam"])
def test_after_a_power_cut_the_last_checkpoint_goes_on_to_the_same_bytes(
    small, tmp_path, monkeypatch, at_update, optimiser
):
    options = {**small, "optimiser": optimiser}
    _, straight = run_experiment("charlm", options, out=tmp_path / "straight")
    at_update(13, power_cut)
    with pytest.raises(PowerCut):
        run_experiment("charlm", options, out=tmp_path / "cut")
    monkeypatch.undo()
    assert load_checkpoint(tmp_path / "cut" / "checkpoint.npz").meta["step"] == 10
    _, resumed = run_experiment("charlm", resume=tmp_path / "cut")
    assert bytes_of(resumed.checkpoint) == bytes_of(straight.checkpoint)


def test_what_was_measured_after_the_last_checkpoint_is_measured_again_and_logged_once(
    small, tmp_path, monkeypatch, at_update
):
    options = {**small, "checkpoint_every": 10, "evaluate_every": 4}
    at_update(19, power_cut)
    with pytest.raises(PowerCut):
        run_experiment("charlm", options, out=tmp_path / "cut")
    monkeypatch.undo()
    _, resumed = run_experiment("charlm", resume=tmp_path / "cut")
    assert [record["step"] for record in resumed.records()] == [4, 8, 12, 16, 20, 24, 28, 30]


def test_the_best_so_far_is_remembered(small, tmp_path, monkeypatch, at_update):
    def worse_and_worse(task, part):
        return 1.0 + task.reader.epoch * 100 + task.reader.index

    monkeypatch.setattr(CharLM, "evaluate", worse_and_worse)
    at_update(13, ctrl_c)
    _, stopped = run_experiment("charlm", small, out=tmp_path / "run")
    events = []
    run_experiment("charlm", resume=stopped.folder, tell=lambda kind, record: events.append((kind, record)))
    assert events[-1][1]["best_update"] == 10
    assert load_checkpoint(stopped.best).meta["step"] == 10


def test_how_often_it_is_looked_at_changes_nothing(small, tmp_path):
    _, often = run_experiment("charlm", {**small, "evaluate_every": 1, "checkpoint_every": 1}, out=tmp_path / "often")
    _, never = run_experiment("charlm", {**small, "evaluate_every": 99, "checkpoint_every": 99}, out=tmp_path / "never")
    one, other = bytes_of(often.checkpoint)[0], bytes_of(never.checkpoint)[0]
    assert one == other


def test_another_seed_is_another_run(small, tmp_path):
    short = {**small, "updates": 2}
    runs = [run_experiment("charlm", {**short, "seed": seed}, out=tmp_path / str(seed))[1] for seed in (0, 1)]
    one, other = (load_checkpoint(run.checkpoint).arrays["model.linear.W"] for run in runs)
    assert not numpy.array_equal(one, other)


@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_a_run_that_diverges_keeps_the_last_good_checkpoint(small, tmp_path, at_update, what):
    def spoil(loss):
        if what == "loss":
            return Tensor(numpy.array(math.nan))
        return loss * Tensor(numpy.array(1e30)) * Tensor(numpy.array(1e30)) if loss.dtype == "float64" else loss * 3e38

    with numpy.errstate(all="ignore"):
        at_update(13, spoil)
        ended, run = run_experiment("charlm", small, out=tmp_path / "run")
    assert ended == "diverged"
    saved = load_checkpoint(run.checkpoint)
    assert saved.meta["step"] == 10
    assert all(numpy.isfinite(array).all() for array in saved.arrays.values())
    last = run.records()[-1]
    assert last["diverged"]
    assert last["step"] == 12
    json.dumps(last, allow_nan=False)


def test_resuming_refuses_other_options_and_lists_them(small, tmp_path):
    _, run = run_experiment("charlm", {**small, "updates": 2}, out=tmp_path / "run")
    with pytest.raises(CheckpointError) as caught:
        run_experiment("charlm", {"hidden": 9, "updates": 2, "seed": 5}, resume=run.folder)
    assert "hidden: 8 then, 9 now" in str(caught.value)
    assert "seed: 0 then, 5 now" in str(caught.value)
    assert "updates" not in str(caught.value)


def test_resuming_refuses_another_text(small, tmp_path):
    _, run = run_experiment("charlm", {**small, "updates": 2}, out=tmp_path / "run")
    (tmp_path / "small.txt").write_text("Something else entirely, and long enough to be cut into parts. " * 9)
    with pytest.raises(CheckpointError, match="the data are not those that the run began with"):
        run_experiment("charlm", resume=run.folder)


def test_a_finished_run_resumed_says_its_result_again(small, tmp_path):
    events = []
    _, run = run_experiment("charlm", {**small, "updates": 5}, out=tmp_path / "run")
    before = run.checkpoint.read_bytes()
    ended, _ = run_experiment("charlm", resume=run.folder, tell=lambda kind, record: events.append((kind, record)))
    assert ended == "finished"
    assert [kind for kind, _ in events] == ["begin", "result"]
    assert run.checkpoint.read_bytes() == before


def test_what_it_tells_is_json_and_complete(small, tmp_path):
    events = []
    run_experiment("charlm", small, out=tmp_path / "run", tell=lambda kind, record: events.append((kind, record)))
    assert [kind for kind, _ in events] == ["begin", "measure", "measure", "measure", "result"]
    json.dumps(events, allow_nan=False)
    begin, result = events[0][1], events[-1][1]
    assert begin["config"]["seed"] == 0
    assert set(begin["versions"]) >= {"python", "numpy", "backend", "blas"}
    assert json.loads((tmp_path / "run" / "config.json").read_text())["config"] == begin["config"]
    assert 0 < result["test_bpc"] < 8
    assert len(result["sample"]) == 404


def test_unknown_names_are_refused(small, tmp_path):
    with pytest.raises(OptionError, match="no such experiment"):
        run_experiment("chatlm", {})
    with pytest.raises(OptionError, match="got hiden"):
        run_experiment("charlm", {"hiden": 3})
    for bad in ({"updates": 0}, {"cell": "gruu"}, {"schedule": "step"}, {"clip": 0.0}):
        with pytest.raises(OptionError, match="charlm"):
            run_experiment("charlm", {**small, **bad}, out=tmp_path / "never")
    for bad in ({"dropout": 1.0}, {"beta2": 2.0}, {"learning_rate": -1.0}):
        with pytest.raises(OptionError, match="out of range"):
            run_experiment("charlm", {**small, **bad}, out=tmp_path / "never")
    assert not (tmp_path / "never").exists()


def test_a_run_that_was_killed_before_its_first_checkpoint_begins_anew(small, tmp_path):
    _, straight = run_experiment("charlm", small, out=tmp_path / "straight")
    (tmp_path / "killed").mkdir()
    config = (straight.folder / "config.json").read_text()
    (tmp_path / "killed" / "config.json").write_text(config)
    (tmp_path / "killed" / ".checkpoint.npz.1.tmp").write_text("half of one")
    _, resumed = run_experiment("charlm", resume=tmp_path / "killed")
    assert bytes_of(resumed.checkpoint) == bytes_of(straight.checkpoint)
    _, again = run_experiment("charlm", resume=tmp_path / "killed")
    assert not (again.folder / ".checkpoint.npz.1.tmp").exists()
    straight.checkpoint.unlink()  # but one that has lost its checkpoint says so
    with pytest.raises(CheckpointError, match=r"(?s)there is no such file.*rename checkpoint\.npz\.bak"):
        run_experiment("charlm", resume=straight.folder)


def test_a_disk_that_is_full_is_named_and_nothing_is_lost(small, tmp_path, monkeypatch):
    original, full = trainer.save_checkpoint, []

    def write_array(*arguments, **options):
        raise OSError(28, "No space left on device")

    def save(path, arrays, meta, keep=True):
        if meta["step"] >= 15:
            full.append(path)
            monkeypatch.setattr(numpy.lib.format, "write_array", write_array)
        return original(path, arrays, meta, keep)

    monkeypatch.setattr(trainer, "save_checkpoint", save)
    with pytest.raises(CheckpointError, match=r"checkpoint\.npz could not be written \(No space left on device\)"):
        run_experiment("charlm", small, out=tmp_path / "run")
    monkeypatch.undo()
    assert full
    assert load_checkpoint(tmp_path / "run" / "checkpoint.npz").meta["step"] == 10
    _, straight = run_experiment("charlm", small, out=tmp_path / "straight")
    _, resumed = run_experiment("charlm", resume=tmp_path / "run")
    assert bytes_of(resumed.checkpoint) == bytes_of(straight.checkpoint)


@pytest.mark.parametrize("damage", ["truncated", "flipped"])
def test_a_damaged_checkpoint_is_named_and_the_one_before_it_goes_on_to_the_same_bytes(small, tmp_path, damage):
    _, straight = run_experiment("charlm", small, out=tmp_path / "straight")
    _, run = run_experiment("charlm", small, out=tmp_path / "run")
    content = bytearray(run.checkpoint.read_bytes())
    if damage == "flipped":
        content[len(content) // 2] ^= 1
    run.checkpoint.write_bytes(content if damage == "flipped" else content[: len(content) // 2])
    with pytest.raises(CheckpointError, match=r"(?s)damaged.*rename checkpoint\.npz\.bak to checkpoint\.npz"):
        run_experiment("charlm", resume=run.folder)
    backup_of(run.checkpoint).rename(run.checkpoint)
    _, resumed = run_experiment("charlm", resume=run.folder)
    assert bytes_of(resumed.checkpoint) == bytes_of(straight.checkpoint)


def test_the_speed_is_that_of_the_updates_and_the_result_is_kept(small, tmp_path):
    _, run = run_experiment("charlm", small, out=tmp_path / "run")
    for record in run.records():
        assert record["characters_per_second"] > 0
    result = run.read("result.json")
    assert result["updates"] == 30
    assert result["test_bpc"] > 0
    assert run.read("nothing.json") == {}


def test_the_command_to_go_on_is_quoted(tmp_path):
    class Somewhere:
        folder = "my runs/a"

    assert resume_command("charlm", Somewhere()) == "minigate train charlm --resume 'my runs/a'"
    assert resume_command("charlm", Somewhere(), 20.0).endswith("'my runs/a' --minutes 20")
