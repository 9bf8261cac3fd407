"""What a file holds that can be checked: gates, cells, layers, and pairs of functions.

Found is what the file itself defines: its classes, what it assigns at its top level, and the functions
``forward`` and ``backward`` (or ``softmax_forward`` and ``softmax_backward``, …). What it imports is not its
own; neither is what begins with an underscore meant for others. Either can still be asked for by name.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from minigate.checking.kinds import kind_of
from minigate.errors import OptionError, explain

#: Names of functions that make what is checked.
MAKERS = r"make(_(gate|cell|layer)\w*)?"


@dataclass(frozen=True)
class Item:
    """One thing that can be checked: its name in the file, its kind, where it is written, and the thing."""

    name: str
    kind: str  # "gate", "cell", "layer", "vjp", "function"; "maker" for a function that makes one of these
    line: int
    what: Any
    note: str  # what it is, for a list


def inventory(module: ModuleType) -> list[Item]:
    """Everything that can be checked, in the order of the file; the same object under two names comes once."""
    lines = _lines(module)
    found: dict[int, Item] = {}
    for name, value in vars(module).items():
        if name.startswith("_") or not _is_own(name, value, module, lines):
            continue
        item = _item(name, value, module, lines)
        if item is not None and item.kind != "function":  # a plain function is checked only where it is asked for
            found.setdefault(id(vars(module)[item.name]), item)  # a pair is found from either end
    return sorted(found.values(), key=lambda item: item.line)


def pick(module: ModuleType, name: str) -> Item:
    """The thing of that name, imported or not.

    **Errors**: :class:`OptionError` for a name that is not there, or that is nothing to check.
    """
    where, known = Path(str(module.__file__)).name, [item.name for item in inventory(module)]
    there = vars(module)
    if name not in there:
        public = [other for other in there if not other.startswith("__")]
        close = difflib.get_close_matches(name, [*known, *public], n=1)
        slip = f"did you mean {close[0]}?" if close else ""
        raise OptionError(explain(f"there is no {name!r} in it", where=where, expected=", ".join(known[:8]), slip=slip))
    item = _item(name, there[name], module, _lines(module))
    if item is None:
        got = f"{name}, of type {type(there[name]).__name__}" if not isinstance(there[name], type) else f"class {name}"
        raise OptionError(
            explain("nothing that can be checked", where=where, got=got,
                    expected=" | ".join(known[:8]) or "a gate, a cell, a layer or a function")
        )  # fmt: skip
    return item


def nothing_found(module: ModuleType) -> OptionError:
    """The error for a file without anything to check: what it has instead, and what would be found."""
    there, file = vars(module), Path(str(module.__file__))
    taken = [n for n, v in there.items() if isinstance(v, type) and not n.startswith("_") and kind_of(v)]
    slip = f"{', '.join(taken[:3])}: imported, not written here; ask by name" if taken else ""
    example = "minigate check --new gate my_gate.py, for an example"
    remedy = f"minigate check {file.name}:{taken[0]}" if taken else example
    if not taken:
        slip, remedy = next(_unseen(module, file.name), ("", example))
    return OptionError(
        explain("nothing in it can be checked", where=file.name,
                expected="a class of gates, cells or layers, one made at top level, or functions forward and backward",
                slip=slip, remedy=remedy)
    )  # fmt: skip


def _unseen(module: ModuleType, file: str) -> Iterator[tuple[str, str]]:
    """What is written in the file, and is nothing to check as it stands: why, and what to type."""
    lines = _lines(module)
    own = {n: v for n, v in vars(module).items() if not n.startswith("_") and _is_own(n, v, module, lines)}
    for method, base in (("compose", "mg.gates.Gate"), ("step", "mg.cells.Cell"), ("forward", "mg.Module")):
        for name, value in own.items():
            if isinstance(value, type) and callable(getattr(value, method, None)):
                yield f"{name} has a {method}, but is no {base}", f"class {name}({base}):"
    for name, value in own.items():
        if inspect.isfunction(value):
            slip = "a function on Tensors is checked by its name, with inputs = (…) in the file"
            yield slip, f"minigate check {file}:{name}"


def _item(name: str, value: Any, module: ModuleType, lines: dict[str, int]) -> Item | None:
    line, kind = lines.get(name, 0), kind_of(value)
    if isinstance(value, type):
        return Item(name, kind, line, value, "class") if kind else None
    if kind in ("gate", "cell", "layer"):
        return Item(name, kind, line, value, repr(value))
    if not callable(value):
        return None
    if name.endswith("forward"):
        partner = name.removesuffix("forward") + "backward"
        backward = vars(module).get(partner)
        if callable(backward):
            note = f"checked with {partner}, line {lines.get(partner, 0)}"
            return Item(name, "vjp", line, (value, backward), note)
    if name.endswith("backward") and name.removesuffix("backward") + "forward" in vars(module):
        partner = name.removesuffix("backward") + "forward"
        return _item(partner, vars(module)[partner], module, lines)
    if re.fullmatch(MAKERS, name):
        return Item(name, "maker", line, value, "makes what is checked")
    return Item(name, "function", line, value, "function on Tensors")


def _is_own(name: str, value: Any, module: ModuleType, lines: dict[str, int]) -> bool:
    """Is this written in the file? A class or function says so itself, a value by having been assigned there."""
    if isinstance(value, type) or inspect.isfunction(value):
        return value.__module__ == module.__name__
    return name in lines


def _lines(module: ModuleType) -> dict[str, int]:
    """The line of every name that the file itself binds at its top level (an import binds nothing of its own)."""
    tree = ast.parse(Path(str(module.__file__)).read_bytes())
    return {name: line for statement in _top_level(tree) for name, line in _bound(statement)}


def _top_level(node: ast.AST) -> Iterator[ast.stmt]:
    """The statements that run when the file does, those within an ``if`` or ``try`` included."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.stmt, ast.ExceptHandler, ast.match_case)):
            if isinstance(child, ast.stmt):
                yield child
            if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                yield from _top_level(child)


def _bound(statement: ast.stmt) -> Iterator[tuple[str, int]]:
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        yield statement.name, statement.lineno
    elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            for node in ast.walk(target):
                if isinstance(node, ast.Name):
                    yield node.id, statement.lineno
