"""mg.check, check_layer, check_vjp: functions right and wrong, checks that did not look, and kinks."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.checking import check, check_layer, check_vjp
from minigate.errors import OptionError

RNG = numpy.random.default_rng(11)
X, W = RNG.normal(size=(3, 2)), RNG.normal(size=(2, 4))


def by_hand(backward, composed="ops.tanh(x @ W)"):
    """tanh(x W) with a backward pass of one's own: backward(dy, x, W, y) → dx, dW."""

    def f(x, W):
        y = numpy.tanh(x.data @ W.data)
        return mg.by_hand("own", [x, W], [y], lambda d: backward(d[0], x.data, W.data, y), composed)[0]

    return f


def right(dy, x, W, y):
    da = dy * (1.0 - y * y)
    return da @ W.T, x.T @ da


SMOOTH = {
    "tanh": (mg.ops.tanh, (X,)),
    "matmul": (lambda x, W: x @ W, (X, W)),
    "many inputs": (lambda a, b, c: mg.ops.sigmoid(a @ b) * c, (X, W, RNG.normal(size=(3, 4)))),
    "a number": (lambda a: mg.ops.exp(a) * a, (0.3,)),
    "nested outputs": (lambda x: {"a": (x * x, [mg.ops.exp(x)]), "none": None, "b": x.sum()}, (X,)),
    "nested inputs": (lambda state, x: state[0] * x + state[1]["c"], ((X, {"c": X + 1.0}), X)),
    "broadcast": (lambda x, b: x * b, (X, RNG.normal(size=2))),
    "a Tensor": (lambda x: x**3, (mg.Tensor(X, requires_grad=True),)),
    "float32 input": (lambda x: mg.ops.tanh(x), (X.astype("float32"),)),
    "tokens": (lambda table, k: mg.ops.embedding(table, k), (W, numpy.array([1, 0, 1]))),
    "softmax": (lambda x: mg.ops.softmax(x), (W,)),
    "by hand": (by_hand(right), (X, W)),
}


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("full", [False, True], ids=["directions", "elements"])
def test_a_right_gradient_passes(name, full):
    f, inputs = SMOOTH[name]
    for seed in range(3):
        report = check(f, *inputs, seed=seed, full=full)
        assert report, report


def test_inputs_are_named_as_in_the_function():
    report = check(SMOOTH["many inputs"][0], *SMOOTH["many inputs"][1])
    assert report.coverage["gradients"] == ["a", "b", "c"]
    report = check(SMOOTH["nested inputs"][0], *SMOOTH["nested inputs"][1])
    assert report.coverage["gradients"] == ["state[0]", "state[1]['c']", "x"]
    assert check(mg.ops.matmul, X, W).coverage["gradients"] == ["a", "b"]


WRONG = {
    "twice": (lambda dy, x, W, y: (right(dy, x, W, y)[0], 2.0 * right(dy, x, W, y)[1]), "factor", "2.000000"),
    "sign": (lambda dy, x, W, y: (-right(dy, x, W, y)[0], right(dy, x, W, y)[1]), "sign", "dx"),
    "zero": (lambda dy, x, W, y: (right(dy, x, W, y)[0], numpy.zeros_like(W)), "zero", "dW: every number is 0"),
    "none": (lambda dy, x, W, y: (None, right(dy, x, W, y)[1]), "zero", "dx: every number is 0"),
    "ignored": (lambda dy, x, W, y: right(numpy.ones_like(dy), x, W, y), "ignores cotangent", "dx, dW"),
    "flipped": (lambda dy, x, W, y: (right(dy, x, W, y)[0][::-1].copy(), right(dy, x, W, y)[1]), "flip", "axis 0"),
    "nan": (lambda dy, x, W, y: (right(dy, x, W, y)[0] * numpy.nan, right(dy, x, W, y)[1]), "not finite", "dx"),
    "no slope": (lambda dy, x, W, y: (dy @ W.T, x.T @ dy), "", ""),
    "slope of a": (lambda dy, x, W, y: right(dy, x, W, x @ W), "", ""),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_gradient_fails_and_is_named(name):
    backward, kind, says = WRONG[name]
    report = check(by_hand(backward), X, W)
    assert report.verdict == "FAIL"
    if kind:
        assert report.findings[0].kind == kind and says in report.diagnosis, report


def test_one_number_a_thousandth_off_is_noticed_among_a_thousand():
    big = RNG.normal(size=(32, 32)) / 6.0
    for seed in range(5):

        def backward(dy, x, W, y, seed=seed):
            dx, dW = right(dy, x, W, y)
            place = numpy.random.default_rng(seed).integers(32, size=2)
            dW[tuple(place)] *= 1.001
            return dx, dW

        report = check(by_hand(backward), RNG.normal(size=(3, 32)), big, seed=seed)
        assert report.verdict == "FAIL" and report.worst[0].gradient == "W"
        assert report.worst[0].index == tuple(numpy.random.default_rng(seed).integers(32, size=2))
        assert report.worst[0].ratio == pytest.approx(1.001, rel=1e-6)


def test_the_worst_entry_has_both_values_and_an_error_bar():
    report = check(by_hand(WRONG["twice"][0]), X, W)
    worst = report.worst[0]
    assert worst.gradient == "W" and len(worst.index) == 2
    assert worst.analytic == pytest.approx(2.0 * worst.numeric) and 0.0 < worst.error_bar < 1e-8


def test_swapped_gradients_are_named():
    def backward(dy, a, b, y):
        return dy * a, dy * b

    def f(a, b):
        return mg.by_hand(
            "product", [a, b], [a.data * b.data], lambda d: backward(d[0], a.data, b.data, None), "a * b"
        )[0]

    report = check(f, X, X[::-1].copy())
    assert report.verdict == "FAIL" and report.findings[0].kind == "swapped"
    assert "da: this is the gradient of b" in report.diagnosis


# ---- checks that did not look ------------------------------------------------------------------


def test_a_saturated_function_is_inconclusive():
    report = check(mg.ops.sigmoid, numpy.full(5, 800.0))
    assert report.verdict == "INCONCLUSIVE" and not report
    assert "nothing was tested" in report.reasons[0]


def test_an_input_that_does_nothing_is_inconclusive_unless_said():
    def f(x, unused):
        return mg.ops.tanh(x) + 0.0 * unused

    assert check(f, X, X).verdict == "INCONCLUSIVE"
    assert check(f, X, X, independent=["unused"]).verdict == "PASS"


def test_a_gradient_that_should_be_zero_and_is_not_fails():
    def f(x):
        return mg.by_hand("step", [x], [numpy.floor(x.data)], lambda d: [1e-3 * d[0]], "floor")[0]

    assert check(f, X).verdict == "FAIL"
    assert check(f, X, independent=["x"]).verdict == "FAIL"


def test_nothing_to_differentiate_is_inconclusive():
    assert check(lambda k: k + 1, numpy.arange(3)).verdict == "INCONCLUSIVE"
    assert check(lambda x: 5, X).verdict == "INCONCLUSIVE"


def test_a_gradient_below_the_error_of_the_differences_is_inconclusive():
    report = check(lambda x: 1e3 + 1e-13 * mg.ops.tanh(x), X)
    assert report.verdict == "INCONCLUSIVE", report


def test_a_random_function_is_inconclusive():
    generator = numpy.random.default_rng(0)
    report = check(lambda x: x * generator.normal(), X)
    assert report.verdict == "INCONCLUSIVE" and "different results" in report.reasons[0]
    assert check(mg.layers.Dropout(0.5, seed=0), X).verdict == "INCONCLUSIVE"
    assert check(mg.layers.Dropout(0.5, seed=0).eval(), X).verdict == "PASS"


def test_a_result_that_is_not_finite_is_inconclusive():
    with numpy.errstate(invalid="ignore"):
        report = check(mg.ops.log, numpy.array([1.0, -1.0]))
    assert report.verdict == "INCONCLUSIVE" and "NaN" in report.reasons[0]


def test_float32_inside_never_fails_a_right_gradient():
    def f(x, W):
        y = numpy.tanh(x.data.astype("float32") @ W.data.astype("float32")).astype("float64")
        return mg.by_hand("f32", [x, W], [y], lambda d: right(d[0], x.data, W.data, y), "")[0]

    assert all(check(f, X, W, seed=seed).verdict in ("PASS", "INCONCLUSIVE") for seed in range(20))


# ---- kinks -------------------------------------------------------------------------------------


def test_a_number_at_a_kink_is_left_out_and_counted():
    report = check(mg.ops.relu, numpy.array([0.0, 1.0, 2.0, -3.0, 0.5, -0.7]))
    assert report.verdict == "PASS"
    kinks = next(stage for stage in report.stages if stage.name == "kinks")
    assert kinks.status == "1" and kinks.detail == "1 of 6 probes at a kink (left out): a[0]"


def test_too_many_kinks_are_inconclusive():
    report = check(mg.ops.relu, numpy.array([0.0, 0.0, 1.0, -1.0]))
    assert report.verdict == "INCONCLUSIVE" and "too many" in report.reasons[-1]


def test_a_wrong_slope_beside_a_kink_still_fails():
    def leaky(x):
        slope = numpy.where(x.data > 0.0, 1.0, 0.01)
        return mg.by_hand("leaky", [x], [x.data * slope], lambda d: [d[0] * (x.data > 0.0)], "")[0]

    report = check(leaky, numpy.array([0.0, 1.0, -2.0, 3.0, 0.5, -1.0]))
    assert report.verdict == "FAIL" and report.worst[0].index in ((2,), (5,))


# ---- layers and plain functions ----------------------------------------------------------------


def test_a_layer_is_checked_for_input_and_parameters():
    report = check(mg.layers.Linear(2, 4, seed=0), X)
    assert report and report.coverage["gradients"] == ["W", "b", "x"]
    assert check_layer(mg.layers.Linear(2, 4, seed=0))
    with pytest.raises(OptionError, match="what size its input has"):
        check_layer(mg.Module())


def test_a_wrong_layer_fails():
    class Shifted(mg.layers.Linear):
        def forward(self, x):
            return super().forward(x.detach()) + x.sum() * 0.0

    assert check(Shifted(2, 4, seed=0), X).verdict == "FAIL"


def test_a_pair_of_plain_functions():
    def forward(x, W, k):
        return numpy.tanh(x @ W), k * x

    def backward(cotangents, x, W, k):
        dy, dz = cotangents
        dx, dW = right(dy, x, W, numpy.tanh(x @ W))
        return dx + k * dz, dW, None

    assert check_vjp(forward, backward, X, W, 3)
    report = check_vjp(
        forward, lambda c, x, W, k: (right(c[0], x, W, numpy.tanh(x @ W))[0], backward(c, x, W, k)[1], None), X, W, 3
    )
    assert report.verdict == "FAIL" and report.worst[0].gradient == "x"
    assert check_vjp(numpy.tanh, lambda dy, x: dy * (1.0 - numpy.tanh(x) ** 2), X)
    with pytest.raises(OptionError, match="another number of gradients"):
        check_vjp(forward, lambda c, x, W, k: (x, W), X, W, 3)
    with pytest.raises(OptionError, match="another shape"):
        check_vjp(numpy.tanh, lambda dy, x: dy.sum(axis=0), X)


def test_where_the_numbers_show_no_pattern_the_company_they_keep_is_told():
    def forward(x, W):
        return numpy.tanh(x @ W)

    def no_square(w, x, W):
        da = w * (1.0 - forward(x, W))
        return da @ W.T, x.T @ da

    def one_branch(w, x, W):
        da = w * (1.0 - forward(x, W) ** 2)
        return da @ W.T, numpy.cos(x).T @ da

    x, W = numpy.random.default_rng(0).normal(size=(3, 2)), numpy.random.default_rng(1).normal(size=(2, 4))
    report = check_vjp(forward, no_square, x, W)
    assert [f.kind for f in report.findings] == ["entry"] and "all of dx, dW are wrong" in report.diagnosis
    report = check_vjp(forward, one_branch, x, W)
    assert [f.kind for f in report.findings] == ["branch"] and "dW is wrong, dx right" in report.diagnosis
    report = check_vjp(numpy.sin, lambda w, x: (w * numpy.cos(1.1 * x),), x)
    assert [f.kind for f in report.findings] == ["unknown"] and report.findings[0].advice
