"""What a wrong gradient of a function may be instead of the right one.

A slip has a usual form: the slope of another function, a factor that is missing, one operand where another one
belongs, a matrix that is not transposed, the first row where a sum over all rows belongs. Each can be written down
as an array, from what is known: the right gradient, the arguments, the outputs and their cotangents. If the wrong
gradient is one of these arrays, that is what it is.

Recurrent cells have suspects of their own (:mod:`minigate.checking.slips`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from minigate.checking.localise import Located
from minigate.checking.patterns import Array, alike
from minigate.checking.probes import Examination

#: With more arguments and outputs than this, one is not looked for in the place of another: pairs are many.
MOST_FACTORS = 6

Suspects = Iterator[tuple[str, Array]]


def suspects(found: Examination, each: Located) -> dict[str, Array]:
    """Arrays that the wrong gradient may be, each under the words that finish the sentence "this is …".

    **Shapes**: each as the gradient.
    """
    if not _has_suspects(found, each):
        return {}
    weights = next(c for c in found.cotangents if c.name == each.cotangent).arrays
    known = _known(found)
    with np.errstate(all="ignore"):
        listed = [*_factors(each, known)]
        if len(found.outputs) == 1 and weights[0] is not None:
            name, output, weight = found.subject.outputs[0], found.outputs[0], weights[0]
            listed = [*_products(each, name, weight, found.subject.values), *listed]
            if len(found.subject.ways) == 1:  # a gate has its own list of slopes
                listed = [*_slopes(each, name, output, weight, found.subject.values[each.argument]), *listed]
    return {text: array for text, array in listed if array.shape == each.got.shape and np.all(np.isfinite(array))}


def _has_suspects(found: Examination, each: Located) -> bool:
    """A function, not a sequence; and a gradient of numbers, more than one, of which every right one is known."""
    return not found.subject.time_axis and each.whole and each.got.size > 1 and bool(np.all(np.isfinite(each.got)))


def _known(found: Examination) -> dict[str, Array]:
    """All numbers that a line of the backward pass is likely to contain: arguments and outputs."""
    return found.subject.values | dict(zip(found.subject.outputs, found.outputs, strict=True))


def _slopes(each: Located, name: str, output: Array, weight: Array, x: Array) -> Suspects:
    """For an elementwise function: the incoming gradient times the slope of something else."""
    if output.shape != each.got.shape:
        return
    told = "the incoming gradient"
    yield f"{told} itself: the local derivative is left out", weight
    yield f"{told} times {name} (1 − {name}), the slope of the logistic function", weight * output * (1.0 - output)
    yield f"{told} times 1 − {name}², the slope of tanh", weight * (1.0 - output * output)
    yield f"{told} times {name}", weight * output
    yield f"{told} times 1 − {name}: is a factor or a square missing?", weight * (1.0 - output)
    yield f"{told} times 1 − {each.argument}²: the slope of tanh takes the output", weight * (1.0 - x * x)
    logistic = weight * x * (1.0 - x)
    yield f"{told} times {each.argument} (1 − {each.argument}): the slope of σ takes the output", logistic


def _factors(each: Located, known: Mapping[str, Array]) -> Suspects:
    """The right gradient with a factor too many or too few, or with one factor in the place of another."""
    shape, right = each.got.shape, each.right
    fit = {n: v for n, v in known.items() if v.size > 1 and v.ndim <= len(shape) and _fits(v.shape, shape)}
    for name, value in fit.items():
        yield f"the right gradient without the factor {name}", right / value
        yield f"the right gradient with the factor {name} once too often", right * value
        yield f"the right gradient divided by {name} twice: `/ {name}` where `* {name}` belongs", right / value**2
        yield f"the right gradient times {name} twice: `* {name}` where `/ {name}` belongs", right * value**2
    for one, a in fit.items():
        for other, b in fit.items():
            if one != other and len(fit) <= MOST_FACTORS:
                yield f"the right gradient times {one} / {other}: one stands where the other belongs", right * a / b


def _fits(own: Sequence[int], shape: Sequence[int]) -> bool:
    """Can an array of this shape be a factor in one of that shape?"""
    return all(a in (1, b) for a, b in zip(reversed(own), reversed(shape)))


def _products(each: Located, name: str, weight: Array, values: Mapping[str, Array]) -> Suspects:
    """For a matrix product: which two matrices were multiplied, and which two it should be."""
    if weight.ndim < 2 and each.got.ndim < 2:
        return
    dy, shape = _as_rows(weight), _as_rows(each.got).shape
    forms: dict[str, Array] = {}
    for other, value in values.items():
        if 1 <= value.ndim and value.size > 1:
            v = _as_rows(value)
            turned = (("", dy), ("ᵀ", dy.T)), (("", v), ("ᵀ", v.T))
            for mark, a in turned[0]:
                for own, b in turned[1]:
                    for left, right, text in (
                        (a, b, f"d{name}{mark} @ {other}{own}"),
                        (b, a, f"{other}{own} @ d{name}{mark}"),
                    ):
                        if left.shape[1] == right.shape[0] and (left.shape[0], right.shape[1]) == shape:
                            forms[text] = left @ right
    meant = next((text for text, form in forms.items() if alike(form, _as_rows(each.right))), None)
    if meant is not None:
        for text, form in forms.items():
            if text != meant:
                yield f"{text}, and should be {meant}", form.reshape(each.got.shape)


def _as_rows(array: Array) -> Array:
    return array.reshape(-1, array.shape[-1]) if array.ndim else array.reshape(1, 1)


def shares_of_places(found: Examination, each: Located) -> dict[str, Array]:
    """What the first and the last place along an axis of the output contribute by themselves: was the sum forgotten?

    **Shapes**: each as the gradient.
    """
    weight = next(c for c in found.cotangents if c.name == each.cotangent).arrays[0]
    if not _has_suspects(found, each) or len(found.outputs) > 1 or weight is None:
        return {}
    sound = [way for way in found.subject.ways if each.argument not in found.wrong(way)]
    way, shares = found.subject.ways[(sound or [each.way])[0]], {}
    for axis, length in enumerate(weight.shape):
        for k in (0, length - 1) if length > 1 else ():
            alone = np.zeros_like(weight)
            at = tuple(slice(None) if i != axis else k for i in range(weight.ndim))
            alone[at] = weight[at]
            share = way(found.subject.values, [alone])[each.argument]
            if _confirmed(found, each.argument, share, alone):
                text = f"the share of place {k} along axis {axis} of the output alone: a sum over it is missing"
                shares[text] = share
    return shares


def _confirmed(found: Examination, argument: str, gradient: Array, weight: Array) -> bool:
    """Do the differences agree that this is the gradient for that cotangent? A wrong way may say anything.

    **Shapes**: gradient as the argument, weight as the output.
    """
    probes = [probe for probe in found.probes[argument] if not probe.kinked]
    pairs = [(float((gradient * probe.direction).sum()), probe.numeric(weight.ravel())[0]) for probe in probes]
    return all(abs(one - other) <= 1e-5 * max(abs(one), abs(other), 1e-8) for one, other in pairs)
