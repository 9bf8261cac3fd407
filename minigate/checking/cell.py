"""Check a recurrent cell: by hand against composed against differences, for several lengths of time."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from minigate.backend import generator
from minigate.bptt import Windows
from minigate.bptt import full as full_bptt
from minigate.cells import Cell
from minigate.checking import cotangents as cotangents_of
from minigate.checking.bisection import block_of, in_words
from minigate.checking.cell_diagnosis import diagnose, most_telling
from minigate.checking.contract import add_to
from minigate.checking.copies import float64_copy, random_point, random_state_kept, saturated_point
from minigate.checking.evidence import keep
from minigate.checking.localise import locate, worst_of
from minigate.checking.probes import Examination, examine
from minigate.checking.report import FAIL, INCONCLUSIVE, PASS, Finding, Report, Score, Stage
from minigate.checking.returns import verify_cell
from minigate.checking.second_order import add_second_order, check_order
from minigate.checking.sequence import RandomSequence, Through, draw_sequence
from minigate.checking.subject import host
from minigate.checking.verdict import closest_calls, coverage, edits, judge, reference, stages, trembling, unfit
from minigate.errors import OptionError, explain
from minigate.layers import Recurrent

#: By hand and composed, the outputs agree to this share of their largest number.
FORWARD = 1e-11
FORWARD_ADVICE = "step is the definition: step_forward has to compute the same"


def check_cell(
    cell: Cell | Recurrent | type[Cell] | Callable[..., Cell],
    *,
    D: int = 2,
    H: int = 4,
    T: Sequence[int] = (1, 2, 3, 5),
    N: int = 3,
    seed: int = 0,
    through: Through = full_bptt,
    mask: str | None = "ragged",
    tokens: bool = False,
    point: str = "random",
    full: bool = False,
    order: int = 1,
    independent: Sequence[str] = (),
    contracts: bool = True,
) -> Report:
    """Check a cell: the gradients of every parameter, of x and of the initial state, for every length in ``T``.

    ``cell`` is a cell, or a class or function that makes one (called with D, H, seed and dtype as far as it
    takes them). All works on a float64 copy at random parameters (``point="own"``: at its own). Each length
    is run without a mask, and with sequences of unequal length (``mask=None``: only without); each with
    several cotangents; and once with parameters five times as large, where gates are nearly shut or open.
    ``through`` is the way through time; a cell with only ``step`` is taken through it, and through every window
    of it, by the tape. ``independent`` names parameters that nothing is meant to depend on. ``order=2`` looks at
    the second derivatives too. ``contracts`` are what it promises besides: nothing kept, nothing edited, no batch
    mixed up, no future seen, …

    **Equations**: by hand = composed = differences. A way that truncates is held to the function that it
    differentiates, in which the state at the start of each window is a constant.

    **Shapes**: x (T, N, D), or tokens (T, N) with ``tokens=True``; state each (N, H).

    **Errors**: whatever the cell raises. A wrong gradient is a verdict: see :func:`assert_gradients`.
    """
    from minigate.checking.cell_contract import cell_contract  # not before something is checked: minigate loads fast

    _check_options(T, N, mask, point)
    check_order(order, "check_cell")
    with random_state_kept():
        if isinstance(cell, Recurrent):
            through = cell.through
        twin = float64_copy(_make(cell, D, H, seed))
        twin.eval()
        rng = generator(seed)
        values = random_point(twin, rng) if point == "random" else {n: host(p) for n, p in twin.named_parameters()}
        title = f"mg.check_cell {twin!r}"
        tried, asked = copy.deepcopy(twin), copy.deepcopy(twin)  # what a call leaves on one is not on the other
        edited = verify_cell(draw_sequence(tried, values, min(2, max(T)), N, False, tokens, generator(seed), through))
        at = values if point == "own" else None
        kept = cell_contract(asked, through, at, tokens, mask is not None, seed) if contracts else []
        cases: dict[str, Examination] = {}
        sequences: dict[str, RandomSequence] = {}
        forward: list[Stage] = []
        for case, length, masked, saturated in _settings(T, mask, point):
            own_rng = generator(np.random.SeedSequence([seed, length, masked, saturated]))
            there = saturated_point(values) if saturated else values
            sequence = draw_sequence(twin, there, length, N, masked, tokens, own_rng, through)
            sequences[case], subject = sequence, sequence.subject()
            once, again = subject.forward(subject.values), subject.forward(subject.values)
            trouble = unfit(once, again)
            if trouble:
                reasons = [f"{case}: {trouble[2]}"]
                return add_to(Report(title, INCONCLUSIVE, [Stage(*trouble)], reasons=reasons, seed=seed), kept)
            forward += _compare_forward(case, subject.outputs, sequence.outputs(), sequence.composed_outputs())
            cases[case] = examine(subject, cotangents_of.of_sequence(own_rng, subject.outputs, once), own_rng, full)
        report = _report(title, twin, sequences, cases, forward, seed, independent)
        if forward and edited:
            text = f"step_forward writes into the old state ({', '.join(edited)}), which the trace keeps"
            report.findings.insert(0, Finding("edited", text, (), f"a new array: {edited[0]} = …, no {edited[0]} *= …"))
        if order == 2:
            case = f"T={_short(T)}"
            own_rng = generator(np.random.SeedSequence([seed, 13]))
            add_second_order(report, cases[case].subject, cases[case].cotangents[0], own_rng)
        return add_to(report, kept)


def _settings(T: Sequence[int], mask: str | None, point: str) -> Iterator[tuple[str, int, bool, bool]]:
    """Each case: its name, its length, with a mask, at a saturated point."""
    for length in sorted(T):
        yield f"T={length}", length, False, False
    for length in sorted(T) if mask else ():
        if length > 1:
            yield f"T={length}, ragged mask", length, True, False
    if point == "random":
        yield f"T={_short(T)}, saturated", _short(T), False, True


def _short(T: Sequence[int]) -> int:
    """The longest of up to three steps: enough to go through every equation, the carried state's too."""
    return max((length for length in T if length <= 3), default=min(T))


def _report(
    title: str,
    cell: Cell,
    sequences: dict[str, RandomSequence],
    cases: dict[str, Examination],
    forward: list[Stage],
    seed: int,
    independent: Sequence[str],
) -> Report:
    verdict, reasons = judge(cases, independent)
    verdict = FAIL if forward else verdict
    report = Report(title, verdict, [Stage("deterministic", "ok")], reasons=[] if forward else reasons, seed=seed)
    report.reference = reference(cases)
    if cell.written_by_hand:
        report.stages += forward[:1] or [Stage("by hand = composed", "ok", "the outputs of the forward pass")]
    report.stages += _where_cut(sequences) + stages(cases)
    blocks = {name: block_of(name, cell.blocks, type(cell).__name__) for name, _ in cell.named_parameters()}
    report.stages += [_line(case, found, blocks) for case, found in cases.items()]
    report.coverage = coverage(cases) | {
        "T": sorted({len(sequence.x) for sequence in sequences.values()}),
        "N": next(iter(sequences.values())).x.shape[1],
        "masks": "with and without a ragged mask" if any("mask" in case for case in cases) else "no mask",
    }
    failing = [case for case, found in cases.items() if found.wrong()]
    report.findings = [Finding("forward", forward[0].detail, (), FORWARD_ADVICE)] if forward else []
    report.findings += edits(cases)
    first = min(failing, key=lambda case: _plainness(case, sequences[case]), default=None)
    report.by_gate = _by_gate(cases if first is None else {first: cases[first]}, blocks)
    plain = [case for case in cases if _plainness(case, sequences[case])[:2] == (False, False)]
    report.by_step = _by_step(cases[first if first and first not in plain else plain[-1]])
    if first is None:
        keep(report, cases)
        report.worst = closest_calls(cases) if verdict != FAIL else []
    else:
        rng = generator(np.random.SeedSequence([seed, 7]))
        flat = _plainness(first, sequences[first])[0]
        cases = {case: found for case, found in cases.items() if _plainness(case, sequences[case])[0] == flat}
        sequences = {case: sequences[case] for case in cases}  # what is alike is compared: saturated, or not
        shown = most_telling(first, sequences, cases, blocks)
        located = [locate(cases[shown], name, shown, rng) for name in cases[shown].wrong()]
        report.worst = worst_of(located)
        keep(report, cases, located)
        report.findings += trembling(cases[shown])
        try:
            report.findings += diagnose(first, shown, located, sequences, cases, blocks, rng, bool(forward))
        except Exception as error:  # the cell runs here in ways it was not made for; the verdict stands without a cause
            text = f"the search for the cause ended in {type(error).__name__}: {error}"
            report.findings.append(Finding("no diagnosis", text, tuple(cases[first].wrong())))
    return report


def _plainness(case: str, sequence: RandomSequence) -> tuple[bool, bool, int]:
    """What is looked at first where several cases fail: no saturation, no mask, few steps."""
    return "saturated" in case, sequence.mask is not None, len(sequence.x)


def _line(case: str, found: Examination, blocks: dict[str, str]) -> Stage:
    wrong, every = found.wrong(), list(found.subject.values)
    if wrong:
        right = [name for name in every if name not in wrong]
        told = f"{in_words(wrong, blocks, every)}   right: {in_words(right, blocks, every)}"
        return Stage(f"gradient {case}", "FAIL", told)
    proven = found.proven()
    status = "ok" if len(proven) == len(every) else "?"
    return Stage(f"gradient {case}", status, f"{len(proven)} of {len(every)} gradients")


def _where_cut(sequences: dict[str, RandomSequence]) -> list[Stage]:
    """For a way that truncates, the line that says what it was held to."""
    through = next(iter(sequences.values())).through
    if not isinstance(through, Windows) or through.hand_on:
        return []
    lengths = sorted({len(sequence.x) for sequence in sequences.values() if sequence.is_cut})
    if not lengths:
        return [Stage("truncated", "?", f"{through!r} cuts none of these lengths")]
    told = f"{through!r} cuts T = {', '.join(map(str, lengths))}: there no differences of the whole sequence apply; "
    told += "the differences and the composed way hold the state at the start of each window fixed"
    return [Stage("truncated", "ok", told)]


def _compare_forward(case: str, names: Sequence[str], one: Sequence[Any], other: Sequence[Any]) -> list[Stage]:
    for name, a, b in zip(names, one, other, strict=True):
        largest = float(np.max(np.abs(b), initial=0.0))
        off = ~(np.abs(a - b) <= FORWARD * largest)
        if off.any():
            at = tuple(int(i) for i in np.argwhere(off)[0])
            place = f"{name}[{', '.join(map(str, at))}]"
            return [
                Stage("by hand = composed", "FAIL", f"{case}: {place} is {a[at]:.6g} by hand, {b[at]:.6g} composed")
            ]
    return []


def _by_gate(cases: dict[str, Examination], blocks: dict[str, str]) -> dict[str, Score]:
    scores = {}
    for block in dict.fromkeys(blocks.values()):
        names = tuple(name for name, own in blocks.items() if own == block)
        scores[block] = _score(cases, lambda c, names=names: c.probe.argument in names, names)  # type: ignore[misc]
    return scores


def _by_step(found: Examination) -> dict[int, Score]:
    steps = range(found.outputs[0].shape[0])
    if "x" not in found.probes:
        return {}
    if len(steps) == 1:
        return {0: _score({"": found}, lambda c: c.probe.argument == "x", ("x",))}
    return {t: _score({"": found}, lambda c, t=t: c.probe.step == t, ("x",)) for t in steps}  # type: ignore[misc]


def _score(cases: dict[str, Examination], chosen: Callable[[Any], bool], names: tuple[str, ...]) -> Score:
    comparisons = [c for found in cases.values() for c in found.comparisons if chosen(c)]
    wrong = {c.probe.argument for c in comparisons if c.outcome == "wrong"}
    wrong |= {n for found in cases.values() for n in names if n in found.unequal and len(names) > 1}
    proven = {c.probe.argument for c in comparisons if c.outcome == "ok"}
    verdict = FAIL if wrong else PASS if proven >= set(names) else INCONCLUSIVE
    deviation = max((c.deviation for c in comparisons if c.outcome in ("ok", "wrong")), default=0.0)
    return Score(verdict, deviation, tuple(name for name in names if name in wrong) if wrong else names)


def _make(cell: Any, D: int, H: int, seed: int) -> Cell:
    if isinstance(cell, Recurrent):
        return cell.cell
    if not isinstance(cell, Cell):
        if not callable(cell):
            raise OptionError(
                explain("not a cell", where="check_cell", expected="a cell, or a class or function that makes one",
                        got=repr(cell), remedy="mg.check_cell(mg.cells.GRU)")
            )  # fmt: skip
        offered = {"D": D, "H": H, "seed": seed, "dtype": "float64"}
        taken = inspect.signature(cell).parameters
        if not any(p.kind is p.VAR_KEYWORD for p in taken.values()):
            offered = {name: value for name, value in offered.items() if name in taken}
        cell = cell(**offered)
    if not isinstance(cell, Cell):
        raise OptionError(explain("what was made is no cell", where="check_cell", expected="a Cell", got=repr(cell)))
    if cell.dimensions != 1:
        raise OptionError(
            explain("a cell that reads grids", where="check_cell", expected="a cell that reads sequences",
                    got=repr(cell), remedy=f"mg.check_layer(mg.layers.Grid({type(cell).__name__}(D, H)))")
        )  # fmt: skip
    return cell


def _check_options(T: Sequence[int], N: int, mask: str | None, point: str) -> None:
    for what, expected, got, good in (
        ("lengths of time", "T = (1, 2, 3, 5), each at least 1", T, len(T) > 0 and min(T) >= 1),
        ("number of sequences", "N ≥ 1", N, N >= 1),
        ("mask", '"ragged" | None', mask, mask in ("ragged", None)),
        ("point", '"random" | "own"', point, point in ("random", "own")),
    ):
        if not good:
            raise OptionError(explain(f"no such {what}", where="check_cell", expected=expected, got=repr(got)))
