"""``plot``, ``compare`` and ``sample`` on runs: what they print, and where their files go."""

import json

import pytest

from minigate.cli import main
from minigate.train import run_experiment
from tests.train.conftest import SMALL, WORDS


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    (folder / "small.txt").write_text(WORDS * 12 + "<a>The gate</a> " * 20)
    for name, more in (("one", {"layers": 2, "feedback": "gated"}), ("two", {"updates": 10})):
        run_experiment("charlm", {**SMALL, "text": str(folder / "small.txt"), **more}, out=folder / name)
    return folder


def test_plot_prints_the_paths_of_what_it_drew(runs, tmp_path, capsys):
    assert main(["plot", str(runs / "one"), "--text", "The gate opens", "--out", str(tmp_path)]) == 0
    paths = capsys.readouterr().out.split()
    assert [path.rpartition("/")[2].rpartition("\\")[2] for path in paths] == [
        "curves.png", "gates-layers.0.png", "gates-layers.1.png", "feedback.png", "gradient.png",
    ]  # fmt: skip
    assert sorted(str(path) for path in tmp_path.iterdir()) == sorted(paths)
    assert main(["plot", str(runs / "two"), "--text-file", str(runs / "small.txt"), "--length", "9", "--json"]) == 0
    assert all(path.startswith(str(runs / "two")) for path in json.loads(capsys.readouterr().out))
    assert main(["plot", str(runs / "two"), "--text", "~"]) == 1
    assert "never seen" in capsys.readouterr().err


def test_compare_prints_a_table_and_draws(runs, tmp_path, capsys):
    picture = tmp_path / "c.png"
    assert main(["compare", str(runs / "one"), str(runs / "two"), "--out", str(picture)]) == 0
    head, one, two, _, curves = capsys.readouterr().out.splitlines()
    assert head.split() == ["run", "parameters", "valid", "test", "updates", "minutes", "characters/s"]
    assert (one.split()[0], two.split()[0], two.split()[4]) == ("one", "two", "10")
    assert curves == f"curves: {picture}"
    assert picture.stat().st_size > 1000
    assert main(["compare", str(runs / "one"), "--no-plot", "--markdown"]) == 0
    assert capsys.readouterr().out.splitlines()[1] == "|---|---:|---:|---:|---:|---:|---:|"
    assert main(["compare", str(runs / "one"), str(runs / "two"), "--no-plot", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["run"] for row in found["runs"]] == ["one", "two"]
    assert found["picture"] is None


def test_runs_of_different_texts_are_not_called_alike(runs, tmp_path, capsys):
    (tmp_path / "other.txt").write_text(WORDS * 13)
    run_experiment("charlm", {**SMALL, "text": str(tmp_path / "other.txt"), "updates": 10}, out=tmp_path / "other")
    assert main(["compare", str(runs / "one"), str(tmp_path / "other"), "--no-plot"]) == 0
    assert "not comparable: these runs read different texts" in capsys.readouterr().out
    assert main(["compare", str(runs / "one"), "--out", "c.gif"]) == 2
    assert main(["compare", str(tmp_path / "nothing")]) == 1


def test_samples_are_counted_from_their_seed_and_so_are_their_tags(runs, tmp_path, capsys):
    (tmp_path / "prime.txt").write_text("<a>The ")
    words = ["sample", str(runs / "one"), "--prime-file", str(tmp_path / "prime.txt"), "--length", "20"]
    assert main([*words, "--count", "2", "--tags", "--json"]) == 0
    both = json.loads(capsys.readouterr().out)
    assert both["tags"]["opened"] >= 2
    assert main([*words, "--seed", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["text"] == both["texts"][1]
    assert main([*words, "--count", "2", "--tags"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("---- seed 0: ")
    assert "\ntags: " in out
    assert main([*words, "--count", "0"]) == 2


def test_help_lists_the_presets_with_their_sizes(capsys):
    assert main(["train", "charlm", "--help"]) == 0
    out = capsys.readouterr().out
    assert "  gf-lstm-l       3 × 191   2,201,904 parameters  rmsprop, learning rate 0.001  gated feedback\n" in out
    assert "--minutes" in out
