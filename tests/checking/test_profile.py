"""What a gate does to gradients, in numbers: against values that can be worked out by hand."""

from __future__ import annotations

import json
import math

import matplotlib.pyplot as plt
import numpy
import pytest

import minigate as mg
from minigate import plot
from minigate.checking import check_gate
from minigate.checking.profile import SCALES, STEPS


class Falling(mg.gates.Gate):
    def compose(self, s, p):
        return mg.ops.sigmoid(-s)


class Wave(mg.gates.Gate):
    def compose(self, s, p):
        return 0.5 + 0.5 * mg.ops.tanh(s) * mg.ops.exp(-(mg.ops.tanh(s) ** 2))


def test_the_logistic_gate_is_its_own_measure():
    profile = check_gate(mg.gates.Sigmoid).profile
    assert (
        profile["slope"] == profile["slope of the sigmoid"]
        and profile["gradient"] == profile["gradient with the sigmoid"]
    )
    assert profile["slope"][0] == pytest.approx(0.25, rel=0.01)  # all of s near 0, where σ′ = ¼
    assert profile["slope"][-1] == pytest.approx(1.0 / (30.0 * math.sqrt(2.0 * math.pi)), rel=0.01)  # ∫ σ′ = 1
    assert (
        profile["scale"] == list(SCALES) and profile["lag"] == list(range(STEPS + 1)) and profile["gradient"][0] == 1.0
    )


def test_a_hard_sigmoid_has_a_slope_of_a_fifth_and_rises():
    profile = check_gate(mg.gates.HardSigmoid()).profile
    assert profile["slope"][0] == pytest.approx(0.2) and profile["shape"] == "rises"


def test_an_update_gate_of_zero_keeps_the_gradient_and_one_near_zero_most_of_it():
    shut = check_gate(mg.gates.Constant(0.0)).profile
    assert shut["gradient"] == pytest.approx([1.0] * (STEPS + 1)) and shut["slope"] == [0.0] * len(SCALES)
    assert shut["shape"] == "constant"
    ratio = check_gate(mg.gates.Constant(0.01)).profile["gradient"][STEPS]
    assert 0.99**STEPS * 0.5 < ratio < 2.0


@pytest.mark.parametrize(("gate", "shape"), [(Falling, "falls"), (Wave, "rises and falls")])
def test_the_shape_of_the_map(gate, shape):
    report = check_gate(gate)
    assert report.profile["shape"] == shape
    assert f"; {shape}" in next(stage.detail for stage in report.stages if stage.name == "slope against scale")


def test_two_lines_in_the_text_and_plain_lists_in_json():
    report = check_gate(mg.gates.HardSigmoid())
    text = str(report)
    assert (
        "slope against scale ......... ×0.96 of σ's mean |slope| for s ~ N(0, 1); ×0.8 at scale 0.1, ×0.99 at 30"
        in text
    )
    assert "gradient against lag ........ ×" in text and "of σ's after 50 steps, as update gate of a GRU" in text
    assert len(json.loads(report.to_json())["profile"]["gradient"]) == STEPS + 1


def test_a_gate_that_fails_has_no_profile():
    class Beyond(mg.gates.Gate):
        def compose(self, s, p):
            return 2.0 * mg.ops.sigmoid(s)

    assert check_gate(Beyond).profile == {}


def test_the_picture_shows_what_is_in_the_profile():
    profile = check_gate(mg.gates.HardSigmoid()).profile
    axes, drawn = plot.saturation(
        profile["scale"], {"hard": profile["slope"], "σ": profile["slope of the sigmoid"]},
        profile["lag"], {"hard": profile["gradient"], "σ": profile["gradient with the sigmoid"]},
    )  # fmt: skip
    assert drawn["slope"]["hard"].tolist() == profile["slope"] and drawn["gradient"]["σ"][0] == 1.0
    assert [panel.get_yscale() for panel in axes] == ["log", "log"] and axes[0].get_xscale() == "log"
    assert [len(panel.lines) for panel in axes] == [2, 2]
    plt.close(axes[0].figure)


def test_a_gradient_of_zero_is_left_out_of_the_picture():
    axes, drawn = plot.saturation([0.1, 1.0], {"g": [0.25, 0.0]}, [0, 1], {"g": [1.0, 0.5]})
    assert numpy.isnan(drawn["slope"]["g"][1])
    plt.close(axes[0].figure)
