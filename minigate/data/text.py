"""Text to learn from: Python's own documentation, or any file.

A text is a sequence of symbols: characters (a ``str``) or bytes (``bytes``). What holds for one holds for the
other, so everything that follows takes both.

Every Python installation carries the text of its language reference (``pydoc_data.topics``, what
``help("for")`` prints), so a language model can be trained on real prose without a download. That text
differs between Python versions: what is compared must name the version and the length, and
``Text.description`` does.
"""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from minigate.errors import DataError, OptionError, explain

Characters = str | bytes


@dataclass(frozen=True)
class Text:
    """A text and where it comes from.

    **Shapes**: ``characters`` is a str of M characters, or M bytes.
    """

    characters: Characters
    name: str
    description: str

    def __len__(self) -> int:
        return len(self.characters)

    @property
    def unit(self) -> str:
        """What a symbol of it is: ``"character"`` or ``"byte"``."""
        return "byte" if isinstance(self.characters, bytes) else "character"

    @property
    def sha256(self) -> str:
        """The checksum of its bytes; those of a str are its UTF-8."""
        characters = self.characters
        raw = characters if isinstance(characters, bytes) else characters.encode("utf-8", "surrogatepass")
        return hashlib.sha256(raw).hexdigest()


@dataclass(frozen=True)
class Split:
    """The three contiguous parts of a text: learn from the first, choose by the second, report the third."""

    train: Characters
    valid: Characters
    test: Characters


def pydoc() -> Text:
    """Python's own documentation text, the topics in sorted order, one after the other.

    **Errors**: :class:`DataError` where this Python was installed without ``pydoc_data``.
    """
    try:
        from pydoc_data import topics
    except ImportError:
        raise DataError(
            explain(
                "this Python has no documentation text",
                where="pydoc",
                expected="the module pydoc_data of the standard library",
                got="an ImportError",
                slip="a Python that was cut down to save space",
                remedy="--text FILE, with any text file of your own",
            )
        ) from None
    characters = "".join(topics.topics[key] for key in sorted(topics.topics))
    version = platform.python_version()
    return Text(characters, "pydoc", f"pydoc_data.topics of Python {version}, {len(characters):,} characters")


def read_text(path: str | Path, as_bytes: bool = False) -> Text:
    """A text file of your own, as UTF-8, or byte by byte.

    With ``as_bytes`` every byte is one symbol, which fits any file at all; without it the file must be text.

    **Errors**: :class:`DataError` for a file that is missing, a folder, empty, unreadable, or not text.
    """
    path = Path(path)
    raw = read_bytes(path)
    if as_bytes:
        return Text(raw, path.name, f"{path}, {len(raw):,} bytes")
    characters = decoded(raw, path)
    return Text(characters, path.name, f"{path}, {len(characters):,} characters")


def read_bytes(path: Path) -> bytes:
    """All bytes of a file that holds some.

    **Errors**: :class:`DataError` for a file that is missing, a folder, empty or unreadable.
    """
    try:
        raw = path.read_bytes()
    except OSError as problem:
        what = "is a folder, not a file" if path.is_dir() else (problem.strerror or str(problem)).lower()
        raise DataError(
            explain(f"{path}: {what}", where="read_text", remedy=f"a path that exists; you are in {Path.cwd()}")
        ) from None
    if not raw:
        raise DataError(explain(f"{path} is empty", where="read_text", expected="a text of some hundred characters"))
    return raw


def decoded(raw: bytes, path: Path) -> str:
    """The characters that these bytes are in UTF-8, with lines that end in a line feed alone.

    **Errors**: :class:`DataError` for bytes that are not text; ``path`` is where they are from.
    """
    trouble, characters = "", ""
    try:
        characters = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        trouble = f"byte 0x{raw[problem.start]:02x} at position {problem.start:,}"
    if "\0" in characters:
        trouble = f"a zero byte at position {raw.index(0):,}"
    if trouble:
        raise DataError(
            explain(
                f"{path} is not UTF-8 text",
                where="read_text",
                expected="text",
                got=trouble,
                slip="a binary or compressed file, or text in an older encoding",
                remedy="--bytes (as_bytes=True) to learn it byte by byte",
            )
        )
    return characters.replace("\r\n", "\n")


def split(characters: Characters, valid: float = 0.05, test: float = 0.05) -> Split:
    """Cut a text into three contiguous parts: by default 90 % to learn from, 5 % and 5 % held out.

    Contiguous, because neighbouring lines of a text are alike: a random choice of lines would put near
    copies of the training text into the held-out parts.

    **Shapes**: M characters → ⌊M·(1 − valid − test)⌋, then up to ⌊M·(1 − test)⌋, then the rest.
    **Source**: Hutter's enwik8 is cut in this way, 90/5/5, by Chung et al. (2015), section 4.1.
    **Errors**: :class:`OptionError` where nothing is left to learn from; :class:`DataError` for a text
    of which a part would have fewer than two characters.
    """
    if not (valid > 0 and test > 0 and valid + test < 1):
        raise OptionError(
            explain(
                "parts do not fit",
                where="split",
                expected="0 < valid, 0 < test, valid + test < 1",
                got=f"valid={valid}, test={test}",
                remedy="split(text, valid=0.05, test=0.05)",
            )
        )
    total = len(characters)
    held_out, last = (Fraction(share).limit_denominator(10**6) for share in (valid + test, test))
    first, second = int(total * (1 - held_out)), int(total * (1 - last))  # exact: 0.9 · 10⁸ in floats is one too few
    parts = Split(characters[:first], characters[first:second], characters[second:])
    if min(len(parts.train), len(parts.valid), len(parts.test)) < 2:
        raise DataError(
            explain(
                "the text is too short to cut into three",
                where="split",
                expected="at least two characters in each part",
                got=f"{total} characters in all",
                remedy="a longer text",
            )
        )
    return parts
