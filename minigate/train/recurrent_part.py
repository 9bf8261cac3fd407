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
