"""Whose line was it? An exception shown with its author's own lines, without those of the framework around them.

A traceback through minigate is long, and nothing in its middle can be mended by whoever wrote a gate. What
can be mended is in their file. So a frame counts as theirs unless it lies in this package, in Python's own
library or in an installed one; what is under check always does, wherever it lies.
"""

from __future__ import annotations

import linecache
import os
import sysconfig
import traceback
from pathlib import Path
from types import TracebackType

_PACKAGE = Path(__file__).resolve().parents[1]
_LIBRARIES = tuple(str(Path(sysconfig.get_path(name)).resolve()) for name in ("stdlib", "purelib", "platlib"))


def is_library(filename: str) -> bool:
    """Is this a file of minigate, of Python or of an installed package? The lessons inside minigate are not."""
    if filename.startswith("<"):
        return filename.startswith("<frozen")
    path = Path(filename).resolve()
    if path.is_relative_to(_PACKAGE):
        return "_lessons" not in path.relative_to(_PACKAGE).parts
    return str(path).startswith(tuple(folder + os.sep for folder in _LIBRARIES))


def debugging() -> bool:
    """Are all frames wanted? With ``MINIGATE_DEBUG=1`` they are."""
    return os.environ.get("MINIGATE_DEBUG", "0") not in ("", "0")


def own_frames(error: BaseException, file: str = "") -> list[traceback.FrameSummary]:
    """The frames of an exception that lie in its author's own code, outermost first; those of ``file`` always do."""
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if frame.filename == file or not is_library(frame.filename)]


def lines_of(frames: list[traceback.FrameSummary], file: str = "", most: int = 3) -> list[str]:
    """The innermost frames, each as ``in step, line 12: h = …``; the file is named where it is another one."""
    lines = []
    for frame in frames[-most:]:
        text = (frame.line or linecache.getline(frame.filename, frame.lineno or 0)).strip()
        elsewhere = f" of {Path(frame.filename).name}" if file and frame.filename != file else ""
        inside = "" if frame.name == "<module>" and file else f"in {frame.name}, "
        lines.append(f"  {inside}line {frame.lineno}{elsewhere}: {text}")
    return lines


def describe_error(error: BaseException, file: str = "") -> str:
    """What was raised, as Python words it, and its author's own lines that led there."""
    if isinstance(error, SyntaxError):
        return _syntax(error, file)
    told = "".join(traceback.TracebackException.from_exception(error).format_exception_only()).strip()
    named = told.partition(":")[0].rpartition(".")[2] + "".join(told.partition(":")[1:])  # no path before the class
    head, *rest = named.split("\n")
    frames = own_frames(error, file)
    return "\n".join([head, *lines_of(frames[-1:] if isinstance(error, RecursionError) else frames, file), *rest])


def _syntax(error: SyntaxError, file: str) -> str:
    told = [f"{type(error).__name__}: {error.msg}"]
    if error.lineno is not None:
        elsewhere = f" of {Path(error.filename).name}" if error.filename and error.filename != file else ""
        told.append(f"  line {error.lineno}{elsewhere}: {(error.text or '').strip()}")
    return "\n".join(told)


def only_own_frames(error: BaseException) -> TracebackType | None:
    """The traceback of an exception without the frames of libraries, to raise it again with.

    ``None`` where nothing would be left, which is where the library itself is to blame.
    """
    kept: TracebackType | None = None
    links = []
    link = error.__traceback__
    while link is not None:
        links.append(link)
        link = link.tb_next
    for link in reversed(links):
        if not is_library(link.tb_frame.f_code.co_filename):
            kept = TracebackType(kept, link.tb_frame, link.tb_lasti, link.tb_lineno)
    return kept
