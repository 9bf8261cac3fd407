"""The way through time of the cells that are linear in their state: everything but the recurrence at once.

A block of steps at a time: the input's share of every pre-activation, the gates, the candidate and the
coefficients of the recurrence, then the recurrence itself, while the block is still close to the processor.
Back in the opposite order. The coefficients a and b are computed once more on the way back: the trace keeps
what they are made of.
"""

from __future__ import annotations

from typing import Any

from minigate.bptt.input_share import input_gradients, met_by, project
from minigate.bptt.scan import through_time
from minigate.cells import ScannedCell, Trace

Array = Any


def forward_by_scan(cell: ScannedCell, trace: Trace, mask: Array | None, steps: int) -> tuple[Array, list[Array]]:
    """The cell over a whole sequence whose trace has begun; a step that is not real keeps all and adds nothing.

    **Shapes**: mask (T, N) or None → y (T, N, H), the state after each sequence's last real step.
    """
    xp, x, W = trace.xp, trace["x"], met_by(trace["x"], trace.weights["W"])
    h, moments = trace["h"], trace["h_moments"]
    T, N, H = h.shape
    steps = min(steps, T)
    keep, room = trace.empty(steps, N, H), trace.empty(steps // 2, N, H)
    weights = [W[:, k * H : (k + 1) * H].copy() for k in range(len(cell.blocks))]
    held = None if mask is None else ~mask[..., None]
    for t0 in range(0, T, steps or 1):
        t1 = min(t0 + steps, T)
        now = slice(t0, t1)
        for k, weight in enumerate(weights):
            project(xp, x[now], weight, out=trace["activations"][now, k])
        cell.activate(trace, now)
        a = keep[: t1 - t0]
        cell.coefficients(trace, now, a, h[now])
        if held is not None:
            xp.copyto(a, 1.0, where=held[now])
            xp.copyto(h[now], 0.0, where=held[now])
        through_time(a, moments[t0 : t1 + 1], room)
    y = h if held is None else xp.where(held, 0.0, h)
    return y, [moments[T].copy()]


def backward_by_scan(
    cell: ScannedCell, trace: Trace, dy: Array, dh_T: Array, mask: Array | None, steps: int, wants_dx: bool
) -> tuple[Array | None, list[Array | None], dict[str, Array]]:
    """dh_t = dy_t + a_{t+1} ⊙ dh_{t+1}, the same recurrence from the end; da_t = dh_t ⊙ h_{t−1}, db_t = dh_t.

    **Shapes**: dy (T, N, H), dh_T (N, H) → dx (T, N, D) or None, [dh_0], name → gradient of each parameter.
    """
    xp = trace.xp
    T, N, H = trace["h"].shape
    steps = min(steps, T)
    cell.begin_backward(trace, steps)
    if trace.keeps_dstate:
        trace["dh"] = trace.empty(T, N, H)
    scratch, room = trace.empty(3, steps, N, H), trace.empty(steps // 2, N, H)
    held = None if mask is None else ~mask[..., None]
    arrives = dh_T
    for t1 in range(T, 0, -steps or -1):
        t0 = max(0, t1 - steps)
        now, B = slice(t0, t1), t1 - t0
        (a, b), dh = scratch[:2, :B], scratch[2, :B]
        cell.coefficients(trace, now, a, b)
        if held is not None:
            xp.copyto(a, 1.0, where=held[now])
        dh[...] = dy[now]
        dh[-1] += arrives
        through_time(a[:0:-1], dh[::-1], room)
        arrives = a[0] * dh[0]
        if held is not None:
            xp.copyto(dh, 0.0, where=held[now])  # what a held state hands on has been handed on
        if trace.keeps_dstate:
            trace["dh"][now] = dh
        cell.activate_backward(trace, now, xp.multiply(dh, trace["h_prev"][now], out=b), dh)
    dx, gradients = input_gradients(cell, trace, wants_dx)
    return dx, [arrives], gradients | cell.other_gradients(trace)
