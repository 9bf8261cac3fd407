"""Wrong convolutions and poolings with their right derivatives, for their second oracles to catch.

Their wrong backward passes are among those of the operations (:mod:`tests.checking.mutants.operations`).
"""

from __future__ import annotations

import sys
from functools import partial

import numpy

from minigate import ops
from minigate.checking import Report, check_layer
from minigate.layers import Conv2d, MaxPool2d
from tests.checking.mutants import operations
from tests.checking.mutants.mutant import Change
from tests.checking.mutants.second_oracle import hand
from tests.contracts.subjects import HOST
from tests.layers import test_convolution
from tests.ops import test_conventions

UNEVEN = test_convolution.WINDOWS[1]


def convolution(seed: int) -> Report:
    """The check of a convolution whose strides differ."""
    return check_layer(Conv2d(2, 4, (2, 3), stride=(1, 2), seed=0), seed=seed, contracts=False)


def pooling(seed: int) -> Report:
    """The check of pooling with something around the image."""
    return check_layer(MaxPool2d(2, padding=1), seed=seed, contracts=False)


CONSISTENT = [
    hand("conv2d: the window turned round", operations.SUBJECTS["conv2d"].check,
         ("restatement", lambda: test_conventions.test_convolution_and_pooling_are_their_definitions(
             (1, 1), (0, 0), HOST, numpy.random.default_rng(20180917))),
         Change(ops.conv2d, "forward", "out = w.reshape(", "out = w[:, :, ::-1, ::-1].reshape("),
         Change(ops.conv2d, "x", "reshape(w, (K", "reshape(w[:, :, ::-1, ::-1], (K"),
         Change(ops.conv2d, "w", "0, 1), w.shape)", "0, 1), w.shape)[:, :, ::-1, ::-1]")),
    hand("convolution: down and across change places", convolution,
         ("restatement", partial(test_convolution.test_a_convolution_is_its_equation, HOST, *UNEVEN)),
         Change(Conv2d, "forward", "stride=self.stride", "stride=self.stride[::-1]")),
    hand("convolution: the bias taken off", convolution,
         ("restatement", partial(test_convolution.test_a_convolution_is_its_equation, HOST, *UNEVEN)),
         Change(Conv2d, "forward", "return y + ops", "return y - ops")),
    hand("pooling: one step at a time", pooling,
         ("by hand", test_convolution.test_windows_of_pooling_lie_side_by_side_and_leave_the_rest),
         Change(MaxPool2d, "forward", "self.stride, self.padding", "1, self.padding")),
    hand("pooling: zeros around the image", pooling,
         ("restatement", partial(test_convolution.test_pooling_is_its_equation, HOST, *test_convolution.WINDOWS[2])),
         Change(sys.modules["minigate.ops.convolution"], "_windows", "constant_values=-xp.inf", "constant_values=0.0")),
]  # fmt: skip
