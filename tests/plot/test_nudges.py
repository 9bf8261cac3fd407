"""The V-curve: every curve is drawn, and its name stands where it is at its best."""

from __future__ import annotations

import numpy as np

from minigate.plot import error_by_nudge, off_screen


def test_names_stand_at_the_best_place() -> None:
    nudges = 10.0 ** np.arange(-6.0, 1.0)
    errors = {"a V": [1.0, 1e-1, 1e-2, 1e-3, 1e-2, 1e-1, 1.0], "flat": [0.0, 0.0, 0.0, 0.0, 1e-4, 1e-2, 1.0]}
    with off_screen():
        axes, drawn = error_by_nudge(nudges, errors)
    assert {name: curve.min() for name, curve in drawn.items()} == {"a V": 1e-3, "flat": 1e-17}
    assert {text.get_text(): text.xy for text in axes.texts} == {
        "a V": (nudges[3], 1e-3),
        "flat": (nudges[3], 1e-17),
    }
    assert axes.get_xscale() == axes.get_yscale() == "log"
    assert axes.get_xlabel() == "nudge δ" and axes.get_ylabel() == "relative error"
