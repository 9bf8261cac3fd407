"""The suite itself: a GPU that is missing is said, or fails where it is required; slow tests wait to be asked for."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

from tests.conftest import Backend
from tests.sources import ROOT
from tests.strict_double import StrictArray, strict_xp


def pytest_run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run pytest on a part of the suite, in a process of its own, where CuPy finds no device."""
    environment = os.environ | {"CUDA_VISIBLE_DEVICES": "", **variables}
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


ONE_TEST = "tests/backend/test_arrays.py::test_the_module_is_that_of_the_arrays"


def test_without_a_gpu_the_reason_is_shown() -> None:
    done = pytest_run(ONE_TEST, MINIGATE_REQUIRE_GPU="0")
    assert done.returncode == 0 and "2 passed" in done.stdout, done.stdout
    if importlib.util.find_spec("cupy") is None:
        assert "1 tests on CuPy left out: CuPy is not installed" in done.stdout and "skipped" not in done.stdout
    else:
        assert '1 skipped: backend "cupy": CuPy' in done.stdout


def test_with_several_processes_it_is_shown_as_well() -> None:
    done = pytest_run("-n", "1", ONE_TEST, MINIGATE_REQUIRE_GPU="0")
    assert "1 tests on CuPy left out" in done.stdout or '1 skipped: backend "cupy": CuPy' in done.stdout, done.stdout


def test_whoever_asks_for_the_tests_on_a_gpu_is_told_why_they_are_skipped() -> None:
    done = pytest_run("-m", "gpu", ONE_TEST, MINIGATE_REQUIRE_GPU="0")
    assert "1 skipped, 2 deselected" in done.stdout and '1 skipped: backend "cupy": CuPy' in done.stdout, done.stdout


def test_a_required_gpu_that_is_not_there_is_a_failure() -> None:
    done = pytest_run(ONE_TEST, MINIGATE_REQUIRE_GPU="1")
    assert done.returncode == 1
    assert "MINIGATE_REQUIRE_GPU=1, but" in done.stdout and "2 passed, 1 error" in done.stdout


def test_slow_tests_are_left_out_unless_asked_for() -> None:
    assert "2 deselected" in pytest_run("tests/test_wheel.py", "--collect-only").stdout


def test_the_fixture_gives_arrays_of_its_library(backend: Backend) -> None:
    x = backend.to([[1, 2], [3, 4]], dtype="float32")
    assert x.dtype == "float32" and backend.host(x * 2.0).tolist() == [[2, 4], [6, 8]]
    assert isinstance(x, StrictArray) == (backend.name == "strict") == (backend.xp is strict_xp)


@pytest.mark.parametrize("setting", ["first", "second"])
def test_settings_go_back_after_a_test(setting: str) -> None:
    from minigate import backend as mb

    assert mb.default_dtype() == "float32" and mb.current().__name__ == "numpy"
    mb.default_dtype("float64")
    mb.use("strict")
