"""The two commands as someone types them, each in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

TEXT = "The gate opens and the cell keeps what it was given. The gate closes; the cell forgets? No: it holds.\n" * 12
FAST = "--hidden 8 --batch 3 --length 5 --updates 30 --evaluate-every 10 --checkpoint-every 10".split()


def ctrl_c_arrives():
    """In the new process too, where the tests themselves run in the background with Ctrl-C ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def command(tmp_path):
    (tmp_path / "small.txt").write_text(TEXT)
    path = os.pathsep.join(p for p in sys.path if p)
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}

    def start(*words):
        return subprocess.Popen(
            [sys.executable, "-m", "minigate", *words],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            preexec_fn=ctrl_c_arrives if os.name == "posix" else None,
        )

    return start


def done(process):
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_train_then_sample_as_text(command, tmp_path):
    code, out, err = done(command("train", "charlm", "--text", "small.txt", *FAST))
    assert (code, err) == (0, "")
    for words in ("config ", "seed=0", "hidden=8", "versions ", "numpy ", "bits per character", "on the test text"):
        assert words in out
    run = tmp_path / "runs" / "charlm-gf-gru2x8-seed0"
    assert sorted(os.listdir(run)) == [
        "best.npz", "checkpoint.npz", "checkpoint.npz.bak", "clock.json", "config.json", "curves.png", "log.jsonl",
        "result.json",
    ]  # fmt: skip
    code, out, err = done(command("sample", "runs/charlm-gf-gru2x8-seed0", "--prime", "The ", "--length", "20"))
    assert (code, err) == (0, "")
    assert out.startswith("The ")
    assert len(out.rstrip("\n")) <= 24

    code, out, _ = done(command("train", "charlm", "--text", "small.txt", *FAST, "--quiet"))
    assert code == 0
    assert "config" not in out
    assert (tmp_path / "runs" / "charlm-gf-gru2x8-seed0-2").is_dir()


def test_ctrl_c_saves_and_says_how_to_go_on(command, tmp_path):
    options = ["--text", "small.txt", "--hidden", "8", "--batch", "3", "--length", "5", "--out", "run", "--json"]
    process = command("train", "charlm", *options, "--updates", "100000", "--set", "evaluate_every=20")
    for line in process.stdout:
        if json.loads(line)["event"] == "measure":
            break
    process.send_signal(signal.SIGINT)
    code, _, err = done(process)
    assert code == 130
    assert "minigate train charlm --resume run" in err
    assert "Traceback" not in err

    process = command("train", "charlm", "--resume", "run", "--json")
    begin = json.loads(process.stdout.readline())
    assert begin["event"] == "begin"
    assert begin["resumed"] >= 20
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert done(process)[0] == 130


def test_what_went_wrong_is_one_message_and_an_exit_code(command, tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes.txt").write_text("mine")
    for words, expected_code, message in [
        (["train", "charlm", "--text", "none.txt"], 1, "none.txt is neither a file"),
        (["train", "charlm", "--text", "small.txt", "--out", "taken", *FAST], 2, "never overwritten"),
        (["train", "charlm", "--resume", "nowhere"], 1, "there is no folder nowhere"),
        (["train", "charlm", "--set", "hiden=3"], 2, "KEY one of"),
        (["train", "charlm", "--set", "hidden=three"], 2, "hidden is a int"),
        (["train", "charlm", "--cell", "gruu"], 2, "invalid choice"),
        (["train", "chatlm"], 2, "invalid choice"),
        (["sample", "nowhere"], 1, "there is no folder nowhere"),
    ]:
        code, _, err = done(command(*words))
        assert (code, message in err, "Traceback" in err) == (expected_code, True, False), (words, code, err)
    assert os.listdir(tmp_path / "taken") == ["notes.txt"]


def test_a_learning_rate_that_is_too_high_ends_with_1(command, tmp_path):
    words = ["--text", "small.txt", *FAST, "--optimiser", "sgd", "--learning-rate", "1e38", "--clip", "1e38"]
    code, _, err = done(command("train", "charlm", *words, "--out", "run", "--quiet"))
    assert code == 1
    assert "holds the last good state" in err
    assert time.time() > 0
