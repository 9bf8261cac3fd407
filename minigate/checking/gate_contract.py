"""What a gate promises besides its derivative: its range, its dtype, its arguments left alone.

A cell hands a gate views of larger arrays, a place to write to that may be the input itself, and no input
at all where the gate says that it does not need one. Each promise is one function here, which returns the
line of the report, and the finding where the promise is broken.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigate.backend import array_module, asarray, asnumpy, generator
from minigate.checking.contract import Outcome, fails
from minigate.checking.report import Stage
from minigate.checking.subject import Array, host
from minigate.gates import Gate
from minigate.tensor import Tensor, no_grad

#: From where every gate is curved to where it has long been flat.
SWEEP = np.concatenate(
    [
        -np.logspace(4, np.log10(50.0), 41),
        np.linspace(-50.0, 50.0, 401),
        np.logspace(np.log10(50.0), 4, 41),
    ]
)


@dataclass
class Bench:
    """A gate with parameters for H units, at the values it begins with and at others.

    **Shapes**: points: name → array, as ``init`` returns them.
    """

    gate: Gate
    H: int
    points: dict[str, dict[str, Array]]

    def arrays(self, point: str, dtype: str) -> dict[str, Any]:
        """The parameters of a point, as fresh arrays of the library in use."""
        return {name: asarray(array.astype(dtype)) for name, array in self.points[point].items()}

    def forward(self, s: Array, point: str = "moved", dtype: str = "float64") -> Array:
        """g by ``forward``, on the host.

        **Shapes**: s (…, H) → (…, H).
        """
        x = asarray(s.astype(dtype))
        return np.array(asnumpy(self.gate.forward(array_module(x), x, self.arrays(point, dtype))))

    def compose(self, s: Array, point: str = "moved", dtype: str = "float64") -> Array:
        """g by ``compose``, on the host.

        **Shapes**: s (…, H) → (…, H).
        """
        with no_grad():
            p = {name: Tensor(array) for name, array in self.arrays(point, dtype).items()}
            return np.array(asnumpy(self.gate.compose(Tensor(asarray(s.astype(dtype))), p)))

    def slope(self, s: Array, point: str = "moved", dtype: str = "float64") -> Array:
        """dg/ds by ``slope``, on the host; the gate gets no input where it says it needs none.

        **Shapes**: s (…, H) → (…, H).
        """
        x, p = asarray(s.astype(dtype)), self.arrays(point, dtype)
        xp = array_module(x)
        g = self.gate.forward(xp, x.copy(), p)
        return np.array(asnumpy(self.gate.slope(xp, self.shown(x), g, p)))

    def shown(self, s: Any) -> Any:
        """What a cell lets the gate's backward see of its input."""
        return s if self.gate.needs_input else None


def checks(bench: Bench, rng: np.random.Generator) -> Iterator[Outcome]:
    """Every promise, one after the other; of something that is no elementwise map the first alone."""
    alone = _each_alone(bench)
    yield alone
    if alone[1] is not None:
        return
    yield _range(bench)
    yield _overflow(bench)
    yield _dtype(bench, rng)
    yield _forward_is_compose(bench, rng)
    yield _shapes(bench, rng)
    yield _out(bench, rng)
    yield _purity(bench, rng)


def _each_alone(bench: Bench) -> Outcome:
    """Every number of g depends on one number of s: whatever else changes, it is the same."""
    rng = generator(0)  # of its own, so that what comes after draws the same numbers
    s = 2.0 * rng.normal(size=(5, 3, bench.H))
    for way in (bench.forward, bench.compose):
        whole = way(s)
        for at in ((0, 0, 0), (2, 1, bench.H // 2), (4, 2, bench.H - 1)):
            other = 2.0 * rng.normal(size=s.shape)
            other[at] = s[at]
            g = way(other)
            if g.shape == s.shape == whole.shape and not np.isclose(g[at], whole[at], 1e-12, 1e-12, equal_nan=True):
                text = (
                    f"{way.__name__}: for the same s = {s[at]:.4g} g is {whole[at]:.4g}, and {g[at]:.4g} once the "
                    f"other numbers of s have changed: it looks at other units, sequences or steps"
                )
                advice = "a softmax, norm, mean or `if` over several numbers is no gate: it belongs into a cell's step"
                return fails("elementwise", "elementwise", text, advice)
    return Stage("elementwise", "ok", "every g from its own s alone"), None


def _range(bench: Bench) -> Outcome:
    low, high = bench.gate.bounded
    name = f"range [{low:g}, {high:g}]"
    size = max(1.0, *(abs(bound) for bound in (low, high) if np.isfinite(bound)))
    s = np.concatenate([[-np.inf], SWEEP, [np.inf]])
    for dtype in ("float64", "float32"):
        slack = 8.0 * float(np.finfo(dtype).eps) * size
        for way in (bench.forward, bench.compose):
            for point in bench.points:
                with np.errstate(all="ignore"), warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    g = way(columns(s, bench.H), point, dtype).astype(np.float64)
                outside = ~((g >= low - slack) & (g <= high + slack))
                if outside.any():
                    value, where = _worst_outside(s, g, low, high)
                    moved = (
                        ", parameters moved from where they begin" if point == "moved" and bench.points[point] else ""
                    )
                    declared = f"bounded = ({low:g}, {high:g}), {dtype}{moved}"
                    text = f"{way.__name__} is {value:.4g} at s = {where:.4g} ({declared})"
                    advice = "change the map, or declare what it keeps to: bounded = (low, high) in the class"
                    if np.isnan(value):
                        advice = "∞ / ∞, ∞ − ∞ or 0 · ∞ is no number: s = mg.ops.clip(s, -1e4, 1e4) first, for one"
                    return fails(name, "range", text, advice)
    return Stage(name, "ok", "for s in −1e4 … 1e4 and at ±∞"), None


def _worst_outside(s: Array, g: Array, low: float, high: float) -> tuple[float, float]:
    """The value furthest outside the bounds, and its s: for |s| ≤ 50 where there is one, else further out."""
    with np.errstate(invalid="ignore"):
        beyond = np.where(np.isnan(g), np.inf, np.where(g < low, low - g, np.where(g > high, g - high, 0.0)))
    for most in (50.0, 1e4, np.inf):
        there = np.where((np.abs(s) <= most)[:, None], beyond, 0.0)
        if there.any():
            row, unit = np.unravel_index(int(np.argmax(there)), there.shape)
            return float(g[row, unit]), float(s[row])
    return float("nan"), float("nan")


def _overflow(bench: Bench) -> Outcome:
    for label, way in (("forward", bench.forward), ("compose", bench.compose), ("slope", bench.slope)):
        for dtype in ("float64", "float32"):
            trouble = _first_warning(way, SWEEP, bench.H, dtype)
            if trouble:
                text = f"{label}: {trouble[1]} at s = {trouble[0]:.4g}, {dtype}"
                advice = "½ tanh(½ s) + ½ cannot overflow; 1 / (1 + exp(−s)) does"
                return fails("overflow", "overflow", text, advice)
    return Stage("overflow", "ok", "no floating-point warning for s in −1e4 … 1e4, float64 and float32"), None


def _first_warning(way: Callable[..., Array], s: Array, H: int, dtype: str) -> tuple[float, str] | None:
    """The s nearest to 0 at which the floating-point unit complains, and its words."""
    if not _complains(way, s, H, dtype):
        return None
    for value in s[np.argsort(np.abs(s), kind="stable")]:
        words = _complains(way, np.array([value]), H, dtype)
        if words:
            return float(value), words
    return float(s[0]), "a floating-point warning"


def _complains(way: Callable[..., Array], s: Array, H: int, dtype: str) -> str:
    try:
        with np.errstate(over="raise", invalid="raise", divide="raise"), warnings.catch_warnings():
            warnings.simplefilter("error", RuntimeWarning)
            found = way(columns(s, H), "moved", dtype)
    except (FloatingPointError, RuntimeWarning) as error:
        return str(error)
    return "" if np.all(np.isfinite(found)) else "NaN or infinity"


def _dtype(bench: Bench, rng: np.random.Generator) -> Outcome:
    for dtype in ("float32", "float64"):
        s = asarray(rng.normal(size=(3, bench.H)).astype(dtype))
        for label, array in _made(bench, s, bench.arrays("moved", dtype)):
            if str(array.dtype) != dtype:
                text = f"{dtype} in, {label} gives {array.dtype}"
                return fails("dtype kept", "dtype", text, "constants as Python numbers, or array.astype(s.dtype)")
    return Stage("dtype kept", "ok", "float32 and float64"), None


def _made(bench: Bench, s: Any, p: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What the methods return, one by one: where g has another dtype, its gradients cannot be had."""
    xp = array_module(s)
    g = bench.gate.forward(xp, s.copy(), p)
    yield "forward", g
    with no_grad():
        yield "compose", bench.gate.compose(Tensor(s), {name: Tensor(array) for name, array in p.items()}).data
    yield "slope", bench.gate.slope(xp, bench.shown(s), g, p)
    found = bench.gate.param_gradients(xp, xp.ones_like(s), bench.shown(s), g, p)
    for name in p:
        yield f"the gradient of {name}", found[name]


def _forward_is_compose(bench: Bench, rng: np.random.Generator) -> Outcome:
    s = np.concatenate([columns(np.linspace(-8.0, 8.0, 65), bench.H), 3.0 * rng.normal(size=(64, bench.H))])
    for point in bench.points:
        one, other = bench.forward(s, point), bench.compose(s, point)
        if one.shape != other.shape:
            text = f"s of shape {s.shape}: forward gives {one.shape}, compose {other.shape}"
            return fails("forward = compose", "forward", text, "both return one number for every s")
        off = ~(np.abs(one - other) <= 1e-12)
        if off.any():
            at = tuple(int(i) for i in np.unravel_index(int(np.argmax(np.abs(one - other))), off.shape))
            text = f"at s = {s[at]:.6g}: forward is {one[at]:.6g}, compose {other[at]:.6g}"
            return fails("forward = compose", "forward", text, "compose is the definition: write the same in forward")
    return Stage("forward = compose", "ok"), None


def _shapes(bench: Bench, rng: np.random.Generator) -> Outcome:
    s = 2.0 * rng.normal(size=(5, 3, bench.H))
    whole = bench.forward(s)
    for part, label in ((s[0, 0], "(H,)"), (s[0], "(N, H)"), (s[:, :0], "(T, 0, H)")):
        expected = whole[0, 0] if part.ndim == 1 else whole[0] if part.ndim == 2 else whole[:, :0]
        g, d = bench.forward(part), bench.slope(part)
        if g.shape != part.shape or d.shape != part.shape or not np.allclose(g, expected, rtol=1e-12, atol=1e-14):
            text = f"for s of shape {label} = {part.shape}: g {g.shape}, slope {d.shape}" + (
                ""
                if g.shape != part.shape or d.shape != part.shape
                else ", and other numbers than as part of (T, N, H)"
            )
            return fails(
                "leading axes free", "shape", text, "the last axis is the unit, all others are free: use s[..., k]"
            )
    return Stage("leading axes free", "ok", "(H,), (N, H), (T, N, H), and no sequence at all"), None


def _out(bench: Bench, rng: np.random.Generator) -> Outcome:
    s = 2.0 * rng.normal(size=(3, bench.H))
    expected, p = bench.forward(s), bench.arrays("moved", "float64")
    for label in ("another array", "s itself", "columns of a larger array"):
        x = asarray(s.copy())
        xp = array_module(x)
        if label == "another array":
            out = xp.full_like(x, 7.0)
        elif label == "s itself":
            out = x
        else:
            larger = xp.full((3, 3 * bench.H), 7.0)
            larger[:, bench.H : 2 * bench.H] = x
            out = x = larger[:, bench.H : 2 * bench.H]
        returned = bench.gate.forward(xp, x, p, out=out)
        for where, array in (("written", out), ("returned", returned)):
            if array is None or not np.allclose(host(array), expected, rtol=1e-12, atol=1e-14):
                text = f"forward(…, out={label}): what is {where} is not g"
                advice = "write the result into out and return out; s may be gone once out is written to"
                return fails("out=", "out", text, advice)
        if label == "columns of a larger array":
            rest = np.delete(host(larger), range(bench.H, 2 * bench.H), axis=1)
            if np.any(rest != 7.0):
                return fails(
                    "out=", "out", "forward wrote beyond the columns it was given", "write into out[...] only"
                )
    return Stage("out=", "ok", "another array, s itself, columns of a larger array"), None


def _purity(bench: Bench, rng: np.random.Generator) -> Outcome:
    s, p = asarray(6.0 * rng.normal(size=(5, 3, bench.H))), bench.arrays("moved", "float64")
    xp = array_module(s)
    calls: list[tuple[str, dict[str, Any]]] = [("forward", {"s": s, **p})]
    g = asarray(bench.forward(host(s)))
    dg = asarray(rng.normal(size=g.shape))
    calls += [("slope", {"s": s, "g": g, **p}), ("param_gradients", {"s": s, "g": g, "dg": dg, **p})]
    for label, arrays in calls:
        before = {name: host(array) for name, array in arrays.items()}
        if label == "forward":
            bench.gate.forward(xp, s, p)
        elif label == "slope":
            bench.gate.slope(xp, bench.shown(s), g, p)
        else:
            bench.gate.param_gradients(xp, dg, bench.shown(s), g, p)
        for name, array in arrays.items():
            if not np.array_equal(host(array), before[name]):
                text = f"{label} changes {name} in place"
                return fails("inputs untouched", "edited", text, f"copy first: {name} = {name}.copy(), or use out=")
    return Stage("inputs untouched", "ok", "s, g, dg and the parameters"), None


def columns(s: Array, H: int) -> Array:
    """The same numbers for every unit.

    **Shapes**: s (M,) → (M, H).
    """
    return np.repeat(s[:, None], H, axis=1)
