"""Choosing the library of new arrays: by name, by variable, automatically; and loud failure."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy
import pytest

from minigate import backend as mb
from minigate.backend import selection
from minigate.backend.gpu import describe_cupy, load_cupy
from minigate.errors import BackendError, OptionError
from tests.strict_double import strict_xp

pytestmark = pytest.mark.usefixtures("nothing_chosen")


@pytest.fixture
def nothing_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "_chosen", None)
    monkeypatch.delenv("MINIGATE_BACKEND", raising=False)


@pytest.fixture
def no_cupy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)


@pytest.fixture
def cupy_without_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("cupy")

    def ones(shape: tuple[int, ...], dtype: str) -> None:
        raise RuntimeError("cudaErrorNoDevice: no CUDA-capable device is detected")

    module.ones, module.__version__, module.ndarray = ones, "14.0.0", type("ndarray", (), {})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "cupy", module)


def test_numpy_unless_something_else_is_said() -> None:
    assert mb.current() is numpy and selection.chosen_by() == "default"


def test_the_variable_is_read_when_it_is_first_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIGATE_BACKEND", " Strict ")
    assert mb.current() is strict_xp and selection.chosen_by() == "MINIGATE_BACKEND"
    monkeypatch.setenv("MINIGATE_BACKEND", "numpy")  # too late
    assert mb.current() is strict_xp


def test_a_bad_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIGATE_BACKEND", "jax")
    with pytest.raises(OptionError, match=r'MINIGATE_BACKEND: no such backend: expected "numpy" | "cupy" | "auto"'):
        mb.current()
    description = mb.describe()
    assert description["current"] is None and '"jax"' in description["reason"]


def test_use_stays_and_as_a_block_it_goes_back() -> None:
    mb.use("strict")
    assert mb.current() is strict_xp and selection.chosen_by() == "mg.use"
    with mb.use("numpy"):
        assert mb.current() is numpy
    assert mb.current() is strict_xp


def test_the_block_goes_back_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), mb.use("strict"):
        1 / 0  # noqa: B018
    assert mb.current() is numpy


def test_an_unknown_name_changes_nothing() -> None:
    with pytest.raises(OptionError, match="torch"):
        mb.use("torch")
    assert mb.current() is numpy


@pytest.mark.usefixtures("no_cupy")
def test_cupy_not_installed_says_how_to_install_it() -> None:
    with pytest.raises(BackendError, match=r"CuPy is not installed") as caught:
        mb.use("cupy")
    assert 'pip install "minigate[cuda12]"' in str(caught.value)
    assert mb.current() is numpy


@pytest.mark.usefixtures("cupy_without_a_gpu")
def test_cupy_without_a_gpu_gives_cupys_own_reason() -> None:
    with pytest.raises(BackendError, match="CuPy 14.0.0 is installed but cannot compute here") as caught:
        load_cupy()
    assert "no CUDA-capable device is detected" in str(caught.value) and "nvidia-smi" in str(caught.value)


def test_cupy_that_does_not_import_gives_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def find_spec(self, name: str, path: object = None, target: object = None) -> None:
            if name == "cupy":
                raise ImportError("libcudart.so.12: cannot open shared object file")

    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(BackendError, match="does not import .*libcudart"):
        mb.use("cupy")


@pytest.mark.usefixtures("cupy_without_a_gpu")
def test_auto_falls_back_with_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    mb.use("auto")
    assert mb.current() is numpy
    line = capsys.readouterr().err
    assert line.count("\n") == 1 and "computing with NumPy, since CuPy 14.0.0" in line and "no CUDA-capable" in line


@pytest.mark.usefixtures("cupy_without_a_gpu")
def test_describing_cupy_does_not_raise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minigate.backend.gpu.cupy_version", lambda: "14.0.0 (cupy-cuda12x)")
    described = describe_cupy()
    assert described["available"] is False and "no CUDA-capable" in described["reason"]


def test_a_device_that_computes_wrongly_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("cupy")
    module.ones, module.__version__ = lambda shape, dtype: numpy.full(shape, 2.0), "14.0.0"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "cupy", module)
    with pytest.raises(BackendError, match="faulty"):
        load_cupy()


@pytest.mark.gpu
def test_a_gpu_is_described_in_full() -> None:
    from tests.conftest import skip_without_gpu

    skip_without_gpu()
    described = describe_cupy()
    assert described["available"] and described["device"] and described["memory_gib"] > 0
