"""The triangle of shares: what is kept has a colour, what is dropped is pale, above the diagonal there is nothing."""

from __future__ import annotations

from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np
import pytest

from minigate import plot
from minigate.errors import ShapeError


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


def window_of_two(T: int = 4) -> np.ndarray:
    t, s = np.indices((T, T))
    return np.where((s <= t) & (s >= t - t % 2), 0.1 ** (t - s), 0.0)


def test_what_is_kept_is_drawn_and_counted() -> None:
    axes, drawn = plot.surviving_terms(window_of_two(), title="truncated(2)")
    np.testing.assert_array_equal(drawn["kept"], window_of_two() > 0)
    np.testing.assert_array_equal(drawn["lengths"], window_of_two())
    assert [text.get_text() for text in axes.texts] == ["6 of 10"] and axes.get_title(loc="left") == "truncated(2)"
    triangle, size = (np.ma.filled(image.get_array().astype(float), np.nan) for image in axes.images)
    np.testing.assert_array_equal(np.isfinite(triangle), np.tri(4, dtype=bool))
    np.testing.assert_array_equal(np.isfinite(size), drawn["kept"])
    assert size[1, 0] == pytest.approx(-1.0)


def test_the_range_of_colours_is_the_same_in_every_picture() -> None:
    for scale in (1.0, 1e-3):
        axes, _ = plot.surviving_terms(scale * window_of_two(), decades=3, bar=False)
        assert axes.images[1].get_clim() == (-3, 0) and len(axes.figure.axes) == 1


def test_a_sequence_with_no_share_left_can_be_drawn() -> None:
    axes, drawn = plot.surviving_terms(np.zeros((3, 3)), axes=plot.new_axes())
    assert not drawn["kept"].any() and axes.texts[0].get_text() == "0 of 6"


def test_a_gradient_instead_of_lengths_is_told_what_to_type() -> None:
    with pytest.raises(ShapeError) as caught:
        plot.surviving_terms(np.ones((5, 5, 3, 2)))
    first, slip, remedy = str(caught.value).splitlines()
    assert first.startswith("surviving_terms: one row for the loss of each step, one column for each step: expected")
    assert first.endswith("expected lengths of shape (T, T), got (5, 5, 3, 2)")
    assert slip == "  likely slip: one row for each loss, and the gradient of every sequence or number behind it"
    assert remedy == "  type: np.linalg.norm(dx, axis=-1).mean(axis=-1) for each loss"
