"""PyTorch's side of the race holds the same weights and computes the same, or there is no race."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy
import pytest

from minigate.backend import asnumpy, generator
from minigate.bench import CELLS, measure
from minigate.bench.cells import BUILT_IN, OVER_IMAGES, training_step
from minigate.bench.torch_peer import must_agree, opponent, same_layer
from minigate.bench.torch_peer import training_step as peer_step
from minigate.bench.torch_steps import per_step
from minigate.cells import GRU, LSTM, RNN, Cell
from minigate.errors import MinigateError
from minigate.layers import Recurrent

SHAPE = (9, 3, 2, 8)


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch")


@pytest.mark.parametrize("name", list(CELLS))
def test_every_cell_has_an_opponent_that_agrees(name: str, torch: Any) -> None:
    row = measure(name, (4, 5, 3, 2, 8) if name in OVER_IMAGES else SHAPE, vs="torch", rounds=1, quiet=True)
    assert row.opponent == ("built-in" if name in BUILT_IN else "per-step")
    assert row.peer is not None and row.to_peer is not None


@pytest.mark.parametrize(
    "cell", [LSTM(2, 8, seed=0, dtype="float64"), GRU(2, 8, reset="before", dtype="float64")], ids=repr
)
def test_per_step_modules_agree_to_rounding_in_double_precision(cell: Cell, torch: Any) -> None:
    found = differences(torch, cell, per_step(torch, cell))
    assert max(found) < 1e-12, found


def test_the_per_step_lstm_is_the_built_in_one(torch: Any) -> None:
    cell = LSTM(2, 8, seed=0, dtype="float64")
    x = torch.randn(5, 3, 2, dtype=torch.float64)
    one, other = same_layer(torch, cell)(x)[0], per_step(torch, cell)(x)[0]
    assert torch.allclose(one, other, rtol=1e-12, atol=1e-14)


class Twice(RNN):
    """Another cell, whatever it was made from."""


class WithMore(LSTM):
    """An LSTM with a parameter that nobody has told PyTorch of."""

    def _draw_weights(self, rng: Any, dtype: Any) -> None:
        super()._draw_weights(rng, dtype)
        self.parameter("scale", numpy.ones(self.H), dtype)


def test_the_two_sides_are_compared_before_the_race(torch: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from minigate.bench import torch_steps

    def beginning_elsewhere(torch: Any, cell: Any) -> Any:
        form = torch_steps.gru_before(torch, cell)
        assert form is not None
        return replace(form, first=(0.1,))

    monkeypatch.setitem(torch_steps.FORMS, "GRU", beginning_elsewhere)
    with pytest.raises(MinigateError, match=r"GRU-before \(9, 3, 2, 8\): the two sides disagree: y by "):
        measure("GRU-before", SHAPE, vs="torch", rounds=1, quiet=True)


@pytest.mark.parametrize("cell", [Twice(2, 4), WithMore(2, 4)], ids=repr)
def test_a_cell_that_nobody_has_written_has_no_opponent(cell: Cell, torch: Any) -> None:
    assert opponent(torch, cell) is None


def test_sides_that_disagree_are_not_timed() -> None:
    one = numpy.ones((2, 3))
    must_agree((one, one), (one, one), "GRU")
    with pytest.raises(MinigateError, match=r"GRU: the two sides disagree: y by 0\.0e\+00, dx by 9\.1e-02"):
        must_agree((one, one), (one, 1.1 * one), "GRU")


def differences(torch: Any, cell: Cell, peer: Any) -> list[float]:
    """How far y and dx of the two sides are apart, relative to their size."""
    rng = generator(1)
    x, dy = rng.standard_normal((9, 3, cell.D)), rng.standard_normal((9, 3, cell.H))
    ours, theirs = training_step(Recurrent(cell), x, dy)(), peer_step(torch, peer, x, dy)()
    return [float(numpy.abs(asnumpy(a) - b).max() / numpy.abs(b).max()) for a, b in zip(ours, theirs)]
