"""The unrolled graph: what stands where, which gradients are drawn, and how thick."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Annotation

from minigate import plot

T, N, H = 5, 3, 4


@pytest.fixture(autouse=True)
def _close() -> Iterator[None]:
    yield
    plt.close("all")


def texts(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.texts if text.get_text()]


def arrows(axes: Any, colour: str) -> list[Any]:
    """The arrows of one colour."""
    found = [text.arrow_patch for text in axes.texts if isinstance(text, Annotation) and text.arrow_patch is not None]
    return [arrow for arrow in found if to_hex(arrow.get_edgecolor()).upper() == colour.upper()]


def test_there_is_one_state_more_than_there_are_steps() -> None:
    axes, drawn = plot.unrolled(T)
    for name, count in (("h", T + 1), ("x", T), ("y", T)):
        assert [text for text in texts(axes) if text.startswith(f"{name}[")] == [f"{name}[{t}]" for t in range(count)]
    assert drawn["steps"].tolist() == list(range(T))


def test_forward_alone_has_no_gradient() -> None:
    axes, _ = plot.unrolled(T)
    assert len(arrows(axes, plot.FORWARD)) == 3 * T
    assert arrows(axes, plot.BACKWARD) == []


def test_backward_names_every_gradient() -> None:
    axes, _ = plot.unrolled(T, backward=True)
    assert len(arrows(axes, plot.BACKWARD)) == 3 * T
    assert {f"dy[{t}]" for t in range(T)} | {f"dx[{t}]" for t in range(T)} <= set(texts(axes))
    assert texts(axes).count("dh_prev") == T


def test_the_folded_network_stands_beside_it() -> None:
    alone, _ = plot.unrolled(T)
    both, _ = plot.unrolled(T, folded=True)
    assert {"h", "x", "y", "="} <= set(texts(both)) and "=" not in texts(alone)
    assert both.get_xlim()[0] < alone.get_xlim()[0]


def test_the_flow_is_drawn_as_thick_as_it_is_long() -> None:
    dy, dh_prev = np.zeros((T, N, H)), np.ones((T, N, H)) * (2.0 ** np.arange(T))[:, None, None]
    dy[-1, :, 0] = 3.0
    axes, drawn = plot.unrolled(T, {"dy": dy, "dh_prev": dh_prev})
    np.testing.assert_allclose(drawn["dy"], [0, 0, 0, 0, 3])
    np.testing.assert_allclose(drawn["dh_prev"], 2.0 * 2.0 ** np.arange(T))  # a row of H = 4 equal numbers
    back = arrows(axes, plot.BACKWARD)
    assert len(back) == T + 1, "a gradient of length 0 has no arrow"
    widths = [arrow.get_linewidth() for arrow in back]
    del widths[T - 1]  # that of dy, drawn before the dh_prev of the same step
    assert widths == sorted(widths) and widths[0] < widths[-1]
    assert {"2", "4", "8", "16", "32", "3"} <= set(texts(axes))


def test_a_flow_of_zeros_is_no_arrow_and_no_error() -> None:
    axes, _ = plot.unrolled(2, {"dh_prev": np.zeros((2, N, H))})
    assert arrows(axes, plot.BACKWARD) == []


def test_it_draws_into_the_axes_it_is_given() -> None:
    given = plot.new_axes()
    axes, _ = plot.unrolled(T, axes=given)
    assert axes is given
