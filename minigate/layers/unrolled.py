"""Reading and writing on one time line, in windows: the truncated BPTT of an encoder-decoder.

A sequence and its answer are laid out one after the other; sequence n changes from encoder to decoder after its
own T_n steps:

              window 0     window 1     window 2
    n = 0     x x x x x    x x v v v    v · · · ·        x read by the encoder
    n = 1     x x x x x    x x x x x    x v v · ·        v read by the decoder
    n = 2     x x x v v    v v · · ·    · · · · ·        · nothing

The state is carried over the edge of a window, its gradient is not. What the decoder gets wrong in window 1 tells
the encoder something of n = 0, whose script ends there, and nothing of n = 2: its script lies before the edge.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from minigate import ops
from minigate.backend import array_module, asarray
from minigate.errors import ShapeError, explain
from minigate.layers.states import detached, where_state
from minigate.tensor import Tensor, no_grad

Array = Any


def unrolled(model: Any, source: Tensor, inputs: Tensor, source_mask: Any, mask: Any, window: int) -> Tensor:
    """What the decoder says at every step of the answers, with no gradient across the edges of windows.

    **Equations**: in window k the encoder goes on from its state at the edge, detached, over the x that lie there;
    the decoder begins with the state in which it leaves a sequence whose answer begins in the window, and goes on
    with its own, detached, where it began earlier.

    **Shapes**: source (T, N, …), inputs (S, N, …), masks (T, N), (S, N) → (S, N, H), zeros where ``mask`` is False.

    **Source**: windows of 50 as Chung et al. (2015), section 4.2; one time line for both as Zaremba & Sutskever (2014).

    **Errors**: :class:`ShapeError` where there is padding before a sequence's end.
    """
    xp = array_module(source.data)
    T_n = _lengths("source_mask", source_mask, source)
    S_n = _lengths("mask", mask, inputs)
    steps = int((T_n + S_n).max()) if T_n.size else 0
    t, n = xp.arange(steps)[:, None], xp.arange(T_n.size)
    reads, writes = t < T_n, (t >= T_n) & (t < T_n + S_n)  # (steps, N): whose turn it is
    x, v = _laid_out(source, t, n), _laid_out(inputs, t - T_n, n)
    silence = xp.zeros((steps, T_n.size, model.decoder.output_size), dtype=model.linear["W"].dtype)
    encoder_state, decoder_state, said = None, None, [Tensor(silence[:0])]
    for start in range(0, steps, window):
        here = slice(start, start + window)
        anything = bool(writes[here].any())
        with nullcontext() if anything else no_grad():  # where nothing is written there is nothing to learn from
            _, state = model.encoder(x[here], encoder_state, reads[here])
        encoder_state = detached(state)
        if not anything:
            said.append(Tensor(silence[here]))
            continue
        if decoder_state is not None:
            state = where_state(T_n < start, decoder_state, state)  # whose answer began before this window
        y, state = model.decoder(v[here], state, writes[here])
        decoder_state = detached(state)
        said.append(y)
    s = xp.arange(inputs.shape[0])[:, None]
    on_the_line = _laid_out(ops.concat(said, axis=0), T_n + s, n)
    return ops.where((s < S_n)[..., None], on_the_line, 0.0)


def _laid_out(x: Tensor, t: Array, n: Array) -> Tensor:
    """Steps t of every sequence; a step that is none may be anything, since a mask is over it.

    **Shapes**: x (T, N, …), t (steps, N) or (steps, 1) int, n (N,) int → (steps, N, …).
    """
    xp = array_module(x.data)
    if not x.shape[0]:
        return Tensor(xp.zeros((t.shape[0], *x.shape[1:]), dtype=x.dtype))
    return x[xp.clip(t, 0, x.shape[0] - 1), n]


def _lengths(name: str, mask: Any, x: Tensor) -> Array:
    """How many steps of each sequence are real.

    **Shapes**: mask (T, N) or None → (N,) int64.
    """
    xp = array_module(x.data)
    if mask is None:
        return xp.full(x.shape[1], x.shape[0], dtype=xp.int64)
    mask = asarray(mask, like=x.data)
    lengths = mask.sum(axis=0)
    if mask.shape != x.shape[:2] or not bool((mask == (xp.arange(x.shape[0])[:, None] < lengths)).all()):
        raise ShapeError(
            explain(
                f"{name} has padding before the end of a sequence, or another shape",
                where="EncoderDecoder(unroll=…)",
                expected=f"bool {x.shape[:2]}, in each column True down to the sequence's end and False below it",
                got=f"{mask.dtype} {mask.shape}",
                slip="padding on the left",
            )
        )
    return lengths
