"""``predict``, and ``plot`` and ``compare`` on runs of programs."""

import io
import json

import pytest

from minigate.cli import main
from minigate.train import run_experiment
from tests.train.conftest import SMALL as CHARLM
from tests.train.conftest import WORDS
from tests.train.test_programs import SMALL


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("programs")
    for name, more in (("one", {}), ("two", {"feedback": "none", "updates": 7}), ("long", {"length": 3})):
        run_experiment("programs", {**SMALL, **more}, out=folder / name)
    (folder / "small.txt").write_text(WORDS * 12)
    run_experiment("charlm", {**CHARLM, "text": str(folder / "small.txt")}, out=folder / "text")
    return folder


def test_an_answer_with_its_probabilities_and_the_right_one(runs, capsys):
    assert main(["predict", str(runs / "one"), "print((12+34))"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "read    print((12+34))@"
    assert lines[1].startswith("answer  ") and "%" in lines[1]
    assert lines[2].startswith("right   46.   ")
    assert main(["predict", str(runs / "one"), "print(7)", "--beam", "3", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["problem"], found["right"], len(found["others"])) == ("print(7)@", "7.", 2)


def test_programs_from_standard_input_one_a_line(runs, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("print(1)\n\nprint(1/2)\nprint(2)"))
    assert main(["predict", str(runs / "one"), "--json"]) == 1  # one of them is no program
    out, err = capsys.readouterr()
    assert [json.loads(line)["right"] for line in out.splitlines()] == ["1.", "2."]
    assert "nothing is divided" in err


def test_one_program_after_the_other_at_a_terminal(runs, capsys, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr("sys.stdin", Terminal("print(1\nprint(1)\n\nprint(2)\n"))
    assert main(["predict", str(runs / "one")]) == 0
    out, err = capsys.readouterr()
    assert out.count("read ") == 1
    assert "an empty line ends" in err


def test_what_cannot_be_answered(runs, capsys):
    assert main(["predict", str(runs / "one"), "print(a)"]) == 1
    assert main(["predict", str(runs / "text"), "print(1)"]) == 1
    assert "not a model that answers" in capsys.readouterr().err
    assert main(["predict", str(runs / "one"), "print(1)", "--beam", "0"]) == 2


def test_plot_draws_the_curves_and_both_accuracies(runs, tmp_path, capsys):
    assert main(["plot", str(runs / "one"), "--out", str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["answers.png", "curves.png", "symbols.png"]
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_compare_also_draws_the_difference_of_two(runs, tmp_path, capsys):
    one, two, long = (str(runs / name) for name in ("one", "two", "long"))
    assert main(["compare", one, two, "--out", str(tmp_path / "c.png")]) == 0
    assert "difference of right symbols" in capsys.readouterr().out
    assert (tmp_path / "c-difference.png").stat().st_size > 1000
    assert main(["compare", one, long, "--out", str(tmp_path / "d.png"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["difference"] is None  # other difficulties
    assert main(["compare", one, str(runs / "text"), "--out", str(tmp_path / "e.png")]) == 1
    assert "runs of two experiments" in capsys.readouterr().err


def test_train_says_what_it_does(tmp_path, capsys):
    options = [f"--set={key}={value}" for key, value in SMALL.items()]
    assert main(["train", "programs", "--out", str(tmp_path / "run"), *options]) == 0
    out = capsys.readouterr().out
    for words in ("41 to read, 13 to answer with", "right symbols     whole answers", "nesting 2", "minigate predict",
                  "test, 5 problems of each difficulty"):  # fmt: skip
        assert words in out
    assert main(["train", "programs", "--preset", "nothing"]) == 2
    assert "laptop-gf-gru" in capsys.readouterr().err
    assert main(["train", "programs", "--resume", str(tmp_path / "run"), "--curriculum", "naive"]) == 1
    assert "the run began with other options" in capsys.readouterr().err
