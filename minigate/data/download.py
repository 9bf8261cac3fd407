"""One file from the network: several addresses in order, whole and right at the end, or not there.

What has come so far lies in ``NAME.part`` and survives everything: a lost connection, Ctrl-C, a full disk. The next
try asks for the rest alone (``Range: bytes=N-``). A server that does not know that sends all of it again, and the
part that is there already is skipped. Once the length is right, so must the SHA-256 be; only then is the file given
its name, in one step. What has another checksum is removed, and the next address asked.
"""

from __future__ import annotations

import contextlib
import errno
import http.client
import os
import shutil
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from minigate.data.cache import checksum, note_checksum, part_of
from minigate.errors import DataError, explain

TIMEOUT = 30.0  # seconds without a single byte
PAUSES = (1.0, 3.0, 9.0)  # seconds before the second, third and fourth try at one address
_CHUNK = 2**16
_PASSING = (408, 425, 429, 500, 502, 503, 504)  # answers that may be another one in a moment

Reached = Callable[[int], None]
Say = Callable[[str], None]


class NotFetched(DataError):
    """No address gave the file; ``answers`` has what each of them said."""

    def __init__(self, text: str, answers: Sequence[tuple[str, str]]) -> None:
        super().__init__(text)
        self.answers = list(answers)


class _Refused(Exception):
    """This address does not have the file."""


class _Broken(Exception):
    """It did not go well this time; it may the next."""


def download(
    addresses: Sequence[str], target: Path, sha256: str, size: int, *, reached: Reached, say: Say = lambda line: None
) -> None:
    """Fetch ``target`` from the first address that gives the file of this checksum.

    ``reached`` is called with the number of bytes that are there; ``say`` with a line for each thing that went wrong.

    **Errors**: :class:`NotFetched` where no address has it; :class:`DataError` where the disk does not take it. The
    part that has come is kept.
    """
    answers = []
    for address in addresses:
        answer = _from_one(address, target, sha256, size, reached, say)
        if not answer:
            install(part_of(target), target, sha256)
            return
        answers.append((address, answer))
        if address != addresses[-1]:
            say(f"{address}: {answer}; asking the next address")
    text = "".join(f"\n  {address}\n    said: {answer}" for address, answer in answers)
    raise NotFetched(f"{target.name} could not be fetched{text}", answers)


def _from_one(address: str, target: Path, sha256: str, size: int, reached: Reached, say: Say) -> str:
    """Ask one address until the file is whole; returns what is wrong, or nothing."""
    part, failures = part_of(target), 0
    before = furthest = _length(part)
    while True:
        try:
            _receive(address, part, size, reached)
        except _Refused as problem:
            return str(problem)
        except _Broken as problem:
            failures = 1 if _length(part) > furthest else failures + 1  # what gets on is not given up
            furthest = max(furthest, _length(part))
            if failures > len(PAUSES):
                return f"{problem}; {failures} tries came no further"
            say(f"{address}: {problem}; trying again")
            time.sleep(PAUSES[failures - 1])
            continue
        found = checksum(part)
        if found == sha256:
            return ""
        part.unlink()
        if not before:
            return f"sent another file (SHA-256 {found[:8]}… instead of {sha256[:8]}…), which was removed"
        say(f"{target.name}: what was there of it did not belong to it, and was removed; beginning anew")
        before = furthest = 0


def _receive(address: str, part: Path, size: int, reached: Reached) -> None:
    """Add to ``part`` what it lacks."""
    have = _length(part)
    if have > size:
        part.unlink()
        have = 0
    if have == size:
        return
    with _asked(address, have) as response:
        position = 0
        if response.status == http.HTTPStatus.PARTIAL_CONTENT:
            position = _begin(response.headers.get("Content-Range", ""))
            if position > have or position < 0:
                raise _Refused("sent another part of the file than the one asked for")
        length = response.headers.get("Content-Length", "")
        if length.isdigit() and position + int(length) != size:
            kind = response.headers.get_content_type()
            raise _Refused(f"offers {position + int(length):,} bytes ({kind}) where the file has {size:,}")
        with writing(part), part.open("ab") as file:
            for chunk in _chunks(response):
                new = chunk[max(0, have - position) :]  # nothing, as long as it is what is there already
                position += len(chunk)
                if position > size:
                    raise _Refused(f"sends more than the {size:,} bytes that the file has")
                file.write(new)
                reached(max(have, position))
    if position < size:
        raise _Broken(f"the connection was closed after {position:,} of {size:,} bytes")


def _asked(address: str, have: int) -> Any:
    """The answer of a server, once it is known to be one with content."""
    headers = {"User-Agent": "minigate"} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        return urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=TIMEOUT)
    except urllib.error.HTTPError as problem:
        problem.close()
        words = f"HTTP {problem.code} {problem.reason}".strip()
        raise (_Broken if problem.code in _PASSING else _Refused)(words) from None
    except urllib.error.URLError as problem:
        raise _in_words(problem.reason) from None
    except (OSError, http.client.HTTPException) as problem:
        raise _in_words(problem) from None


def _in_words(problem: Any) -> Exception:
    """A failure of the network, and whether it is worth another try."""
    if isinstance(problem, str):
        return _Refused(problem)
    if isinstance(problem, socket.gaierror):
        return _Refused("no such host is known here (no connection to the network?)")
    if isinstance(problem, ssl.SSLCertVerificationError):
        return _Refused(f"its certificate is not trusted ({problem.verify_message})")
    if isinstance(problem, ConnectionRefusedError):
        return _Refused("no server answers there")
    if isinstance(problem, TimeoutError):
        return _Broken(f"nothing came for {TIMEOUT:g} seconds")
    if isinstance(problem, OSError):
        if problem.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH):
            return _Refused("no way there (no connection to the network?)")
        return _Broken((problem.strerror or str(problem) or type(problem).__name__).lower())
    return _Broken(f"{type(problem).__name__}: {problem}".rstrip(": "))


def _chunks(response: Any) -> Iterator[bytes]:
    """The content as it comes, with failures of the network told from those of the disk."""
    while True:
        try:
            chunk = response.read1(_CHUNK)
        except (OSError, http.client.HTTPException) as problem:
            raise _in_words(problem) from None
        if not chunk:
            return
        yield chunk


def _begin(content_range: str) -> int:
    """The first byte of ``bytes 100-199/200``, or −1."""
    unit, _, places = content_range.partition(" ")
    first = places.partition("-")[0]
    return int(first) if unit == "bytes" and first.isdigit() else -1


def _length(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def install(part: Path, target: Path, sha256: str) -> None:
    """Give a file whose checksum was found right its name, and note the checksum beside it.

    **Errors**: :class:`DataError` where the disk refuses.
    """
    with writing(target):
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(part, target)
    note_checksum(target, sha256)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Make the folder of ``path``, and say what the disk refuses meanwhile in plain words.

    **Errors**: :class:`DataError` for every ``OSError`` inside.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as problem:
        raise _disk(path, problem) from problem


def _disk(path: Path, problem: OSError) -> DataError:
    if problem.errno not in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
        what = f"{path} cannot be written ({(problem.strerror or str(problem)).lower()})"
        return DataError(explain(what, remedy="a folder that can: MINIGATE_HOME=FOLDER before the command"))
    return DataError(full(path, 0))


def full(path: Path, needed: int) -> str:
    """The message for a disk on which something does not fit."""
    free = shutil.disk_usage(path.parent).free
    return explain(
        f"the disk is full: {path.parent}",
        expected=f"{needed / 1e6:,.1f} MB free" if needed else "",
        got=f"{free / 1e6:,.1f} MB free",
        remedy="the same command again, with room there, or with MINIGATE_HOME=FOLDER on another disk; "
        "what has come is kept",
    )
