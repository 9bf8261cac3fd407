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
from minigate.errors import OptionError, explain


def check_vjp(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    *inputs: Any,
    seed: int = 0,
    full: bool = False,
    order: int = 1,
) -> Report:
    """Check a derivation on plain arrays, without any class of minigate.

    ``forward(*inputs)`` returns an array or a tuple of arrays; ``backward(cotangents, *inputs)``, with the
    cotangents in the same structure, returns one gradient for each input, ``None`` where there is none.
    ``order=2`` also asks whether the gradient's own derivative is symmetric, as that of every gradient is.

    **Equations**: backward(w, x) = d(Σ w · forward(x)) / dx.

    **Shapes**: each gradient as its input.

    **Errors**: :class:`OptionError` for another number of gradients than of inputs, or one of another shape.
    """
    names = argument_names(forward, len(inputs))
    floating = [name for name, value in zip(names, inputs, strict=True) if is_floating(value)]
    values = {name: host(value) for name, value in zip(names, inputs, strict=True) if name in floating}
    constant = dict(zip(names, inputs, strict=True))

    def arguments(values: Mapping[str, Any]) -> list[Any]:
        return [values[name].copy() if name in values else constant[name] for name in names]

    def analytic(values: Mapping[str, Any]) -> list[NDArray[Any]]:
        out = forward(*arguments(values))
        return [np.array(asnumpy(part)) for part in ((out,) if single else out)]

    def run(values: Values) -> list[Array]:
        return [host(part) for part in analytic(values)]

    def way(values: Values, weights: Sequence[Array | None]) -> dict[str, Array]:
        outputs = run(values)
        whole = tuple(np.zeros_like(o) if w is None else w for o, w in zip(outputs, weights, strict=True))
        given = arguments(values)
        found = backward(whole[0] if single else whole, *given)
        found = found if isinstance(found, (tuple, list)) else (found,)
        subject.edited |= {
            n for n, a in zip(names, given, strict=True) if n in values and not np.array_equal(a, values[n])
        }
        return _as_gradients(found, names, values)

    with random_state_kept():
        single = not isinstance(forward(*arguments(values)), tuple)
        outputs = ["output"] if single else [f"output[{k}]" for k in range(len(run(values)))]
        subject = Subject(values, outputs, run, {"backward": way}, analytic=analytic)
        return report_of(f"mg.check_vjp {name_of(backward)}", subject, {}, seed, full, order, ())


def _as_gradients(found: Sequence[Any], names: Sequence[str], values: Values) -> dict[str, Array]:
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
