"""What the log of a run becomes: arrays, a table, and pictures that are whole files."""

import math

import numpy
import pytest

from minigate.errors import CheckpointError
from minigate.train import run_experiment
from minigate.train.curves import compare, curve, draw_comparison, draw_curves, save_picture
from minigate.train.pictures import draw_run
from minigate.train.run import Run

PNG = b"\x89PNG"


@pytest.fixture
def run(small, tmp_path):
    options = {**small, "cell": "lstm", "layers": 2, "feedback": "gated"}
    return run_experiment("charlm", options, out=tmp_path / "run")[1]


def test_a_curve_has_updates_minutes_and_bits(tmp_path):
    run = Run.create(tmp_path / "a", {})
    run.log({"step": 10, "loss": math.log(2), "valid_bpc": 3.0, "seconds": 60.0})
    run.log({"step": 13, "gradient_norm": 9.0, "halvings": 1})
    run.log({"step": 20, "loss": 0.0, "valid_bpc": 2.0, "seconds": 90.0})
    updates, minutes, values = curve(run, "valid_bpc")
    assert (list(updates), list(minutes), list(values)) == ([10, 20], [1.0, 1.5], [3.0, 2.0])
    assert list(curve(run, "loss")[2]) == [1.0, 0.0]


def test_a_finished_run_has_its_curves_beside_it(draws, run):
    assert run.curves.read_bytes()[:4] == PNG


def test_the_table_has_what_the_runs_say(run, small, tmp_path):
    other = run_experiment("charlm", {**small, "updates": 10}, out=tmp_path / "other")[1]
    (other.folder / "result.json").unlink()
    first, second = compare([run, other])
    assert (first["run"], first["updates"], second["updates"]) == ("run", 30, 10)
    assert first["parameters"] > second["parameters"] > 0
    assert first["valid"] == min(curve(run, "valid_bpc")[2])
    assert first["test"] == run.read("result.json")["test_bpc"]
    assert second["test"] is None
    assert first["speed"] == numpy.median([record["characters_per_second"] for record in run.records()])
    assert first["text"] == second["text"]
    path = draw_comparison({"one": run, "other": other}, tmp_path / "figures" / "compared.png")
    assert path.read_bytes()[:4] == PNG


def test_a_run_that_has_measured_nothing_is_named(tmp_path):
    run = Run.create(tmp_path / "new", {"experiment": "charlm", "data": {"sha256": ""}})
    with pytest.raises(CheckpointError, match="new: nothing has been measured yet"):
        compare([run])
    with pytest.raises(CheckpointError, match="nothing has been measured yet"):
        draw_curves(run)


def test_a_disk_that_refuses_a_picture_is_named_and_leaves_no_litter(run, tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(28, "No space left on device")

    class Axes:
        class figure:
            savefig = refuse

    with pytest.raises(CheckpointError, match=r"c\.png could not be written \(No space left on device\)"):
        save_picture(Axes, tmp_path / "c.png")
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".tmp")]


def test_every_picture_of_a_run_is_drawn_and_named_after_its_layer(run, tmp_path):
    paths = draw_run(run.folder, "The gate opens", tmp_path / "figures")
    assert [path.name for path in paths] == [
        "curves.png", "gates-layers.0.png", "gates-layers.1.png", "feedback.png", "gradient.png",
    ]  # fmt: skip
    assert all(path.read_bytes()[:4] == PNG for path in paths)


def test_a_plain_cell_has_fewer_pictures(small, tmp_path):
    tanh = run_experiment("charlm", {**small, "cell": "rnn", "updates": 3}, out=tmp_path / "tanh")[1]
    gru = run_experiment("charlm", {**small, "updates": 3}, out=tmp_path / "gru")[1]
    assert [path.name for path in draw_run(tanh.folder, "The")] == ["curves.png", "gradient.png"]
    assert [path.name for path in draw_run(gru.folder, "The")] == ["curves.png", "gates.png", "gradient.png"]
