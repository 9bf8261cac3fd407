"""The project's own files, and its modules as syntax trees: what the tests about the project itself read."""

from __future__ import annotations

import ast
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

# A package imports only from those before it.
ORDER = (
    "errors", "backend", "plot", "tensor", "ops", "module", "gates", "cells", "bptt", "layers", "convert", "checking",
    "data", "train", "learn", "bench", "cli",
)  # fmt: skip
COMPUTES_ON_ITS_ARRAYS = ("tensor", "ops", "module", "gates", "cells", "bptt", "layers")


@dataclass(frozen=True)
class Source:
    """One Python file of the package."""

    path: Path

    @property
    def name(self) -> str:
        """Its path from the root, as it appears in messages."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def package(self) -> str:
        """The subpackage (or the top-level module) it belongs to: ``cells``, ``errors``, ``__init__``."""
        return self.path.relative_to(ROOT / "minigate").parts[0].removesuffix(".py")

    @property
    def text(self) -> str:
        """What stands in it."""
        return self.path.read_text(encoding="utf-8")

    @property
    def tree(self) -> ast.Module:
        """Its syntax tree."""
        return _parse(self.path)

    def imports(self) -> list[tuple[int, str]]:
        """Every module it imports, at the top or inside a function, with the line."""
        found = []
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found += [(node.lineno, alias.name) for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                prefix = self._relative_to(node.level)
                module = ".".join(part for part in (prefix, node.module or "") if part)
                found += [(node.lineno, f"{module}.{alias.name}") for alias in node.names]
        return found

    def _relative_to(self, level: int) -> str:
        return "" if level == 0 else ".".join(self.path.relative_to(ROOT).parts[:-level])


@cache
def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def sources() -> tuple[Source, ...]:
    """Every Python file of the package."""
    return tuple(Source(path) for path in sorted((ROOT / "minigate").rglob("*.py")) if "_lessons" not in path.parts)


@cache
def project_files() -> tuple[Path, ...]:
    """Every file that belongs to the project: what git knows or would add; in an unpacked archive, what is there."""
    try:
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
        files = [ROOT / name for name in listed if name]
    except (OSError, subprocess.CalledProcessError):
        files = [path for path in ROOT.rglob("*") if not _is_made_by_a_tool(path)]
    return tuple(sorted(path for path in files if path.is_file()))


def _is_made_by_a_tool(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    hidden = parts[0].startswith(".") and parts[0] not in (".ci", ".gitignore")
    return hidden or "__pycache__" in parts or parts[0] in ("build", "dist", "runs")


def offenders(found: list[str], rule: str) -> str:
    """The message of a failed rule: the rule, then every place that breaks it."""
    return f"{rule}\n" + "\n".join(f"  {each}" for each in found)
