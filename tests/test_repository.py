"""What stands in the repository: the right things at the top, chapters of a readable length, no traces of a machine."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sources import ROOT, offenders, project_files

AT_THE_TOP = {"minigate", "lessons", "tests", "pyproject.toml", "README.md", "LICENSE", ".gitignore", ".ci"}
LINES = 300
MEGABYTE = 1_000_000
TEXT = {".py", ".md", ".toml", ".ipynb", ".json", ".txt", ".cfg", ".yml", ".yaml", ".svg", ""}

# Put together from pieces, so that this file does not break its own rules.
FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.~:/-])/(?:home|root|work|tmp|farm|mnt|Users)" + r"/\w"),
    "a package registry": re.compile("py" + r"pi\.org|python" + r"hosted\.org|-index" + "-url|--trusted" + "-host"),
    "an unfinished mark": re.compile(r"\b(?:TO" + "DO|FIX" + r"ME)\b"),
}


def names(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


def text_files() -> list[Path]:
    return [path for path in project_files() if path.suffix in TEXT]


def test_only_what_the_design_fixes_stands_at_the_top() -> None:
    found = sorted({path.relative_to(ROOT).parts[0] for path in project_files()} - AT_THE_TOP)
    assert not found, offenders(found, f"at the top stand only {', '.join(sorted(AT_THE_TOP))}")


def test_a_file_is_a_chapter() -> None:
    found = []
    for path in project_files():
        if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in ("minigate", "tests"):
            lines = len(path.read_text(encoding="utf-8").splitlines())
            if lines > LINES:
                found.append(f"{path.relative_to(ROOT)}: {lines} lines")
    assert not found, offenders(found, f"no file is longer than {LINES} lines: give the second idea a file of its own")


def test_no_file_is_large() -> None:
    found = [f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes" for path in project_files()
             if path.stat().st_size > MEGABYTE]  # fmt: skip
    assert not found, offenders(found, "no file is larger than a megabyte")


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    found = []
    for path in text_files():
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
            match = FORBIDDEN[what].search(line)
            if match:
                found.append(f"{path.relative_to(ROOT)}:{number}: {match.group()} in {line.strip()[:100]}")
    assert not found, offenders(found, f"files that hold {what}")


def test_the_patterns_find_what_they_look_for() -> None:
    assert FORBIDDEN["a path of one machine"].search("see /ho" + "me/someone/x")
    assert not FORBIDDEN["a path of one machine"].search("https://example.org/ho" + "me/page")
    assert FORBIDDEN["an unfinished mark"].search("# TO" + "DO: later")


def test_the_ci_script_runs_the_readmes_test_command() -> None:
    command = 'python -m pip install -e ".[test]" && python -m pytest'
    readme = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert any(line.strip().split("  #")[0].strip() == command for line in readme), f"README has no line: {command}"
    assert f"{command} || exit" in script


def test_the_ci_script_is_valid_and_can_be_started() -> None:
    script = ROOT / ".ci" / "run"
    assert sys.platform == "win32" or script.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
