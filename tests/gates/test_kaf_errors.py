"""Options of the flexible gate that make no sense, and what is said of them."""

from __future__ import annotations

import numpy
import pytest

from minigate.errors import OptionError
from minigate.gates import KAF
from tests.gates.test_kaf import random

WRONG = {
    "kernel": (
        lambda: KAF("gauss"),
        """\
KAF: unknown kernel: expected "gaussian", "relu" or "softplus", got 'gauss'
  type: KAF(kernel="gaussian")""",
    ),
    "rule": (
        lambda: KAF(gamma="silverman"),
        """\
KAF: gamma is how narrow the Gaussians are: expected "paper" (1/(6 Δ²)), "code" (1/(8 Δ²)) or a number γ > 0, \
got 'silverman'
  type: KAF(gamma="paper")""",
    ),
    "negative": (
        lambda: KAF(gamma=-1.0),
        """\
KAF: gamma is how narrow the Gaussians are: expected "paper" (1/(6 Δ²)), "code" (1/(8 Δ²)) or a number γ > 0, got -1.0
  likely slip: κ would grow with the distance from d
  type: KAF(gamma="paper")""",
    ),
    "no bandwidth": (
        lambda: KAF("softplus", gamma="paper"),
        """\
KAF: kernel="softplus" has no bandwidth: expected no gamma, and train_gamma=False, got gamma='paper'
  type: KAF(kernel="softplus"), or kernel="gaussian\"""",
    ),
    "no bandwidth to train": (
        lambda: KAF("relu", train_gamma=True),
        """\
KAF: kernel="relu" has no bandwidth: expected no gamma, and train_gamma=False, got train_gamma=True
  type: KAF(kernel="relu"), or kernel="gaussian\"""",
    ),
    "init": (
        lambda: KAF(init="sigmoid"),
        """\
KAF: how do the coefficients begin?: expected "identity", "random" or a function f of the dictionary d, to begin as \
f(d), got 'sigmoid'
  type: KAF(init="identity")""",
    ),
    "relu": (
        lambda: KAF("relu"),
        """\
KAF: there is no regression with rectifiers: κ(d, d) = 0, so that their matrix is singular: expected init="random" \
with kernel="relu", got init='identity'
  type: KAF(kernel="relu", init="random"), or kernel="softplus", whose matrix is regular""",
    ),
    "function": (
        lambda: KAF(init=lambda d: d[1:]).init(3, random()),
        """\
KAF: init= is a function of the dictionary: expected finite numbers f(d) of shape (K=10,) for d (K=10,), got shape (9,)\
""",
    ),
    "not finite": (
        lambda: KAF(init=lambda d: d * numpy.nan).init(3, random()),
        """\
KAF: init= is a function of the dictionary: expected finite numbers f(d) of shape (K=10,) for d (K=10,), \
got numbers that are not all finite""",
    ),
    "elements": (
        lambda: KAF(elements=1),
        """\
KAF: the dictionary has too few elements: expected elements = K ≥ 2, a whole number: with one there is no spacing, got 1
  type: KAF(elements=10)""",
    ),
    "range": (
        lambda: KAF(reach=(-4.0, 4.0)),
        """\
KAF: the dictionary goes from −reach to reach: expected a number reach > 0, got (-4.0, 4.0)
  likely slip: a range (low, high); it is uniform around zero
  type: KAF(reach=4.0)""",
    ),
    "epsilon": (
        lambda: KAF(epsilon=0.0),
        "KAF: the ridge ε keeps (K + ε I) regular: expected a finite number epsilon > 0, got 0.0",
    ),
    "deviation": (
        lambda: KAF(deviation=-1.0),
        "KAF: deviation is that of the random coefficients: expected a finite number deviation > 0, got -1.0",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_misuse_is_named(what):
    wrong, text = WRONG[what]
    with pytest.raises(OptionError) as caught:
        wrong()
    assert str(caught.value) == text
