"""The README is true: its Python runs, its commands exist, its links lead somewhere, its map is complete."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from minigate import cli
from tests.sources import ORDER, ROOT, offenders

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)


def test_the_python_runs_from_top_to_bottom(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, object] = {}
    for number, block in enumerate(blocks("python"), start=1):
        exec(compile(block, f"README.md, python block {number}", "exec"), names)
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "(5, 3, 4) [(3, 4)]"
    assert "True" in printed and "False" not in printed
    assert printed.count("PASS") == 2 and "['forget.gate.slope']" in printed


def test_the_python_that_draws_the_figures_of_the_results_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And makes those files, and no others, that stand beside the results."""
    text = (ROOT / "lessons" / "RESULTS.md").read_text(encoding="utf-8")
    (tmp_path / "figures").mkdir()
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in re.findall(r"^```python\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE):
        exec(compile(block, "RESULTS.md", "exec"), names)
    made = {f"figures/{path.name}" for path in (tmp_path / "figures").iterdir()}
    shown = set(re.findall(r"\]\((figures/[^)]+)\)", text))
    assert made and made <= shown, f"drawn {sorted(made)}, shown {sorted(shown)}"
    assert all((ROOT / "lessons" / name).exists() for name in shown)


def test_every_command_of_minigate_that_it_types_exists() -> None:
    commands = "\n".join(blocks("sh"))
    typed = set(re.findall(r"^(?:\S+=\S+ )?minigate (\w+)|&& minigate (\w+)", commands, flags=re.MULTILINE))
    typed = {first or second for first, second in typed}
    assert "lessons" in typed
    assert typed and typed <= set(cli.COMMANDS)
    missing = sorted(name for name in typed if cli._load(name) is None)
    assert not missing, offenders(missing, "commands that the README types and that are not there")


def test_every_link_leads_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if not link.startswith(("http", "#"))]
    missing = [link for link in links if not (ROOT / link).exists()]
    assert len(links) > 10 and not missing, offenders(missing, "links of the README to files that do not exist")


def test_the_map_names_every_package_in_order() -> None:
    book = README.split("## The book")[1].split("\n## ")[0]
    assert re.findall(r"^\| \[(\w+)\]", book, flags=re.MULTILINE) == list(ORDER)
