"""What ends a training before its last update, and what slows it down: time, patience, a gradient that explodes."""

import pytest

from minigate.errors import OptionError
from minigate.train import CharLM, load_checkpoint, run_experiment, trainer


class PowerCut(Exception):
    """The process is gone."""


def test_a_gradient_that_explodes_halves_the_learning_rate_for_good_and_says_so(small, tmp_path, at_update):
    events = []
    options = {**small, "explode_threshold": 4.0, "schedule": "constant", "warm_up": 0, "clip": 4.0}
    at_update(13, lambda loss: loss * 1000.0)
    _, run = run_experiment("charlm", options, out=tmp_path / "run", tell=lambda kind, record: events.append(record))
    rates = {record["step"]: record["learning_rate"] for record in run.records() if "learning_rate" in record}
    assert rates == {10: 0.02, 20: 0.01, 30: 0.01}
    (halved,) = [record for record in run.records() if "halvings" in record]
    assert halved["step"] == 13
    assert halved["halvings"] == 1
    assert halved["gradient_norm"] > 4.0
    assert halved in events
    assert load_checkpoint(run.checkpoint).meta["halvings"] == 1


def test_one_explosion_of_several_updates_halves_it_once(small, tmp_path, monkeypatch):
    original, calls = CharLM.loss, [0]

    def loss(task):
        calls[0] += 1
        return original(task) * (1000.0 if calls[0] in (12, 13, 14, 22) else 1.0)

    monkeypatch.setattr(CharLM, "loss", loss)
    options = {**small, "explode_threshold": 4.0, "schedule": "constant", "warm_up": 0, "clip": 4.0}
    _, run = run_experiment("charlm", options, out=tmp_path / "run")
    assert [record["step"] for record in run.records() if "halvings" in record] == [12, 22]
    rates = {record["step"]: record["learning_rate"] for record in run.records() if "learning_rate" in record}
    assert rates == {10: 0.02, 20: 0.01, 30: 0.005}


def test_patience_ends_it_after_so_many_evaluations_without_a_new_best(small, tmp_path, monkeypatch):
    scores = iter([3.0, 2.0, 2.5, 2.0, 2.1, 1.0, 1.0])
    monkeypatch.setattr(CharLM, "evaluate", lambda task, part: next(scores) if part == "valid" else 9.0)
    events = []
    options = {**small, "updates": 1000, "patience": 3}
    ended, run = run_experiment("charlm", options, out=tmp_path / "run", tell=lambda kind, r: events.append(r))
    assert ended == "finished"
    assert [record["step"] for record in run.records()] == [10, 20, 30, 40, 50]
    assert (events[-1]["updates"], events[-1]["best_update"], events[-1]["valid_bpc"]) == (50, 20, 2.0)
    ended, _ = run_experiment("charlm", resume=run.folder)  # it has had enough
    assert ended == "finished"
    assert len(run.records()) == 5


def test_minutes_end_it_with_a_last_look_and_more_of_them_go_on(small, tmp_path, monkeypatch):
    options, seconds = {**small, "updates": 1000, "evaluate_every": 999}, iter(range(10**6))
    monkeypatch.setattr(trainer.time, "perf_counter", lambda: float(next(seconds)))
    _, run = run_experiment("charlm", options, out=tmp_path / "run", minutes=0.5)
    (record,) = run.records()
    assert 0 < record["step"] < 30
    assert 30.0 <= run.read("clock.json")["seconds"] < 40.0
    ended, _ = run_experiment("charlm", resume=run.folder, minutes=0.5)
    assert (ended, len(run.records())) == ("finished", 1)
    run_experiment("charlm", resume=run.folder, minutes=1.0)
    assert run.records()[-1]["step"] > record["step"]
    assert 60.0 <= run.read("clock.json")["seconds"] < 75.0
    with pytest.raises(OptionError, match="minutes below zero"):
        run_experiment("charlm", options, minutes=-1.0)
    with pytest.raises(OptionError, match="got 'two'"):
        run_experiment("charlm", options, minutes="two")


def test_minutes_between_checkpoints_are_kept_too(small, tmp_path, monkeypatch, at_update):
    def cut(loss):
        raise PowerCut

    clock = iter(range(10**6))
    monkeypatch.setattr(trainer.time, "perf_counter", lambda: float(next(clock)))
    at_update(20, cut)
    options = {**small, "checkpoint_every": 1000, "evaluate_every": 1000, "checkpoint_minutes": 0.25}
    with pytest.raises(PowerCut):
        run_experiment("charlm", options, out=tmp_path / "run")
    assert 10 <= load_checkpoint(tmp_path / "run" / "checkpoint.npz").meta["step"] < 20
