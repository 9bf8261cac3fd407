"""What a gate does to gradients: how much of them is left at which size of its input, and how far back in time.

Nothing here is right or wrong. The logistic gate stands beside every number: it is what a cell has without
the gate, so the question is what changes when the one takes the place of the other.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np

from minigate.backend import array_module, asarray, generator
from minigate.bptt import backward_through_time, forward_through_time
from minigate.cells import GRU
from minigate.checking.gate_contract import SWEEP, Bench, columns
from minigate.checking.report import Stage
from minigate.checking.subject import Array, host
from minigate.gates import Gate, Sigmoid

SCALES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
STEPS = 50
#: Does the map rise somewhere, does it fall somewhere?
SHAPES = {
    (True, False): "rises",
    (False, True): "falls",
    (False, False): "constant",
    (True, True): "rises and falls",
}
#: The numbers of N(0, 1) that 1,000 equal shares of it have in their middle.
NORMAL = np.array([NormalDist().inv_cdf((k + 0.5) / 1000) for k in range(1000)])


def profile_of(bench: Bench) -> dict[str, Any]:
    """Mean |dg/ds| for s ~ N(0, scale²), and the gradient over 50 steps with the gate as update gate of a GRU.

    **Equations**: mean |dg/ds|; ‖d loss / d h_{T−k}‖ / ‖d loss / d h_T‖ for k = 0 … 50, the loss on h_T alone.

    **Shapes**: all plain lists: six scales, 51 lags.
    """
    point = "begin" if "begin" in bench.points else "moved"
    sigmoid = Bench(Sigmoid(), bench.H, {point: {}})
    with np.errstate(all="ignore"):
        slopes, theirs = (
            [float(np.abs(each.slope(columns(scale * NORMAL, bench.H), point)).mean()) for scale in SCALES]
            for each in (bench, sigmoid)
        )
        rise = np.diff(bench.forward(columns(SWEEP, bench.H), point), axis=0)
        far, their_far = (_by_lag(gate) for gate in (bench.gate, Sigmoid()))
    up, down = bool((rise > 1e-12).any()), bool((rise < -1e-12).any())
    return {
        "shape": SHAPES[up, down],
        "scale": list(SCALES),
        "slope": slopes,
        "slope of the sigmoid": theirs,
        "lag": list(range(STEPS + 1)),
        "gradient": far,
        "gradient with the sigmoid": their_far,
        "cell": "GRU(D=4, H=16), the gate as update gate",
    }


def lines(profile: dict[str, Any]) -> list[Stage]:
    """The profile in two lines of the report, as multiples of what the logistic gate does."""
    slope = [_times(*pair) for pair in zip(profile["slope"], profile["slope of the sigmoid"], strict=True)]
    far = [_times(*pair) for pair in zip(profile["gradient"], profile["gradient with the sigmoid"], strict=True)]
    first, one, last = 0, SCALES.index(1.0), len(SCALES) - 1
    here = f"{slope[first]} at scale {SCALES[first]:g}, {slope[last]} at {SCALES[last]:g}; {profile['shape']}"
    there = f"of σ's after {STEPS} steps, as update gate of a GRU; {far[10]} after 10"
    return [
        Stage("slope against scale", slope[one], f"of σ's mean |slope| for s ~ N(0, 1); {here}"),
        Stage("gradient against lag", far[STEPS], there),
    ]


def _times(own: float, theirs: float) -> str:
    ratio = own / theirs if theirs else np.nan
    return f"×{ratio:.0f}" if 100.0 <= ratio < 1e6 else f"×{ratio:.2g}"


def _by_lag(gate: Gate) -> list[float]:
    """How long the gradient of h_{T−k} is, for one of h_T of length 1.

    **Shapes**: x (51, 8, 4), h (51, 8, 16) → 51 numbers.
    """
    cell = GRU(4, 16, gate={"update": gate, "reset": Sigmoid()}, seed=0, dtype="float64")
    rng = generator(0)
    x, h0, dh = (asarray(rng.normal(size=shape)) for shape in ((STEPS + 1, 8, 4), (8, 16), (8, 16)))
    _, _, trace = forward_through_time(array_module(x), cell, x, [h0], None)
    trace.keeps_dstate = True
    backward_through_time(cell, trace, None, [dh], None, wants_dx=False)
    lengths: Array = np.sqrt((host(trace["dh"]) ** 2).sum(axis=(1, 2)))[::-1]
    return [float(length / lengths[0]) for length in lengths]
