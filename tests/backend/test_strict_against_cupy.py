"""The lists of the strict double, held against the real CuPy: its names and signatures need no GPU."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from tests.strict_double import StrictArray, names
from tests.strict_double.operators import METHODS

cupy = pytest.importorskip("cupy", reason="CuPy is not installed: the double's lists are not held against it")

OWN = {"take": "a indices axis out", "where": "condition x y"}
SIGNATURES = {
    **{name: (cupy, text) for name, text in (names.CREATION | names.FUNCTIONS | names.WAITING | OWN).items()},
    **{f"linalg.{name}": (cupy.linalg, text) for name, text in names.LINALG.items()},
}


@pytest.mark.parametrize("name", names.UFUNCS)
def test_cupy_has_the_ufunc(name: str) -> None:
    assert isinstance(getattr(cupy, name), cupy.ufunc)


@pytest.mark.parametrize("name", [*names.DTYPES, *names.CONSTANTS, "einsum", "meshgrid", "broadcast_arrays"])
def test_cupy_has_the_name(name: str) -> None:
    assert hasattr(cupy, name)


@pytest.mark.parametrize("name", [name for name in names.MISSING if name not in ("random", "testing")])
def test_cupy_does_not_have_the_name(name: str) -> None:
    assert not hasattr(cupy, name)


@pytest.mark.parametrize("name", SIGNATURES)
def test_cupy_takes_the_arguments_that_the_double_takes(name: str) -> None:
    module, text = SIGNATURES[name]
    parameters = inspect.signature(getattr(module, name.split(".")[-1])).parameters
    kinds: dict[str, Any] = {each: parameter.kind for each, parameter in parameters.items()}
    by_position, _, by_keyword = text.partition("*")
    free = any(kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD) for kind in kinds.values())
    if free:
        return
    order = [each for each, kind in kinds.items() if kind is not inspect.Parameter.KEYWORD_ONLY]
    assert [each.rstrip("!?+") for each in by_position.split()] == order[: len(by_position.split())]
    assert {each.rstrip("!?+") for each in by_keyword.split()} <= set(kinds)


@pytest.mark.parametrize("name", [*METHODS, *(each for each in vars(StrictArray) if not each.startswith("_"))])
def test_cupy_arrays_have_the_method(name: str) -> None:
    assert hasattr(cupy.ndarray, name)
