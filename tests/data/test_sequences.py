"""An image as a sequence: by hand, there and back."""

import numpy
import pytest

from minigate.data.sequences import ORDERS, PERMUTATION_SEED, as_images, as_sequences, permutation, sizes
from minigate.errors import OptionError

#: Two images of two colours, two rows and three columns: 100 n + 10 c + 3 y + x.
PIXELS = numpy.array([[[[100 * n + 10 * c + 3 * y + x for x in range(3)] for y in range(2)] for c in range(2)]
                      for n in range(2)], dtype="uint8")  # fmt: skip


def test_a_row_at_each_step():
    found = as_sequences(PIXELS, "row", 1)
    assert found.shape == (2, 2, 6) and found.dtype == "float32"
    assert found[0, 0].tolist() == [0, 1, 2, 10, 11, 12]  # two colours, one after the other
    assert found[1, 1].tolist() == [103, 104, 105, 113, 114, 115]


def test_a_pixel_at_each_step():
    found = as_sequences(PIXELS, "pixel", 10, "float64")
    assert found.shape == (6, 2, 2) and found.dtype == "float64"
    assert found[:, 0, 0].tolist() == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert found[4, 1].tolist() == [10.4, 11.4]


def test_an_order_that_is_the_same_for_ever():
    assert PERMUTATION_SEED == 92916
    assert permutation(8).tolist() == permutation(8).tolist()
    assert sorted(permutation(784)) == list(range(784))
    assert permutation(784)[:6].tolist() == [283, 28, 288, 783, 276, 553]
    permuted, pixel = (as_sequences(PIXELS, order, 255) for order in ("permuted", "pixel"))
    assert numpy.array_equal(permuted, pixel[permutation(6)]) and not numpy.array_equal(permuted, pixel)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("size", [(1, 8, 8), (3, 4, 5)])
def test_there_and_back(order, size):
    pixels = numpy.random.default_rng(0).integers(0, 256, (7, *size)).astype("uint8")
    found = as_sequences(pixels, order, 255)
    assert found.shape == (sizes(order, size)[0], 7, sizes(order, size)[1])
    assert 0.0 <= found.min() and found.max() <= 1.0
    assert numpy.array_equal(numpy.rint(255 * as_images(found, order, size)), pixels)


def test_another_order_is_named():
    for call in (lambda: as_sequences(PIXELS, "column", 1), lambda: sizes("column", (1, 2, 3)),
                 lambda: as_images(numpy.zeros((1, 1, 1)), "column", (1, 1, 1))):  # fmt: skip
        with pytest.raises(OptionError, match=r"no such order: expected row \| pixel \| permuted, got 'column'"):
            call()
