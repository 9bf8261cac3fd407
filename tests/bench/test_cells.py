"""The race is fair: turns are even, both sides compute the same, and the table says what was measured."""

from __future__ import annotations

import json

import numpy
import pytest

from minigate.bench import CELLS, SHAPES, Row, in_turns, measure, race_columns, shapes_of, share_columns, table
from minigate.bench.cells import BUILT_IN, OF_LAYERS, OPTIONS, OVER_IMAGES, build
from minigate.cells import MDLSTM, registry
from minigate.cli import main

SHAPE, IMAGE = (5, 3, 2, 4), (3, 4, 3, 2, 4)


def row(H: int = 256, **options: object) -> Row:
    """A row of numbers that are easy to divide by."""
    given = {"forward": 2.0, "step": 6.0, "products": 4.0, "calls": 0.5, **options}
    return Row("GRU", (28, 32, 28, H), **given)  # type: ignore[arg-type]


def test_turns_are_even_and_the_first_call_of_a_turn_does_not_count() -> None:
    calls: list[str] = []
    medians = in_turns({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=2, calls=3, quiet=True)
    assert "".join(calls) == "ab" + "aaaabbbb" * 2
    assert set(medians) == {"a", "b"} and all(value >= 0.0 for value in medians.values())


def test_turns_without_an_uncounted_call() -> None:
    calls: list[str] = []
    in_turns({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, 2, 1, uncounted=0, quiet=True)
    assert "".join(calls) == "ab" + "abab"


def test_every_cell_is_there() -> None:
    kinds = {type(make()) for make in registry.values()} | {MDLSTM}
    assert {type(build(name, 2, 8, seed=0)) for name in CELLS} == kinds
    others = {name for name in registry if not name.startswith("GatedFeedback")} - {"GRU-after"}
    assert others | {"GRU", "GatedFeedback-LSTM", "GatedFeedback-GRU"} <= set(CELLS)
    assert set(OPTIONS) | set(OVER_IMAGES) | set(OF_LAYERS) | set(BUILT_IN) <= set(CELLS)


def test_the_cells_that_pytorch_has_are_measured_at_every_shape_the_others_at_two() -> None:
    assert shapes_of("GRU") == SHAPES
    for name in ("GRU-before", "MDLSTM"):
        assert {shape[-1] for shape in shapes_of(name)} == {100, 256}, "the sizes that something is asked of"


@pytest.mark.parametrize("name", list(CELLS))
def test_a_row_has_every_column(name: str) -> None:
    found = measure(name, IMAGE if name in OVER_IMAGES else SHAPE, tape=True, rounds=1, quiet=True)
    assert found.step > 0 and found.floor > 0 and found.tape is not None and found.peer is None
    assert found.as_dict()["to_floor"] == found.step / found.floor
    text = table(race_columns(None, tape=True), [found])
    assert name in text and "× tape" in text and "torch" not in text
    assert found.products + found.calls + found.arithmetic == pytest.approx(found.step)


def test_nothing_that_is_compared_is_zero() -> None:
    for name in CELLS:
        for label, parameter in build(name, 2, 8, seed=0).named_parameters():
            assert parameter.data.any(), f"{name} {label}: a slip in what it is multiplied with could not be seen"


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (row(), "1.50 ≤ 1.70 ✓"),
        (row(step=8.0), "2.00 ≤ 1.70 ✗"),
        (row(step=8.0, H=100), "2.00"),
        (row(bandwidth=2.0), "3.00"),
        (row(opponent="built-in", peer=5.0), "1.20 ≤ 1.00 ✗"),
        (row(opponent="per-step", peer=12.0), "0.50 ≤ 0.50 ✓"),
        (row(opponent="per-step", peer=12.0, H=100), "0.50 ≤ 0.35 ✗"),
        (row(opponent="per-step", peer=12.0, H=64), "0.50"),
    ],
)
def test_a_ratio_stands_beside_what_is_asked_of_it(found: Row, text: str) -> None:
    line = table(race_columns("torch", tape=False), [found], markdown=True).splitlines()[-1]
    assert f"| {text} |" in line


def test_shares_of_a_step() -> None:
    line = table(share_columns(), [row()], markdown=True).splitlines()[-1]
    assert line == "| GRU | 28, 32, 28, 256 | 6.00 | 33 % | 67 % | 67 % | 8 % | 25 % | – |"
    beside = row(bandwidth=0.3, opponent="per-step", peer=8.0)
    assert table(share_columns("torch"), [beside], markdown=True).endswith("| 25 % | 5 % | 0.50 |")


def test_command_prints_rows_and_machine_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["bench", "cells", "--cell", "GRU", "--shape", "5,3,2,4", "--rounds", "1", "--no-tape", "--json", "--quiet"]
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["cell"] for row in found["rows"]] == ["GRU"] and found["machine"]["numpy"] == numpy.__version__
    assert {"T": 5, "N": 3, "D": 2, "H": 4}.items() <= found["rows"][0].items()


def test_command_prints_both_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "cells", "--cell", "RNN", "--shape", "5,3,2,4", "--rounds", "1", "--quiet"]) == 0
    out = capsys.readouterr().out
    assert "× floor" in out and "where the time of a step is:" in out and out.count("5, 3, 2, 4") == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--cell", "GUR"], "--cell: no such cell: expected RNN | "),
        (["--cell", "GRU", "--shape", "3,4,3,2,4"], "--shape: no cell reads this shape: expected T,N,D,H for"),
        (["--shape", "5,3,2"], "--shape: a shape has four sizes: expected T,N,D,H, got 5,3,2"),
        (["--rounds", "0"], "--rounds: at least one round: expected >= 1, got 0"),
    ],
)
def test_wrong_words_are_usage_errors(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "cells", *words]) == 2
    assert message in capsys.readouterr().err
