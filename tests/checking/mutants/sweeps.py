"""Wrong sweeps with their right derivatives: what they are made of has the gradients, whatever is made of it.

A layer of sweeps has no backward pass of its own: its four loops have theirs, and views and one transpose lie between.
So all that can go wrong in it is wrong forward and back alike, and the oracle is the restatement in loops.
"""

from __future__ import annotations

import sys
from functools import partial

import numpy

from minigate.cells import RNN
from minigate.checking import Report, check_layer
from minigate.layers import ReNet, Sweeps
from tests.checking.mutants.mutant import Change
from tests.checking.mutants.second_oracle import hand
from tests.layers import test_renet, test_sweeps

FILE = sys.modules["minigate.layers.sweeps"]
RESTATED = test_sweeps.test_the_equations_position_by_position
EQUATIONS = ("restatement", partial(RESTATED, "vertical-first", False, (3, 2)))
PARALLEL = ("restatement", partial(RESTATED, "vertical-first", True, 1))
COLUMNS, ROWS = "_down_the_columns", "_along_the_rows"


def sweeps(seed: int) -> Report:
    """The check of a small layer, where rows, columns and images are different numbers."""
    layer = Sweeps(1, 2, patch=(1, 2), cell=RNN, seed=0, dtype="float64")
    return check_layer(layer, numpy.random.default_rng(seed).normal(size=(2, 5, 3, 1)), seed=seed, contracts=False)


def parallel(seed: int) -> Report:
    """The check of a small layer whose halves both read the patches."""
    layer = Sweeps(2, 2, cell=RNN, parallel=True, seed=0, dtype="float64")
    return check_layer(layer, seed=seed, contracts=False)


def renet(seed: int) -> Report:
    """The check of two small layers."""
    return check_layer(ReNet(1, [1, 2], patch=[2, 1], cell=RNN, seed=0, dtype="float64"), seed=seed, contracts=False)


def images() -> numpy.ndarray:
    return numpy.random.default_rng(0).normal(size=(3, 2, 7, 9)).astype("float32")


CONSISTENT = [
    hand("sweeps: the other half first", parallel, PARALLEL,
         Change(Sweeps, "_both_halves", "for name in self.halves)", "for name in reversed(self.halves))")),
    hand("sweeps: the rows stay columns", sweeps, EQUATIONS,
         Change(Sweeps, ROWS, "ops.swapaxes(ops.reshape(h, (J, I, N, h.shape[-1])), 0, 1)",
                "ops.reshape(h, (I, J, N, h.shape[-1]))")),
    hand("sweeps: columns and images change places", sweeps, EQUATIONS,
         Change(Sweeps, COLUMNS, "ops.reshape(x, (I, J * N, D))",
                "ops.reshape(ops.swapaxes(x, 1, 2), (I, J * N, D))")),
    hand("sweeps: read from the right", sweeps, EQUATIONS,
         Change(Sweeps, ROWS, "ops.swapaxes(x, 0, 1), (J", "ops.flip(ops.swapaxes(x, 0, 1), axis=0), (J")),
    hand("patches: columns before rows", sweeps, EQUATIONS,
         Change(FILE, "to_patches", "(0, 2, 4, 1, 3, 5)", "(0, 2, 4, 3, 1, 5)")),
    hand("patches: zeros above", sweeps,
         ("invariant", test_sweeps.test_what_does_not_divide_is_padded_with_zeros_below_and_on_the_right),
         Change(FILE, "to_patches", "((0, I * h - Y), (0, J * w - X)", "((I * h - Y, 0), (J * w - X, 0)")),
    hand("renet: the image lies on its side", renet,
         ("reduction", lambda: test_renet.test_layers_read_what_the_layer_below_leaves(images())),
         Change(ReNet, "_as_grid", "(2, 3, 0, 1)", "(3, 2, 0, 1)")),
]  # fmt: skip
