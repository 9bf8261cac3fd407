"""An alphabet that is known beforehand: there, back, and what does not belong to it."""

import numpy
import pytest

from minigate.data import Symbols
from minigate.errors import DataError

LETTERS = Symbols("cabba", "a letter of a cab")


def test_symbols_are_in_code_point_order_and_go_there_and_back():
    assert LETTERS.characters == "abc"
    assert len(LETTERS) == 3
    assert LETTERS.encode("cab").tolist() == [2, 0, 1]
    assert LETTERS.encode("cab").dtype == numpy.int64
    assert LETTERS.encode("").shape == (0,)
    assert LETTERS.decode(numpy.array([2, 0, 1])) == "cab"


@pytest.mark.parametrize("stranger", ["d", " ", "\N{SNOWMAN}", "\N{GRINNING FACE}"])
def test_a_stranger_is_named_with_its_place(stranger):
    with pytest.raises(DataError) as caught:
        LETTERS.encode("ab" + stranger + "c", "a test")
    assert str(caught.value) == (
        f"a test: {stranger!r}, character 3 of {'ab' + stranger + 'c'!r}, is not a letter of a cab: "
        f"expected one of the 3: abc, got U+{ord(stranger):04X}"
    )


def test_of_a_long_text_the_place_is_shown():
    with pytest.raises(DataError, match=r"character 101 of '…a{30}!a{30}…'"):
        LETTERS.encode("a" * 100 + "!" + "a" * 100)


@pytest.mark.parametrize("token", [-1, 3])
def test_an_index_outside_is_named(token):
    with pytest.raises(DataError, match=f"K−1 = 2, each a letter of a cab, got {token}"):
        LETTERS.decode([0, token])
