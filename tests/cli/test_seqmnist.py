"""``train``, ``plot`` and ``compare`` on images that are read as sequences."""

import json

import numpy
import pytest

from minigate.cli import main
from minigate.gates import Sigmoid
from minigate.train import load_classifier, run_experiment
from minigate.train.seqmnist_pictures import SCALES, mean_slopes
from tests.data.test_images import write
from tests.train.test_seqmnist import SMALL


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seqmnist")
    write(folder / "images")
    others = (("tanh", {"cell": "rnn", "updates": 4}), ("kaf", {"gate": "kaf", "updates": 4}))
    for name, more in (("one", {}), ("two", {"seed": 1}), *others):
        run_experiment("seqmnist", {**SMALL, "folder": str(folder / "images"), **more}, out=folder / name)
    return folder


def test_train_says_what_it_does(runs, tmp_path, capsys):
    options = [f"--set={key}={value}" for key, value in SMALL.items()]
    words = ["train", "seqmnist", "--folder", str(runs / "images"), "--order", "pixel", "--out", str(tmp_path / "run")]
    assert main([*words, *options]) == 0
    out = capsys.readouterr().out
    for expected in (
        "24 + 7 images of 5×6 in MNIST's format", "22 / 2 / 7 images to train / validate / test; 5 updates",
        "30 steps of 1 number, pixel order", "misclassified", "images/s", "98% of the validation part right:",
        "test images of each class (row)", "minigate plot",
    ):  # fmt: skip
        assert expected in out, out
    assert main(["train", "seqmnist", "--gate", "step"]) == 2
    assert main(["train", "seqmnist", "--help"]) == 0
    assert "mnist-permuted" in capsys.readouterr().out


def test_plot_draws_mistakes_and_gates(runs, tmp_path, capsys):
    assert main(["plot", str(runs / "one"), "--out", str(tmp_path / "one")]) == 0
    names = ["confusion.png", "curves.png", "gates.png", "saturation.png", "wrong.png"]
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == names
    assert main(["plot", str(runs / "tanh"), "--out", str(tmp_path / "tanh"), "--json"]) == 0
    assert sorted(path.name for path in (tmp_path / "tanh").iterdir()) == ["confusion.png", "curves.png", "wrong.png"]


def test_plot_draws_what_units_make_of_a_gate_with_parameters(runs, tmp_path):
    assert main(["plot", str(runs / "kaf"), "--out", str(tmp_path)]) == 0
    assert sorted(path.name for path in tmp_path.glob("gate-*")) == ["gate-reset.png", "gate-update.png"]


def test_runs_that_differ_in_their_seed_are_told_together(runs, capsys):
    one, two, tanh = (str(runs / name) for name in ("one", "two", "tanh"))
    assert main(["compare", one, tanh, two, "--no-plot"]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("one and alike, seeds 0, 1: valid ") and "; test " in last and " ± " in last
    assert main(["compare", one, two, "--no-plot", "--json"]) == 0
    (group,) = json.loads(capsys.readouterr().out)["seeds"]
    assert group["seeds"] == [0, 1]
    assert main(["compare", one, tanh, "--no-plot"]) == 0
    assert "alike" not in capsys.readouterr().out


def test_the_slopes_of_trained_gates(runs):
    """Of the logistic function, whose mean slope for s ~ N(0, 0.1²) is nearly ¼ (1 − 0.1²/4), and nearly 0 for 100."""
    cell = load_classifier(runs / "one")[0].recurrent.cell
    assert isinstance(cell.gates["update"], Sigmoid)
    found = mean_slopes(cell)
    assert list(found) == ["update", "reset"]
    assert found["update"][0] == pytest.approx(0.25 * (1 - 0.01 / 4), rel=1e-3)
    assert len(found["reset"]) == len(SCALES) and numpy.all(numpy.diff(found["reset"]) < 0)
