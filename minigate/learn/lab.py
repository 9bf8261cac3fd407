"""Start JupyterLab on a copy of the lessons, on a laptop or on a machine without a screen, and stop it.

Jupyter keeps its own token, and listens on this machine only. As root (in a container) Jupyter has to
be told that this is meant. Where no browser can be opened the address is printed, token included.
Ctrl-C stops Jupyter at once: it runs in a process group of its own, so that its question "are you
sure?" never comes between. What Jupyter logs is kept aside, and shown if it fails.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from minigate.errors import MinigateError, explain

# Defaults, under whatever the learner has set: the index is shown as it reads, a notebook does not ask which kernel
# (there is one), the end of a long line is not hidden beyond the edge, and nobody asks the network for news.
SETTINGS = {
    "@jupyterlab/docmanager-extension:plugin": {"defaultViewers": {"markdown": "Markdown Preview"}},
    "@jupyterlab/notebook-extension:tracker": {"autoStartDefaultKernel": True, "codeCellConfig": {"lineWrap": True}},
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
}

START_SECONDS = 180.0  # a cold start on a busy machine can take a minute
STOP_SECONDS = 10.0


class JupyterMissingError(MinigateError, ImportError):
    """JupyterLab is not installed."""


class JupyterFailedError(MinigateError, RuntimeError):
    """JupyterLab ended, or did not answer, instead of starting."""


def require() -> None:
    """Make sure that JupyterLab is there.

    **Errors**: :class:`JupyterMissingError` with the line to type.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise JupyterMissingError(
            explain(
                "JupyterLab is not installed in this environment",
                remedy=f'"{sys.executable}" -m pip install jupyter',
            )
            + "\n  the lessons are plain notebooks: any other program that opens .ipynb files will do as well"
        )


def has_screen() -> bool:
    """Can a browser window be opened here? Not as root, over ssh, or without a display."""
    if is_root() or "SSH_CONNECTION" in os.environ:
        return False
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def is_root() -> bool:
    """Is this the root user (as usual in a container)? There is none on Windows."""
    return getattr(os, "geteuid", lambda: 1)() == 0


def command(folder: Path, port: int | None = None) -> list[str]:
    """The command line that starts JupyterLab on ``folder``; the browser is opened here, on the right page."""
    words = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}", "--ServerApp.ip=127.0.0.1"]
    words += ["--no-browser"] + (["--allow-root"] if is_root() else [])
    return words + ([f"--port={port}"] if port else [])


@contextmanager
def _environment() -> Iterator[dict[str, str]]:
    """The environment that Jupyter runs in: the kernels of this installation first, and our defaults."""
    with tempfile.TemporaryDirectory(prefix="minigate-") as folder:
        defaults = Path(folder, "labconfig", "default_setting_overrides.json")
        defaults.parent.mkdir()
        defaults.write_text(json.dumps(SETTINGS), encoding="utf-8")
        paths = [folder, *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])]
        yield os.environ | {"JUPYTER_PREFER_ENV_PATH": "1", "JUPYTER_CONFIG_PATH": os.pathsep.join(paths)}


def address(server: dict[str, Any], first: str) -> str:
    """The address to open, with the token that Jupyter chose; in a workspace apart from the learner's others.

    It begins with this page alone (``reset``): the lessons of last time would each start a kernel again.
    """
    target = f"{str(server['url']).rstrip('/')}/lab/workspaces/minigate/tree/{quote(first)}?reset"
    return f"{target}&token={server['token']}" if server.get("token") else target


def _running(folder: Path, since: float) -> dict[str, Any] | None:
    """The server on this folder that was started after ``since``, once it has announced itself."""
    server_app = importlib.import_module("jupyter_server.serverapp")
    for server in server_app.list_running_servers():
        here = Path(server["root_dir"]).resolve() == folder.resolve()
        file = Path(server_app.jupyter_runtime_dir(), f"jpserver-{server['pid']}.json")
        if here and file.is_file() and file.stat().st_mtime >= since - 1.0:
            return dict(server)
    return None


def _await_server(process: subprocess.Popen[bytes], folder: Path, since: float, log: IO[bytes]) -> dict[str, Any]:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise JupyterFailedError(
                f"{_tail(log)}\n"
                + explain(
                    f"JupyterLab ended with exit code {process.returncode}; its own words stand above",
                    remedy=f'"{sys.executable}" -m jupyterlab "{folder}"',
                )
            )
        server = _running(folder, since)
        if server:
            return server
        time.sleep(0.2)
    raise JupyterFailedError(f"{_tail(log)}\nno answer from JupyterLab in {START_SECONDS:.0f} seconds")


def _tail(log: IO[bytes], lines: int = 12) -> str:
    log.seek(0)
    return b"\n".join(log.read().splitlines()[-lines:]).decode(errors="replace")


def _stop(process: subprocess.Popen[bytes], server: dict[str, Any] | None) -> None:
    """End Jupyter and its kernels: by asking it, then by signal, then by force."""
    if process.poll() is not None:
        return
    if sys.platform == "win32" and server:  # no signal there lets it close its kernels
        importlib.import_module("jupyter_server.serverapp").shutdown_server(server, timeout=STOP_SECONDS)
    else:
        process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def _stops_like_ctrl_c() -> Iterator[None]:
    """A plain ``kill`` of this command, or closing its terminal, stops Jupyter too."""
    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]

    def leave(*_: object) -> None:
        raise KeyboardInterrupt

    before = {name: signal.signal(getattr(signal, name), leave) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def open_lab(folder: Path, first: str, *, browser: bool | None = None, port: int | None = None) -> int:
    """Run JupyterLab on ``folder`` until Ctrl-C; returns the exit code of the command.

    **Errors**: :class:`JupyterMissingError`, :class:`JupyterFailedError`.
    """
    require()
    browser = has_screen() if browser is None else browser
    apart: dict[str, Any] = (
        {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
        if sys.platform == "win32"
        else {"start_new_session": True}
    )
    since, server = time.time(), None
    with _stops_like_ctrl_c(), _environment() as environment, tempfile.TemporaryFile() as log:
        print("starting JupyterLab; the first start can take a minute", flush=True)
        process = subprocess.Popen(command(folder, port), env=environment, stdout=log, stderr=log, **apart)
        try:
            server = _await_server(process, folder, since, log)
            link = address(server, first)
            print(_welcome(link, int(server["port"]), browser), flush=True)
            if browser:
                webbrowser.open(link)
            code = process.wait()
            print(f"{_tail(log)}\n" * bool(code) + "JupyterLab has ended.")
            return 1 if code else 0
        except KeyboardInterrupt:
            _stop(process, server)
            print(f"\nJupyterLab is stopped; your lessons are in {folder}", flush=True)
            return 0
        finally:
            _stop(process, server)


def _welcome(link: str, port: int, browser: bool) -> str:
    shown = "JupyterLab is running; your browser should show it. If it does not, open this address:"
    lines = ["", shown if browser else "Open this address in a browser:", "", f"    {link}", ""]
    if not browser:
        lines += [
            "On another machine? Forward the port first, then open the same address there:",
            f"    ssh -L {port}:127.0.0.1:{port} THIS-MACHINE",
        ]
    return "\n".join([*lines, "Stop with Ctrl-C."])
