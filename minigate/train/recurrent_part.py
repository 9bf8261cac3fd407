"""The recurrent part of a model as a configuration names it: one cell, a stack of them, or gated feedback."""

from __future__ import annotations

from typing import Any

from minigate import cells
from minigate.layers import Recurrent, Stack

CELLS = {"gru": cells.GRU, "lstm": cells.LSTM, "rnn": cells.RNN}
UNITS = {"gru": "gru", "lstm": "lstm", "rnn": "tanh"}
GATES = {"gated": "learned", "open": "open"}
FEEDBACK = ("none", *GATES)


def recurrent_part(
    K: int, cell: str, hidden: int, layers: int, feedback: str, gate_input: str, seed: Any
) -> Recurrent | Stack:
    """One cell of K inputs; or with several layers, a stack wired like Gated-Feedback, but for the feedback.

    **Equations**: layer j reads [y^{j−1}, x], and y = [y^1, …, y^L]: the input skips to every layer and every layer
    is read. With ``feedback`` "gated" or "open" each layer also reads the states of all layers.

    **Shapes**: x (T, N, K) or tokens (T, N) → y (T, N, L·H).

    **Source**: Chung et al. (2015): the wiring that gives the paper's models equal numbers of parameters.
    """
    if feedback != "none":
        options: dict[str, Any] = {"gates": GATES[feedback], "gate_input": gate_input, "seed": seed}
        return Recurrent(cells.GatedFeedback(K, [hidden] * layers, unit=UNITS[cell], **options))
    if layers == 1:
        return Recurrent(CELLS[cell](K, hidden, seed=seed))
    below = [K, *([hidden + K] * (layers - 1))]
    each = [Recurrent(CELLS[cell](D, hidden, seed=seed)) for D in below]
    return Stack(each, skip_input=True, skip_output=True)


def recurrent_parameters(K: int, cell: str, layers: int, hidden: int, feedback: str, gate_input: str = "below") -> int:
    """How many numbers :func:`recurrent_part` learns, without making it.

    **Equations**: with B blocks (tanh 1, GRU 3, LSTM 4), layer j reads D_j = K, above the first K + H, and R states
    (its own: H; those of all: L·H): Σ_j B·(D_j·H + H) + B·R·H, and the pairs' gates.

    **Shapes**: plain numbers.
    """
    B, L, H = {"rnn": 1, "gru": 3, "lstm": 4}[cell], layers, hidden
    R = H if feedback == "none" else L * H
    total = 0
    for j in range(L):
        D = K if j == 0 else K + H
        total += B * (D * H + H) + B * R * H
        if feedback == "gated":
            seen = D if gate_input == "all_parents" or j == 0 else H
            total += L * (seen + L * H)
    return total
