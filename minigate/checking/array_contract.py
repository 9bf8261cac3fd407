"""What everything that computes on arrays promises: the same again, whatever lies around it, and nothing changed.

None of this is about time. Each promise runs a trial twice, in two ways that have to give the same, or with
numbers that have to come out finite, or in another dtype or array library.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigate.backend import array_module, asarray, asnumpy, current, use
from minigate.checking.contract import Answer, Promise, in_a_line, number
from minigate.checking.difference import differ
from minigate.checking.keepsakes import changed, keepsakes, streams
from minigate.checking.trial import Run, Trial, parameters_of
from minigate.errors import BackendError

#: Where else a trial is run, as far as it is here. The tests add the strict double.
LIBRARIES = ("numpy", "cupy")
#: Two libraries add in another order.
LIBRARY_LIMIT = 1e-9
#: The cotangents of the question whether backward is linear: w + SCALE · v.
SCALE = 1000.0
#: The size of input that nothing may overflow for.
LARGE = 1e4


def deterministic(trial: Trial, way: str) -> Answer | None:
    """Two copies that nothing was run on, given the same, give the same: to the bit, gradients to rounding."""
    one, two = trial.fresh(), trial.fresh()
    before = streams(one)
    runs = [trial.run(way, trial.case, module=copy) for copy in (one, two)]
    moved = changed(before, streams(one))
    if moved:
        return Answer(f"draws from {', '.join(moved)}, also in evaluation", last=True)
    found = differ(trial, runs[1], runs[0], limit=0.0)
    return Answer(f"two runs differ: {found.told('now', 'before')}", last=True) if found else None


def nothing_kept(trial: Trial, way: str) -> Answer | None:
    """After another case no attribute is different, and the first case gives what it gave."""
    module = trial.fresh()
    first = trial.run(way, trial.case, module=module)
    before = keepsakes(module)
    trial.run(way, trial.other, module=module)
    left = changed(before, keepsakes(module))
    found = differ(trial, trial.run(way, trial.case, module=module), first, limit=0.0)
    if left:
        return Answer(f"a call changes {', '.join(left)}", last=found is not None)
    return Answer(found.told("after other input was read", "before it"), last=True) if found else None


def untouched(trial: Trial, way: str) -> Answer | None:
    """Whoever passed an array finds in it what they put there."""
    edited = trial.base(way).edited
    return Answer(f"changed in place: {', '.join(edited)}") if edited else None


def dtype_kept(trial: Trial, way: str) -> Answer | None:
    """float32 in, float32 out, there and back; the same for float64. Whole numbers stay whole."""
    for dtype in ("float32", "float64"):
        module = trial.fresh(dtype)
        run = trial.run(way, trial.case.cast(dtype), module=module)
        found = {**run.outputs, **{f"d{name}": array for name, array in run.gradients.items()}}
        if trial.initial is not None:
            found |= {f"initial_state: {n}": np.asarray(a) for n, a in trial.initial(module, 2, dtype).items()}
        for name, array in found.items():
            if array.dtype.kind == "f" and array.dtype != dtype:
                return Answer(f"{dtype} in, {name} comes out {array.dtype}")
    return None


def layout(trial: Trial, way: str) -> Answer | None:
    """How an array lies in memory, and whether it may be written to, is nobody's business."""
    for label, lay in LAYOUTS.items():
        try:
            found = differ(trial, trial.run(way, trial.case, lay=lay), trial.base(way))
        except ValueError as error:
            return Answer(f"for arrays {label}: {error}")
        if found:
            return Answer(found.told(f"for arrays {label}", "for others"))
    return None


def linear(trial: Trial, way: str) -> Answer | None:
    """A gradient is linear in the cotangent: g(w + 1000 v) = g(w) + 1000 g(v), whatever the function."""
    w, v = trial.case.cotangents, trial.other.cotangents
    if not w:
        return Answer("there is no floating output", status="-")
    one, other = trial.base(way).gradients, trial.run(way, trial.case.back(**v)).gradients
    both = trial.run(way, trial.case.back(**{name: w[name] + SCALE * v[name] for name in w}))
    expected = Run({}, {name: one[name] + SCALE * other[name] for name in one})
    found = differ(trial, both, expected)
    if not found:
        return None
    return Answer(found.told("for the cotangent w + 1000 v", "if each is taken alone and they are added"))


def single_precision(trial: Trial, way: str) -> Answer | None:
    """In float32 the same as in float64, up to its rounding: 1e-5 of the norm, more for long sequences.

    A number close to a kink may lie on its other side in float32. So a second case is asked before judging.
    """
    worst, place, limit = 0.0, "", 1e-5 * np.sqrt(_steps(trial) / 10.0 + 1.0)
    for case in (trial.case, trial.other):
        narrow = case.cast("float32")
        runs = (
            trial.run(way, narrow, module=trial.fresh("float32")),
            trial.run(way, narrow.cast("float64"), module=trial.fresh()),
        )
        off, place = _distance(*runs)
        if off <= limit:
            return Answer(f"{off:.0e} of the norm (limit {limit:.0e})", status="ok")
        worst = max(worst, off)
    return Answer(f"{place} is off by {worst:.0e} of its norm in float32, more than {limit:.0e}")


def libraries(trial: Trial, way: str) -> Answer | None:
    """The other array library gives the same, and no array is left behind on the host."""
    here = next((p.data for p in parameters_of(trial.module).values()), None)
    own = current() if here is None else array_module(here)
    others, absent = [], []
    for name in LIBRARIES:
        try:
            with use(name):
                if current() is own:
                    continue
                others.append(name)
                module = trial.fresh()
                _move(module)
                there = trial.run(way, trial.case, module=module)
        except BackendError:
            absent.append(name)
            continue
        except Exception as error:
            return Answer(f"on {name} it raises {in_a_line(error)}")
        found = differ(trial, there, trial.base(way), LIBRARY_LIMIT, LIBRARY_LIMIT)
        if found:
            return Answer(found.told(f"on {name}", f"on {own.__name__}"))
    if not others:
        return Answer(f"{own.__name__} alone: {', '.join(absent)} cannot compute here", status="-")
    return Answer(f"{own.__name__} and {', '.join(others)}", status="ok")


def overflow(trial: Trial, way: str) -> Answer | None:
    """Input of any size gives finite numbers, there and back."""
    names = [name for name in trial.large if trial.case.inputs[name].dtype.kind == "f"]
    if not names:
        return Answer("no floating input", status="-")
    signs = {name: np.where(trial.case.inputs[name] < 0.0, -1.0, 1.0) for name in names}
    run = trial.run(way, trial.case.given(**{name: LARGE * sign for name, sign in signs.items()}))
    for prefix, group in (("", run.outputs), ("d", run.gradients)):
        for name, array in group.items():
            bad = np.argwhere(~np.isfinite(array))
            if len(bad):
                at = tuple(map(int, bad[0]))
                place = trial.place(prefix + name, at)
                return Answer(f"{place} is {number(array[at])} where {', '.join(names)} is ±1e4 everywhere")
    return None


def _steps(trial: Trial) -> int:
    """T, as far as there is time."""
    return next((trial.case.inputs[n].shape[axis] for n, axis in trial.time.items() if n in trial.case.inputs), 1)


def _distance(narrow: Run, wide: Run) -> tuple[float, str]:
    """The largest ‖float32 − float64‖ / ‖float64‖ of all arrays, and whose it is."""
    worst, place = 0.0, ""
    groups = (("", narrow.outputs, wide.outputs), ("d", narrow.gradients, wide.gradients))
    for prefix, these, those in groups:
        norms = {name: float(np.linalg.norm(a)) for name, a in those.items() if a.dtype.kind == "f"}
        largest = max(norms.values(), default=0.0)
        for name, norm in norms.items():
            error = float(np.linalg.norm(these[name].astype(np.float64) - those[name]))
            off = error / max(norm, 0.1 * largest) if error else 0.0
            if not off <= worst:
                worst, place = (off if off == off else np.inf), prefix + name
    return worst, place


def _move(module: Any) -> None:
    """Parameters and buffers to the library in use."""
    for parameter in parameters_of(module).values():
        parameter.data = asarray(asnumpy(parameter.data))
    for _, part in module.named_modules() if hasattr(module, "named_modules") else ():
        for name, array in part._buffers.items():
            part._buffers[name] = asarray(asnumpy(array))


def _strided(array: Any) -> Any:
    wide = array_module(array).zeros((*array.shape, 2), dtype=array.dtype)
    wide[..., 0] = array
    return wide[..., 0]


def _fortran(array: Any) -> Any:
    return array.copy(order="F")


def _backwards(array: Any) -> Any:
    around = (..., *(slice(None, None, -1),) * array.ndim)
    return array[around].copy()[around]


def _read_only(array: Any) -> Any:
    if isinstance(array, np.ndarray):  # CuPy has no such thing
        array.flags.writeable = False
    return array


LAYOUTS = {
    "with gaps between the numbers": _strided,
    "in Fortran order": _fortran,
    "backwards in memory": _backwards,
    "that are read-only": _read_only,
}

SAME_AGAIN = [
    Promise(
        "deterministic", "deterministic", deterministic, "two runs on fresh copies, to the bit",
        "no random numbers outside of training: if self.training: …",
    ),
    Promise(
        "nothing kept", "kept", nothing_kept, "no attribute changes, and what was read before does not matter",
        "what the future depends on is state: name it in state_names, take it from state and return it with y_t",
    ),
    Promise(
        "inputs untouched", "edited", untouched, "inputs, parameters and cotangents",
        "work on a copy: what comes in belongs to the caller",
    ),
]  # fmt: skip

ARRAYS = [
    Promise(
        "dtype kept", "dtype", dtype_kept, "float32 and float64, there and back",
        "constants as Python numbers, or array.astype(x.dtype): an array of float64 makes everything float64",
    ),
    Promise(
        "memory layout", "layout", layout, "with gaps, Fortran order, backwards, read-only",
        "no .ravel() or .view() that counts on an order in memory, no result written into an argument",
    ),
    Promise(
        "linear in the cotangent", "linear", linear, "g(w + 1000 v) = g(w) + 1000 g(v)",
        "backward multiplies what comes in; it neither clips it, nor divides by its size, nor adds to it",
    ),
    Promise(
        "float32 = float64", "precision", single_precision, "",
        "a difference of two large numbers, a sum of very unequal ones, a step in float16?",
    ),
    Promise(
        "array libraries", "library", libraries, "",
        "xp = array_module(x), constants from xp; nothing of numpy inside, no array kept as a plain attribute",
    ),
]  # fmt: skip

OVERFLOW = Promise(
    "overflow", "overflow", overflow, "finite for x of ±1e4, there and back",
    "exp of a large number: ½ tanh(½ s) + ½ for 1 / (1 + exp(−s)); a softmax subtracts the largest first",
)  # fmt: skip
