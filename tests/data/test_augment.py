"""Flips and shifts: what they do to one image, that nothing comes back, and how often each is done."""

from collections import Counter

import numpy
import pytest

from minigate.data import augment
from minigate.errors import OptionError, ShapeError

IMAGE = numpy.arange(1, 25, dtype="uint8").reshape(1, 2, 3, 4)  # no zeros: they can only come from outside
N = 4000


def many(seed: int = 0, **options) -> numpy.ndarray:
    return augment(numpy.repeat(IMAGE, N, axis=0), numpy.random.default_rng(seed), **options)


def moved(down: int, right: int) -> numpy.ndarray:
    """The image, moved one number at a time, zeros where nothing came from."""
    out = numpy.zeros_like(IMAGE[0])
    for c, y, x in numpy.ndindex(out.shape):
        if 0 <= y - down < 3 and 0 <= x - right < 4:
            out[c, y, x] = IMAGE[0, c, y - down, x - right]
    return out


def shares(found: numpy.ndarray, known: dict) -> dict:
    """How often each of the known images is there; every one has to be one of them."""
    names = {image.tobytes(): name for name, image in known.items()}
    assert len(names) == len(known)
    return Counter(names[image.tobytes()] for image in found)


def near(counts: dict, name, share: float) -> bool:
    return abs(counts[name] - share * N) < 5 * (N * share * (1 - share)) ** 0.5


def test_a_quarter_is_mirrored_a_quarter_upside_down_and_half_stay():
    image = IMAGE[0]
    known = {"": image, "mirrored": image[:, :, ::-1], "upside down": image[:, ::-1]}
    counts = shares(many(flip=True), known)
    assert near(counts, "", 0.5) and near(counts, "mirrored", 0.25) and near(counts, "upside down", 0.25), counts


@pytest.mark.parametrize("shift", [1, 2])
def test_each_direction_has_a_quarter_and_what_leaves_does_not_come_back(shift):
    known = {(a, b): moved(a * shift, b * shift) for a in (-1, 0, 1) for b in (-1, 0, 1)}
    counts = shares(many(shift=shift), known)
    share = {-1: 0.25, 0: 0.5, 1: 0.25}
    assert all(near(counts, (a, b), share[a] * share[b]) for a, b in known), counts


def test_flips_and_shifts_are_independent():
    image = IMAGE[0]
    flipped = [image, image[:, :, ::-1], image[:, ::-1]]
    found = many(flip=True, shift=2)
    whole = [image for image in found if image.all()]
    assert abs(len(whole) - N / 4) < 5 * (N * 3 / 16) ** 0.5  # moved in neither direction
    assert {image.tobytes() for image in whole} == {image.tobytes() for image in flipped}
    assert len({image.tobytes() for image in found}) == 3 * 9


def test_the_same_generator_gives_the_same_bytes_and_nothing_that_came_in_is_changed():
    before = IMAGE.copy()
    assert many(3, flip=True, shift=1).tobytes() == many(3, flip=True, shift=1).tobytes()
    assert many(3, flip=True, shift=1).tobytes() != many(4, flip=True, shift=1).tobytes()
    assert numpy.array_equal(IMAGE, before)
    rng = numpy.random.default_rng(0)
    state, found = rng.bit_generator.state, augment(IMAGE, rng)
    assert rng.bit_generator.state == state and numpy.array_equal(found, IMAGE) and found is not IMAGE
    assert augment(IMAGE[:0], rng, flip=True, shift=2).shape == (0, 2, 3, 4)
    assert augment(IMAGE / 2, rng, flip=True, shift=2).dtype == "float64"


def test_what_cannot_be_meant():
    rng = numpy.random.default_rng(0)
    with pytest.raises(OptionError, match=r"the shift leaves nothing: expected 0 … 2, for images of 3×4, got 3"):
        augment(IMAGE, rng, shift=3)
    with pytest.raises(ShapeError, match=r"no images: expected pixels \(N, C, Y, X\), got \(2, 3, 4\)[\s\S]*\[None\]"):
        augment(IMAGE[0], rng)
