"""The recurrent part of a model as a configuration names it: one cell, a stack of them, or gated feedback."""

from __future__ import annotations

from typing import Any

from minigate import cells
from minigate.layers import Recurrent, Stack
from minigate.train.wiring import CELLS, FEEDBACK_GATES, check_wiring

UNITS = {"gru": "gru", "lstm": "lstm", "rnn": "tanh"}


def recurrent_part(
    K: int,
    cell: str = "gru",
    layers: int = 1,
    hidden: int = 256,
    feedback: str = "none",
    *,
    gate_input: str = "below",
    gate_bias: bool = False,
    unit_gates: str = "all",
    skip_input: bool = True,
    skip_output: bool = True,
    peephole: str = "none",
    reset: str = "after",
    init: str = "default",
    seed: Any = None,
) -> Recurrent | Stack:
    """One cell of K inputs; or with several layers, a stack wired like Gated-Feedback, but for the feedback.

    The options are those of :class:`~minigate.cells.GatedFeedback`, of the cells, and of :class:`Stack`, under the same
    names. ``init="author"`` is passed on to Gated-Feedback; everything else begins as its cell does.

    **Equations**: layer j reads [y^{j−1}, x], and y = [y^1, …, y^L]: the input skips to every layer and every layer
    is read. With ``feedback`` "gated" or "open" each layer also reads the states of all layers.

    **Shapes**: x (T, N, K) or tokens (T, N) → y (T, N, L·H); (T, N, H) of a stack without ``skip_output``.

    **Source**: Chung et al. (2015): the wiring that gives the paper's models equal numbers of parameters.

    **Errors**: those of :func:`~minigate.train.wiring.check_wiring` and of the cells.
    """
    check_wiring(
        "recurrent_part", cell, layers, feedback, gate_input=gate_input, gate_bias=gate_bias, unit_gates=unit_gates,
        skip_input=skip_input, skip_output=skip_output, peephole=peephole, reset=reset,
    )  # fmt: skip
    if feedback != "none":
        options: dict[str, Any] = {
            "unit": UNITS[cell], "gates": FEEDBACK_GATES[feedback], "gate_input": gate_input, "gate_bias": gate_bias,
            "unit_gates": "own" if unit_gates == "own" else None, "skip_input": skip_input, "peephole": peephole,
            "reset": reset, "init": "author" if init == "author" else "glorot",
        }  # fmt: skip
        return Recurrent(cells.GatedFeedback(K, [hidden] * layers, seed=seed, **options))
    own: dict[str, Any] = {"gru": {"reset": reset}, "lstm": {"peephole": peephole}, "rnn": {}}[cell]
    if layers == 1:
        return Recurrent(CELLS[cell](K, hidden, seed=seed, **own))
    below = [K, *([hidden + K if skip_input else hidden] * (layers - 1))]
    each = [Recurrent(CELLS[cell](D, hidden, seed=seed, **own)) for D in below]
    return Stack(each, skip_input=skip_input, skip_output=skip_output)


def recurrent_parameters(
    K: int,
    cell: str,
    layers: int,
    hidden: int,
    feedback: str = "none",
    *,
    gate_input: str = "below",
    gate_bias: bool = False,
    unit_gates: str = "all",
    skip_input: bool = True,
    peephole: str = "none",
) -> int:
    """How many numbers :func:`recurrent_part` learns, without making it.

    **Equations**: with B blocks (tanh 1, GRU 3, LSTM 4), of which B − 1 are gates, layer j reads D_j = K, above the
    first H and with ``skip_input`` K + H; the candidate reads R states (its own: H; those of all: L·H) and a unit gate
    R' (R, or H with ``unit_gates="own"``): Σ_j B·(D_j·H + H) + R·H + (B − 1)·R'·H, the peepholes, and the pairs' gates.

    **Shapes**: plain numbers.
    """
    B, L, H = {"rnn": 1, "gru": 3, "lstm": 4}[cell], layers, hidden
    R = H if feedback == "none" else L * H
    R_gate = H if unit_gates == "own" else R
    total = 0
    for j in range(L):
        D = K if j == 0 else H + (K if skip_input else 0)
        total += B * (D * H + H) + R * H + (B - 1) * R_gate * H
        total += {"none": 0, "diagonal": 3 * H, "full": 3 * H * H}[peephole]
        if feedback == "gated":
            seen = D if gate_input == "all_parents" or j == 0 else H
            total += L * (seen + L * H + gate_bias)
    return total
