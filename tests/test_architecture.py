"""Who may import whom, and what importing minigate costs."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys

import pytest

import minigate
from tests.sources import COMPUTES_ON_ITS_ARRAYS, ORDER, ROOT, Source, offenders, sources

MAY_IMPORT_EVERYTHING = ("__init__", "__main__")
VAGUE_NAMES = ("util", "utils", "helper", "helpers", "misc", "common", "stuff", "tools")
NOT_AT_IMPORT = (
    "matplotlib", "tqdm", "cupy", "torch", "sklearn", "scipy", "pandas", "IPython", "jupyter_client", "jupyterlab",
    "nbformat", "nbclient", "pytest", "hypothesis",
)  # fmt: skip
SECONDS = 0.3


def places_that(rule: str, breaks: object) -> None:
    """Fail with every import that breaks the rule, or pass."""
    found = [
        f"{source.name}:{line} imports {module}"
        for source in sources()
        for line, module in source.imports()
        if breaks(source, module)  # type: ignore[operator]
    ]
    assert not found, offenders(found, rule)


def test_a_package_imports_only_from_those_before_it() -> None:
    def breaks(source: Source, module: str) -> bool:
        parts = module.split(".")
        if parts[0] != "minigate" or source.package in MAY_IMPORT_EVERYTHING:
            return False
        target = parts[1] if len(parts) > 1 else "__init__"
        if target not in ORDER:  # `import minigate`, or a name taken from its front
            return source.package != "cli"
        return ORDER.index(target) > ORDER.index(source.package)

    places_that(f"the order is {' -> '.join(ORDER)}; a package may import only what stands to its left", breaks)


def test_every_package_has_its_place_in_the_order() -> None:
    unknown = sorted({source.package for source in sources()} - set(ORDER) - set(MAY_IMPORT_EVERYTHING))
    assert not unknown, offenders(unknown, "packages without a place in the order (tests/sources.py)")


def test_compute_packages_take_the_array_module_from_the_arrays() -> None:
    def breaks(source: Source, module: str) -> bool:
        return source.package in COMPUTES_ON_ITS_ARRAYS and module.split(".")[0] in ("numpy", "cupy", "cupyx", "scipy")

    places_that("compute packages write xp = array_module(x) and import neither NumPy nor CuPy", breaks)


def test_only_the_backend_imports_cupy() -> None:
    def breaks(source: Source, module: str) -> bool:
        return source.package != "backend" and module.split(".")[0] in ("cupy", "cupyx")

    places_that("CuPy is imported in minigate/backend and nowhere else", breaks)


def test_the_package_depends_on_no_framework() -> None:
    def breaks(source: Source, module: str) -> bool:
        return source.package != "bench" and module.split(".")[0] in ("torch", "tensorflow", "jax", "keras", "autograd")

    places_that("another framework is a peer in minigate/bench and nothing else", breaks)


def test_modules_have_telling_names() -> None:
    found = [source.name for source in sources() if source.path.stem in VAGUE_NAMES or source.package in VAGUE_NAMES]
    assert not found, offenders(found, "a module is named after its one idea")


def test_no_public_function_is_named_like_a_package() -> None:
    found = []
    for source in sources():
        if source.path.name != "__init__.py":
            continue
        for node in source.tree.body:  # read, not imported: importing a package puts it over the function
            if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name in ORDER:
                found.append(f"{source.name}:{node.lineno} defines {node.name}")
            if isinstance(node, ast.ImportFrom) and node.module != "minigate":
                bound = [alias.asname or alias.name for alias in node.names]
                found += [f"{source.name}:{node.lineno} takes in {name}" for name in bound if name in ORDER]
    assert not found, offenders(found, "a public name is never that of a subpackage")


def test_what_is_exported_exists() -> None:
    found = []
    for package in sorted({source.package for source in sources()} - set(MAY_IMPORT_EVERYTHING)):
        module = importlib.import_module(f"minigate.{package}")
        found += [f"minigate.{package}.{name}" for name in getattr(module, "__all__", ()) if not hasattr(module, name)]
    found += [f"minigate.{name}" for name in getattr(minigate, "__all__", ()) if not hasattr(minigate, name)]
    assert not found, offenders(found, "names in __all__ that do not exist")


_MEASURE = """
import json, sys, time
import numpy
before = set(sys.modules)
start = time.process_time()  # not the clock on the wall: other work on the machine is not ours
import minigate
print(json.dumps([time.process_time() - start, sorted({name.split(".")[0] for name in set(sys.modules) - before})]))
"""


@pytest.fixture(scope="module")
def import_of_minigate() -> tuple[float, list[str]]:
    """The shortest of three processor times that ``import minigate`` takes beyond NumPy, and what it loads."""
    runs = []
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", _MEASURE], capture_output=True, text=True, cwd=ROOT, check=False)
        assert done.returncode == 0, done.stderr
        runs.append(json.loads(done.stdout))
    return min(runs)[0], runs[0][1]


def test_importing_minigate_is_quick(import_of_minigate: tuple[float, list[str]]) -> None:
    assert import_of_minigate[0] < SECONDS, f"import minigate takes {import_of_minigate[0]:.2f} s beyond NumPy"


def test_importing_minigate_loads_nothing_optional(import_of_minigate: tuple[float, list[str]]) -> None:
    found = sorted(set(import_of_minigate[1]) & set(NOT_AT_IMPORT))
    assert not found, offenders(found, "these are imported inside the function that needs them, not with minigate")
