"""What every configuration promises: values of their kind, presets applied, runs of older versions still readable."""

import json
from dataclasses import asdict

import numpy
import pytest

from minigate.errors import CheckpointError, OptionError
from minigate.layers import Linear
from minigate.train import (
    SGD,
    CharLM,
    CharLMConfig,
    ImagesConfig,
    ProgramsConfig,
    SeqMnistConfig,
    load_checkpoint,
    run_experiment,
    save_checkpoint,
)

NEWER = ("gate_bias", "unit_gates", "skip_input", "skip_output", "peephole", "reset", "nesterov", "lowest_rate")


@pytest.mark.parametrize(
    "config, options, says",
    [
        (CharLMConfig, {"updates": "a"}, "charlm: updates is a whole number: got 'a'[\\s\\S]*type: updates=4200"),
        (CharLMConfig, {"hidden": 2.5}, "hidden is a whole number: got 2.5"),
        (CharLMConfig, {"layers": True}, "layers is a whole number: got True"),
        (CharLMConfig, {"dropout": "0.5"}, "dropout is a number: got '0.5'"),
        (CharLMConfig, {"bytes": 1}, "bytes is True or False: got 1"),
        (ImagesConfig, {"patch": 2}, 'images: patch is text: got 2[\\s\\S]*type: patch="2"'),
        (SeqMnistConfig, {"cell": None}, "seqmnist: cell is text: got None"),
        (ProgramsConfig, {"clip": None}, "programs: clip is a number: got None"),
        (CharLMConfig, {"preset": ["gf-gru"]}, r"no such preset: expected single-tanh.*got \['gf-gru'\]"),
        (ProgramsConfig, {"decay": 1.5}, "decay is out of range: expected 0 < decay ≤ 1"),
        (CharLMConfig, {"lowest_rate": -1.0}, "lowest_rate is too small"),
        (CharLMConfig, {"nesterov": True}, "Nesterov.*expected optimiser sgd, momentum > 0, got optimiser adam"),
        (CharLMConfig, {"nesterov": True, "optimiser": "sgd", "momentum": 0.0}, "got optimiser sgd, momentum 0"),
    ],
)  # fmt: skip
def test_a_value_of_another_kind_is_refused_by_name(config, options, says):
    with pytest.raises(OptionError, match=says):
        config(**options)


def test_an_experiment_refuses_it_before_there_is_a_folder(small, tmp_path):
    with pytest.raises(OptionError, match="updates is a whole number"):
        run_experiment("charlm", {**small, "updates": "a"}, out=tmp_path / "never")
    assert not (tmp_path / "never").exists()


def test_numbers_of_numpy_become_those_of_python():
    config = CharLMConfig(updates=numpy.int64(7), learning_rate=numpy.float32(0.5), clip=2)
    assert json.loads(json.dumps(asdict(config)))["updates"] == 7
    assert (config.learning_rate, config.clip) == (0.5, 2)


def test_nesterov_can_be_chosen():
    optimiser = CharLMConfig(optimiser="sgd", nesterov=True).make_optimiser(Linear(2, 3, seed=0))
    assert isinstance(optimiser, SGD) and optimiser.nesterov


def test_a_run_of_an_older_version_goes_on_to_the_same_bytes(small, tmp_path, monkeypatch, at_update):
    """Its configuration lacks the newer options and its checkpoint what Adam counts by parameter."""

    def cut(loss):
        raise KeyboardInterrupt

    _, straight = run_experiment("charlm", small, out=tmp_path / "straight")
    at_update(13, cut)
    with pytest.raises(KeyboardInterrupt):
        run_experiment("charlm", small, out=tmp_path / "old")
    monkeypatch.undo()
    told = json.loads((tmp_path / "old" / "config.json").read_text())
    told["config"] = {name: value for name, value in told["config"].items() if name not in NEWER}
    (tmp_path / "old" / "config.json").write_text(json.dumps(told))
    for name in ("checkpoint.npz", "best.npz"):
        saved = load_checkpoint(tmp_path / "old" / name)
        saved.meta["task"]["config"] = told["config"]
        arrays = {key: array for key, array in saved.arrays.items() if not key.startswith("optimiser.t.")}
        save_checkpoint(tmp_path / "old" / name, arrays, saved.meta)
    _, resumed = run_experiment("charlm", {"skip_input": True}, resume=tmp_path / "old")
    one, other = (load_checkpoint(run.checkpoint).arrays for run in (straight, resumed))
    assert {name: array.tobytes() for name, array in one.items()} == {n: a.tobytes() for n, a in other.items()}
    with pytest.raises(CheckpointError, match="reset: 'after' then, 'before' now"):
        run_experiment("charlm", {"reset": "before"}, resume=tmp_path / "old")


def test_a_learning_rate_that_was_halved_too_often_ends_the_run(small, tmp_path, monkeypatch):
    original, calls = CharLM.loss, [0]

    def loss(task):
        calls[0] += 1
        return original(task) * (1000.0 if calls[0] in (4, 8) else 1.0)

    monkeypatch.setattr(CharLM, "loss", loss)
    options = {**small, "explode_threshold": 4.0, "clip": 4.0, "lowest_rate": 0.009, "schedule": "cosine"}
    ended, run = run_experiment("charlm", options, out=tmp_path / "run")
    assert (ended, run.read("result.json")["updates"]) == ("finished", 8)  # 0.02 has become 0.005
