"""A report as pictures: the wrong gradient beside the right one, and the files they are saved to."""

from __future__ import annotations

import json

import numpy
import pytest

import minigate as mg
from minigate.checking import check, check_cell, check_gate, check_vjp
from minigate.errors import OptionError


@pytest.fixture(autouse=True)
def _close_figures():
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


X = numpy.random.default_rng(3).normal(size=(3, 4))


def forward(x, W):
    return x @ W


def one_column_wrong(dy, x, W):
    dW = x.T @ dy
    dW[:, 1] *= 3.0
    return dy @ W.T, dW


@pytest.fixture
def failed():
    return check_vjp(forward, one_column_wrong, X, X.T.copy())


def test_a_wrong_gradient_is_drawn_beside_the_right_one(failed):
    axes, drawn = failed.plot()
    assert [one.get_title("left") for one in axes] == ["dW as written", "dW as it should be", "dW |written − right|"]
    assert numpy.allclose(drawn["got"][:, 1], 3.0 * drawn["right"][:, 1]) and drawn["difference"].shape == (4, 3)
    assert numpy.all(drawn["difference"][:, 1] > 1e-3) and numpy.allclose(
        drawn["difference"][:, [0, 2]], 0.0, atol=1e-8
    )
    assert len(axes[2].patches) == 4 and not axes[0].patches  # a frame for each wrong number


def test_the_difference_alone_goes_into_axes_that_there_are(failed):
    from matplotlib.figure import Figure

    own = Figure().subplots()
    axes, drawn = failed.plot(axes=own)
    assert axes is own and own.get_title("left") == "dW |written − right|" and own.images


def test_axes_have_their_names():
    class Bent(mg.cells.RNN):
        def step_backward(self, t, dy_t, dstate, trace):
            back = super().step_backward(t, dy_t, dstate, trace)
            trace["da"][t] *= 2.0
            return back

    report = check_cell(Bent, T=(2,))
    axes, _ = report.plot(gradient="U")
    assert (axes[0].get_ylabel(), axes[0].get_xlabel()) == ("from unit", "unit")
    axes, _ = report.plot(gradient="dx")
    assert (axes[0].get_ylabel(), axes[0].get_xlabel()) == ("t  (rows within: n)", "d")
    with pytest.raises(OptionError, match="there is no such wrong gradient: expected .*U.*got V"):
        report.plot(gradient="V")


def test_the_slope_of_a_gate_is_drawn_over_s():
    class Bent(mg.gates.Sigmoid):
        needs_input = True

        def slope(self, xp, s, g, p):
            return g * (1.0 - g) * xp.where(s > 1.0, 1.5, 1.0)

    axes, drawn = check_gate(Bent).plot()
    assert [one.get_ylabel() for one in axes] == ["dg/ds", "|written − right|"] and axes[1].get_xlabel() == "s"
    assert numpy.all(numpy.diff(drawn["x"]) >= 0.0)
    assert numpy.allclose(drawn["right"], mg.asnumpy(1 / (2 + 2 * numpy.cosh(drawn["x"]))), atol=1e-8)
    assert numpy.all((drawn["difference"] > 1e-9) == (drawn["x"] > 1.0))


def test_a_pass_is_drawn_as_deviations_below_their_limits():
    report = check(mg.ops.matmul, X, X.T.copy())
    axes, drawn = report.plot()
    assert list(report.deviations) == [text.get_text()[1:] for text in axes.get_yticklabels()]
    assert axes.get_xscale() == "log" and numpy.all(drawn["deviation"] < drawn["limit"])


def test_nothing_compared_is_nothing_to_draw(tmp_path):
    report = check(lambda x: mg.Tensor(numpy.random.default_rng().normal(size=3)), X)
    assert report.verdict == "INCONCLUSIVE" and report.plot(tmp_path) == [] == report.pictures
    with pytest.raises(OptionError, match="there is nothing to draw .two calls with the same values gave different"):
        report.plot()


def test_saved_pictures_are_named_in_the_text(failed, tmp_path):
    import matplotlib.pyplot as plt

    open_before = plt.get_fignums()
    paths = failed.plot(tmp_path / "new" / "folder")
    assert paths == failed.pictures == [tmp_path / "new" / "folder" / "dW.png"]
    assert paths[0].read_bytes().startswith(b"\x89PNG") and f"drawn:   {paths[0]}" in str(failed)
    assert plt.get_fignums() == open_before


@pytest.mark.parametrize("shape", [(), (1,), (7,), (2, 0), (2, 3, 4), (2, 1, 3, 2), (40, 30)])
def test_any_shape_can_be_drawn(shape, tmp_path):
    report = check_vjp(
        lambda x: x.sum() * 3.0 + X.sum(), lambda dy, x: 2.0 * dy * numpy.ones_like(x), numpy.ones(shape)
    )
    assert len(report.plot(tmp_path)) == (0 if 0 in shape else 1)


def test_what_is_not_finite_can_be_drawn(tmp_path):
    def backward(dy, x):
        gradient = 3.0 * dy
        gradient[0], gradient[1, 1] = numpy.inf, numpy.nan
        return gradient

    assert check_vjp(lambda x: x * 2.0, backward, X).plot(tmp_path)


def test_json_holds_the_sizes_and_not_the_numbers(failed):
    read = json.loads(failed.to_json())
    assert read["residuals"] == [{"gradient": "W", "shape": [4, 3], "axes": [], "wrong numbers": 4,
                                  "all numbers compared": True}]  # fmt: skip
    assert read["deviations"]["x"]["outcome"] == "ok" and read["deviations"]["W"]["outcome"] == "wrong"
    assert len(failed.to_json()) < 10_000
