"""Check the gradient of anything on the tape: a function, a layer, a pair of plain functions on arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigate.backend import asarray, generator
from minigate.checking import cotangents as cotangents_of
from minigate.checking.contract import add_to
from minigate.checking.copies import float64_copy, random_point, random_state_kept
from minigate.checking.diagnosis import deaf_to_the_cotangent, deafness, describe, other_gradients, patterns_of
from minigate.checking.evidence import keep
from minigate.checking.localise import Located, locate, worst_of
from minigate.checking.probes import Examination, examine
from minigate.checking.report import FAIL, INCONCLUSIVE, Finding, Report, Stage
from minigate.checking.subject import Array, Subject, Values, flatten, host, is_floating, on_the_tape, rebuild
from minigate.checking.verdict import closest_calls, coverage, edits, judge, several, stages, unfit
from minigate.errors import OptionError, explain
from minigate.module import Module
from minigate.tensor import Op, Tensor


def check(
    f: Callable[..., Any], *inputs: Any, seed: int = 0, full: bool = False, independent: Sequence[str] = ()
) -> Report:
    """Check the gradient of ``f(*inputs)`` for every floating input; for a layer, for its parameters too.

    ``f`` takes Tensors and returns Tensors, nested in tuples, lists and dicts as it likes. It is called on
    float64 copies. Whole numbers and everything else that is no floating array are passed on as they are.
    ``full`` compares number by number; ``independent`` names inputs that the result does not depend on.

    **Equations**: Σ cotangent · (f(x + h·v) − f(x − h·v)) / 2h, extrapolated, against ⟨gradient, v⟩, for random v.

    **Shapes**: any.

    **Errors**: whatever ``f`` raises. A wrong gradient is no error but a verdict: see :func:`assert_gradients`.

    >>> from minigate import ops
    >>> report = check(lambda x, W: ops.tanh(x @ W), np.ones((3, 2)), np.ones((2, 4)))
    >>> report.verdict
    'PASS'
    """
    with random_state_kept():
        return _check(f, inputs, seed, full, independent, at_random=False)


def check_layer(
    layer: Module,
    *inputs: Any,
    seed: int = 0,
    full: bool = False,
    independent: Sequence[str] = (),
    contracts: bool = True,
) -> Report:
    """Check a layer at random parameters: the gradient for its input and for every parameter, and its contracts.

    Without ``inputs``, x (T=5, N=3, D) is drawn, or tokens (5, 3) where the layer reads K symbols. ``contracts``
    are held in evaluation: the same again, any dtype and layout, large input; with a state also those of time.

    **Shapes**: inputs as the layer takes them.

    **Errors**: :class:`OptionError` where the input size cannot be told from the layer.
    """
    from minigate.checking.layer_contract import layer_contract  # not before something is checked

    with random_state_kept():
        given = inputs or example_input(layer, seed)
        report = _check(layer, given, seed, full, independent, at_random=True)
        names = _argument_names(layer.forward, len(given))
        return add_to(report, layer_contract(layer, given, names, not inputs, seed)) if contracts else report


def check_vjp(
    forward: Callable[..., Any], backward: Callable[..., Any], *inputs: Any, seed: int = 0, full: bool = False
) -> Report:
    """Check a derivation on plain arrays, without any class of minigate.

    ``forward(*inputs)`` returns an array or a tuple of arrays; ``backward(cotangents, *inputs)``, with the
    cotangents in the same structure, returns one gradient for each input, ``None`` where there is none.

    **Equations**: backward(w, x) = d(Σ w · forward(x)) / dx.

    **Shapes**: each gradient as its input.

    **Errors**: :class:`OptionError` for another number of gradients than of inputs, or one of another shape.
    """
    names = _argument_names(forward, len(inputs))
    floating = [name for name, value in zip(names, inputs, strict=True) if is_floating(value)]
    values = {name: host(value) for name, value in zip(names, inputs, strict=True) if name in floating}
    constant = dict(zip(names, inputs, strict=True))

    def arguments(values: Values) -> list[Any]:
        return [values[name].copy() if name in values else constant[name] for name in names]

    def run(values: Values) -> list[Array]:
        out = forward(*arguments(values))
        return [host(part) for part in ((out,) if single else out)]

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
        subject = Subject(values, outputs, run, {"backward": way})
        return _report(f"mg.check_vjp {_name_of(backward)}", subject, seed, full, ())


def _check(
    f: Callable[..., Any], inputs: Sequence[Any], seed: int, full: bool, independent: Sequence[str], at_random: bool
) -> Report:
    rng = generator(seed)
    parameters: dict[str, Tensor] = {}
    values: dict[str, Array] = {}
    title = f"mg.check {_name_of(f)}"
    target: Callable[..., Any] = f
    if isinstance(f, Module):
        target = twin = float64_copy(f)
        parameters = dict(twin.named_parameters())
        values |= random_point(twin, rng) if at_random else {name: host(p) for name, p in parameters.items()}
        title = f"mg.check{'_layer' if at_random else ''} {f!r}"
    signature = target.forward if isinstance(target, Module) else target
    names = [f"{name} (input)" if name in values else name for name in _argument_names(signature, len(inputs))]
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
    return _report(title, subject, seed, full, independent)


def _report(title: str, subject: Subject, seed: int, full: bool, independent: Sequence[str]) -> Report:
    rng = generator(np.random.SeedSequence([seed, 1]))
    once, again = subject.forward(subject.values), subject.forward(subject.values)
    trouble = unfit(once, again)
    if trouble:
        return Report(title, INCONCLUSIVE, [Stage(*trouble[:2], trouble[2])], reasons=[trouble[2]], seed=seed)
    found = examine(subject, cotangents_of.of_function(rng, subject.outputs, once), rng, full)
    cases = {"": found}
    verdict, reasons = judge(cases, independent)
    report = Report(
        title, verdict, [Stage("deterministic", "ok")], reasons=reasons, seed=seed, coverage=coverage(cases)
    )
    report.stages += stages(cases)
    report.findings = edits(cases)
    wrong = found.wrong()
    right = [name for name in subject.values if name not in wrong]
    told = several(f"d{name}" for name in wrong or found.proven())
    told += f"   right: {several(f'd{name}' for name in right) or 'none'}" if wrong else ""
    report.stages.append(Stage("gradient", "FAIL" if wrong else "ok" if verdict != INCONCLUSIVE else "?", told))
    located = [locate(found, name, "", rng) for name in wrong]
    keep(report, cases, located)
    if wrong:
        report.worst = worst_of(located)
        report.findings += _diagnose(found, located, rng)
    elif verdict != FAIL:
        report.worst = closest_calls(cases)
    return report


def _diagnose(found: Examination, located: list[Located], rng: np.random.Generator) -> list[Finding]:
    deaf = deaf_to_the_cotangent(found, located[0].way, rng)
    rest = [each for each in located if each.argument not in deaf]
    patterns = patterns_of(rest, {}, other_gradients(found, rest))
    return ([deafness(deaf)] if deaf else []) + describe(rest, patterns, {})


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


def _argument_names(f: Any, count: int) -> list[str]:
    if isinstance(f, Op):
        return [*f.operands, *(f"input {k}" for k in range(len(f.operands), count))][:count]
    try:
        parameters = [
            p
            for p in inspect.signature(f).parameters.values()
            if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
        names = [p.name for p in parameters][:count]
    except (TypeError, ValueError):
        names = []
    return names + [f"input {k}" for k in range(len(names), count)]


def _name_of(f: Any) -> str:
    name = getattr(f, "__qualname__", None) or getattr(f, "__name__", None) or type(f).__name__
    return str(name).split(".<locals>.")[-1].replace("<lambda>", "a lambda")


def example_input(layer: Module, seed: int) -> tuple[Any, ...]:
    """A random input for a layer that says its sizes: x (T=5, N=3, D), or tokens (5, 3) for K symbols."""
    rng = generator(seed)
    like = next(iter(layer.parameters()), None)
    first = getattr(layer, "layers", [layer])[0]
    first = getattr(first, "cell", first)
    if hasattr(first, "K"):
        return (asarray(rng.integers(0, first.K, size=(5, 3)), like=like),)
    if isinstance(getattr(first, "D", None), int):
        leading = (2, 4, 3) if getattr(first, "dimensions", 1) == 2 else (5, 3)  # a grid, or a sequence
        return (asarray(rng.normal(size=(*leading, first.D)), like=like),)
    raise OptionError(
        explain("the layer does not say what size its input has", where=f"check_layer({type(layer).__name__})",
                remedy="mg.check_layer(layer, x)")
    )  # fmt: skip
