"""Run a notebook from top to bottom without a browser, in the environment that runs this.

The kernel is started from ``sys.executable``: a kernel registered somewhere on the machine may belong
to another Python, and a lesson that passes there says nothing of this one. The tests, ``minigate
lessons run`` and ``minigate lessons check`` all run lessons through here.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from minigate.errors import MinigateError, explain
from minigate.learn.exercise import Status
from minigate.learn.progress import COLLECT

CELL_SECONDS = 600
_PACKAGE_HOME = str(Path(__file__).resolve().parents[2])


class RunnerMissingError(MinigateError, ImportError):
    """The packages that run a notebook are not installed."""


@dataclass
class NotebookRun:
    """What came of running one notebook."""

    seconds: float
    notebook: Any  # the nbformat node, with its outputs
    states: dict[str, Status] = field(default_factory=dict)
    error: str = ""

    @property
    def passed(self) -> bool:
        """Did every cell run?"""
        return not self.error


def _require() -> None:
    missing = [name for name in ("nbclient", "nbformat", "ipykernel") if importlib.util.find_spec(name) is None]
    if missing:
        raise RunnerMissingError(
            explain(
                f"{', '.join(missing)} not installed: a notebook cannot be run",
                remedy='python -m pip install "minigate[lessons]"',
            )
        )


def _kernel_manager_class(scratch: Path) -> Any:
    """Managers whose kernel is this very interpreter, whatever is registered on the machine.

    They talk to it through files in ``scratch``, not through ports: two kernels that are started at the
    same moment can pick the same port, and the one that loses waits for ever.
    """
    from jupyter_client import AsyncKernelManager
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

    command = [sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    command.append("--HistoryManager.enabled=False")

    class ThisInterpreter(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> Any:
            return KernelSpec(argv=command, display_name="Python 3", language="python")

    here: dict[str, Any] = {"kernel_name": "python3", "kernel_spec_manager": ThisInterpreter()}
    if sys.platform != "win32":
        here |= {"transport": "ipc", "connection_file": str(scratch / "kernel.json")}

    class ThisInterpreterManager(AsyncKernelManager):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options | here)

    return ThisInterpreterManager


def _environment(quick: bool, strict: bool, collector: str) -> dict[str, str]:
    environment = {name: value for name, value in os.environ.items() if name not in ("MPLBACKEND", "MINIGATE_STRICT")}
    paths = [_PACKAGE_HOME, *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    environment |= {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys(paths)),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        COLLECT: collector,
    }
    if quick:
        environment["MINIGATE_QUICK"] = "1"
    if strict:
        environment["MINIGATE_STRICT"] = "1"
    return environment


def run_notebook(
    notebook: dict[str, Any] | Path,
    *,
    folder: Path | None = None,
    quick: bool = False,
    strict: bool = False,
    keep_going: bool = False,
    cell_seconds: int = CELL_SECONDS,
    on_cell: Callable[[int, int], None] | None = None,
) -> NotebookRun:
    """Run every cell of a notebook in a fresh kernel; nothing is written back.

    ``folder`` is where its code runs (a temporary one by default), ``keep_going`` carries on after a
    cell that raises, ``on_cell(done, total)`` is called after each cell.

    **Errors**: :class:`RunnerMissingError` with what to install. A cell that raises is not an error
    here: it is in the ``error`` of the result.
    """
    _require()
    with warnings.catch_warnings():  # what the notebook packages say of one another is not the learner's business
        warnings.simplefilter("ignore")
        return _run(notebook, folder, quick, strict, keep_going, cell_seconds, on_cell)


def _run(
    notebook: dict[str, Any] | Path,
    folder: Path | None,
    quick: bool,
    strict: bool,
    keep_going: bool,
    cell_seconds: int,
    on_cell: Callable[[int, int], None] | None,
) -> NotebookRun:
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    text = notebook.read_text(encoding="utf-8") if isinstance(notebook, Path) else json.dumps(notebook)
    node = nbformat.reads(text, as_version=4)
    for cell in node.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    total = sum(cell.cell_type == "code" for cell in node.cells)
    done = 0

    def count(**_: Any) -> None:
        nonlocal done
        done += 1
        if on_cell:
            on_cell(done, total)

    with tempfile.TemporaryDirectory(prefix="minigate-", ignore_cleanup_errors=True) as scratch:
        collector = Path(scratch, "results.jsonl")
        client = NotebookClient(
            node,
            kernel_manager_class=_kernel_manager_class(Path(scratch)),
            timeout=cell_seconds,
            allow_errors=keep_going,
            on_cell_executed=count,
            resources={"metadata": {"path": str(folder or scratch)}},
        )
        started, error = time.perf_counter(), ""
        try:
            environment = _environment(quick, strict, str(collector))
            client.execute(env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except CellExecutionError as failure:
            error = first_error(node) or f"{failure.ename}: {failure.evalue}"
        except CellTimeoutError:
            error = f"a cell ran longer than {cell_seconds} seconds"
        except DeadKernelError:
            error = "the kernel died (out of memory?)"
        except Exception as failure:
            if not _interrupted(client) and not isinstance(failure, RuntimeError):
                raise
            error = f"the kernel did not start: {failure}"
        if _interrupted(client):
            raise KeyboardInterrupt
        run = NotebookRun(time.perf_counter() - started, node, _states(collector), error)
    if not run.error and keep_going:
        run.error = first_error(node)
    return run


def _interrupted(client: Any) -> bool:
    """Was there a Ctrl-C? nbclient takes it, ends the kernel, and says only that the kernel has died."""
    return getattr(client, "_async_cleanup_kernel_future", None) is not None


def _states(collector: Path) -> dict[str, Status]:
    """Exercise → the outcome of its last check."""
    if not collector.is_file():
        return {}
    lines = [json.loads(line) for line in collector.read_text(encoding="utf-8").splitlines()]
    return {line["id"]: line["status"] for line in lines}


def first_error(notebook: Any) -> str:
    """The first error among the outputs of a notebook, with the number of its cell; empty without one.

    A cell tagged ``raises-exception`` is meant to raise.
    """
    for index, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "code" or "raises-exception" in cell["metadata"].get("tags", ()):
            continue
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                return f"cell {index}: {output['ename']}: {output['evalue']}"
    return ""
