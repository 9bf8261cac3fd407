"""The checks on trial: every deliberately wrong backward pass has to fail, most of them by their right name.

At one seed by default, and at nine more as slow tests. A wrong forward pass with the right derivative is not theirs
to find: each is shown to pass, and to be caught by the second oracle that it names.
"""

from __future__ import annotations

from collections import Counter

import numpy
import pytest

from tests.checking.contract_mutants import MUTANTS_OF_CONTRACTS
from tests.checking.mutants import MUTANTS, SUBJECTS
from tests.checking.mutants.consistent import CONSISTENT, GAPS
from tests.checking.mutants.mutant import Change, is_named

by_name = pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)


def changed(one, other):
    pairs = zip(one, other, strict=True)
    return not all(numpy.allclose(a, b, rtol=1e-10, atol=1e-13, equal_nan=True) for a, b in pairs)


def caught(report, mutant):
    """It fails, for that gradient and no other where this is known."""
    assert report.verdict == "FAIL", report
    if mutant.wrong:
        assert {f"d{entry.gradient}" for entry in report.worst} == set(mutant.wrong.split(", ")), report
        told = [stage.detail.split("   right: ")[0] for stage in report.stages if stage.name == "gradient"]
        assert told in ([], [mutant.wrong]), report


@by_name
def test_a_mutant_fails_and_is_named(mutant, monkeypatch):
    subject = SUBJECTS[mutant.subject]
    before = subject.evidence()
    mutant.apply(monkeypatch)
    assert changed(before, subject.evidence()), "the mutant changes nothing"
    caught(subject.check(seed=0), mutant)


@pytest.mark.parametrize("name", SUBJECTS)
def test_without_a_mutant_it_passes(name):
    report = SUBJECTS[name].check(seed=0)
    assert report, report


@by_name
@pytest.mark.slow
def test_a_mutant_fails_at_every_seed_and_is_named_at_nearly_every_one(mutant, monkeypatch):
    """Not at all: of two gates with corners, the one that happens to reach none of them is right."""
    mutant.apply(monkeypatch)
    reports = [SUBJECTS[mutant.subject].check(seed) for seed in range(1, 10)]
    for report in reports:
        caught(report, mutant)
    assert not mutant.kind or sum(is_named(mutant, report) for report in reports) >= 7


@pytest.mark.parametrize("name", SUBJECTS)
@pytest.mark.slow
def test_without_a_mutant_it_passes_at_every_seed(name):
    for seed in range(1, 10):
        report = SUBJECTS[name].check(seed)
        assert report, report


# ---- what no check of gradients can see ------------------------------------------------------------------


@pytest.mark.parametrize("mutant", CONSISTENT, ids=lambda mutant: mutant.name)
def test_a_wrong_function_with_its_right_derivative_is_caught_by_the_second_oracle(mutant, monkeypatch):
    mutant.oracle()
    mutant.apply(monkeypatch)
    report = mutant.check(0)
    assert report, report
    with pytest.raises(AssertionError):
        mutant.oracle()


@pytest.mark.parametrize("mutant", GAPS, ids=lambda mutant: mutant.name)
def test_windows_that_do_not_tile_give_another_gradient(mutant, monkeypatch):
    mutant.oracle()
    mutant.apply(monkeypatch)
    with pytest.raises(AssertionError):
        mutant.oracle()


# ---- how many there are ----------------------------------------------------------------------------------

#: At least so many of each family.
FAMILIES = {"cell": 130, "gate": 45, "layer": 29, "way": 70, "engine": 120}


def test_there_are_enough_mutants_of_every_family_and_most_have_a_name():
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    families = Counter(mutant.family for mutant in MUTANTS)
    assert families.keys() == FAMILIES.keys() and all(families[name] >= least for name, least in FAMILIES.items())
    assert {mutant.subject for mutant in MUTANTS} == set(SUBJECTS)
    assert sum(bool(mutant.kind) for mutant in MUTANTS) >= 0.8 * len(MUTANTS)


def test_there_are_enough_wrong_functions_and_oracles_and_broken_promises():
    assert len({mutant.name for mutant in CONSISTENT}) == len(CONSISTENT) >= 40
    back = {"step_backward", "factors", "slope", "coefficients_backward", "rows_backward", "other_gradients"}
    changed_functions = [{c.function for c in m.changes if isinstance(c, Change)} for m in CONSISTENT]
    assert (
        sum(bool(functions & back) for functions in changed_functions) >= 12
    )  # their hand-written pair is wrong, and not a step that the tape differentiates
    assert {mutant.kind for mutant in CONSISTENT} == {"restatement", "by hand", "reduction", "invariant"}
    assert len({mutant.name for mutant in MUTANTS_OF_CONTRACTS}) == len(MUTANTS_OF_CONTRACTS) >= 50
