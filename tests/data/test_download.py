"""One file from addresses that behave badly: whole and right in the end, or not there, and the reason said."""

import errno
import hashlib
import socket

import pytest

from minigate.data import download as downloading
from minigate.data.cache import is_confirmed, part_of
from minigate.data.download import NotFetched, download
from minigate.errors import DataError

CONTENT = bytes(range(256)) * 1200  # several chunks
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def get(server, tmp_path):
    """Fetch ``/a`` (and other paths after it), which the server has, into a folder that is not there yet."""
    server.files |= {"/a": CONTENT, "/b": CONTENT}
    target, said, reached = tmp_path / "folder" / "a.bin", [], []

    def run(*paths):
        addresses = [path if "://" in path else server.address + path for path in paths or ("/a",)]
        download(addresses, target, SHA256, len(CONTENT), reached=reached.append, say=said.append)
        assert target.read_bytes() == CONTENT
        assert is_confirmed(target, SHA256)
        assert not part_of(target).exists()

    run.target, run.part, run.said, run.reached = target, part_of(target), said, reached
    return run


def has_come(get, content):
    get.part.parent.mkdir()
    get.part.write_bytes(content)


def refused(get, *paths):
    with pytest.raises(NotFetched) as caught:
        get(*paths)
    assert not get.target.exists()
    return [answer for _, answer in caught.value.answers]


def test_a_file_comes_whole_and_the_bar_with_it(get):
    get()
    assert get.said == []
    assert get.reached == sorted(get.reached)
    assert get.reached[-1] == len(CONTENT)


def test_what_is_there_already_is_not_asked_for_again(get, server):
    has_come(get, CONTENT[:1000])
    get()
    assert server.asked == [("/a", "bytes=1000-")]
    assert get.reached[0] > 1000


def test_a_server_that_does_not_know_ranges_sends_all_and_the_part_is_skipped(get, server):
    server.manners["/a"] = "no ranges"
    has_come(get, CONTENT[:100_000])
    get()
    assert server.asked == [("/a", "bytes=100000-")]


def test_an_answer_that_is_cut_short_is_gone_on_with_for_as_long_as_it_gets_on(get, server):
    server.manners["/a"] = "cut"
    get()
    begins = [int(asked[6:-1]) for _, asked in server.asked[1:]]
    assert len(begins) > len(downloading.PAUSES) + 1
    assert begins == sorted(set(begins))
    assert f"closed after {len(CONTENT) // 2:,} of {len(CONTENT):,} bytes; trying again" in get.said[0]


def test_a_file_without_a_length_is_taken_as_it_comes(get, server):
    server.manners["/a"] = "unsized"
    get()


def test_what_gets_no_further_is_given_up_and_what_came_is_kept(get, server):
    server.manners["/a"] = "stuck"
    (answer,) = refused(get)
    assert answer.endswith("4 tries came no further")
    assert get.part.read_bytes() == CONTENT[: len(CONTENT) // 2]
    server.manners["/a"] = "well"
    get()
    assert server.asked[-1] == ("/a", f"bytes={len(CONTENT) // 2}-")


def test_a_server_that_falls_silent_is_asked_again(get, server, monkeypatch):
    monkeypatch.setattr(downloading, "TIMEOUT", 0.1)
    server.manners["/a"] = "slow"
    refused_part = len(CONTENT) // 2
    monkeypatch.setattr(downloading, "PAUSES", ())
    (answer,) = refused(get)
    assert answer.startswith("nothing came for 0.1 seconds")
    assert get.part.stat().st_size == refused_part


@pytest.mark.parametrize(
    ("manner", "tries", "words"),
    [
        (404, 1, "HTTP 404 Not Found"),
        (403, 1, "HTTP 403 Forbidden"),
        (503, 4, "HTTP 503 Service Unavailable; 4 tries"),
    ],
)
def test_the_next_address_is_asked_where_one_does_not_have_it(get, server, manner, tries, words):
    server.manners["/a"] = manner
    get("/a", "/b")
    assert [path for path, _ in server.asked] == ["/a"] * tries + ["/b"]
    assert words in get.said[-1]
    assert get.said[-1].endswith("asking the next address")


def test_wrong_bytes_are_removed_and_the_next_address_asked(get, server):
    server.files["/a"] = CONTENT[:-1] + b"?"
    get("/a", "/b")
    wrong = hashlib.sha256(server.files["/a"]).hexdigest()[:8]
    assert f"sent another file (SHA-256 {wrong}… instead of {SHA256[:8]}…), which was removed" in get.said[0]
    server.files["/b"] = server.files["/a"]
    get.target.unlink()
    assert len(refused(get, "/a", "/b")) == 2
    assert not get.part.exists()


def test_another_length_is_known_before_anything_is_fetched(get, server):
    server.files["/a"] = b"<html>log in first</html>"
    (answer,) = refused(get)
    assert answer == f"offers 25 bytes (text/plain) where the file has {len(CONTENT):,}"
    assert not get.part.exists() or get.part.stat().st_size == 0


def test_more_than_the_file_has_is_not_taken(get, server):
    server.files["/a"], server.manners["/a"] = CONTENT + b"and more", "unsized"
    (answer,) = refused(get)
    assert "sends more than" in answer


@pytest.mark.parametrize("part", [b"x" * 500, b"x" * len(CONTENT), CONTENT + b"more"])
def test_a_part_of_something_else_is_removed_and_all_is_fetched(get, part):
    has_come(get, part)
    get()


def test_a_whole_part_needs_no_server(get):
    has_come(get, CONTENT)
    get("http://127.0.0.1:9/nothing")


def test_another_part_than_the_one_asked_for_is_refused(get, server):
    server.manners["/a"] = "elsewhere"
    has_come(get, CONTENT[:1000])
    (answer,) = refused(get)
    assert "another part" in answer
    assert get.part.read_bytes() == CONTENT[:1000]


def test_every_address_says_what_it_said(get, server, monkeypatch):
    def nowhere(*words, **options):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    server.manners["/a"] = 404
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}/a"
    with pytest.raises(NotFetched) as caught:
        get("/a", closed)
    assert f"a.bin could not be fetched\n  {server.address}/a\n    said: HTTP 404 Not Found" in str(caught.value)
    assert f"{closed}\n    said: no server answers there" in str(caught.value)
    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    assert refused(get) == ["no such host is known here (no connection to the network?)"]


def test_a_full_disk_is_said_and_nothing_gets_the_name(get, monkeypatch):
    class Full:
        def __init__(self, path, mode):
            self.file = open(path, mode)

        def __enter__(self):
            return self

        def __exit__(self, *trace):
            self.file.close()

        def write(self, chunk):
            if self.file.tell() + len(chunk) > 100_000:
                raise OSError(errno.ENOSPC, "No space left on device")
            self.file.write(chunk)

    with monkeypatch.context() as patched:
        patched.setattr(type(get.part), "open", lambda path, mode: Full(path, mode))
        with pytest.raises(DataError, match="the disk is full") as caught:
            get()
    assert "MINIGATE_HOME=FOLDER" in str(caught.value)
    assert not get.target.exists()
    assert 0 < get.part.stat().st_size <= 100_000
    get()  # with room, it goes on


def test_a_folder_that_cannot_be_made_is_named(get):
    get.target.parent.write_text("a file where the folder should be")
    with pytest.raises(DataError, match="cannot be written"):
        get()
