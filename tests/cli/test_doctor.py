"""``minigate doctor``: the facts, the judgement, the layout."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from minigate.backend import selection
from minigate.cli import doctor, main
from minigate.data.cache import cache_folder


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    return doctor.examine()


def test_everything_needed_is_in_place_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    for words in ("Python", "NumPy", "BLAS threads", "CuPy", "matplotlib", "cache folder", "computes with   numpy"):
        assert words in out
    assert out.rstrip().endswith("everything needed is in place")


def test_json_holds_the_same_facts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["packages"]["numpy"] == told["backends"]["numpy"]["version"]
    assert told["backends"]["numpy"]["blas"]["cores"] >= 1
    assert set(told["folders"]) == {"cache", "runs", "lessons"} and told["problems"] == []


def test_a_bad_variable_is_a_problem(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("MINIGATE_BACKEND", "jax")
    monkeypatch.setattr(selection, "_chosen", None)
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert 'MINIGATE_BACKEND: no such backend: expected "numpy" | "cupy" | "auto", got "jax"' in out
    assert "everything needed" not in out


def test_a_missing_package_is_a_problem(facts: dict[str, Any]) -> None:
    broken = copy.deepcopy(facts)
    broken["packages"]["tqdm"] = None
    problems, _ = doctor._judge(broken)
    assert problems == ["tqdm is missing: python -m pip install tqdm"]


def test_too_many_threads_and_missing_jupyter_are_advice(facts: dict[str, Any]) -> None:
    crowded = copy.deepcopy(facts)
    crowded["backends"]["numpy"]["blas"]["warning"] = "64 BLAS threads on 2 cores"
    crowded["packages"]["jupyterlab"] = None
    crowded["folders"]["cache"]["writable"] = False
    problems, advice = doctor._judge(crowded)
    assert problems == [] and "64 BLAS threads on 2 cores" in advice
    assert any("minigate[lessons]" in each for each in advice)
    assert any("MINIGATE_HOME" in each for each in advice)


def test_a_gpu_is_shown_in_one_line(facts: dict[str, Any]) -> None:
    lucky = copy.deepcopy(facts)
    lucky["backends"]["cupy"] = {
        "installed": "14.2.0 (cupy-cuda12x)", "available": True, "device": "GPU X", "devices": 1, "tf32": False,
        "compute_capability": "9.0", "memory_gib": 80.0, "cuda_runtime": 12090, "cuda_driver": 12090,
    }  # fmt: skip
    assert "14.2.0 (cupy-cuda12x) on GPU X, 80.0 GiB, compute capability 9.0" in doctor.layout(lucky)


@pytest.mark.parametrize(
    "variables, expected",
    [
        ({"MINIGATE_HOME": "{here}/mine"}, "{here}/mine"),
        ({"XDG_CACHE_HOME": "{here}/caches"}, "{here}/caches/minigate"),
        ({"HOME": "{here}"}, "{here}/.cache/minigate"),
    ],
)
def test_the_cache_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str], expected: str
) -> None:
    for name in ("MINIGATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(here=tmp_path))
    assert cache_folder() == Path(expected.format(here=tmp_path))
    assert not cache_folder().exists()


def test_a_folder_that_is_not_there_yet_is_judged_by_where_it_would_be_made(tmp_path: Path) -> None:
    assert doctor._folder(tmp_path / "a" / "b", writes=True) == {
        "path": str(tmp_path / "a" / "b"), "exists": False, "writable": True,
    }  # fmt: skip
    (tmp_path / "file").write_text("")
    assert doctor._folder(tmp_path / "file" / "b", writes=True)["writable"] is False
