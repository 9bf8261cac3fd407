"""The usual cause of an exception in somebody's file, and what to type against it."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def hint_for(error: BaseException, file: Path) -> tuple[str, str]:
    """The likely slip and what to type; both empty where nothing is known."""
    text = str(error)
    if isinstance(error, SystemExit):
        slip = "it ends the program (sys.exit), where it is only to be loaded and called"
        return slip, 'if __name__ == "__main__":   before what is a program of its own'
    if isinstance(error, ModuleNotFoundError) and error.name:
        return _missing(error.name.partition(".")[0], file)
    if isinstance(error, ImportError) and "relative import" in text:
        return (
            "the file is loaded by itself, without the package around it",
            "import by the package's full name, or write a test: assert_gradients(…)",
        )
    if isinstance(error, TypeError) and "does not support ufuncs" in text:
        return "a function of NumPy was given a Tensor", "mg.ops.exp, mg.ops.tanh, … in step, compose and forward"
    if isinstance(error, ValueError) and "truth value of an array" in text:
        slip = "an if, max(…) or min(…) on a whole array, which asks it for one yes or no"
        return slip, "mg.ops.where(condition, a, b), mg.ops.maximum(a, b), mg.ops.minimum(a, b)"
    if isinstance(error, ValueError) and "read-only" in text:
        return "what comes in, such as dy_t, belongs to the caller", "dh = dy_t + …   for   dy_t += …"
    if isinstance(error, AttributeError) and any(
        name in text for name in ("'_parameters'", "'_buffers'", "'_children'")
    ):
        return "the cell or layer is not set up yet", "super().__init__(…) as the first line of __init__"
    if isinstance(error, NotImplementedError):
        return "it is not written yet", ""
    if isinstance(error, RecursionError):
        return "it calls itself without end", ""
    return "", ""


def _missing(name: str, file: Path) -> tuple[str, str]:
    folder = file.parent
    if (folder / f"{name}.py").is_file() or (folder / name).is_dir():
        slip = (
            f"{name} lies beside the file, and that folder is not searched, since a random.py in it would hide Python's"
        )
        setting = f'set "PYTHONPATH={folder}" &' if os.name == "nt" else f'PYTHONPATH="{folder}"'
        return slip, f'{setting} minigate check "{file}"'
    return f"{name} is not installed for {sys.executable}", ""
