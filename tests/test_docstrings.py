"""The docstring template: what a public name says of itself.

The first line is one sentence. Cells, gates and layers have the four paragraphs **Equations**, **Shapes**,
**Source** and **Errors**; functions that take arrays or Tensors have **Shapes**; and every backward pass
written by hand names, in a line "common slip", the mistake that people make there.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator

import pytest

from tests.sources import Source, offenders, sources

DESCRIBED = (
    "backend", "plot", "tensor", "ops", "module", "gates", "cells", "bptt", "layers", "convert", "checking", "data",
    "train",
)  # fmt: skip
WITH_SHAPES = ("ops", "bptt", "layers", "cells", "gates")
PARAGRAPHS = ("**Equations**", "**Shapes**", "**Source**", "**Errors**")
BY_HAND = ("step_backward", "rows_backward")

Definition = ast.FunctionDef | ast.ClassDef


def public_definitions(packages: tuple[str, ...]) -> Iterator[tuple[Source, Definition]]:
    """The public classes and functions at the top of each module."""
    for source in sources():
        if source.package in packages and not source.path.stem.startswith("_"):
            for node in source.tree.body:
                if isinstance(node, Definition) and not node.name.startswith("_") and not _is_overload(node):
                    yield source, node


def _is_overload(node: Definition) -> bool:
    return any(ast.unparse(each).split(".")[-1] == "overload" for each in node.decorator_list)


def test_every_module_says_its_idea() -> None:
    found = [source.name for source in sources() if not ast.get_docstring(source.tree)]
    assert not found, offenders(found, "a module begins with a docstring that says its one idea")


def test_the_first_line_is_one_sentence() -> None:
    found = []
    for source, node in public_definitions(DESCRIBED):
        first = (ast.get_docstring(node) or "").split("\n")[0]
        if not first.endswith((".", "?")):
            found.append(f"{source.name}:{node.lineno} {node.name}: {first!r}")
    assert not found, offenders(found, "the first line of a public docstring is one sentence and ends with a full stop")


def test_functions_on_arrays_give_their_shapes() -> None:
    found = []
    for source, node in public_definitions(WITH_SHAPES):
        if isinstance(node, ast.FunctionDef) and _takes_arrays(node) and _is_exported(source, node):
            if "**Shapes**" not in (ast.get_docstring(node) or ""):
                found.append(f"{source.name}:{node.lineno} {node.name}")
    assert not found, offenders(found, "an exported function that takes arrays or Tensors has a paragraph **Shapes**")


def _is_exported(source: Source, node: Definition) -> bool:
    return node.name in getattr(importlib.import_module(f"minigate.{source.package}"), "__all__", ())


def _takes_arrays(node: ast.FunctionDef) -> bool:
    every = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    kinds = [ast.unparse(argument.annotation) for argument in every if argument.annotation is not None]
    return any(word in kind for kind in kinds for word in ("Array", "Tensor"))


def _cells_gates_and_layers() -> Iterator[tuple[str, type]]:
    module_class = importlib.import_module("minigate.module").Module
    gate_class = importlib.import_module("minigate.gates").Gate
    for package in ("gates", "cells", "layers"):
        module = importlib.import_module(f"minigate.{package}")
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            if inspect.isclass(value) and issubclass(value, (module_class, gate_class)):
                if name not in ("Gate", "Cell", "Module"):  # what the others are built on
                    yield f"minigate.{package}.{name}", value


def test_there_are_cells_gates_and_layers_to_look_at() -> None:
    packages = {name.split(".")[1] for name, _ in _cells_gates_and_layers()}
    assert packages == {"gates", "cells", "layers"}


@pytest.mark.parametrize("paragraph", PARAGRAPHS)
def test_cells_gates_and_layers_have_every_paragraph(paragraph: str) -> None:
    found = [name for name, value in _cells_gates_and_layers() if paragraph not in (value.__doc__ or "")]
    assert not found, offenders(found, f"cells, gates and layers have a paragraph {paragraph} in their class docstring")


def test_every_backward_by_hand_names_the_common_slip() -> None:
    found, looked_at = [], 0
    for source in sources():
        for node in ast.walk(source.tree):
            if isinstance(node, ast.FunctionDef) and node.name in BY_HAND and _has_a_body(node):
                looked_at += 1
                text = ast.get_source_segment(source.text, node) or ""
                if "common slip" not in text.lower():
                    found.append(f"{source.name}:{node.lineno}")
    assert looked_at >= 3, "the tanh RNN, the LSTM and the GRU have one each"
    assert not found, offenders(found, 'a backward by hand has a line "common slip": what people get wrong there')


def _has_a_body(node: ast.FunctionDef) -> bool:
    statements = [each for each in node.body if not isinstance(each, ast.Expr)]
    return bool(statements) and not all(isinstance(each, ast.Raise) for each in statements)
