"""Cost against length: what is promised of the memory is what is held, and time stays a number for each step."""

from __future__ import annotations

import json
from pathlib import Path

import numpy
import pytest

from minigate.bench import Point, cost, table
from minigate.bench.cells import CELLS, OVER_IMAGES, build
from minigate.bench.length import COLUMNS, counted, peak_bytes, trace_bytes
from minigate.cli import main

WAYS = ["full", "truncated(50)", "checkpointed()", "no gradient"]


@pytest.fixture(scope="module")
def points() -> dict[tuple[str, int], Point]:
    found = cost("GRU", (200, 600), (8, 16, 32), window=50, rounds=1, quiet=True)
    return {(point.way, point.T): point for point in found}


def test_every_way_at_every_length(points: dict[tuple[str, int], Point]) -> None:
    assert list(points) == [(way, T) for T in (200, 600) for way in WAYS]
    assert all(point.seconds > 0 and point.peak > point.in_and_out > 0 for point in points.values())


def test_what_is_held_is_what_is_promised(points: dict[tuple[str, int], Point]) -> None:
    """Beyond what grows with T: weights' gradients, a step's temporaries, one block of pre-activations."""
    for point in points.values():
        assert point.promised is not None
        assert 0 < point.beyond - point.promised < 1_500_000, point


def test_only_the_full_way_holds_more_for_a_longer_sequence(points: dict[tuple[str, int], Point]) -> None:
    grown = {way: points[way, 600].beyond - points[way, 200].beyond for way in WAYS}
    step = trace_bytes(build("GRU", 16, 32, 0), 600, 8) - trace_bytes(build("GRU", 16, 32, 0), 200, 8)
    assert grown["full"] == pytest.approx(step - 400 * 8 * 32 * 4, rel=0.1), "the trace but for y, which is in it"
    assert all(grown[way] < 0.1 * grown["full"] for way in WAYS[1:])


def test_the_trace_of_a_long_sequence_follows_from_two_short_ones() -> None:
    T, N, D, H = 1000, 40, 3, 5  # two blocks are 654 steps
    cell = build("LSTM", D, H, seed=0)
    known = trace_bytes(cell, T, N)
    assert known == counted(cell, T, N)
    for_each_step = (D + 1) + 4 * H + 3 * H + 4 * H  # x with its 1, four activations, h and c and tanh c, four da
    assert trace_bytes(cell, T + 100, N) - known == 4 * 100 * N * for_each_step


@pytest.mark.parametrize("name", [name for name in CELLS if name not in OVER_IMAGES])
def test_every_cell_can_be_measured(name: str) -> None:
    found = cost(name, (6,), (2, 3, 8), window=4, rounds=1, quiet=True)
    assert [point.way for point in found] == ["full", "truncated(4)", "checkpointed()", "no gradient"]


def test_peak_counts_what_a_call_allocates_and_lets_go() -> None:
    assert peak_bytes(lambda: numpy.ones(100_000).sum()) == pytest.approx(800_000, rel=0.01)
    assert peak_bytes(lambda: None) < 10_000


def test_table_has_a_dash_where_nothing_is_promised() -> None:
    line = table(COLUMNS, [Point("full", 1000, 0.05, 3_000_000, 1_000_000, None)], markdown=True).splitlines()[-1]
    assert line == "| full | 1,000 | 50.0 | 50.0 | 3.00 | 1.00 | 2.00 | – |"


def test_command_draws_and_prints(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["bench", "length", "--cell", "RNN", "--T", "4,8", "--shape", "2,3,4", "--window", "2", "--rounds", "1"]
    assert main([*words, "--quiet", "--plot", str(tmp_path / "length.png")]) == 0
    out = capsys.readouterr().out
    assert "RNN, N, D, H = 2, 3, 4" in out and out.count("truncated(2)") == 2
    assert (tmp_path / "length.png").read_bytes().startswith(b"\x89PNG")
    assert main([*words, "--quiet", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["rows"]) == 8 and found["rows"][0]["ms_per_step"] > 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--cell", "GUR"], "--cell: no such cell: expected RNN | "),
        (["--T", "100,ten"], "--T: lengths are whole numbers of steps: expected T,T,…, each >= 1, got 100,ten"),
        (["--cell", "MDLSTM"], "--cell: MDLSTM reads images, which have no length"),
        (["--T", "0"], "--T: lengths are whole numbers of steps: expected T,T,…, each >= 1, got 0"),
        (["--shape", "8,16"], "--shape: a shape has three sizes: expected N,D,H, got 8,16"),
        (["--window", "0"], "--window: a window has at least one step: expected >= 1, got 0"),
        (["--plot", "length.txt"], "--plot: unknown kind of picture: expected FILE.png, got length.txt"),
        (["--rounds", "0"], "--rounds: at least one round: expected >= 1, got 0"),
    ],
)
def test_wrong_words_are_usage_errors(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "length", *words]) == 2
    assert message in capsys.readouterr().err
