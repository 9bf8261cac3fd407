"""The heat map: fixed colour ranges, units sorted and numbered, symbols below the steps."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest

from minigate import plot

T, H = 5, 4


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.mark.parametrize(
    ("kind", "limits", "colours"), [("state", (-1.0, 1.0), plot.SIGNED_MAP), ("gate", (0.0, 1.0), plot.GATE_MAP)]
)
def test_the_range_of_colours_never_depends_on_the_values(
    kind: str, limits: tuple[float, float], colours: str, rng: np.random.Generator
) -> None:
    for size in (0.01, 0.9):
        axes, _ = plot.heat_map(size * rng.uniform(0, 1, size=(T, H)), kind=kind)
        image = axes.images[0]
        assert image.get_clim() == limits and image.get_cmap().name == colours


def test_units_are_sorted_by_their_mean_and_keep_their_numbers(rng: np.random.Generator) -> None:
    values = 0.1 * rng.uniform(-1, 1, size=(T, H)) + np.array([0.0, 0.8, -0.5, 0.4])
    axes, drawn = plot.heat_map(values)
    assert drawn["order"].tolist() == [1, 3, 0, 2]
    np.testing.assert_array_equal(drawn["values"], values.T[[1, 3, 0, 2]])
    np.testing.assert_array_equal(np.asarray(axes.images[0].get_array()), drawn["values"])
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["1", "3", "0", "2"]


def test_an_order_can_be_given(rng: np.random.Generator) -> None:
    values = rng.uniform(-1, 1, size=(T, H))
    _, drawn = plot.heat_map(values, order=range(H))
    np.testing.assert_array_equal(drawn["values"], values.T)


def test_symbols_stand_below_their_steps(rng: np.random.Generator) -> None:
    axes, _ = plot.heat_map(rng.uniform(0, 1, size=(T, H)), kind="gate", symbols="hello", label="update gate")
    assert [tick.get_text() for tick in axes.get_xticklabels()] == list("hello")
    assert axes.get_xticks().tolist() == list(range(T))
    assert axes.get_xlabel() == "time step t" and axes.get_ylabel() == "unit"
    assert axes.figure.axes[1].get_ylabel() == "update gate"


def test_many_steps_and_units_are_not_all_labelled(rng: np.random.Generator) -> None:
    axes, drawn = plot.heat_map(rng.uniform(-1, 1, size=(200, 50)))
    assert drawn["values"].shape == (50, 200)
    assert len(axes.get_xticks()) <= 14
    assert not any(tick.get_text() for tick in axes.get_yticklabels())
