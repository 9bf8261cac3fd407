"""A file of somebody's own, loaded by its path, and nothing else disturbed.

``sys.path`` stays as it is: if the folder of the file stood on it, a file named ``random.py`` there would
hide Python's own ``random`` from everything. The module gets a name that no import can ask for. No compiled
copy is read or written, so that what is checked is what stands in the file now.
"""

from __future__ import annotations

import difflib
import importlib.util
import re
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

from minigate.checking.frames import describe_error, lines_of, own_frames
from minigate.checking.hints import hint_for
from minigate.errors import OptionError, explain


def split_target(text: str) -> tuple[Path, str]:
    """``FILE`` or ``FILE:Name`` taken apart; the colon after a drive letter is part of the file.

    >>> [split_target(text)[1] for text in ("my_gate.py:Soft", "my_gate.py::Soft", "C:/mine/my_gate.py")]
    ['Soft', 'Soft', '']
    """
    file, colon, name = text.rpartition(":")
    if not colon or Path(text).is_file() or not re.fullmatch(r"[^\W\d]\w*", name):
        return Path(text.removesuffix(":") if text.endswith(".py:") else text), ""
    return Path(file.removesuffix(":")), name


def find_file(path: Path) -> Path:
    """The absolute path of a Python file that is there.

    **Errors**: :class:`OptionError` for a folder, another kind of file, or a file that is missing.
    """
    if path.is_dir():
        inside = ", ".join(sorted(p.name for p in path.glob("*.py"))[:5])
        raise OptionError(explain(f"{path} is a folder", expected="a Python file", got=f"a folder with {inside}"
                                  if inside else "a folder without any", remedy=f"minigate check {path / '*.py'}"
                                  if inside else "minigate check --new gate my_gate.py"))  # fmt: skip
    if not path.is_file():
        there = [p.name for p in path.parent.glob("*.py")] if path.parent.is_dir() else []
        close = difflib.get_close_matches(path.name, there, n=1)
        slip = f"did you mean {path.parent / close[0]}?" if close else ""
        if not path.parent.is_dir():
            slip = f"there is no folder {path.parent}"
        raise OptionError(explain(f"there is no file {path}", slip=slip))
    if path.suffix != ".py":
        notebook = path.suffix == ".ipynb"
        raise OptionError(
            explain(f"{path} is no Python file", expected="a name that ends in .py",
                    slip="in a notebook, type mg.check_gate(MyGate) or mg.check_cell(MyCell)" if notebook else "")
        )  # fmt: skip
    return path.absolute()


class _AsItStands(SourceFileLoader):
    """Compiles what the file holds now."""

    def get_code(self, fullname: str) -> object:  # type: ignore[override]
        return self.source_to_code(self.get_data(self.path), self.path)


def load(file: Path) -> ModuleType:
    """Run a file and return it as a module.

    **Errors**: :class:`OptionError`, with the author's own lines, for whatever stops the file from running;
    :class:`KeyboardInterrupt` with the place where it was as a note.
    """
    name = f"_checked_{file.stem.replace('.', '_')}"
    spec = importlib.util.spec_from_file_location(name, file, loader=_AsItStands(name, str(file)))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # a dataclass looks its module up there
    try:
        spec.loader.exec_module(module)
    except KeyboardInterrupt as error:
        del sys.modules[name]
        error.add_note("\n".join([f"while {file.name} was being loaded", *lines_of(own_frames(error), str(file))]))
        raise
    except BaseException as error:
        del sys.modules[name]
        slip, remedy = hint_for(error, file)
        text = describe_error(error, str(file))
        raise OptionError(
            explain(f"the file does not run: {text}", where=file.name, slip=slip, remedy=remedy)
        ) from error
    return module
