"""The order of difficulties: what is drawn, when it moves on, and that it can be saved."""

import json
from collections import Counter
from random import Random

import pytest

from minigate.errors import CheckpointError, OptionError
from minigate.train.curricula import CURRICULA


def drawn(curriculum, count=3000):
    random = Random("curricula")
    return Counter(curriculum.draw(random) for _ in range(count))


def test_there_are_four():
    assert list(CURRICULA) == ["baseline", "naive", "mix", "combined"]
    assert all(kind.name == name for name, kind in CURRICULA.items())


def test_the_baseline_draws_the_target_and_stays():
    curriculum = CURRICULA["baseline"](6, 3)
    curriculum.report(1.0, 1.0)
    assert set(drawn(curriculum)) == {(6, 3)} == {curriculum.current}


def test_the_mixture_draws_every_level_equally_often():
    curriculum = CURRICULA["mix"](6, 3)
    curriculum.report(1.0, 1.0)
    levels = drawn(curriculum, 9000)
    assert set(levels) == {(length, nesting) for length in range(1, 7) for nesting in range(1, 4)}
    assert all(abs(times - 500) < 5 * 500**0.5 for times in levels.values()), levels
    assert curriculum.current == (6, 3)


@pytest.mark.parametrize("name", ["naive", "combined"])
def test_success_leads_through_all_lengths_of_each_nesting(name):
    curriculum, levels = CURRICULA[name](3, 2), []
    for _ in range(7):
        levels.append(curriculum.current)
        curriculum.report(0.96, 0.5)
    assert levels == [(1, 1), (2, 1), (3, 1), (1, 2), (2, 2), (3, 2), (3, 2)]


def test_the_naive_one_draws_its_current_level():
    curriculum = CURRICULA["naive"](3, 2)
    curriculum.report(0.96, 0.5)
    assert set(drawn(curriculum)) == {(2, 1)} == {curriculum.current}


def test_the_combined_one_draws_a_fifth_from_the_mixture():
    levels = drawn(CURRICULA["combined"](3, 2), 6000)
    assert len(levels) == 6
    assert abs(levels[1, 1] - 6000 * (0.8 + 0.2 / 6)) < 5 * (6000 * 0.83 * 0.17) ** 0.5
    assert all(abs(times - 200) < 5 * 200**0.5 for level, times in levels.items() if level != (1, 1))


def test_it_moves_on_above_95_percent_only():
    curriculum = CURRICULA["naive"](9)
    curriculum.report(0.95, 0.5)
    assert curriculum.current == (1, 1)
    curriculum.report(0.951, 0.5)
    assert curriculum.current == (2, 1)


@pytest.mark.parametrize("name", CURRICULA)
def test_what_there_is_no_room_for_is_counted(name):
    """A move from the target: of the naive order three lead there, and the others stand there from the start."""
    curriculum, counted = CURRICULA[name](2, 2), []
    for accuracy in (1.0, 1.0, 1.0, 0.5, 1.0):
        curriculum.report(accuracy, 0.5)
        counted.append(curriculum.mastered)
    assert counted == ([0, 0, 0, 0, 1] if name in ("naive", "combined") else [1, 2, 3, 3, 4])
    again = CURRICULA[name](2, 2)
    again.restore(curriculum.state())
    assert again.mastered == curriculum.mastered
    again.restore({key: value for key, value in curriculum.state().items() if key not in ("accuracies", "mastered")})
    assert again.mastered == 0  # an older version did not count


def test_it_moves_on_where_training_is_worse_than_five_checks_before():
    curriculum, levels = CURRICULA["naive"](9), []
    for accuracy in (0.5, 0.6, 0.6, 0.6, 0.6, 0.5, 0.59, 0.6, 0.6, 0.6, 0.6, 0.58, 0.1):
        curriculum.report(0.0, accuracy)
        levels.append(curriculum.current[0])
    # The sixth check is not below the first. The seventh is below the second; counted from it, the twelfth is below it.
    assert levels == [1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3]


@pytest.mark.parametrize("name", CURRICULA)
def test_the_state_comes_back(name):
    def check(curriculum, k):
        curriculum.report(0.2 + 0.4 * (k % 3), 0.9 - 0.01 * k)

    first, second = CURRICULA[name](4, 3), CURRICULA[name](4, 3)
    for k in range(10):
        check(first, k)
    second.restore(json.loads(json.dumps(first.state())))
    for k in range(10, 40):
        assert second.state() == first.state()
        assert second.current == first.current
        assert second.draw(Random(k)) == first.draw(Random(k))
        check(first, k)
        check(second, k)


@pytest.mark.parametrize("name", CURRICULA)
def test_a_state_of_something_else_is_refused_and_changes_nothing(name):
    curriculum = CURRICULA[name](4, 3)
    before = curriculum.state()
    other = next(each for each in CURRICULA if each != name)
    with pytest.raises(CheckpointError, match=rf"{name}.restore: the curriculum is another: expected {name}, got"):
        curriculum.restore(CURRICULA[other](4, 3).state())
    with pytest.raises(CheckpointError, match=r"the target is another: expected \[4, 3\], got \[5, 3\]"):
        curriculum.restore(CURRICULA[name](5, 3).state())
    with pytest.raises(CheckpointError, match="the state is damaged"):
        curriculum.restore({**before, "more": 1})
    assert curriculum.state() == before


def test_a_damaged_state_is_refused():
    curriculum = CURRICULA["naive"](4, 3)
    for damage in ({"current": [5, 1]}, {"current": [0, 1]}):
        with pytest.raises(CheckpointError, match="it stands beyond the target: expected at most 4, 3"):
            curriculum.restore({**curriculum.state(), **damage})
    for damage in ({"current": 3}, {"current": [1]}, {"accuracies": ["high"]}):
        with pytest.raises(CheckpointError, match="the state is damaged"):
            curriculum.restore({**curriculum.state(), **damage})
    assert curriculum.state() == CURRICULA["naive"](4, 3).state()


@pytest.mark.parametrize("name", CURRICULA)
def test_misuse_is_named(name):
    with pytest.raises(OptionError, match=rf"{name}: no such target: expected length ≥ 1, nesting ≥ 1, got length 0"):
        CURRICULA[name](0, 1)
    for wrong in (-0.1, float("nan")):
        with pytest.raises(OptionError, match=r"the training accuracy is no share: expected a number in \[0, 1\]"):
            CURRICULA[name](4).report(0.5, wrong)
    with pytest.raises(OptionError, match=r"the validation accuracy is no share(.|\n)*likely slip: percent\?"):
        CURRICULA[name](4).report(96.0, 0.5)


def test_these_are_drawn_from_this_seed_everywhere():
    random = Random("pinned")
    assert [CURRICULA["mix"](10, 5).draw(random) for _ in range(6)] == [
        (4, 5), (6, 4), (6, 1), (2, 3), (4, 4), (5, 1),
    ]  # fmt: skip
