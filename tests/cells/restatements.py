"""The papers' equations once more, one number at a time, in plain Python: a second opinion on every forward pass.

A gradient check cannot see a forward pass that is wrong, since the derivative of a wrong function is right.
So nothing here is shared with minigate: no array, no loop, no storage order. Weights are the papers', which
write W x: ``w["W.update"][j][d]`` belongs to unit j and input d, the transpose of what minigate stores.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from tests.cells.restate_clockwork import clockwork, leaky
from tests.cells.restate_gated_feedback import gf_gru, gf_gru_before, gf_lstm, gf_tanh
from tests.cells.restate_gru import gru_recurrent_bias
from tests.cells.restate_layer_norm import layer_norm_lstm
from tests.cells.restate_lstm import lstm_coupled, lstm_peephole, lstm_peephole_full
from tests.cells.restate_scanned import min_gru, min_gru_positive, min_lstm
from tests.cells.restate_sgu import dsgu, sgu
from tests.cells.restate_slstm import slstm, slstm_exponential

Numbers = list[float]
Weights = dict[str, list]
States = list[Numbers]


def sigma(a: float) -> float:
    """σ(a) = 1 / (1 + e^−a), written for either sign so that nothing overflows."""
    return 1.0 / (1.0 + math.exp(-a)) if a >= 0.0 else math.exp(a) / (1.0 + math.exp(a))


def dot(row: Numbers, vector: Numbers) -> float:
    """Σ row_k vector_k, from the first to the last."""
    total = 0.0
    for weight, value in zip(row, vector, strict=True):
        total += weight * value
    return total


def pre(w: Weights, block: str, j: int, x: Numbers, h: Numbers) -> float:
    """(W x + U h + b)_j of one block."""
    suffix = f".{block}" if block else ""
    return dot(w[f"W{suffix}"][j], x) + dot(w[f"U{suffix}"][j], h) + w[f"b{suffix}"][j]


def rnn(w: Weights, x: Numbers, states: States) -> tuple[Numbers, States]:
    """h_t = tanh(W x_t + U h_{t−1} + b). Chung et al. (2015), section 2."""
    (h_prev,) = states
    h = [math.tanh(pre(w, "", j, x, h_prev)) for j in range(len(h_prev))]
    return h, [h]


def lstm(w: Weights, x: Numbers, states: States) -> tuple[Numbers, States]:
    """c_t = f ⊙ c_{t−1} + i ⊙ c̃, h_t = o ⊙ tanh(c_t); no peepholes. Chung et al. (2015), section 2."""
    h_prev, c_prev = states
    h, c = [], []
    for j in range(len(h_prev)):
        i = sigma(pre(w, "input", j, x, h_prev))
        f = sigma(pre(w, "forget", j, x, h_prev))
        o = sigma(pre(w, "output", j, x, h_prev))
        new = math.tanh(pre(w, "candidate", j, x, h_prev))
        c.append(f * c_prev[j] + i * new)
        h.append(o * math.tanh(c[j]))
    return h, [h, c]


def gru_after(w: Weights, x: Numbers, states: States) -> tuple[Numbers, States]:
    """h̃ = tanh(W x + r ⊙ (U h_{t−1})), h_t = (1 − z) h_{t−1} + z h̃. Chung et al. (2015), section 2."""
    (h_prev,) = states
    h = []
    for j in range(len(h_prev)):
        z = sigma(pre(w, "update", j, x, h_prev))
        r = sigma(pre(w, "reset", j, x, h_prev))
        new = math.tanh(dot(w["W.candidate"][j], x) + r * dot(w["U.candidate"][j], h_prev) + w["b.candidate"][j])
        h.append((1.0 - z) * h_prev[j] + z * new)
    return h, [h]


def gru_before(w: Weights, x: Numbers, states: States) -> tuple[Numbers, States]:
    """h̃ = tanh(W x + U (r ⊙ h_{t−1})), h_t = (1 − z) h_{t−1} + z h̃. Chung et al. (2014)."""
    (h_prev,) = states
    units = range(len(h_prev))
    reset = [sigma(pre(w, "reset", j, x, h_prev)) * h_prev[j] for j in units]
    h = []
    for j in units:
        z = sigma(pre(w, "update", j, x, h_prev))
        new = math.tanh(pre(w, "candidate", j, x, reset))
        h.append((1.0 - z) * h_prev[j] + z * new)
    return h, [h]


#: One for every cell of the registry; the test fails for a cell that has none.
RESTATEMENTS: dict[str, Callable[[Weights, Numbers, States], tuple[Numbers, States]]] = {
    "RNN": rnn,
    "LSTM": lstm,
    "LSTM-peephole": lstm_peephole,
    "LSTM-peephole-full": lstm_peephole_full,
    "LSTM-coupled": lstm_coupled,
    "GRU-after": gru_after,
    "GRU-before": gru_before,
    "MinGRU": min_gru,
    "MinGRU-positive": min_gru_positive,
    "MinLSTM": min_lstm,
    "Clockwork": clockwork,
    "LeakyRNN": leaky,
    "SGU": sgu,
    "DSGU": dsgu,
    "SLSTM": slstm,
    "SLSTM-exponential": slstm_exponential,
    "LSTM-layer-norm": layer_norm_lstm,
    "GRU-recurrent-bias": gru_recurrent_bias,
    "GatedFeedback-tanh": gf_tanh,
    "GatedFeedback-LSTM": gf_lstm,
    "GatedFeedback-GRU": gf_gru,
    "GatedFeedback-GRU-before": gf_gru_before,
}
