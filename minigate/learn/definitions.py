"""The package read as text: what is defined where, which equations it states, and the lines that compute them.

Everything comes from the syntax trees of the package's own files, at the moment of asking: a line number
cannot be out of date, and a class that is added is found without being listed anywhere.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]

#: What the others are built on; their methods belong to no paper.
FOUNDATIONS = ("Module", "Cell", "GatedCell", "Gate", "Rowwise")
COMPOSED = ("step", "compose", "forward", "__call__")
BY_HAND = (
    "step_forward", "coefficients", "rows_forward", "factors", "slope", "step_backward", "coefficients_backward",
    "rows_backward", "other_gradients", "param_gradients",
)  # fmt: skip
NOT_OPTIONS = ("self", "D", "H", "seed", "dtype", "method", "x", "state", "mask", "cotangent")

_SECTION = re.compile(r"\*\*(Equations|Shapes|Source|Errors)\*\*")
#: A symbol (z_t, g^{i→j}, KAF(s)), the sign between, and what it is.
_EQUAL = re.compile(
    r"(?:^|^\w+ (?=\S+ = )|[;,:] |\b(?:and|but) )\(?"  # where a statement begins; in a table, after the name of the row
    r"((?:\{[^}]*\}|[^\s,;:()=`{}])+)(?:\([^)]*\)|, \S+\))? [=←] (?=([^;]+))"
)
_INDEX = re.compile(r"(?:_t|_ij|_k|_\{[^}]*\}|\^\{[^}]*\}|\^\w)*")


@dataclass(frozen=True)
class Place:
    """A line of the package, and what stands there."""

    what: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Equation:
    """One line of a docstring's **Equations**: its text, the options it depends on, where it is computed."""

    text: str
    options: tuple[str, ...]
    places: tuple[Place, ...]


@dataclass(frozen=True)
class Definition:
    """A class, a function, or a module, and what its docstring says of its source."""

    name: str
    package: str
    place: Place
    node: ast.ClassDef | ast.FunctionDef | ast.Module = field(repr=False, compare=False)

    @property
    def source(self) -> str:
        """What stands under **Source**; a list in it has a line for each item."""
        return section(self.node, "Source")

    @property
    def methods(self) -> dict[str, Place]:
        """Every method by name: its own, and those of the classes that it is made from, the foundations apart."""
        return {name: place for name, (place, _) in _methods(self).items()}

    @property
    def by_hand(self) -> list[Place]:
        """The derivation by hand: its forward pass, its factors, its backward pass, in this order."""
        found = self.methods
        names = [name for name in BY_HAND if name in found]
        if "compose" in found and "forward" in found:  # a gate's forward is by hand, a module's is not
            names.insert(0, "forward")
        return [found[name] for name in names]

    @property
    def options(self) -> list[str]:
        """What the constructor (or the function) can be told besides sizes and seeds: ``reset='after'``."""
        found = _methods(self).get("__init__")
        maker = found[1] if found else self.node
        if not isinstance(maker, ast.FunctionDef):
            return []
        plain = [*maker.args.posonlyargs, *maker.args.args]
        late: list[ast.expr | None] = [None] * (len(plain) - len(maker.args.defaults))
        pairs = zip((*plain, *maker.args.kwonlyargs), (*late, *maker.args.defaults, *maker.args.kw_defaults))
        return [
            argument.arg if default is None else f"{argument.arg}={ast.unparse(default)}"
            for argument, default in pairs
            if argument.arg not in NOT_OPTIONS
        ]

    @property
    def equations(self) -> list[Equation]:
        """The lines of **Equations**, each with the lines that compute it."""
        names = [option.partition("=")[0] for option in self.options]
        return [
            Equation(text, tuple(name for name in names if re.search(rf"\b{name}\b\s?=", text)), _computed(self, text))
            for text in _statements(self.node)
        ]


@cache
def definitions() -> tuple[Definition, ...]:
    """Every module, class and function of the package that names its source, in the order of the files."""
    return tuple(each for path in _files() for each in _defined_in(path) if each.source)


def _files() -> list[Path]:
    return [path for path in sorted(PACKAGE.rglob("*.py")) if "_lessons" not in path.parts]


def file_name(path: Path) -> str:
    """A file as it is called in every message: ``minigate/cells/gru.py``."""
    return path.relative_to(PACKAGE.parent).as_posix()


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def _defined_in(path: Path) -> Iterator[Definition]:
    if "**Source**" not in path.read_text(encoding="utf-8"):
        return
    tree, name = _tree(path), file_name(path)
    package = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    yield Definition(path.stem, package, Place(path.stem, name, 1), tree)
    for node in tree.body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
            yield Definition(node.name, package, Place(node.name, name, node.lineno), node)


def section(node: ast.ClassDef | ast.FunctionDef | ast.Module, title: str) -> str:
    """What a docstring says under a title, up to the next title; of **Source** its paragraph and a list after it."""
    text = ast.get_docstring(node) or ""
    marks = [(match[1], match.start(), match.end()) for match in _SECTION.finditer(text)]
    for k, (name, _, start) in enumerate(marks):
        if name == title and not text[start:].startswith(", **"):
            body = text[start : marks[k + 1][1] if k + 1 < len(marks) else len(text)]
            if title == "Source":
                first, *rest = re.split(r"\n\s*\n", body)
                items = re.split(r"(?:^|\n)- ", rest[0])[1:] if rest and rest[0].startswith("- ") else []
                return "\n- ".join(" ".join(part.split()) for part in (first, *items)).lstrip(":, ")
            return body.strip("\n")
    return ""


def _statements(node: ast.ClassDef | ast.FunctionDef | ast.Module) -> list[str]:
    """The single statements under **Equations**: list items, rows of a table, a paragraph that names an option."""
    found: list[str] = []
    whole = section(node, "Equations")
    listed = "\n- " in whole
    for number, paragraph in enumerate(re.split(r"\n\s*\n", whole)):
        if re.match(r"\s*[=]{2,}", paragraph):
            found += [" ".join(row.split()) for row in paragraph.splitlines() if re.match(r"\w+ {2,}\S+ = ", row)]
        elif paragraph.lstrip().startswith("- "):
            found += [" ".join(item.split()) for item in re.split(r"(?:^|\n)- ", paragraph) if item.strip()]
        elif re.search(r"``\w+=" if number else r"." if not listed else r" = ", paragraph):
            found.append(" ".join(paragraph.split()).lstrip(":, "))
    return found


@cache
def _class_named(file: Path, name: str) -> tuple[Path, ast.ClassDef] | None:
    """The class that a file calls by this name, in it or where it is imported from."""
    for node in _tree(file).body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            return file, node
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("minigate"):
            if any((alias.asname or alias.name) == name for alias in node.names):
                below = PACKAGE.joinpath(*node.module.split(".")[1:])
                target = below.with_suffix(".py") if below.with_suffix(".py").is_file() else below / "__init__.py"
                return _class_named(target, name) if target.is_file() else None
    return None


def _methods(definition: Definition) -> dict[str, tuple[Place, ast.FunctionDef]]:
    if not isinstance(definition.node, ast.ClassDef):
        return {}
    found: dict[str, tuple[Place, ast.FunctionDef]] = {}
    waiting = [(PACKAGE.parent / definition.place.file, definition.node)]
    while waiting:
        file, node = waiting.pop(0)
        if node.name in FOUNDATIONS:
            continue
        for part in node.body:
            if isinstance(part, ast.FunctionDef) and part.name not in found:
                found[part.name] = Place(part.name, file_name(file), part.lineno), part
        bases = [_class_named(file, base.id) for base in node.bases if isinstance(base, ast.Name)]
        waiting += [base for base in bases if base]
    return found


def _computed(definition: Definition, text: str) -> tuple[Place, ...]:
    """The lines that compute what stands on the left of each ``=``; where none is found, the method itself."""
    if isinstance(definition.node, ast.ClassDef):
        methods = _methods(definition)
        start = [name for name in COMPOSED if name in methods][:1]
        pieces = [methods[name] for name in _called_from(start, methods)]
    else:
        methods = {}
        pieces = [(definition.place, definition.node)] if isinstance(definition.node, ast.FunctionDef) else []
    case = methods.get(f"_{text.split()[0]}")  # a row of a table: the method that has the row's name
    places = []
    for symbol, right in _EQUAL.findall(text):
        if symbol.startswith("d") and symbol.endswith("/ds") and "slope" in methods:
            places.append(methods["slope"][0])
        else:
            places += _stated(pieces[1:], right) or _assigned([case] if case else pieces, _python_names(symbol))
    return tuple(dict.fromkeys(places)) or tuple(place for place, _ in pieces[:1])


def _called_from(start: list[str], methods: dict[str, tuple[Place, ast.FunctionDef]]) -> list[str]:
    """These methods, and every other that they mention as ``self.name``, and so on."""
    found = list(start)
    for name in found:  # grows while it is walked along
        for part in ast.walk(methods[name][1]):
            if isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id == "self":
                found += [part.attr] if part.attr in methods and part.attr not in found else []
    return found


def _python_names(symbol: str) -> list[str]:
    """What a symbol of an equation may be called in the code: ``z_t`` is z, h̃ the candidate, ``x_g`` itself."""
    if "\u0303" in unicodedata.normalize("NFD", symbol):  # a tilde is put over what is new
        return ["candidate"]
    whole = re.sub(r"(_t|_ij)$", "", symbol)
    base = re.match(r"[^\W_]+", whole)
    indexed = base is not None and _INDEX.fullmatch(symbol[base.end() :])
    return list(dict.fromkeys(name for name in (whole, base[0] if base and indexed else "") if name.isidentifier()))


def _stated(pieces: list[tuple[Place, ast.FunctionDef]], right: str) -> list[Place]:
    """The method whose own docstring says the same right-hand side."""
    formula = re.split(r", (?![^()]*\))", right)[0].strip()
    said = [(place, " ".join((ast.get_docstring(node) or "").split())) for place, node in pieces]
    return [place for place, text in said if len(formula) > 12 and formula in text][:1]


def _assigned(pieces: list[tuple[Place, ast.FunctionDef]], names: list[str]) -> list[Place]:
    for name in names:
        for place, node in pieces:
            for part in ast.walk(node):
                if isinstance(part, ast.Assign) and name in _targets(part):
                    return [Place(name, place.file, part.lineno)]
        if name in ("y", "g") and pieces:  # what a layer or a gate returns has no name
            returns = [part.lineno for part in ast.walk(pieces[0][1]) if isinstance(part, ast.Return)]
            return [Place("return", pieces[0][0].file, max(returns))] if returns else []
    return []


def _targets(node: ast.Assign) -> set[str]:
    return {part.id for target in node.targets for part in ast.walk(target) if isinstance(part, ast.Name)}
