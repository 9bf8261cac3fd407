"""A text by its name is that text, or an error says what it is instead; a part is called a part."""

import hashlib

import pytest

from minigate.data import corpora, read, split
from minigate.data.catalogue import CATALOGUE, DataSet, File
from minigate.errors import DataError, OptionError

WIKI = b'<mediawiki xmlns="http://example.org">\n' + "caf\u00e9 [[link]]\n".encode() * 40
PLAY = b"First Citizen:\nSpeak, speak.\n" * 20


@pytest.fixture
def small(tmp_path, monkeypatch):
    """enwik8 and tiny shakespeare, but small; enwik8's first 100 bytes are what a part must have."""
    monkeypatch.setenv("MINIGATE_HOME", str(tmp_path / "home"))
    for name, content, kept in (("enwik8", WIKI, "enwik8"), ("shakespeare", PLAY, "input.txt")):
        file = File(kept, hashlib.sha256(content).hexdigest(), len(content), ("http://127.0.0.1:9/none",))
        monkeypatch.setitem(CATALOGUE, name, DataSet(name, "small", "tests", "nobody", files=(file,)))
    monkeypatch.setattr(corpora, "_BEGINNING", 100)
    monkeypatch.setattr(corpora, "_BEGINNING_SHA256", hashlib.sha256(WIKI[:100]).hexdigest())

    def write(content, name="file"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
        return tmp_path / name

    return write


def test_the_whole_file_is_enwik8_wherever_it_lies(small):
    for text in (read("enwik8", file=small(WIKI)), read("enwik8") if small(WIKI, "home/data/enwik8/enwik8") else None):
        assert (text.name, text.characters, text.unit) == ("enwik8", WIKI, "byte")
        assert text.description == f"enwik8, {len(WIKI)} bytes, checksum confirmed"


def test_a_part_is_called_a_part_and_says_how_much_of_it_is_known(small):
    text = read("enwik8", file=small(WIKI[:321]))
    assert text.name == "enwik8 prefix, 321 bytes"
    assert text.description == "enwik8 prefix, 321 bytes, only the first 100 of them confirmed by checksum"
    assert [len(part) for part in vars(split(text.characters)).values()] == [288, 16, 17]
    assert read("enwik8", file=small(WIKI[:100])).description.endswith("all of them confirmed by checksum")


@pytest.mark.parametrize(
    ("content", "slip"),
    [
        (WIKI[:99], "too short to be told"),
        (WIKI + b"more", "a longer part of the same dump, such as enwik9"),
        (WIKI[:-1] + b"?", "a damaged copy"),
        (WIKI[:50] + b"?" + WIKI[51:], "another text"),
        (b"PK\x03\x04 and so on", "the zip archive of it: minigate data fetch enwik8 --from"),
        (b"anarchism originated " * 50, "another text"),
        ((b"anarchism originated " * 50)[: len(WIKI)], "text8"),
        (PLAY, "another text"),
    ],
)
def test_anything_else_is_an_error_that_says_what_it_is(small, content, slip):
    path = small(content)
    with pytest.raises(DataError, match="is not enwik8") as caught:
        read("enwik8", file=path)
    assert slip in str(caught.value)
    assert f"{len(content):,} bytes that begin with {content[:24]!r}" in str(caught.value)
    assert str(path) in str(caught.value)


def test_the_real_enwik8_is_cut_at_ninety_and_ninety_five_million_bytes():
    parts = split(range(10**8))  # a sequence of that length, without the bytes
    assert [len(part) for part in vars(parts).values()] == [90_000_000, 5_000_000, 5_000_000]


def test_shakespeare_is_that_or_an_error(small):
    text = read("shakespeare", file=small(PLAY))
    assert (text.name, text.characters, text.unit) == ("shakespeare", PLAY.decode(), "character")
    assert read("shakespeare", file=small(PLAY), as_bytes=True).characters == PLAY
    with pytest.raises(DataError, match="is not tiny shakespeare"):
        read("shakespeare", file=small(PLAY.replace(b"\n", b"\r\n")))


@pytest.mark.parametrize("name", ["enwik8", "shakespeare"])
def test_what_was_not_fetched_says_how(small, name):
    with pytest.raises(DataError, match=f"{name} is not there yet") as caught:
        read(name)
    assert f"type: minigate data fetch {name}" in str(caught.value)


def test_a_kept_file_that_was_damaged_is_not_believed(small):
    small(PLAY[:-1], "home/data/shakespeare/input.txt")
    with pytest.raises(DataError, match="is not tiny shakespeare"):
        read("shakespeare")


def test_a_path_is_any_text_and_pydoc_is_on_board(small, monkeypatch, tmp_path):
    assert read(small(b"any text", "my.txt")).characters == "any text"
    assert read(small(b"any text", "my.txt"), as_bytes=True).characters == b"any text"
    assert read().name == read("pydoc").name == "pydoc"
    assert read("pydoc", as_bytes=True).characters == read("pydoc").characters.encode()
    monkeypatch.chdir(tmp_path)
    small(b"a text of my own", "enwik8")
    assert read("./enwik8").characters == "a text of my own"
    with pytest.raises(DataError, match="enwik8 is not there yet"):
        read("enwik8")


def test_misuse_is_named(small):
    with pytest.raises(OptionError, match="pydoc comes with Python"):
        read("pydoc", file="x")
    with pytest.raises(OptionError, match="shakespeare | enwik8"):
        read("my.txt", file="x")
    with pytest.raises(OptionError, match="mnist is no text"):
        read("mnist")
    with pytest.raises(DataError, match="neither a file in .* nor a text"):
        read("enwik9")
