"""Characters as numbers, there and back."""

import json

import pytest

from minigate.data import UNKNOWN, Vocabulary
from minigate.data import vocabulary as vocabularies
from minigate.errors import DataError, DTypeError, OptionError


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


@pytest.mark.parametrize("text", ['quotes "\\\n\t é \N{GRINNING FACE}', bytes(range(256)), "é".encode() * 3])
@pytest.mark.parametrize("reserve", [0, 4, 300])
def test_json_round_trip(text, reserve):
    vocabulary = Vocabulary(text, reserve)
    again = Vocabulary.from_json(json.loads(json.dumps(vocabulary.to_json())))
    assert again == vocabulary
    assert hash(again) == hash(vocabulary)
    assert (again.description, len(again)) == (vocabulary.description, len(vocabulary))
    assert again.encode(text).tolist() == vocabulary.encode(text).tolist()


def test_bytes_are_symbols_and_are_shown_as_the_utf8_they_are():
    text = "één".encode()
    vocabulary = Vocabulary(text)
    assert len(vocabulary) == 1 + 3  # n, and the two bytes of é
    assert vocabulary.encode(text).tolist() == [3, 2, 3, 2, 1]
    assert vocabulary.encode("één").tolist() == vocabulary.encode(text).tolist()
    assert vocabulary.decode(vocabulary.encode(text)) == "één"
    assert vocabulary.decode([3, 1, 0]) == UNKNOWN + "n" + UNKNOWN  # half a character, n, unknown
    assert vocabulary.unknown_in("nooné") == ["o"]
    assert vocabulary != Vocabulary("één")


def test_the_size_that_is_reserved_is_the_size_whatever_occurs():
    few, many = Vocabulary(b"abba", reserve=205), Vocabulary(bytes(range(256)) + b"the rarest are left out", 205)
    assert len(few) == len(many) == 205
    assert few.description == "205 symbols: unknown, the 2 bytes that occur, 202 unused"
    assert few.decode([1, 204]) == "a" + UNKNOWN
    assert many.description == "205 symbols: unknown, the 204 most frequent of the 256 bytes that occur"
    assert many.encode(b"the rarest are left out").all()
    assert (many.encode(bytes(range(256))) == 0).sum() == 256 - 204
    assert Vocabulary("aab", reserve=3).symbols == (UNKNOWN, "a", "b")
    assert Vocabulary("aabbbc", reserve=3).symbols == (UNKNOWN, "a", "b")
    assert Vocabulary("abc", reserve=3).symbols == (UNKNOWN, "a", "b")  # of equals, the first


@pytest.mark.parametrize(("K", "dtype"), [(2, "uint8"), (256, "uint8"), (257, "uint16")])
def test_tokens_take_the_smallest_dtype_that_holds_every_index(K, dtype):
    vocabulary = Vocabulary("".join(map(chr, range(K - 1))))
    assert vocabulary.encode("\0").dtype == dtype
    assert vocabulary.encode(chr(K - 2)).tolist() == [K - 1]
    assert Vocabulary(bytes(range(256))).encode(b"\xff").tolist() == [256]


def test_a_long_text_is_encoded_block_by_block(monkeypatch):
    monkeypatch.setattr(vocabularies, "_BLOCK", 7)
    text = "block after block, é\N{SNOWMAN}\N{GRINNING FACE}"
    for kind in (text, text.encode()):
        vocabulary = Vocabulary(kind)
        assert vocabulary.decode(vocabulary.encode(kind)) == text
        assert vocabulary.occurring == len(set(kind))


def test_misuse_is_named():
    with pytest.raises(DataError, match="no such symbol"):
        Vocabulary("ab").decode([3])
    with pytest.raises(DTypeError, match="bytes"):
        Vocabulary("ab").encode(b"ab")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="no characters"):
        Vocabulary("")
    with pytest.raises(DTypeError, match="bytes or a str"):
        Vocabulary(b"ab").encode([1, 2])  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="reserve ≥ 2"):
        Vocabulary("ab", reserve=1)
