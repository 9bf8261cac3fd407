"""A training that is killed, again and again, at moments that it cannot know: it ends as if nothing had happened."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from minigate.train import Run, load_checkpoint

TEXT = "The gate opens and the cell keeps what it was given. The gate closes; the cell forgets? No: it holds.\n" * 12
OPTIONS = (
    "--text small.txt --cell gru --layers 2 --hidden 6 --feedback gated --init author --batch 3 --length 5 "
    "--updates 240 --optimiser rmsprop --learning-rate 0.002 --schedule linear --dropout 0.2 --reset-every 7 "
    "--explode-threshold 0.9 --evaluate-every 15 --checkpoint-every 10 --json"
).split()


@pytest.fixture
def start(tmp_path):
    (tmp_path / "small.txt").write_text(TEXT)
    path = os.pathsep.join(p for p in sys.path if p)
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

    def process(*words):
        return subprocess.Popen(
            [sys.executable, "-m", "minigate", "train", "charlm", *words],
            cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        )  # fmt: skip

    return process


def finished(process):
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return [json.loads(line) for line in out.splitlines()]


def contents(path):
    saved = load_checkpoint(path)
    return {name: (array.dtype, array.tobytes()) for name, array in saved.arrays.items()}, saved.meta


def test_killed_four_times_it_ends_with_the_same_bytes(start, tmp_path):
    straight = start(*OPTIONS, "--out", "straight")
    chance, kills, run = random.Random(0), 0, tmp_path / "killed"
    while kills < 4:
        begun = (run / "config.json").exists()
        process = start(*(["--resume", "killed", "--json"] if begun else [*OPTIONS, "--out", "killed"]))
        if kills == 0:
            time.sleep(chance.uniform(0.2, 1.2))  # while it starts, perhaps before there is a folder
        else:
            for _ in range(chance.randint(2, 4)):  # that many lines: it has begun, and measured
                process.stdout.readline()
            time.sleep(chance.uniform(0.0, 0.05))
        assert process.poll() is None, "it had ended before it could be killed"
        process.kill()
        process.communicate()
        kills += 1
    resumed = finished(start("--resume", "killed", "--json"))
    assert resumed[0]["resumed"] > 0
    assert finished(straight)[-1]["test_bpc"] == resumed[-1]["test_bpc"]
    for name in ("checkpoint.npz", "best.npz"):
        assert contents(run / name) == contents(tmp_path / "straight" / name)
    assert [record["step"] for record in Run.open(run).records()] == [
        record["step"] for record in Run.open(tmp_path / "straight").records()
    ]
    assert not [name for name in os.listdir(run) if name.endswith(".tmp")]


@pytest.mark.skipif(os.name != "posix", reason="Windows cannot be asked to terminate a process kindly")
def test_told_to_terminate_it_saves_as_for_ctrl_c(start, tmp_path):
    process = start(*OPTIONS, "--updates", "100000", "--out", "run")
    while "measure" not in process.stdout.readline():
        pass
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "told to stop: finishing this update" in err
    assert "minigate train charlm --resume run" in err
    assert load_checkpoint(tmp_path / "run" / "checkpoint.npz").meta["step"] % 10 >= 0


def test_a_budget_of_minutes_ends_it_and_a_larger_one_goes_on(start, tmp_path):
    first = finished(start(*OPTIONS, "--updates", "1000000", "--minutes", "0.02", "--out", "run"))
    assert first[-1]["event"] == "result"
    assert 1.2 <= first[-1]["seconds"] < 30
    again = finished(start("--resume", "run", "--minutes", "0.02", "--json"))
    assert again[-1]["updates"] == first[-1]["updates"]
    more = finished(start("--resume", "run", "--minutes", "0.04", "--json"))
    assert more[0]["resumed"] == first[-1]["updates"] < more[-1]["updates"]
    assert more[-1]["seconds"] >= 2.4
