"""What the shortest sequence that fails says: no more than what was run."""

from __future__ import annotations

import pytest

import minigate as mg
from minigate.checking import check_cell
from minigate.checking.bisection import conclude

BLOCKS = {"W": "", "U": "", "b": ""}
ALL = ["W", "U", "b", "x", "h0"]


def concluded(T, before, wrong, masked=False):
    right = [name for name in ALL if name not in wrong]
    found = conclude(T, before, masked, wrong, right, BLOCKS, ["h0"])
    return found.kind, found.text


@pytest.mark.parametrize(
    ("T", "before", "wrong", "kind", "text"),
    [
        (1, 0, ALL, "entry", "everything is wrong from the first step on"),
        (1, 0, ["h0"], "state", "only dh0: a way from the step back into the state before it is wrong or missing"),
        (2, 1, ALL, "carry", "right for one step, wrong for two"),
        (5, 1, ALL, "carry", "right for one step, wrong for 5"),
        (5, 1, ["U"], "time sum", "right up to T=1; at T=5 wrong in dU"),
        (5, 2, ALL, "window", "right up to T=2, wrong at T=5"),
        (5, 0, ALL, "length", "wrong at T=5 (everything), and nothing shorter was run"),
    ],
)
def test_what_follows_from_the_lengths_that_were_run(T, before, wrong, kind, text):
    found = concluded(T, before, wrong)
    assert found[0] == kind and text in found[1]


def test_a_mask_comes_before_all_lengths():
    assert concluded(5, 0, ALL, masked=True)[0] == "mask"


def test_a_single_length_is_not_said_to_be_right_below():
    class Half(mg.cells.RNN):
        def step_backward(self, t, dy_t, dstate, trace):
            (dh,) = super().step_backward(t, dy_t, dstate, trace)
            dh[:, :2] *= 0.5
            return (dh,)

    report = check_cell(Half, T=(4,), contracts=False)
    assert "nothing shorter was run" in report.diagnosis and "right up to" not in report.diagnosis
    report = check_cell(Half, T=(1, 4), contracts=False)
    assert report.findings[0].kind == "state" and "only dh0" in report.diagnosis
