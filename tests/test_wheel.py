"""The wheel holds what an installation needs: the package, its types, the licence, and the lessons."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.sources import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    if find_spec("hatchling") is not None:
        command.insert(4, "--no-build-isolation")
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"the build backend is neither installed nor to be had: {done.stderr.strip()[-200:]}")
    return next(folder.glob("minigate-*.whl"))


def test_everything_is_in_it_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {"minigate/py.typed", "minigate/checking/starters.py"} <= set(names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    lessons = {path.name for path in (ROOT / "lessons").glob("[0-9][0-9]_*.ipynb")}
    assert lessons and lessons == {Path(name).name for name in names if name.startswith("minigate/_lessons/") and
                                   name.endswith(".ipynb") and name.count("/") == 2}  # fmt: skip
    assert {name.split("/")[0] for name in names} == {"minigate", wheel.name.split("-py3")[0] + ".dist-info"}


def test_the_lessons_can_be_copied_from_it(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run(
        [sys.executable, "-m", "minigate", "lessons", "copy", "copy"],
        cwd=tmp_path, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    copied = {path.name for path in (tmp_path / "copy").rglob("*.ipynb")}
    assert copied >= {path.name for path in (ROOT / "lessons").glob("[0-9][0-9]_*.ipynb")}
