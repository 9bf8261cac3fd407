"""Rows of digits, to be said again."""

from collections import Counter
from random import Random

import pytest

from minigate.data import Copy
from minigate.errors import OptionError


@pytest.mark.parametrize("length", [1, 7, 100])
def test_the_answer_is_the_row(length):
    random, digits = Random("rows"), Counter()
    for _ in range(300):
        source, answer = Copy().draw(random, length)
        assert source.endswith("@") and answer.endswith(".")
        assert source[:-1] == answer[:-1]
        assert len(answer) == length + 1
        digits.update(answer[:-1])
    mean = 300 * length / 10
    assert all(abs(digits[digit] - mean) < 5 * (mean * 0.9) ** 0.5 for digit in "0123456789"), digits


@pytest.mark.parametrize(
    ("reverse", "double", "source"), [(True, False, "321@"), (False, True, "123123@"), (True, True, "321321@")]
)
def test_a_row_is_read_backwards_and_twice_and_said_once_and_forwards(reverse, double, source):
    task = Copy(reverse=reverse, double=double)
    assert task.source("123") == source
    read, answer = task.draw(Random("options"), 9)
    assert read == task.source(answer.removesuffix("."))


def test_these_are_drawn_from_this_seed_everywhere():
    assert [Copy().draw(Random("pinned"), length) for length in (1, 2, 6)] == [
        ("3@", "3."),
        ("39@", "39."),
        ("395651@", "395651."),
    ]


def test_the_symbols_and_the_difficulty():
    assert Copy.inputs.characters == "0123456789@"
    assert Copy.outputs.characters == ".0123456789@"
    with pytest.raises(OptionError, match=r"expected length 1 … 1000, nesting 1, got length 1001, nesting 1"):
        Copy().draw(Random(0), 1001)
