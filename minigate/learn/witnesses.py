"""What stands behind a definition: the tests that hold it, and the lessons that teach it.

Both are found, not listed. A test holds ``minigate.cells.GRU`` where its text, or that of a function of
the tests that it calls, says ``cells.GRU``, takes it from there, or builds it from the registry by name;
and a test that walks a registry holds every entry of it. A lesson teaches what it shows with ``show``, or
whose file it names. The tests are beside the package in the source tree; an installed minigate has none.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from minigate.learn.definitions import PACKAGE, Definition, Place
from minigate.learn.library import Lesson, cell_text, lessons, read_notebook

TESTS = PACKAGE.parent / "tests"
REGISTRIES = ("cells", "gates", "layers")


@dataclass
class Words:
    """What a piece of code speaks of: ``cells.GRU``, ``cells.registry`` as a whole, entries of it by name."""

    names: set[str] = field(default_factory=set)
    entries: set[str] = field(default_factory=set)

    def add(self, other: Words) -> None:
        """Take in what another piece speaks of."""
        self.names |= other.names
        self.entries |= other.entries


def has_tests() -> bool:
    """Are the tests beside the package? Not with an installed wheel."""
    return (TESTS / "sources.py").is_file()


@cache
def registry_entries() -> dict[str, tuple[str, ...]]:
    """``cells.GRU`` → the names under which the registries have it: GRU-after, GRU-before, …"""
    from minigate import cells, gates, layers

    found: dict[str, list[str]] = {}
    for package, module in zip(REGISTRIES, (cells, gates, layers), strict=True):
        for name, build in module.registry.items():
            found.setdefault(f"{package}.{type(build()).__name__}", []).append(name)
    return {name: tuple(entries) for name, entries in found.items()}


def tests_of(definition: Definition) -> tuple[list[Place], list[Place]]:
    """The tests that speak of a definition, and those that walk a registry which has it; both in order."""
    name = f"{definition.package}.{definition.name}"
    entries = {f"{definition.package}[{entry}]" for entry in registry_entries().get(name, ())}
    own, walking = [], []
    for place, words in _all_tests():
        if name in words.names or f"mg.{definition.name}" in words.names or entries & words.entries:
            own.append(place)
        elif entries and f"{definition.package}.registry" in words.names:
            walking.append(place)
    return own, walking


def restatements_of(definition: Definition) -> list[Place]:
    """The functions of the tests that state a definition's equations once more, number for number."""
    path = TESTS / definition.package / "restatements.py"
    table = _top_level(path).get("RESTATEMENTS") if has_tests() and path.is_file() else None
    value = getattr(table, "value", None)
    entries = registry_entries().get(f"{definition.package}.{definition.name}", ())
    found: list[Place] = []
    for key, restated in zip(value.keys, value.values) if isinstance(value, ast.Dict) else ():
        if isinstance(key, ast.Constant) and key.value in entries:
            names = [part.id for part in ast.walk(restated) if isinstance(part, ast.Name)]
            found += [place for place in map(lambda name: _function(path, name), names) if place][:1]
    return list(dict.fromkeys(found))


def _function(path: Path, name: str) -> Place | None:
    """A function by the name that a module of the tests has for it, in it or where it is imported from."""
    file, _, inside = _imported(path).get(name, "").partition(":")
    where = PACKAGE.parent / file if inside else path
    node = _top_level(where).get(inside or name) if where.is_file() else None
    if not isinstance(node, ast.FunctionDef):
        return None
    return Place(node.name, where.relative_to(PACKAGE.parent).as_posix(), node.lineno)


@cache
def _all_tests() -> tuple[tuple[Place, Words], ...]:
    files = sorted(TESTS.rglob("test_*.py")) if has_tests() else []  # beside an installed package may lie others' tests
    return tuple(each for path in files for each in _tests_in(path))


def _tests_in(path: Path) -> Iterator[tuple[Place, Words]]:
    for node in _tree(path).body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            place = Place(node.name, path.relative_to(PACKAGE.parent).as_posix(), node.lineno)
            yield place, _spoken(path, node.name)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def _top_level(path: Path) -> dict[str, ast.stmt]:
    """Every function, class and value of a module by its name."""
    found: dict[str, ast.stmt] = {}
    for node in _tree(path).body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            found[node.name] = node
        if isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {part.id: node for t in targets for part in ast.walk(t) if isinstance(part, ast.Name)}
    return found


@cache
def _imported(path: Path) -> dict[str, str]:
    """Name → where it is from: ``cells.GRU``, or ``tests/contracts/subjects.py:Subject``."""
    found: dict[str, str] = {}
    for node in ast.walk(_tree(path)):
        for alias in node.names if isinstance(node, ast.ImportFrom) and node.module else ():
            assert isinstance(node, ast.ImportFrom) and node.module
            first, *rest = node.module.split(".")
            if first == "minigate":
                found[alias.asname or alias.name] = f"{rest[0] if rest else 'mg'}.{alias.name}"
            elif first == "tests":
                found[alias.asname or alias.name] = f"{'/'.join((first, *rest))}.py:{alias.name}"
    return found


def _spoken(path: Path, name: str) -> Words:
    """What a piece of a test module speaks of, itself and through the pieces of tests that it uses."""
    words = Words()
    waiting, seen = [(path, name)], {(path, name)}
    while waiting:
        own, used = _piece(*waiting.pop())
        words.add(own)
        waiting += [piece for piece in used if piece not in seen]
        seen |= set(used)
    return words


@cache
def _piece(path: Path, name: str) -> tuple[Words, tuple[tuple[Path, str], ...]]:
    """What one function, class or value of a test module speaks of by itself, and the others that it uses."""
    node = _top_level(path).get(name)
    if node is None:
        return Words(), ()
    imported, used = _imported(path), []
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            file, _, inside = imported.get(part.id, "").partition(":")
            if inside:
                used.append((PACKAGE.parent / file, inside))
            elif part.id in _top_level(path):
                used.append((path, part.id))
    return words_of(node, imported), tuple(piece for piece in used if piece[0].is_file())


def words_of(node: ast.AST, imported: dict[str, str]) -> Words:
    """What a syntax tree speaks of by itself."""
    words = Words()
    by_name = {id(part.value) for part in ast.walk(node) if isinstance(part, ast.Subscript)}
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            words.names.add(imported.get(part.id, ""))
        elif isinstance(part, ast.Attribute):
            whole = f"{_last_name(part.value)}.{part.attr}"
            if part.attr != "registry" or id(part) not in by_name:
                words.names.add(whole)
        elif isinstance(part, ast.Subscript) and isinstance(part.slice, ast.Constant):
            value = part.value
            if isinstance(value, ast.Attribute) and value.attr == "registry":
                words.entries.add(f"{_last_name(value.value)}[{part.slice.value!s}]")
    return words


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def lessons_of(definition: Definition) -> list[Lesson]:
    """The lessons that show a definition's source, or send the reader to its file."""
    before = (definition.package, "mg", Path(definition.place.file).stem)
    wanted = {definition.name, *(f"{word}.{definition.name}" for word in before)}
    return [lesson for lesson, shown, files in _taught() if wanted & shown or definition.place.file in files]


@cache
def _taught() -> tuple[tuple[Lesson, frozenset[str], frozenset[str]], ...]:
    """Every lesson, the names inside its ``show(…)`` calls, and the files of the package that its text names."""
    found = []
    for lesson in lessons():
        cells = read_notebook(lesson.path)["cells"]
        text = "\n".join(cell_text(cell) for cell in cells)
        shown: set[str] = set()
        for cell in cells:
            if cell["cell_type"] == "code" and "show(" in cell_text(cell):
                shown |= _shown_in(cell_text(cell))
        found.append((lesson, frozenset(shown), frozenset(re.findall(r"minigate/[\w/]+\.py", text))))
    return tuple(found)


def _shown_in(code: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "show":
            names |= words_of(node, {}).names | {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
    return names
