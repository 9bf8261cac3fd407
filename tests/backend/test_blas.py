"""Threads against cores: read correctly, and said when they do not fit."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from minigate import backend as mb
from minigate.backend import blas


@pytest.fixture
def without_threadpoolctl(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "threadpoolctl" else find(name))
    for variable in blas.VARIABLES:
        monkeypatch.delenv(variable, raising=False)


@pytest.mark.parametrize(
    "files, share",
    [
        ({"cpu.max": "150000 100000"}, 1.5),
        ({"cpu.max": "max 100000"}, None),
        ({"cpu/cpu.cfs_quota_us": "400000", "cpu/cpu.cfs_period_us": "100000"}, 4.0),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None),
        ({}, None),
    ],
)
def test_the_share_of_a_container(tmp_path: Path, files: dict[str, str], share: float | None) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    assert blas._container_share(tmp_path) == share


def test_a_container_may_use_fewer_cores_than_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blas, "_container_share", lambda: 0.5)
    assert blas.usable_cores() == 1


@pytest.mark.usefixtures("without_threadpoolctl")
@pytest.mark.parametrize("variable", blas.VARIABLES)
def test_threads_from_the_variables(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "64")
    described = blas.describe_blas()
    assert described["threads"] == 64 and described["threads_from"] == variable
    assert "64 BLAS threads on" in described["warning"] and "OMP_NUM_THREADS=" in described["warning"]


@pytest.mark.usefixtures("without_threadpoolctl")
def test_without_any_word_blas_takes_every_core() -> None:
    described = blas.describe_blas()
    assert described["threads"] == described["cores"] >= 1 and "warning" not in described


def test_the_description_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    described = json.loads(json.dumps(mb.describe()))
    assert described["current"] == "numpy" and described["default_dtype"] == "float32"
    assert described["numpy"]["available"] is True and described["numpy"]["blas"]["name"]
    assert described["cupy"]["available"] in (True, False)
