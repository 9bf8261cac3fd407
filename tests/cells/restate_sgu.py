"""The SGU and the DSGU once more, one number at a time. Gao & Glowacka (2016)."""

from __future__ import annotations

import math

Numbers = list[float]
Weights = dict[str, list]
States = list[Numbers]


def hard_sigma(a: float) -> float:
    """σ₃: a line of slope 1/5 between 0 and 1."""
    if a <= -2.5:
        return 0.0
    return 1.0 if a >= 2.5 else a / 5.0 + 0.5


def times(matrix: list[Numbers], vector: Numbers) -> Numbers:
    """W x."""
    return [math.fsum(weight * value for weight, value in zip(row, vector, strict=True)) for row in matrix]


def parts(w: Weights, x: Numbers, h_prev: Numbers) -> tuple[Numbers, Numbers]:
    """z_g ⊙ h_{t−1} and z_t, which both units have."""
    units = range(len(h_prev))
    read = times(w["W.deep"], x)
    deep = times(w["U.deep"], [(read[j] + w["b.deep"][j]) * h_prev[j] for j in units])
    from_x, from_h = times(w["W.update"], x), times(w["U.update"], h_prev)
    z = [hard_sigma(from_x[j] + from_h[j] + w["b.update"][j]) for j in units]
    return [math.tanh(deep[j]) * h_prev[j] for j in units], z


def mixed(z: Numbers, out: Numbers, h_prev: Numbers) -> tuple[Numbers, States]:
    """h_t = (1 − z) h_{t−1} + z z_out."""
    h = [(1.0 - z[j]) * h_prev[j] + z[j] * out[j] for j in range(len(h_prev))]
    return h, [h]


def sgu(w: Weights, x: Numbers, states: States) -> tuple[Numbers, States]:
    """z_out = softplus(z_g ⊙ h_{t−1})."""
    asked, z = parts(w, x, states[0])
    return mixed(z, [math.log(1.0 + math.exp(a)) for a in asked], states[0])


def dsgu(w: Weights, x: Numbers, states: States) -> tuple[Numbers, States]:
    """z_out = σ(W_go (z_g ⊙ h_{t−1}))."""
    asked, z = parts(w, x, states[0])
    return mixed(z, [1.0 / (1.0 + math.exp(-a)) for a in times(w["U.out"], asked)], states[0])
