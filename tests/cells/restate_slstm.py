"""The sLSTM once more, one number at a time. Beck et al. (2024), section 2.2."""

from __future__ import annotations

import math

Numbers = list[float]
Weights = dict[str, list]
States = list[Numbers]


def pre(w: Weights, block: str, j: int, x: Numbers, h: Numbers) -> float:
    """(W x + R h + b)_j of one block."""
    rows = zip((*w[f"W.{block}"][j], *w[f"U.{block}"][j]), (*x, *h), strict=True)
    return math.fsum(weight * value for weight, value in rows) + w[f"b.{block}"][j]


def unit(new: float, a_i: float, log_f: float, o: float, c: float, n: float, m: float) -> Numbers:
    """h, c, n and m of one unit: first without a stabiliser, from ĉ = c e^m and n̂ = n e^m, then divided by e^m_t."""
    f, i = math.exp(log_f), math.exp(a_i)
    total, weight = f * c * math.exp(m) + i * new, f * abs(n) * math.exp(m) + i
    after = max(log_f + m, a_i) if n != 0.0 else a_i
    return [o * total / weight, total / math.exp(after), weight / math.exp(after), after]


def step(w: Weights, x: Numbers, states: States, exponential: bool) -> tuple[Numbers, States]:
    """All units; the forget gate is e^a, or else σ(a)."""
    h_prev, *memory = states
    units = []
    for j, (c, n, m) in enumerate(zip(*memory, strict=True)):
        a_i, a_f, a_o = (pre(w, block, j, x, h_prev) for block in ("input", "forget", "output"))
        log_f = a_f if exponential else -math.log(1.0 + math.exp(-a_f))
        new = math.tanh(pre(w, "candidate", j, x, h_prev))
        units.append(unit(new, a_i, log_f, 1.0 / (1.0 + math.exp(-a_o)), c, n, m))
    h, c, n, m = (list(each) for each in zip(*units, strict=True))
    return h, [h, c, n, m]


def slstm(w: Weights, x: Numbers, states: States) -> tuple[Numbers, States]:
    """f = σ(W x + R h + b)."""
    return step(w, x, states, False)


def slstm_exponential(w: Weights, x: Numbers, states: States) -> tuple[Numbers, States]:
    """f = exp(W x + R h + b)."""
    return step(w, x, states, True)
