"""Notebooks run headlessly in this very interpreter; what goes wrong is told, never raised at the wrong place."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from minigate.learn import runner
from minigate.learn.publish import complaints, normalised
from minigate.learn.runner import RunnerMissingError, run_notebook


def notebook(*sources: str) -> dict[str, Any]:
    cells = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
        for i, source in enumerate(sources)
    ]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def printed(node: Any, cell: int) -> str:
    return "".join(output.get("text", "") for output in node.cells[cell].outputs)


def test_it_runs_here_and_says_what_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIGATE_STRICT", "1")
    counted: list[tuple[int, int]] = []
    run = run_notebook(
        notebook(
            "import os, sys, minigate; print(sys.executable); print(os.environ['MINIGATE_QUICK']); print(os.getcwd())",
            "print('MINIGATE_STRICT' in os.environ)",
            "raise ValueError('on purpose')",
            "from minigate.learn import check\ncheck('00.silent', {'dy': (5, 3, 3), 'x': (1, 1, 3)})",
            "check('00.gate', ...)",
        ),
        folder=tmp_path,
        quick=True,
        keep_going=True,
        on_cell=lambda done, total: counted.append((done, total)),
    )
    assert printed(run.notebook, 0).split() == [sys.executable, "1", str(tmp_path)]
    assert printed(run.notebook, 1) == "False\n"
    assert not run.passed and run.error == "cell 2: ValueError: on purpose"
    assert run.states == {"00.silent": "pass", "00.gate": "not started"}
    assert counted[-1] == (5, 5)
    assert list(tmp_path.iterdir()) == []


def test_it_stops_where_it_should_and_at_a_time_limit() -> None:
    run = run_notebook(notebook("1 / 0", "print('not reached')"))
    assert run.error.startswith("cell 0: ZeroDivisionError") and not run.notebook.cells[1].outputs
    run = run_notebook(notebook("import time; time.sleep(30)"), cell_seconds=1)
    assert run.error == "a cell ran longer than 1 seconds"


def test_without_the_packages_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(RunnerMissingError, match="nbclient, nbformat, ipykernel not installed"):
        run_notebook(notebook("1"))


def test_the_committed_form_is_reached_in_one_step() -> None:
    messy = notebook("x = 1\n", "", "x")
    messy["metadata"] = {"widgets": {}, "kernelspec": {"name": "somebodys-env"}}
    messy["cells"][2]["outputs"] = [
        {"output_type": "execute_result", "execution_count": 17, "metadata": {"a": 1}, "data": {"text/plain": "1"}}
    ]
    clean = normalised(messy, "00_first")
    assert normalised(clean, "00_first") == clean and complaints(clean, "00_first") == []
    assert clean["metadata"]["kernelspec"]["name"] == "python3" and "widgets" not in clean["metadata"]
    assert clean["cells"][2]["outputs"][0]["execution_count"] == clean["cells"][2]["execution_count"] == 2
    assert clean["cells"][0]["id"] != normalised(messy, "01_second")["cells"][0]["id"]


def test_what_was_printed_in_pieces_is_published_whole() -> None:
    def stream(name: str, text: str) -> dict[str, Any]:
        return {"output_type": "stream", "name": name, "text": text}

    picture = {"output_type": "display_data", "data": {"text/plain": "a picture"}, "metadata": {}}
    pieces = notebook("print('one'); print('two'); draw(); print('three')")
    pieces["cells"][0]["outputs"] = [stream("stdout", "one"), stream("stdout", "\ntwo\n"), picture,
                                     stream("stdout", "three\n")]  # fmt: skip
    (cell,) = normalised(pieces, "00_first")["cells"]
    assert [output.get("text") for output in cell["outputs"]] == [["one\n", "two\n"], None, ["three\n"]]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent with a POSIX signal here")
def test_ctrl_c_ends_the_kernel_and_is_not_taken_for_a_failure(tmp_path: Path) -> None:
    code = (
        "from minigate.learn.runner import run_notebook\n"
        "from tests.learn.test_runner import notebook\n"
        "both = notebook('print(1)', 'import time; time.sleep(60)')\n"
        "try:\n    run_notebook(both, on_cell=lambda *_: print('on', flush=True))\n"
        "except KeyboardInterrupt:\n    print('interrupted')\n"
    )
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen([sys.executable, "-c", code], cwd=root, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "on\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=60)[0].strip().endswith("interrupted")
