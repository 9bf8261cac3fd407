"""Mistakes as a table and as a sheet of images."""

import numpy

from minigate import plot


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_only_mistakes_have_colour():
    axes, drawn = plot.confusion_map([[30, 2, 0], [0, 28, 1], [0, 0, 0]], classes=["a", "b", "c"])
    assert texts(axes) == ["30", "2", "28", "1", "0"]
    mistakes = drawn["mistakes"]
    assert numpy.isnan(numpy.diag(mistakes)).all() and mistakes[0, 1] == 2 and mistakes[1, 2] == 1
    assert axes.images[0].get_clim() == (0.0, 2.0)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("taken for", "is")
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["a", "b", "c"]


def test_no_mistake_can_be_drawn():
    axes, _ = plot.confusion_map(numpy.eye(2, dtype=int), classes="ab")
    assert texts(axes) == ["1", "1"]


def test_a_sheet_of_images_in_grey():
    """Three of 4 × 8 pixels, two in a row: two pixels above each for its words, and one between."""
    images = numpy.arange(3)[:, None, None, None] * numpy.ones((3, 1, 4, 8))
    axes, drawn = plot.image_sheet(images, ["one", "two", "three"], largest=2, columns=2)
    sheet = drawn["sheet"]
    assert sheet.shape == (12, 17)
    assert (sheet[2:6, 9:] == 0.5).all() and (sheet[8:, :8] == 1.0).all()
    assert sheet.sum() == 4 * 8 * (0.5 + 1.0)
    assert texts(axes) == ["one", "two", "three"]


def test_a_sheet_of_images_in_colours():
    images = numpy.zeros((2, 3, 4, 4))
    images[1, 2] = 255
    _, drawn = plot.image_sheet(images, ["", "blue"])
    assert drawn["sheet"].shape == (6, 9, 3)
    assert drawn["sheet"][3, 6].tolist() == [0.0, 0.0, 1.0]
    assert drawn["sheet"][0, 0].tolist() == [1.0, 1.0, 1.0]  # the paper
