"""Receptive fields, the frames of a sweep, and feature maps."""

import numpy
import pytest

from minigate import plot


def test_a_receptive_field_says_how_much_is_seen_and_is_blank_where_nothing_is():
    column = numpy.zeros((4, 5))
    column[:3, 2] = [0.001, 0.1, 1.0]
    axes, drawn = plot.receptive_fields({"untrained": {"vertical.forward": column, "all": column + 1.0}}, place=(1, 2))
    assert drawn["seen"].tolist() == [[3 / 20, 1.0]]
    image = axes.images[0]
    assert image.get_clim() == (-4.0, 0.0)
    assert numpy.allclose(image.get_array()[:3, 2], [-3, -1, 0]) and image.get_array().mask.sum() == 17
    assert axes.get_title(loc="center") == "vertical\nforward\nsees 15%" and axes.get_ylabel() == "untrained"


def test_models_with_fewer_stages_leave_panels_empty():
    ones = numpy.ones((2, 2))
    axes, drawn = plot.receptive_fields({"renet": {"a": ones, "b": ones}, "lenet": {"a": ones}})
    assert drawn["seen"].shape == (2, 2) and numpy.isnan(drawn["seen"][1, 1])


@pytest.mark.parametrize(
    "name, been",
    [
        ("vertical.forward", numpy.s_[:2]),
        ("vertical.backward", numpy.s_[2:]),
        ("horizontal.forward", numpy.s_[:, :3]),
        ("layers.0.horizontal.backward", numpy.s_[:, 3:]),
    ],
)
def test_a_frame_shows_where_a_sweep_has_been(name, been):
    values = numpy.arange(1.0, 25.0).reshape(4, 6)
    _, drawn = plot.sweep_frames({name: values}, moments=2)
    first, last = drawn[name]
    expected = numpy.full((4, 6), numpy.nan)
    expected[been] = values[been]
    assert numpy.array_equal(first, expected, equal_nan=True) and numpy.array_equal(last, values)


def test_features_have_the_same_colours_in_every_panel():
    maps = numpy.linspace(-1, 1, 3 * 4 * 5).reshape(3, 4, 5)
    axes, drawn = plot.feature_maps(maps, ["a", "b", "c", "d", "e"], columns=3)
    assert drawn["maps"].shape == (5, 3, 4) and numpy.array_equal(drawn["maps"][2], maps[..., 2])
    assert all(panel.images[0].get_clim() == (-1.0, 1.0) for panel in axes.figure.axes if panel.images)


def test_features_without_a_bound_have_room_and_a_short_sweep_has_no_frame_twice():
    axes, _ = plot.feature_maps(numpy.array([[[0.0, 2.5], [-0.5, 1.0]]]))
    assert all(panel.images[0].get_clim() == (-2.5, 2.5) for panel in axes.figure.axes[:2])
    axes, drawn = plot.sweep_frames({"layers.1.vertical.forward": numpy.ones((3, 3))})
    assert drawn["layers.1.vertical.forward"].shape == (3, 3, 3) and axes.get_ylabel() == "layers.1\nvertical\nforward"
