"""What NAC and NALU are for: they learn arithmetic on small numbers, and it holds for large ones.

Beside each stands a network of two linear maps with a tanh between them, trained on the same numbers until it is
as good on their range. Ten to a hundred times outside of the range it knows nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy
import pytest

import minigate as mg
from minigate.layers import NAC, NALU, Linear
from minigate.train.optimisers import Adam


class TwoMaps(mg.Module):
    """x → tanh(x W + b) → one number."""

    def __init__(self, D: int, H: int, seed: int) -> None:
        super().__init__()
        self.first, self.second = (
            Linear(D, H, seed=seed, dtype="float64"),
            Linear(H, 1, seed=seed + 1, dtype="float64"),
        )

    def forward(self, x):
        return self.second(mg.ops.tanh(self.first(x)))


Task = tuple[Callable[[numpy.ndarray], numpy.ndarray], float, float]  # what is to be learnt, and on which range

TASKS: dict[str, Task] = {
    "a + b": (lambda x: x[:, :1] + x[:, 1:], -1.0, 1.0),
    "a - b": (lambda x: x[:, :1] - x[:, 1:], -1.0, 1.0),
    "a * b": (lambda x: x[:, :1] * x[:, 1:], 0.5, 3.0),
}


def trained(model: mg.Module, task: Task, updates: int, learning_rate: float) -> tuple[float, float]:
    """The root mean square error relative to that of saying 0: on the range, and 10 to 100 times outside of it."""
    target, low, high = task
    rng = numpy.random.default_rng(0)
    optimiser = Adam(model, learning_rate)
    for update in range(updates):
        if update == int(0.7 * updates):
            optimiser.learning_rate = learning_rate / 10.0
        x = rng.uniform(low, high, size=(64, 2))
        difference = model(x) - target(x)
        model.zero_grad()
        (difference * difference).mean().backward()
        optimiser.step()
    errors = []
    for x in (rng.uniform(low, high, size=(500, 2)), rng.uniform(10.0 * high, 100.0 * high, size=(500, 2))):
        expected = target(x)
        errors.append(float(numpy.sqrt(((model(x).data - expected) ** 2).mean() / (expected**2).mean())))
    return errors[0], errors[1]


@pytest.mark.parametrize("name", ["a + b", "a - b"])
def test_the_accumulator_extrapolates_a_sum_and_a_difference(name):
    inside, outside = trained(NAC(2, 1, seed=0, dtype="float64"), TASKS[name], 1500, 0.05)
    plain_inside, plain_outside = trained(TwoMaps(2, 16, seed=0), TASKS[name], 1500, 0.01)
    assert inside < 0.03 and plain_inside < 0.03  # inside of the range both know it
    assert outside < 0.03 and plain_outside > 0.9  # outside of it one does
    assert plain_outside / outside > 30.0


def test_the_logic_unit_extrapolates_a_product():
    inside, outside = trained(NALU(2, 1, seed=0, dtype="float64"), TASKS["a * b"], 3000, 0.02)
    plain_inside, plain_outside = trained(TwoMaps(2, 16, seed=0), TASKS["a * b"], 1500, 0.01)
    assert inside < 0.03 and plain_inside < 0.05
    assert outside < 0.15 and plain_outside / outside > 6.0
