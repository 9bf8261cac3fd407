"""From scores to probabilities, and the cross-entropy of the right answers.

All three subtract the largest score first: the probabilities do not change, and no exponential overflows.
"""

from __future__ import annotations

from typing import Any

from minigate.backend import array_module
from minigate.errors import DTypeError, GradientUndefinedError, ShapeError, explain
from minigate.ops.elementwise import exp
from minigate.ops.embedding import in_range, integers
from minigate.ops.selection import where
from minigate.tensor import Tensor, op

Array = Any


@op()
def softmax(xp: Any, a: Array, *, axis: int = -1) -> Array:
    """Probabilities from scores.

    **Equations**: p = e^a / Σ e^a along the axis; da = p·(dout - Σ dout·p).

    **Shapes**: a (…, K) -> (…, K), positive, summing to 1 along the axis.
    """
    p = xp.exp(a - a.max(axis=axis, keepdims=True)) if a.size else a + 0
    p /= p.sum(axis=axis, keepdims=True)
    return p


@softmax.rule("a", needs="out")
def _(dout: Tensor, out: Tensor, a: Any, *, axis: int = -1) -> Tensor:
    return out * (dout - (dout * out).sum(axis=axis, keepdims=True))


@op()
def log_softmax(xp: Any, a: Array, *, axis: int = -1) -> Array:
    """Logarithms of probabilities from scores: exact where the probability is too small for a number.

    **Equations**: l = a - ln Σ e^a along the axis; da = dout - e^l · Σ dout.

    **Shapes**: a (…, K) -> (…, K).
    """
    if not a.size:
        return a + 0
    shifted = a - a.max(axis=axis, keepdims=True)
    shifted -= xp.log(xp.exp(shifted).sum(axis=axis, keepdims=True))
    return shifted


@log_softmax.rule("a", needs="out")
def _(dout: Tensor, out: Tensor, a: Any, *, axis: int = -1) -> Tensor:
    return dout - exp(out) * dout.sum(axis=axis, keepdims=True)


@op(slip="scores that are not finite")
def softmax_cross_entropy(xp: Any, logits: Array, targets: Array, mask: Array | None = None) -> Array:
    """How surprising the right answers are: the mean of -ln p(target) over all valid positions, in nats.

    What is not valid (``mask`` False) has no influence, whatever stands there: NaN scores, targets of -1.

    **Equations**: loss = (1/n) Σ (ln Σ_k e^logits[k] - logits[target]) over the n valid positions;
    dlogits = dout · (softmax(logits) - onehot(targets)) / n there, 0 elsewhere.

    **Shapes**: logits (…, K), targets (…) integers in 0 … K-1, mask (…) bool -> ().

    **Errors**: :class:`ShapeError` for targets or a mask of another shape; :class:`OptionError` for a target outside
    0 … K-1; :class:`DTypeError` for targets that are no integers and a mask that is not bool;
    :class:`GradientUndefinedError` where no position is valid: the mean of nothing.
    """
    _check(logits, targets, mask)
    K = logits.shape[-1]
    if mask is not None:
        targets = xp.where(mask, targets, 0)
        logits = xp.where(mask[..., None], logits, 0)
    in_range("softmax_cross_entropy", "targets", targets, K)
    shifted = logits - logits.max(axis=-1, keepdims=True)
    right = xp.take_along_axis(shifted, targets[..., None], axis=-1)[..., 0]
    surprise = xp.log(xp.exp(shifted).sum(axis=-1)) - right
    if mask is None:
        return surprise.mean()
    return xp.where(mask, surprise, 0).sum() / _valid(mask, targets)


@softmax_cross_entropy.rule("logits", needs=("logits", "targets", "mask"))
def _(dout: Tensor, out: Any, logits: Tensor, targets: Tensor, mask: Tensor | None) -> Tensor:
    n = _valid(None if mask is None else mask.data, targets)
    if mask is None:
        return (softmax(logits) - _one_hot(logits, targets)) * (dout / n)
    valid = mask.data[..., None]
    p = softmax(where(valid, logits, 0.0))  # cleaned before the product, so that no NaN is left to multiply by 0
    return where(valid, p - _one_hot(logits, targets), 0.0) * (dout / n)


def _one_hot(logits: Tensor, targets: Tensor) -> Array:
    """1 at the right answer, 0 elsewhere; a target outside 0 … K-1, allowed where the mask is False, has no 1."""
    return (targets.data[..., None] == _counting(logits)).astype(logits.dtype)


def _counting(logits: Tensor) -> Array:
    xp = array_module(logits.data)
    return xp.arange(logits.shape[-1])


def _valid(mask: Array | None, targets: Any) -> int:
    n = targets.size if mask is None else int(mask.sum())
    return int(n)


def _check(logits: Array, targets: Array, mask: Array | None) -> None:
    where_ = "softmax_cross_entropy"
    integers(where_, "targets", targets)
    for name, array in (("targets", targets), ("mask", mask)):
        if array is not None and array.shape != logits.shape[:-1]:
            raise ShapeError(
                explain(
                    f"{name} of another shape than the positions",
                    where=where_,
                    expected=f"{name} {logits.shape[:-1]} for logits (…, K) = {logits.shape}",
                    got=str(array.shape),
                    slip="one-hot targets" if array.shape == logits.shape else "",
                    remedy="targets.argmax(axis=-1)" if array.shape == logits.shape else "",
                )
            )
    if mask is not None and mask.dtype.kind != "b":
        raise DTypeError(explain("the mask says yes or no", where=where_, expected="mask of bool",
                                 got=str(mask.dtype), remedy="mask.astype(bool)"))  # fmt: skip
    if not _valid(mask, targets) or not logits.shape[-1]:
        raise GradientUndefinedError(
            explain("the mean over no valid position is not defined", where=where_, expected="at least one position",
                    got=f"targets {targets.shape}" + (", mask False everywhere" if mask is not None else ""),
                    remedy="leave this batch out")
        )  # fmt: skip
