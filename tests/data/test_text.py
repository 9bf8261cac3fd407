"""Reading text: the documentation on board, files of one's own, and what is said about bad ones."""

import hashlib
import platform

import pytest

from minigate.data import Split, Text, pydoc, read_text, split
from minigate.errors import DataError, OptionError


def test_the_documentation_text_is_the_same_every_time_and_says_its_version():
    text = pydoc()
    assert text.characters == pydoc().characters
    assert len(text) > 300_000
    assert platform.python_version() in text.description
    assert f"{len(text):,}" in text.description


def test_a_utf8_file_is_read_as_characters(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("\N{BYTE ORDER MARK}één\r\ntwee".encode())
    assert read_text(path).characters == "één\ntwee"


def test_bytes_read_any_file(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(bytes(range(256)))
    assert read_text(path, as_bytes=True).characters == bytes(range(256))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n\x00\x01", "--bytes"),
        (b"text\x00with a zero", "a zero byte at position 4"),
        ("café".encode("latin-1"), "byte 0xe9 at position 3"),
    ],
)
def test_a_file_that_is_not_text_is_named(tmp_path, content, words):
    path = tmp_path / "bad.txt"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_text(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_missing_files_and_folders_are_named(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read_text(tmp_path / "none.txt")
    with pytest.raises(DataError, match="is a folder"):
        read_text(tmp_path)


def test_the_split_is_contiguous_and_complete():
    characters = "".join(chr(65 + k % 26) for k in range(1000))
    parts = split(characters)
    assert (len(parts.train), len(parts.valid), len(parts.test)) == (900, 50, 50)
    assert parts.train + parts.valid + parts.test == characters
    assert split("abcdefgh", valid=0.25, test=0.25) == Split("abcd", "ef", "gh")


def test_a_split_that_leaves_nothing_is_refused():
    with pytest.raises(OptionError, match=r"valid=0\.5, test=0\.5"):
        split("abcdef", valid=0.5, test=0.5)
    with pytest.raises(DataError, match="too short"):
        split("abcdef")


def test_bytes_are_cut_as_characters_are():
    assert split(b"abcdefgh", valid=0.25, test=0.25) == Split(b"abcd", b"ef", b"gh")


def test_a_text_knows_its_unit_and_its_checksum():
    characters, raw = Text("café", "", ""), Text("café".encode(), "", "")
    assert (characters.unit, len(characters)) == ("character", 4)
    assert (raw.unit, len(raw)) == ("byte", 5)
    assert characters.sha256 == raw.sha256 == hashlib.sha256("café".encode()).hexdigest()
