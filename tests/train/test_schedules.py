"""The learning rate is a function of the update and of nothing else."""

import pytest

from minigate.errors import OptionError
from minigate.train.schedules import SCHEDULES, scale


def test_the_shapes():
    assert [scale("constant", step, 4) for step in range(4)] == [1.0] * 4
    assert [scale("linear", step, 4) for step in range(4)] == [1.0, 0.75, 0.5, 0.25]
    assert [scale("cosine", step, 4) for step in range(5)] == pytest.approx([1, 0.853553, 0.5, 0.146447, 0], abs=1e-6)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_update_has_a_positive_rate(schedule):
    rates = [scale(schedule, step, 100, warm_up=10) for step in range(100)]
    assert all(0 < rate <= 1 for rate in rates)
    assert rates[:10] == sorted(rates[:10])
    assert rates[9:] == sorted(rates[9:], reverse=True)


def test_an_unknown_name_is_refused():
    with pytest.raises(OptionError, match="constant | linear | cosine"):
        scale("step", 0, 1)
