"""``minigate doctor``: is everything in place, and what computes here?

Gathers facts (:func:`examine`), judges them (``problems`` stop something from working, ``advice`` makes it
better), and shows them (:func:`layout`). With ``--json`` the facts are printed as they are.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

from minigate.errors import MinigateError

HELP = "is everything in place, and what computes here?"
EPILOG = """\
examples:
  minigate doctor
  minigate doctor --json              the same facts for a program, or for a bug report

exit codes: 0 everything needed is there, 1 something is missing or set wrongly (it is named)
"""

REQUIRED = ("numpy", "matplotlib", "tqdm")
OPTIONAL = {
    "jupyterlab": "lessons",
    "nbclient": "test",
    "ipykernel": "lessons",
    "scikit-learn": "lessons",
    "pytest": "test",
    "hypothesis": "test",
    "threadpoolctl": "",
    "torch": "",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="print the facts as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Examine and show; 1 where there is a problem."""
    facts = examine()
    print(json.dumps(facts, indent=2) if arguments.json else layout(facts))
    return 1 if facts["problems"] else 0


def installed_version(package: str) -> str | None:
    """The version of an installed package, found without importing it."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def examine() -> dict[str, Any]:
    """All facts, as plain numbers and text that JSON can hold."""
    from minigate import __version__
    from minigate.backend import describe

    facts: dict[str, Any] = {
        "minigate": {
            "version": __version__,
            "installed": installed_version("minigate") is not None,
            "folder": str(Path(__file__).resolve().parents[1]),
        },
        "python": {
            "version": platform.python_version(),
            "executable": sys.executable,
            "platform": platform.platform(terse=True),
        },
        "packages": {package: installed_version(package) for package in (*REQUIRED, *OPTIONAL)},
        "backends": describe(),
        "folders": _folders(),
    }
    facts["problems"], facts["advice"] = _judge(facts)
    return facts


def _folders() -> dict[str, dict[str, Any]]:
    from minigate.data.cache import cache_folder

    folders = {"cache": _folder(cache_folder(), writes=True), "runs": _folder(Path("runs").absolute(), writes=True)}
    try:
        from minigate.learn import lessons_root

        folders["lessons"] = _folder(lessons_root(), writes=False)
    except MinigateError as error:
        folders["lessons"] = {"path": None, "exists": False, "reason": str(error).splitlines()[0]}
    return folders


def _folder(path: Path, writes: bool) -> dict[str, Any]:
    """What is known of a folder; where it does not exist yet, whether it could be made."""
    nearest = path
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    facts: dict[str, Any] = {"path": str(path), "exists": path.is_dir()}
    if writes:
        facts["writable"] = nearest.is_dir() and os.access(nearest, os.W_OK)
    return facts


def _judge(facts: dict[str, Any]) -> tuple[list[str], list[str]]:
    problems, advice = [], []
    for package in REQUIRED:
        if facts["packages"][package] is None:
            problems.append(f"{package} is missing: python -m pip install {package}")
    if not facts["minigate"]["installed"]:
        advice.append('minigate runs from its folder but is not installed: python -m pip install -e ".[lessons]"')
    backends = facts["backends"]
    if backends["current"] is None:
        problems.append(backends["reason"])
    if "warning" in backends["numpy"]["blas"]:
        advice.append(backends["numpy"]["blas"]["warning"])
    if facts["packages"]["jupyterlab"] is None:
        advice.append('the lessons need JupyterLab: python -m pip install "minigate[lessons]"')
    for name, folder in facts["folders"].items():
        if folder.get("writable") is False:
            variable = " (MINIGATE_HOME chooses another)" if name == "cache" else ""
            advice.append(f"the {name} folder {folder['path']} cannot be written to{variable}")
        if "reason" in folder:
            advice.append(folder["reason"])
    return problems, advice


def layout(facts: dict[str, Any]) -> str:
    """The facts as text: one fact a line, names on the left, and at the end what to do."""
    python, backends, packages = facts["python"], facts["backends"], facts["packages"]
    blas, cupy = backends["numpy"]["blas"], backends["cupy"]
    lines = [
        ("minigate", facts["minigate"]["version"]),
        ("", facts["minigate"]["folder"]),
        ("Python", f"{python['version']} on {python['platform']}"),
        ("", python["executable"]),
        None,
        ("computes with", f"{backends['current'] or 'nothing'}, {backends['default_dtype']} ({backends['chosen_by']})"),
        ("NumPy", f"{backends['numpy']['version']}, {blas['name']} {blas['version']}".rstrip()),
        ("BLAS threads", f"{blas['threads']} on {blas['cores']} usable cores ({blas['threads_from']})"),
        ("CuPy", _cupy_line(cupy)),
        None,
        *((package, packages[package] or "missing") for package in REQUIRED[1:]),
        *((name, packages[name] or f"not installed{_extra(extra)}") for name, extra in OPTIONAL.items()),
        None,
        *((f"{name} folder", _folder_line(folder)) for name, folder in sorted(facts["folders"].items())),
    ]
    text = ["" if line is None else f"{line[0]:<16}{line[1]}".rstrip() for line in lines]
    for title, sentences in (("problem", facts["problems"]), ("advice", facts["advice"])):
        text += [""] if sentences else []
        text += [f"{title:<16}{sentence}" for sentence in sentences]
    return "\n".join(text if facts["problems"] else [*text, "", "everything needed is in place"])


def _extra(extra: str) -> str:
    return f' ("minigate[{extra}]" brings it)' if extra else " (optional)"


def _cupy_line(cupy: dict[str, Any]) -> str:
    if not cupy["available"]:
        return f"not usable: {cupy['reason'].removeprefix('CuPy ')}"
    return (
        f"{cupy['installed']} on {cupy['device']}, {cupy['memory_gib']} GiB, compute capability "
        f"{cupy['compute_capability']}, CUDA {cupy['cuda_runtime']}, TF32 {'on' if cupy['tf32'] else 'off'}"
    )


def _folder_line(folder: dict[str, Any]) -> str:
    if folder["path"] is None:
        return "not found"
    notes = [] if folder["exists"] else ["made when needed"]
    notes += ["not writable"] if folder.get("writable") is False else []
    return folder["path"] + (f" ({', '.join(notes)})" if notes else "")
