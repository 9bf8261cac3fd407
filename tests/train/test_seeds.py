"""Runs that differ in their seed alone, told together."""

import math

import pytest

from minigate.errors import OptionError
from minigate.train import over_seeds
from minigate.train.run import Run


def run_of(folder, seed, values, test=None, **more):
    config = {"seed": seed, "hidden": 3, **more}
    run = Run.create(folder, {"experiment": "seqmnist", "config": config, "data": {"sha256": "a"}})
    for k, value in enumerate(values):
        run.log({"step": 10 * (k + 1), "valid_error": value, "train_error": value, "seconds": 1.0})
    if test is not None:
        run.write("result.json", {"test_error": test})
    return run


def test_mean_and_deviation_by_hand(tmp_path):
    """Of 1, 2 and 6 hundredths: mean 3, deviation √((4 + 1 + 9) / 2) = √7."""
    best = [[0.5, 0.01], [0.02, 0.4], [0.3, 0.06]]
    runs = [run_of(tmp_path / f"seed{k}", k, values, (k + 1) / 100) for k, values in enumerate(best)]
    other = run_of(tmp_path / "other", 0, [0.3], hidden=4)
    (found,) = over_seeds([other, *runs])
    assert (found["runs"], found["seeds"]) == (["seed0", "seed1", "seed2"], [0, 1, 2])
    assert found["valid"] == pytest.approx([0.03, math.sqrt(7) / 100])
    assert found["test"] == pytest.approx([0.02, 0.01])
    assert (found["enough"], found["reached"]) == (0.02, 2)
    assert found["updates_to_enough"] == pytest.approx([15.0, math.sqrt(50)])  # 20 and 10; the third never did


def test_what_is_not_there_is_not_told(tmp_path):
    runs = [run_of(tmp_path / "one", 1, [0.01], 0.1), run_of(tmp_path / "two", 2, [0.3])]
    (found,) = over_seeds(runs)
    assert found["test"] is None  # one has not come to an end
    assert (found["updates_to_enough"], found["reached"]) == ([10.0, None], 1)
    (found,) = over_seeds([run_of(tmp_path / "three", 3, [0.3]), run_of(tmp_path / "four", 4, [0.3])])
    assert (found["updates_to_enough"], found["reached"]) == (None, 0)


def test_no_run_is_nothing_to_tell():
    with pytest.raises(OptionError, match="there is no run: expected one run or more"):
        over_seeds([])


def test_the_same_seed_twice_is_no_group(tmp_path):
    runs = [run_of(tmp_path / name, 1, [0.1]) for name in ("one", "again")]
    assert over_seeds(runs) == []
    (found,) = over_seeds([*runs, run_of(tmp_path / "two", 2, [0.3])])
    assert found["seeds"] == [1, 2] and found["valid"] == pytest.approx([0.2, math.sqrt(0.02)])
