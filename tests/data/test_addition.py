"""Sums: both numbers of the same length, every one of them possible, and the value right."""

import re
from random import Random

import pytest

from minigate.data import Addition, evaluate
from minigate.errors import OptionError


@pytest.mark.parametrize("length", [1, 2, 6, 15])
def test_both_numbers_have_the_length_and_the_answer_is_their_sum(length):
    random = Random("sums")
    for _ in range(300):
        source, answer = Addition().draw(random, length)
        a, b = re.fullmatch(rf"print\((\d{{{length}}})\+(\d{{{length}}})\)@", source).groups()
        assert length == 1 or "0" not in (a[0], b[0])
        assert answer == f"{int(a) + int(b)}."
        assert evaluate(source) == int(a) + int(b)


def test_all_sums_of_one_digit_occur():
    random = Random("all")
    assert len({Addition().draw(random, 1)[0] for _ in range(3000)}) == 100


def test_these_are_drawn_from_this_seed_everywhere():
    assert [Addition().draw(Random("pinned"), length) for length in (1, 2, 6)] == [
        ("print(3+9)@", "12."),
        ("print(42+91)@", "133."),
        ("print(426596+912360)@", "1338956."),
    ]


@pytest.mark.parametrize(
    ("reverse", "double", "source"),
    [
        (True, False, ")43+21(tnirp@"),
        (False, True, "print(12+34)print(12+34)@"),
        (True, True, ")43+21(tnirp)43+21(tnirp@"),
    ],
)
def test_a_sum_is_read_backwards_and_twice(reverse, double, source):
    task = Addition(reverse=reverse, double=double)
    assert task.source("print(12+34)") == source
    plain, answer = Addition().draw(Random("options"), 5)
    assert task.draw(Random("options"), 5) == (task.source(plain.removesuffix("@")), answer)
    task.inputs.encode(source)


def test_the_symbols_are_those_of_a_sum():
    assert Addition.inputs.characters == "()+0123456789@inprt"
    assert Addition.outputs.characters == ".0123456789@"


def test_the_difficulty_is_checked():
    for length, nesting in [(0, 1), (16, 1), (3, 2)]:
        with pytest.raises(OptionError, match=r"expected length 1 … 15, nesting 1, got") as caught:
            Addition().draw(Random(0), length, nesting)
        assert "how many digits both numbers have; there is no nesting (1)" in str(caught.value)
