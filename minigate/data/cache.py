"""Where minigate keeps what it has fetched or made for itself: one folder, the user's own to move.

Nothing is written into the installed package, nor into the current folder without being told to.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

VARIABLE = "MINIGATE_HOME"


def cache_folder() -> Path:
    """The folder for data: ``MINIGATE_HOME``, or else ``minigate`` in the platform's folder for caches.

    It need not exist yet; whoever writes into it makes it.
    """
    chosen = os.environ.get(VARIABLE, "").strip()
    if chosen:
        return Path(chosen).expanduser().absolute()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "minigate"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "minigate"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "minigate"


def data_folder(name: str = "") -> Path:
    """The folder of the data set of this name, or the one that holds them all."""
    return cache_folder() / "data" / name
