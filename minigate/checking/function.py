"""Check the gradient of anything on the tape: a function, or a layer with parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minigate.backend import generator
from minigate.checking.contract import add_to
from minigate.checking.copies import float64_copy, random_point, random_state_kept, saturated_point
from minigate.checking.declared import verify_registered
from minigate.checking.example import example_input
from minigate.checking.naming import argument_names, name_of
from minigate.checking.plain_report import report_of
from minigate.checking.report import Report
from minigate.checking.subject import Array, flatten, host, is_floating, on_the_tape, rebuild
from minigate.module import Module
from minigate.tensor import Tensor


def check(
    f: Callable[..., Any],
    *inputs: Any,
    seed: int = 0,
    full: bool = False,
    order: int = 1,
    independent: Sequence[str] = (),
) -> Report:
    """Check the gradient of ``f(*inputs)`` for every floating input; for a layer, for its parameters too.

    ``f`` takes Tensors and returns Tensors, nested in tuples, lists and dicts as it likes. It is called on
    float64 copies. Whole numbers and everything else that is no floating array are passed on as they are.
    ``full`` compares number by number; ``order=2`` looks at the second derivatives too; ``independent`` names inputs
    that the result does not depend on.

    **Equations**: Σ cotangent · (f(x + h·v) − f(x − h·v)) / 2h, extrapolated, against ⟨gradient, v⟩, for random v.

    **Shapes**: any.

    **Errors**: whatever ``f`` raises. A wrong gradient is no error but a verdict: see :func:`assert_gradients`.

    >>> import numpy as np
    >>> from minigate import ops
    >>> report = check(lambda x, W: ops.tanh(x @ W), np.ones((3, 2)), np.ones((2, 4)))
    >>> report.verdict
    'PASS'
    """
    with random_state_kept():
        return _check(f, inputs, seed, full, order, independent, at_random=False)


def check_layer(
    layer: Module,
    *inputs: Any,
    seed: int = 0,
    full: bool = False,
    order: int = 1,
    independent: Sequence[str] = (),
    contracts: bool = True,
) -> Report:
    """Check a layer at random parameters: the gradient for its input and for every parameter, and its contracts.

    Without ``inputs``, x (T=5, N=3, D) is drawn, tokens (5, 3) where the layer reads K symbols, or what else it says
    that it ``takes``: ``"grids"`` (I=2, J=4, N=3, D) or ``"images"`` (N=3, C, Y=4, X=6). ``contracts`` are held in
    evaluation: the same again, any dtype and layout, large input; with a state also those of time.

    **Shapes**: inputs as the layer takes them.

    **Errors**: :class:`OptionError` where the input size cannot be told from the layer.
    """
    from minigate.checking.layer_contract import layer_contract  # not before something is checked

    with random_state_kept():
        given = inputs or example_input(layer, seed)
        report = _check(layer, given, seed, full, order, independent, at_random=True)
        names = argument_names(layer.forward, len(given))
        return add_to(report, layer_contract(layer, given, names, not inputs, seed)) if contracts else report


def _check(
    f: Callable[..., Any],
    inputs: Sequence[Any],
    seed: int,
    full: bool,
    order: int,
    independent: Sequence[str],
    at_random: bool,
) -> Report:
    rng = generator(seed)
    parameters: dict[str, Tensor] = {}
    values: dict[str, Array] = {}
    title = f"mg.check {name_of(f)}"
    target: Callable[..., Any] = f
    if isinstance(f, Module):
        verify_registered(f)
        target = twin = float64_copy(f)
        parameters = dict(twin.named_parameters())
        values |= random_point(twin, rng) if at_random else {name: host(p) for name, p in parameters.items()}
        title = f"mg.check{'_layer' if at_random else ''} {f!r}"
    signature = target.forward if isinstance(target, Module) else target
    names = [f"{name} (input)" if name in values else name for name in argument_names(signature, len(inputs))]
    like: dict[str, Any] = {}
    structure = dict(zip(names, inputs, strict=True))
    for name, value in structure.items():
        for part, leaf in flatten(name, value):
            if is_floating(leaf):
                values[part], like[part] = host(leaf), leaf if not isinstance(leaf, float) else None

    def call(tensors: dict[str, Tensor]) -> list[tuple[str, Any]]:
        out = target(*(rebuild(name, value, tensors) for name, value in structure.items()))
        return flatten("output", out)

    subject = on_the_tape(values, like, call, parameters)
    flat = saturated_point({name: values[name] for name in parameters}) if at_random else {}
    return report_of(title, subject, flat, seed, full, order, independent)
