"""The usual slips of backpropagation through time, each replayed to see whether it was made.

A hand-written loop that drops the gradient of the cell state, or starts from the wrong end, computes the
exact gradient of something: of a cell that has forgotten this one thing. The composed loop can be made to
forget it too. If all gradients then agree with the wrong ones, that is what was forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from minigate.backend import array_module, asarray
from minigate.bptt import backward_through_time, forward_through_time
from minigate.checking.patterns import ALIKE
from minigate.checking.report import Finding
from minigate.checking.sequence import Forget, RandomSequence
from minigate.checking.subject import Array, host

Weights = tuple[Array | None, ...]


def slip_made(sequence: RandomSequence, weights: Weights, got: Mapping[str, Array]) -> Finding | None:
    """The first of the usual slips that explains every gradient of the hand-written way, if one does.

    **Shapes**: weights: one cotangent per output; got: each gradient as its argument.
    """
    for kind, text, changed, forget in _usual_slips(sequence, weights):
        candidate = sequence.gradients(changed, forget)
        if all(_alike(got[name], candidate[name]) for name in candidate):
            return Finding(kind, text, (), _ADVICE[kind])
    return None


_ADVICE = {
    "carry": "follow every way from the step back into the state before it: each adds to what is handed on",
    "cotangent": "what comes in at step t is dy[t] plus what step t + 1 hands on; the last step gets the final state's",
    "mask": "where the mask is False: y = 0, so its dy is ignored; the state is held, so its gradient passes unchanged",
}


def _usual_slips(sequence: RandomSequence, weights: Weights) -> Iterator[tuple[str, str, Weights, Forget]]:
    names = [name for name, array in sequence.state.items() if array.dtype.kind == "f"]
    for count in range(len(names), 0, -1):
        for chosen in combinations(names, count):
            told = f"the gradient of the state {' and '.join(chosen)}"
            yield "carry", f"{told} is not handed back from a step to the one before it", weights, Forget(chosen, True)
            yield "carry", f"{told} is not handed back from step t + 1 to step t", weights, Forget(chosen)
    for told, changed in _cotangent_slips(names, weights):
        yield "cotangent", told, changed, Forget()
    told = "dy takes the place of what step t + 1 hands back: is it `=` where `+=` belongs?"
    yield "carry", told, (weights[0], *(None for _ in weights[1:])), Forget(tuple(names))
    if sequence.mask is not None and not sequence.mask.all():
        told = "a state that is held by the mask does not hand its gradient on"
        yield "mask", told, weights, Forget(held=True)
        yield "mask", "dy at padded steps is not ignored", weights, Forget(padding=True)


def _cotangent_slips(names: Sequence[str], weights: Weights) -> Iterator[tuple[str, Weights]]:
    y, *final = weights
    if y is not None:
        T = len(y)
        yield "dy is ignored: only the gradient of the final state comes in", (None, *final)
        yield "dy is counted twice", (2.0 * y, *final)
        if T > 1:
            last, first = np.zeros_like(y), y.copy()
            last[-1], first[-1] = y[-1], 0.0
            late, early, rest = np.zeros_like(y), np.zeros_like(y), y.copy()
            late[1:], early[:-1], rest[0] = y[:-1], y[1:], 0.0
            yield "only the last step's dy comes in", (last, *final)
            yield "the last step's dy is left out", (first, *final)
            yield "the first step's dy is left out", (rest, *final)
            yield "dy is read in reversed time", (y[::-1].copy(), *final)
            yield "dy comes in one step too late (dy[t − 1] at step t)", (late, *final)
            yield "dy comes in one step too early (dy[t + 1] at step t)", (early, *final)
            yield "dy of step t is spread over all steps", (np.broadcast_to(y.mean(axis=0), y.shape).copy(), *final)
    if any(weight is not None for weight in final):
        yield "the gradient of the final state is ignored", (y, *(None for _ in final))
    for k, name in enumerate(names):
        if final[k] is not None and len(names) > 1:
            yield (
                f"the gradient of the final state {name} is ignored",
                (y, *(None if i == k else w for i, w in enumerate(final))),
            )
        if final[k] is not None:
            twice = tuple(2.0 * w if i == k and w is not None else w for i, w in enumerate(final))
            yield f"the gradient of the final state {name} is counted twice", (y, *twice)


def shares(sequence: RandomSequence, weights: Weights, names: Sequence[str]) -> dict[str, dict[str, Array]]:
    """For parameters: what single steps, single sequences, and all steps but one contribute to the gradient.

    **Shapes**: each as its parameter, under the words that name it.
    """
    T, N = sequence.x.shape[:2]
    found: dict[str, dict[str, Array]] = {name: {} for name in names if name in sequence.point}
    if not found:
        return found
    whole = sequence.gradients(weights, Forget())
    for t in range(T if T > 1 else 0):
        alone = sequence.gradients(weights, Forget(all_steps_but=t))
        for name, texts in found.items():
            texts[f"the share of time step {t} alone: is it `=` where `+=` belongs?"] = alone[name]
            texts[f"everything but the share of time step {t}"] = whole[name] - alone[name]
    for n in range(N if N > 1 else 0):
        own = tuple(None if w is None else w * _row(n, w, w is weights[0]) for w in weights)
        alone = sequence.gradients(own, Forget())
        for name, texts in found.items():
            texts[f"the share of sequence {n} alone: the sum over the batch is missing"] = alone[name]
    return found


def _row(n: int, weight: Array, over_time: bool) -> Array:
    """1 for sequence n, 0 for all others."""
    shape = [1] * weight.ndim
    axis = 1 if over_time else 0
    shape[axis] = weight.shape[axis]
    return (np.arange(weight.shape[axis]) == n).astype(float).reshape(shape)


def ways_back(sequence: RandomSequence, weights: Weights, state: str, got: Array, right: Array) -> Finding | None:
    """For the gradient of a state that alone is wrong after one step: which way back into it is missing.

    The ways that go through a weight are known, da Wᵀ, or da ⊙ V where a unit sees itself alone. All that is right
    about such a step are its da: so the ways can be counted.

    **Shapes**: weights: one cotangent per output; got, right (N, H).
    """
    cell = sequence.cell
    if not cell.written_by_hand or sequence.x.dtype.kind != "f":
        return None
    traced, ways = _trace(sequence, weights), {}
    for name, (operand, da) in cell.products.items():
        if operand == f"{state}_prev" and da in traced:
            W = host(cell[name])
            ways[name] = traced[da][0] @ W.T
            if W.shape[0] == W.shape[1] and _alike(got - right, traced[da][0] @ W - ways[name]):
                return _way_back(state, f"the way through {name} takes {name} in the place of its transpose")
    straight = f"all that is there comes through {' and '.join(ways)}; the straight way, around the weights, is missing"
    if ways and _alike(got, np.sum(list(ways.values()), axis=0)):
        return _way_back(state, straight)
    for name, parameter in cell.named_parameters():
        da = f"da_{name.rpartition('.')[2]}"
        if parameter.ndim == 1 and da in traced and traced[da].shape[-1] == parameter.shape[0]:
            ways[name] = traced[da][0] * host(parameter)
    for count in range(1, min(len(ways), 3) + 1):
        for chosen in combinations(ways, count):
            total = np.sum([ways[name] for name in chosen], axis=0)
            told = f"the way through {' and '.join(chosen)}"
            if _alike(right - got, total):
                return _way_back(state, f"{told} is missing")
            if _alike(right - got, -total):
                return _way_back(state, f"{told} is counted twice")
            if _alike(right - got, 2.0 * total):
                return _way_back(state, f"{told} has the wrong sign")
    return None


def _way_back(state: str, text: str) -> Finding:
    advice = "every place where the old state is used adds to its gradient; is one missing?"
    return Finding("state", f"d{state}0: {text}", (f"{state}0",), advice)


def operands(sequence: RandomSequence, weights: Weights, wrong: Mapping[str, tuple[Array, Array]]) -> list[Finding]:
    """For weights that are products of two traced arrays: which two it was, and which two it should be.

    ``wrong``: weight → (its gradient as written, as it should be).

    **Shapes**: weights: one cotangent per output; gradients as their weights.
    """
    cell = sequence.cell
    mine = {name: pair for name, pair in wrong.items() if name in cell.products}
    if not mine or not cell.written_by_hand or sequence.x.dtype.kind != "f":
        return []
    traced = _trace(sequence, weights)
    left = {name: array for name, array in traced.items() if not name.startswith("d")}
    right = {name: array for name, array in traced.items() if name.startswith("da")}
    found = []
    for name, (got, should) in mine.items():
        was, meant = _product(left, right, got), _product(left, right, should)
        if was and meant and was != meant:
            text = f"d{name} is {was[0]}ᵀ @ {was[1]}, and should be {meant[0]}ᵀ @ {meant[1]}"
            found.append(Finding("operand", text, (name,), "every weight is (operand, gradient of its pre-activation)"))
    return found


def _trace(sequence: RandomSequence, weights: Weights) -> dict[str, Array]:
    cell, like = sequence.cell, sequence.like
    sequence.settle()
    xp = array_module(like)
    mask = None if sequence.mask is None else asarray(sequence.mask, like=like)
    state = [asarray(array, like=like) for array in sequence.state.values()]
    _, _, trace = forward_through_time(xp, cell, asarray(sequence.x, like=like), state, mask)
    dy, *given = (None if w is None else asarray(w, like=like) for w in weights)
    final = iter(given)
    dstate = [next(final) if array.dtype.kind == "f" else None for array in sequence.state.values()]
    backward_through_time(cell, trace, dy, dstate, mask)
    lead = sequence.x.shape[:2]
    return {name: host(array) for name, array in trace.items() if array.ndim == 3 and array.shape[:2] == lead}


def _product(left: Mapping[str, Array], right: Mapping[str, Array], target: Array) -> tuple[str, str] | None:
    for one, a in left.items():
        for other, b in right.items():
            if (a.shape[-1], b.shape[-1]) == target.shape:
                if _alike(target, a.reshape(-1, a.shape[-1]).T @ b.reshape(-1, b.shape[-1])):
                    return one, other
    return None


def _alike(one: Array, other: Array) -> bool:
    largest = max(float(np.max(np.abs(other), initial=0.0)), float(np.max(np.abs(one), initial=0.0)))
    return bool(np.all(np.abs(one - other) <= ALIKE * largest + 1e-12))
