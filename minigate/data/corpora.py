"""One way to a text, whatever it is: ``read("pydoc")``, ``read("enwik8")``, ``read("my.txt")``.

A number on a text means something to others only where the text is what its name says. So a data set is
compared with its checksum each time it is read, and a file that is handed over as one must be it: a different
file is an error, and a part is called a part.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from minigate.data.cache import data_folder
from minigate.data.catalogue import CATALOGUE, File
from minigate.data.text import Text, decoded, pydoc, read_bytes, read_text
from minigate.errors import DataError, OptionError, explain

TEXTS = ("pydoc", "shakespeare", "enwik8")
_BEGINNING = 10**6  # bytes of enwik8 that a part of it must at least have, and their checksum
_BEGINNING_SHA256 = "369b688978f649681136198fb96db14c1616756260c55fb4b65e9bc049552cad"


def read(name: str | Path = "pydoc", file: str | Path | None = None, as_bytes: bool = False) -> Text:
    """The text of this name, or the text file at this path.

    ``file`` says where a data set lies that was not fetched by minigate: ``read("enwik8", file="enwik8.part")``. It is
    checked just the same. Of enwik8, whose symbols are bytes always, the beginning will do; the text is then called
    ``"enwik8 prefix, N bytes"``. ``./enwik8``, with a dot and a slash, is a file of your own and no data set.

    **Errors**: :class:`DataError` for a data set that is not there, damaged, or another file than it should be, and
    for a file that cannot be read as text; :class:`OptionError` for a ``file`` where no data set is named.
    """
    if name in TEXTS:
        if name == "pydoc":
            if file is not None:
                raise OptionError(explain("pydoc comes with Python, and from no file", where="read", got=str(file)))
            return _as_asked(pydoc(), as_bytes)
        path = Path(file) if file is not None else _kept(str(name))
        return enwik8(path) if name == "enwik8" else _as_asked(_shakespeare(path), as_bytes)
    if file is not None:
        what = "a file beside a text that is a file itself"
        raise OptionError(explain(what, where="read", expected=" | ".join(TEXTS[1:]), got=f"{name}, {file}"))
    if name in CATALOGUE:
        raise OptionError(explain(f"{name} is no text", where="read", expected=f"{' | '.join(TEXTS)}, or a path"))
    if str(name) == Path(name).name and not Path(name).exists():
        what = f"{name} is neither a file in {Path.cwd()} nor a text that minigate knows"
        raise DataError(explain(what, where="read", expected=f"{' | '.join(TEXTS)}, or a path", got=repr(str(name))))
    return read_text(name, as_bytes)


def _as_asked(text: Text, as_bytes: bool) -> Text:
    if not as_bytes or isinstance(text.characters, bytes):
        return text
    raw = text.characters.encode()
    return Text(raw, text.name, f"{text.description}, as {len(raw):,} bytes")


def enwik8(path: str | Path) -> Text:
    """The file at ``path`` as enwik8, if it is that, or the beginning of it.

    Only the first 10⁶ bytes of a part can be compared with a checksum, and the description says so.

    **Source**: the first 10⁸ bytes of the English Wikipedia of 3 March 2006; split as in Chung et al. (2015), section
    4.1, into 90, 5 and 5 MB. :func:`minigate.data.split` cuts the whole and a part in these shares.

    **Errors**: :class:`DataError` for anything else, saying what it is.
    """
    path, whole = Path(path), CATALOGUE["enwik8"].files[0]
    raw = read_bytes(path)
    begins_right = hashlib.sha256(memoryview(raw)[:_BEGINNING]).hexdigest() == _BEGINNING_SHA256
    if len(raw) == whole.size and hashlib.sha256(raw).hexdigest() == whole.sha256:
        return Text(raw, "enwik8", f"enwik8, {len(raw):,} bytes, checksum confirmed")
    if begins_right and len(raw) < whole.size:
        name = f"enwik8 prefix, {len(raw):,} bytes"
        known = "all" if len(raw) == _BEGINNING else f"only the first {_BEGINNING:,}"
        return Text(raw, name, f"{name}, {known} of them confirmed by checksum")
    raise DataError(
        explain(
            f"{path} is not enwik8",
            where="read",
            expected=f"{whole.size:,} bytes with SHA-256 {whole.sha256[:8]}…, or their beginning, {_BEGINNING:,} bytes "
            "or more",
            got=f"{len(raw):,} bytes that begin with {raw[:24]!r}",
            slip=_what_it_is(raw, begins_right, whole),
            remedy="minigate data fetch enwik8, or the path of another file",
        )
    )


def _what_it_is(raw: bytes, begins_right: bool, whole: File) -> str:
    if raw.startswith(b"PK"):
        return "the zip archive of it: minigate data fetch enwik8 --from FILE unpacks and keeps it"
    if begins_right and len(raw) > whole.size:
        return "a longer part of the same dump, such as enwik9: its first 100,000,000 bytes are enwik8"
    if begins_right:
        return "a damaged copy: it begins like enwik8, and has its size, but differs further on"
    if raw.startswith(b"<mediawiki ") and len(raw) < _BEGINNING:
        return "a part too short to be told from other texts"
    if len(raw) == whole.size and not set(raw[:_BEGINNING]) - set(b"abcdefghijklmnopqrstuvwxyz "):
        return "text8, which is enwik8 cleaned to 27 characters: as a text file, by its path"
    return "another text: by its path alone any file can be read"


def _shakespeare(path: Path) -> Text:
    raw, whole = read_bytes(path), CATALOGUE["shakespeare"].files[0]
    found = hashlib.sha256(raw).hexdigest()
    if found != whole.sha256:
        raise DataError(
            explain(
                f"{path} is not tiny shakespeare",
                where="read",
                expected=f"{whole.size:,} bytes with SHA-256 {whole.sha256[:8]}…",
                got=f"{len(raw):,} bytes with {found[:8]}…",
                slip="another edition, or line ends that were changed",
                remedy="minigate data fetch shakespeare; or its path alone, as a text of your own",
            )
        )
    return Text(decoded(raw, path), "shakespeare", f"tiny shakespeare, {len(raw):,} characters, checksum confirmed")


def _kept(name: str) -> Path:
    """Where the one file of a text is kept."""
    path = data_folder(name) / CATALOGUE[name].files[0].name
    if not path.exists():
        megabytes = CATALOGUE[name].size / 1e6
        raise DataError(
            explain(
                f"{name} is not there yet",
                where="read",
                expected=str(path),
                got="no such file",
                remedy=f"minigate data fetch {name}    ({megabytes:.1f} MB; or name the file that you have)",
            )
        )
    return path
