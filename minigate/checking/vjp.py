"""Check a derivation on plain arrays: a function and its backward, by somebody who needs no class of minigate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigate.backend import asnumpy
from minigate.checking.copies import random_state_kept
from minigate.checking.naming import argument_names, name_of
from minigate.checking.plain_report import report_of
from minigate.checking.report import Report
from minigate.checking.subject import Array, Subject, Values, host, is_floating
from minigate.errors import DTypeError, OptionError, explain


def check_vjp(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    *inputs: Any,
    seed: int = 0,
    full: bool = False,
    order: int = 1,
) -> Report:
    """Check a derivation on plain arrays, without any class of minigate.

    ``forward(*inputs)`` returns an array, or a tuple or list of arrays; ``backward(cotangents, *inputs)``, with the
    cotangents in the same structure, returns one gradient for each input, ``None`` where there is none.
    ``order=2`` also asks whether the gradient's own derivative is symmetric, as that of every gradient is.

    **Equations**: backward(w, x) = d(Σ w · forward(x)) / dx.

    **Shapes**: each gradient as its input.

    **Errors**: :class:`OptionError` for another number of gradients than of inputs, or one of another shape;
    :class:`DTypeError` for a forward that returns nothing, or complex numbers.
    """
    names = argument_names(forward, len(inputs))
    floating = [name for name, value in zip(names, inputs, strict=True) if is_floating(value)]
    values = {name: host(value) for name, value in zip(names, inputs, strict=True) if name in floating}
    constant = dict(zip(names, inputs, strict=True))

    def arguments(values: Mapping[str, Any]) -> list[Any]:
        return [values[name].copy() if name in values else constant[name] for name in names]

    def analytic(values: Mapping[str, Any]) -> list[NDArray[Any]]:
        out = forward(*arguments(values))
        return [np.array(asnumpy(part)) for part in (out if structure else (out,))]

    def run(values: Values) -> list[Array]:
        return [host(part) for part in analytic(values)]

    def way(values: Values, weights: Sequence[Array | None]) -> dict[str, Array]:
        given = arguments(values)
        outputs = forward(*given)
        subject.edited |= _edited(names, given, values)
        outputs = outputs if structure else (outputs,)
        whole = [np.zeros_like(host(o)) if w is None else w for o, w in zip(outputs, weights, strict=True)]
        given = arguments(values)
        found = backward(structure(whole) if structure else whole[0], *given)
        subject.edited |= _edited(names, given, values)
        return _as_gradients(found, names, values)

    with random_state_kept():
        once = forward(*arguments(values))
        structure = type(once) if isinstance(once, (tuple, list)) else None
        outputs = _named(once if structure else (once,), bool(structure))
        subject = Subject(values, outputs, run, {"backward": way}, analytic=analytic)
        return report_of(f"mg.check_vjp {name_of(backward)}", subject, {}, seed, full, order, ())


def _named(outputs: Sequence[Any], several: bool) -> list[str]:
    """A name for each output, each of which has to be real numbers."""
    for out in outputs:
        kind = asnumpy(out).dtype.kind if out is not None else ""
        if kind not in ("f", "i", "u", "b"):
            got = "None: is a return missing?" if out is None else "complex numbers" if kind == "c" else repr(out)[:60]
            slip = "a gradient is one of real numbers: return the real and the imaginary part" if kind == "c" else ""
            raise DTypeError(
                explain("forward returns no numbers", where="check_vjp", expected="an array, or a tuple of arrays",
                        got=got, slip=slip)
            )  # fmt: skip
    return [f"output[{k}]" for k in range(len(outputs))] if several else ["output"]


def _edited(names: Sequence[str], given: Sequence[Any], values: Values) -> set[str]:
    """The arguments that no longer hold what they were given with."""
    return {n for n, a in zip(names, given, strict=True) if n in values and not np.array_equal(a, values[n])}


def _as_gradients(found: Any, names: Sequence[str], values: Values) -> dict[str, Array]:
    if found is None:
        raise OptionError(
            explain("backward returned nothing", where="check_vjp", got="None: is a return missing?",
                    expected=f"one gradient for each of {', '.join(names)}")
        )  # fmt: skip
    found = found if isinstance(found, (tuple, list)) else (found,)
    if len(found) != len(names):
        raise OptionError(
            explain("backward returned another number of gradients", where="check_vjp",
                    expected=f"{len(names)}, one for each of {', '.join(names)} (None where there is none)",
                    got=str(len(found)))
        )  # fmt: skip
    gradients = {}
    for name, gradient in zip(names, found, strict=True):
        if name not in values:
            continue
        gradients[name] = np.zeros_like(values[name]) if gradient is None else host(gradient)
        if gradients[name].shape != values[name].shape:
            raise OptionError(
                explain(f"the gradient of {name} has another shape than {name}", where="check_vjp",
                        expected=str(values[name].shape), got=str(gradients[name].shape),
                        slip="a sum over the batch is missing, or one too many")
            )  # fmt: skip
    return gradients
