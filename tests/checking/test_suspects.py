"""What a wrong gradient of a function is said to be: in check, check_vjp and by hand, where no cell is around."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.checking import check, check_vjp

RNG = numpy.random.default_rng(3)
X, W, B = RNG.normal(size=(5, 3)), RNG.normal(size=(3, 3)), RNG.normal(size=3)


def affine(x, W, b):
    return x @ W + b


@pytest.mark.parametrize(
    ("backward", "says"),
    [
        (lambda dy, x, W, b: (dy @ W, x.T @ dy, dy.sum(axis=0)), "dx: this is doutput @ W, and should be doutput @ Wᵀ"),
        (lambda dy, x, W, b: (dy @ W.T, dy.T @ x, dy.sum(axis=0)), "dW: it is the transpose of what it should be"),
        (lambda dy, x, W, b: (dy @ W.T, x.T @ dy, dy[0]), "db: this is the share of place 0 along axis 0"),
        (lambda dy, x, W, b: (dy @ W.T, x.T @ dy, dy.mean(axis=0)), "1/5 → a mean over 5 numbers where a sum belongs"),
        (lambda dy, x, W, b: (dy @ W.T, x[:1].T @ dy[:1], dy.sum(axis=0)), "dW: this is the share of place 0"),
        (lambda dy, x, W, b: (dy.copy(), x.T @ dy, dy.sum(axis=0)), "dx: this is the incoming gradient itself"),
    ],
)
def test_a_slip_in_an_affine_map_is_called_by_its_name(backward, says):
    report = check_vjp(affine, backward, X, W, B)
    assert report.verdict == "FAIL" and says in report.diagnosis, report


@pytest.mark.parametrize(
    ("gradients", "says"),
    [
        (lambda d, x, y: (d[0], d[0] * x), "dx: this is the incoming gradient itself: the local derivative"),
        (lambda d, x, y: (d[0] * x, d[0] * x), "dx: this is the right gradient times x / y: one stands"),
        (lambda d, x, y: (d[0] * y, d[0] * x * x), "dy: this is the right gradient with the factor x once too often"),
        (lambda d, x, y: (d[0] * y, d[0] / x), "dy: this is the right gradient divided by x twice"),
        (lambda d, x, y: (d[0] * x, d[0] * y), "dx: this is the gradient of y"),
    ],
)
def test_a_slip_in_a_product_is_called_by_its_name(gradients, says):
    def product(x, y):
        a, b = x.data, y.data
        return mg.by_hand("product", [x, y], [a * b], lambda d: list(gradients(d, a, b)), "x * y")[0]

    report = check(product, X, RNG.normal(size=X.shape))
    assert report.verdict == "FAIL" and says in report.diagnosis, report


def test_where_a_gradient_depends_on_one_place_only_no_sum_is_missed():
    """Of x[0] the share of place 0 is all there is; a wrong one is not said to be that."""

    def first(x):
        y = x.data.copy()
        y[1:] = 0.0

        def backward(d):
            dx = numpy.zeros_like(y)
            dx[0] = d[0][0] * numpy.array([1.0, 2.0, 3.0])
            return [dx]

        return mg.by_hand("first", [x], [y], backward, "x[0]")[0]

    report = check(first, X)
    assert report.verdict == "FAIL" and "share" not in report.diagnosis, report


def test_nothing_is_said_where_nothing_fits():
    def odd(x):
        return mg.by_hand("odd", [x], [x.data**2], lambda d: [d[0] * numpy.cos(5.0 * x.data)], "x * x")[0]

    report = check(odd, X)
    assert report.verdict == "FAIL" and [finding.kind for finding in report.findings] == ["unknown"]
