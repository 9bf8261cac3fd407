"""Characters as numbers, there and back."""

import json

import pytest

from minigate.data import UNKNOWN, Vocabulary
from minigate.errors import DataError, DTypeError


def test_encoding_and_decoding_are_inverse_on_known_characters():
    text = "Ünïcode, \N{SNOWMAN}\n and \N{GRINNING FACE} too"
    vocabulary = Vocabulary(text)
    assert vocabulary.decode(vocabulary.encode(text)) == text
    assert vocabulary.encode(text).dtype == "uint8"
    assert len(vocabulary) == 1 + len(set(text))


def test_unknown_characters_are_symbol_zero_wherever_they_sort():
    vocabulary = Vocabulary("bdf")
    assert vocabulary.encode("abcdefg" + UNKNOWN).tolist() == [0, 1, 0, 2, 0, 3, 0, 0]
    assert vocabulary.decode([0, 1]) == UNKNOWN + "b"
    assert vocabulary.unknown_in("badge gag") == ["a", "g", "e", " "]
    assert vocabulary.encode("").shape == (0,)


def test_the_unknown_symbol_is_never_a_second_entry():
    assert len(Vocabulary("ab" + UNKNOWN)) == 3


def test_json_round_trip():
    vocabulary = Vocabulary('quotes "\\\n\t é \N{GRINNING FACE}')
    assert Vocabulary.from_json(json.loads(json.dumps(vocabulary.to_json()))) == vocabulary


def test_misuse_is_named():
    with pytest.raises(DataError, match="no such symbol"):
        Vocabulary("ab").decode([3])
    with pytest.raises(DTypeError, match="bytes"):
        Vocabulary("ab").encode(b"ab")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="no characters"):
        Vocabulary("")
