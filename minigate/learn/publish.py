"""Bring a lesson into the form in which it is committed: run once from top to bottom, nothing else in it.

    python -m minigate.learn.publish lessons/00_orientation.ipynb

runs the notebook in full (not ``MINIGATE_QUICK``), keeps its outputs, and gives it stable cell ids
and the least metadata, so that a change of one cell is a change of one cell in the history too. With
``--map`` the table and the picture of the course are made anew.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

from minigate.learn.course import draw_map, write_index
from minigate.learn.library import cell_text
from minigate.learn.progress import write_atomically
from minigate.learn.runner import run_notebook

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
LARGEST = 1_000_000
LARGEST_FIGURE = 150_000
_PRIVATE = re.compile(r"0x[0-9a-f]{8,}|/(?:home|Users|root|tmp|work|usr|var)/|[A-Z]:\\\\")


def cell_id(lesson: str, index: int) -> str:
    """The id of a lesson's cell: the same on every machine and at every run."""
    return hashlib.sha1(f"{lesson}:{index}".encode()).hexdigest()[:8]


def normalised(notebook: dict[str, Any], lesson: str) -> dict[str, Any]:
    """A notebook with stable ids, the course's metadata, counts 1, 2, 3 …, and clean outputs."""
    cells, count = [], 0
    for index, cell in enumerate(notebook["cells"]):
        tags = cell.get("metadata", {}).get("tags")
        clean: dict[str, Any] = {"cell_type": cell["cell_type"], "id": cell_id(lesson, index)}
        clean["metadata"] = {"tags": list(tags)} if tags else {}
        clean["source"] = _lines(cell_text(cell).strip("\n"))
        if cell["cell_type"] == "code":
            count += bool(cell_text(cell).strip())
            clean["execution_count"] = count
            clean["outputs"] = [_clean_output(output, count) for output in _whole_streams(cell.get("outputs", []))]
        cells.append(clean)
    return {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}


def _whole_streams(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a cell printed in one piece, where a slow machine sent it in several."""
    found: list[dict[str, Any]] = []
    for output in outputs:
        before = found[-1] if found else {"output_type": ""}
        if output["output_type"] == before["output_type"] == "stream" and output["name"] == before["name"]:
            found[-1] = {**before, "text": _joined(before["text"]) + _joined(output["text"])}
        else:
            found.append(output)
    return found


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _clean_output(output: dict[str, Any], count: int) -> dict[str, Any]:
    kind = output["output_type"]
    if kind == "stream":
        return {"name": output["name"], "output_type": kind, "text": _lines(_joined(output["text"]))}
    if kind == "error":
        return {key: output[key] for key in ("ename", "evalue", "output_type")} | {"traceback": output["traceback"]}
    data = {name: _clean_data(name, value) for name, value in sorted(output["data"].items())}
    clean: dict[str, Any] = {"data": data, "metadata": {}, "output_type": kind}
    return clean | ({"execution_count": count} if kind == "execute_result" else {})


def _clean_data(name: str, value: Any) -> Any:
    if name.startswith("image/") and name != "image/svg+xml":
        return _joined(value).rstrip("\n")
    return _lines(_joined(value)) if isinstance(value, (str, list)) else value


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def as_bytes(notebook: dict[str, Any]) -> bytes:
    """A notebook as the bytes of its file."""
    return (json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def complaints(notebook: dict[str, Any], lesson: str) -> list[str]:
    """Everything that keeps a notebook from being committed; an empty list where it is in order."""
    found = []
    if as_bytes(normalised(notebook, lesson)) != as_bytes(notebook):
        found.append("ids, counts, metadata or outputs are not in the committed form")
    if len(as_bytes(notebook)) > LARGEST:
        found.append(f"larger than {LARGEST:,} bytes")
    for index, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] != "code":
            continue
        meant = "raises-exception" in cell["metadata"].get("tags", ())
        for output in cell["outputs"]:
            data = output.get("data", {})
            text = "".join(_joined(output.get("text", ""))) + "".join(
                _joined(value) for name, value in data.items() if not name.startswith("image/")
            )
            if output["output_type"] == "error" and not meant:
                found.append(f"cell {index}: an error: {output['ename']}: {output['evalue']}")
            if output.get("name") == "stderr":
                found.append(f"cell {index}: text on stderr: {text[:80]!r}")
            if _PRIVATE.search(text):
                found.append(f"cell {index}: a path or an address of this machine: {_PRIVATE.search(text)!r}")
            if set(data) & {"application/vnd.jupyter.widget-view+json", "text/html", "application/javascript"}:
                found.append(f"cell {index}: HTML, a script or a widget, which a reader's Jupyter will not trust")
            if len(_joined(data.get("image/png", ""))) * 3 // 4 > LARGEST_FIGURE:
                found.append(f"cell {index}: a figure larger than {LARGEST_FIGURE:,} bytes")
    return found


def publish(path: Path) -> list[str]:
    """Run a notebook in full and write it back in the committed form; what is wrong with it comes back."""
    run = run_notebook(path)
    if run.error:
        return [run.error]
    clean = normalised(json.loads(json.dumps(run.notebook)), path.stem)
    write_atomically(path, as_bytes(clean))
    return complaints(clean, path.stem)


def main(arguments: list[str]) -> int:
    """Publish the notebooks named on the command line, and draw the map."""
    parser = argparse.ArgumentParser(
        prog="python -m minigate.learn.publish", description="Run lessons and write them back."
    )
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--map", action="store_true", help="write the table of lessons, and draw which needs which")
    chosen = parser.parse_args(arguments)
    if not chosen.notebooks and not chosen.map:
        parser.error("name a notebook, or --map")
    wrong = 0
    for path in chosen.notebooks:
        found = publish(path)
        wrong += bool(found)
        print(f"{path.name}: " + ("; ".join(found) if found else "published"))
    if chosen.map:
        print(f"{write_index().name}: one row for each lesson")
        print(f"{draw_map().name}: drawn")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
