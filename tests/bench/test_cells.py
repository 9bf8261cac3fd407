"""The race is fair: turns are even, both sides compute the same, and the table says what was measured."""

from __future__ import annotations

import json

import numpy
import pytest

from minigate.bench import CELLS, in_turns, measure, table
from minigate.cli import main
from minigate.errors import MinigateError

SHAPE = (5, 3, 2, 4)


def test_turns_are_even_and_the_first_call_of_a_turn_does_not_count() -> None:
    calls: list[str] = []
    medians = in_turns({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=2, calls=3, quiet=True)
    assert "".join(calls) == "ab" + "aaaabbbb" * 2
    assert set(medians) == {"a", "b"} and all(value >= 0.0 for value in medians.values())


@pytest.mark.parametrize("name", list(CELLS))
def test_a_row_has_every_column(name: str) -> None:
    row = measure(name, SHAPE, tape=True, rounds=1, quiet=True)
    assert row.step > 0 and row.floor > 0 and row.tape is not None and row.peer is None
    assert row.as_dict()["to_floor"] == row.step / row.floor
    assert name in table([row], None) and "× tape" in table([row], None)


@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
def test_the_built_in_layer_holds_the_same_weights(name: str) -> None:
    pytest.importorskip("torch")
    row = measure(name, SHAPE, vs="torch", rounds=1, quiet=True)
    assert row.peer is not None and row.to_peer is not None


def test_sides_that_disagree_are_not_timed() -> None:
    from minigate.bench.torch_peer import must_agree

    one = numpy.ones((2, 3))
    must_agree((one, one), (one, one), "GRU")
    with pytest.raises(MinigateError, match=r"GRU: the two sides disagree: y by 0\.0e\+00, dx by 9\.1e-02"):
        must_agree((one, one), (one, 1.1 * one), "GRU")


def test_command_prints_rows_and_machine_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "cells", "--cell", "GRU", "--shape", "5,3,2,4", "--rounds", "1", "--json", "--quiet"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["cell"] for row in found["rows"]] == ["GRU"] and found["machine"]["numpy"] == numpy.__version__


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--cell", "GUR"], "--cell: no such cell: expected RNN | GRU | GRU-before | LSTM, got GUR"),
        (["--shape", "5,3,2"], "--shape: a shape has four sizes: expected T,N,D,H, got 5,3,2"),
        (["--rounds", "0"], "--rounds: at least one round: expected >= 1, got 0"),
    ],
)
def test_wrong_words_are_usage_errors(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "cells", *words]) == 2
    assert message in capsys.readouterr().err
