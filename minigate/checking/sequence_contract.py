"""What a computation on sequences promises: each by itself, in the order of time, in pieces or whole, padding unread.

Each promise rebuilds one run from others: a batch from its sequences, a sequence with padding from the one
without, a whole from its parts. What is rebuilt is everything, the outputs and all gradients.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigate import ops
from minigate.checking.contract import Answer, Promise, number
from minigate.checking.difference import Difference, differ
from minigate.checking.trial import Case, Run, Trial, joined

#: A sequence with a hole, one that ends early, one with a single real step that is not its first.
MASK = np.array([[1, 1, 0], [0, 1, 1], [1, 1, 0], [1, 0, 0], [1, 0, 0]], dtype=bool)


def batch(trial: Trial, way: str) -> Answer | None:
    """f(batch)[n] = f(sequence n alone), there and back; gradients of parameters add up."""
    found = differ(trial, trial.base(way), joined([trial.run(way, each) for each in _alone(trial)], trial.batch))
    return Answer(found.told("in the batch", "from each sequence alone")) if found else None


def causality(trial: Trial, way: str) -> Answer | None:
    """y up to t does not change when x after t does; the gradient of y_t for later x is 0."""
    if trial.reads_ahead:
        return Answer("it reads ahead, and says so (reads_ahead)", status="-")
    x, T = trial.case.inputs["x"], _length(trial)
    whole = trial.base(way, back=False)
    for t in range(T - 1):
        later = x.copy()
        later[t + 1 :] = trial.other.inputs["x"][t + 1 :]
        run = trial.run(way, trial.case.given(x=later), back=False)
        now, before = (Run({"y": each.outputs["y"][: t + 1]}, {}) for each in (run, whole))
        found = differ(trial, now, before, limit=0.0)
        if found:
            return Answer(f"{found.told(f'for another x after t={t}', 'for this one')}: it sees the future")
    t, dy = T // 2, np.zeros_like(trial.case.cotangents["y"])
    dy[t] = trial.case.cotangents["y"][t]
    dx = trial.run(way, trial.case.back(y=dy)).gradients.get("x")
    if dx is None:  # tokens
        return None
    dx[: t + 1] = 0.0
    ahead = np.argwhere(dx != 0.0)
    if not len(ahead):
        return None
    at = tuple(map(int, ahead[0]))
    return Answer(f"{trial.place('dx', at)} is {number(dx[at])} for a cotangent of y at t={t} alone")


def padding(trial: Trial, way: str) -> Answer | None:
    """A batch with a mask is its sequences without their padding: NaN there is not seen, the state is held."""
    if not trial.masked:
        return Answer("without a mask there is none", status="-")
    case = trial.case
    blank = np.nan if case.inputs["x"].dtype.kind == "f" else -1
    with_mask = case.given(x=_filled(case.inputs["x"], ~MASK, blank), mask=MASK)
    with_mask = with_mask.back(**{**case.cotangents, "y": _filled(case.cotangents["y"], ~MASK, np.nan)})
    rebuilt, found = _without_padding(trial, way), trial.run(way, with_mask)
    if way in trial.partial:  # where a window begins counts steps that are not real, too
        rebuilt = replace(rebuilt, gradients=trial.run(way, _cleaned(with_mask)).gradients)
    difference = differ(trial, found, rebuilt)
    return _of_padding(difference) if difference else None


def _without_padding(trial: Trial, way: str) -> Run:
    """Every sequence alone and its real steps alone, put together as if there had been a mask."""
    runs = []
    for n, alone in enumerate(_alone(trial)):
        run = trial.run(way, alone.cut(trial.time, MASK[:, n]))
        for group in (run.outputs, run.gradients):
            for name in {"x", "y"} & group.keys():  # back to where the steps were, zeros between
                whole = np.zeros((len(MASK), *group[name].shape[1:]), dtype=group[name].dtype)
                whole[MASK[:, n]] = group[name]
                group[name] = whole
        runs.append(run)
    return joined(runs, trial.batch)


def _cleaned(case: Case) -> Case:
    """The same with 0 in the place of NaN."""
    return case.given(x=np.nan_to_num(case.inputs["x"])).back(
        **{n: np.nan_to_num(a) for n, a in case.cotangents.items()}
    )


def _of_padding(found: Difference) -> Answer:
    """What a difference says about how the mask is used."""
    if found.found != found.found:
        side = "x or dy" if found.name.startswith("d") else "x"
        told = f"{found.place} is nan: the NaN in the padding of {side} gets through"
        return Answer(told, "ops.where(mask, x, 0.0) before anything is computed: x * mask is NaN where x is")
    if found.name in ("y", "dx") and not MASK[found.index[:2]]:
        return Answer(found.told("in the padding", "belongs there"), f"{found.name} is 0 where a step is not real")
    told = found.told("with padding", "without it")
    if found.name.startswith("final"):
        return Answer(told, "a step that is not real holds the state: ops.where(mask[t][:, None], new, old)")
    return Answer(told)


def splitting(trial: Trial, way: str) -> Answer | None:
    """Read in two pieces with the state carried over, a sequence gives what it gives in one."""
    if trial.reads_ahead:
        return Answer("it reads ahead: a second piece would come too late", status="-")
    T = _length(trial)
    for t in range(1, T):
        run = trial.run(way, trial.case, back=False, call=_in_pieces(trial, way, t))
        found = differ(trial, run, trial.base(way, back=False))
        if found:
            return Answer(found.told(f"in two pieces, cut before t={t}", "in one"))
    if way in trial.partial:
        return Answer("at every t, the outputs: the gradient goes back through a part of time only", status="ok")
    t = T // 2
    found = differ(trial, trial.run(way, trial.case, call=_in_pieces(trial, way, t)), trial.base(way))
    return Answer(found.told(f"in two pieces, cut before t={t}", "in one")) if found else None


def _in_pieces(trial: Trial, way: str, t: int) -> Any:
    """A way of computing that stops before step t and goes on with the state it has."""

    def call(module: Any, given: dict[str, Any]) -> list[tuple[str, Any]]:
        first = dict(trial.ways[way](module, {**given, "x": given["x"][:t]}))
        state = {trial.carried[name]: out for name, out in first.items() if name in trial.carried}
        second = trial.ways[way](module, {**given, **state, "x": given["x"][t:]})
        return [(name, ops.concat([first[name], out], axis=0) if name in trial.time else out) for name, out in second]

    return call


def _alone(trial: Trial) -> list[Case]:
    """Each sequence of the batch as a batch of one."""
    N = next(array.shape[trial.batch[name]] for name, array in trial.case.inputs.items() if name in trial.batch)
    return [trial.case.cut(trial.batch, slice(n, n + 1)) for n in range(N)]


def _filled(array: NDArray[Any], where: NDArray[np.bool_], value: float) -> NDArray[Any]:
    found = array.copy()
    found[where] = value
    return found


def _length(trial: Trial) -> int:
    return int(trial.case.inputs["x"].shape[0])


BATCH = Promise(
    "batch independent", "batch", batch, "each sequence as if it were alone; gradients add up",
    "look for a mean, sum or norm over the batch axis, and for what is computed for the first sequence only",
)  # fmt: skip

TIME = [
    Promise(
        "causality", "causality", causality, "y up to t, to the bit, whatever x is after t; dx after t is 0",
        "y_t comes from x up to t: look at indices t + 1, at flips, and at means over all of time",
    ),
    Promise(
        "splitting", "splitting", splitting, "at every t with the state carried: outputs and gradients",
        "all that the future depends on is in the state, also a count of steps: it is passed in and handed back",
    ),
]  # fmt: skip

PADDING = Promise(
    "padding", "padding", padding, "NaN in x and dy is not seen, the state is held, y and dx are 0",
    "a sequence with padding is what it is without: nothing counts or sums over steps that are not real",
)  # fmt: skip
