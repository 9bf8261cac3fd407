"""The folder of a run: what was asked for, what happened, and where to go on.

    config.json       the resolved configuration, the data, the versions
    log.jsonl         one line of JSON for every measurement, in order
    checkpoint.npz    everything the next update depends on (the one before it: checkpoint.npz.bak)
    clock.json        how long it took to get there; not in the checkpoint, whose bytes it would change
    best.npz          the model that was best on the validation text
    curves.png        loss and measure against updates and against time
    result.json       the score on the test text, once it has come to an end

A run is never overwritten: a folder that exists is an error, or the next free number where the name was ours.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from minigate.errors import CheckpointError, OptionError, explain
from minigate.train.checkpoint import Checkpoint, load_checkpoint


class Run:
    """One run folder. Make one with :meth:`create` or :meth:`create_numbered`, find one with :meth:`open`."""

    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        self.folder, self.config = folder, config

    @property
    def checkpoint(self) -> Path:
        """Where training goes on from."""
        return self.folder / "checkpoint.npz"

    @property
    def best(self) -> Path:
        """The model that was best on the validation text."""
        return self.folder / "best.npz"

    @property
    def log_file(self) -> Path:
        """The measurements, one line of JSON each."""
        return self.folder / "log.jsonl"

    @property
    def curves(self) -> Path:
        """The learning curves, as a picture."""
        return self.folder / "curves.png"

    @classmethod
    def create(cls, folder: str | Path, config: dict[str, Any]) -> Run:
        """Make the folder and write ``config.json`` into it.

        **Errors**: :class:`OptionError` where the folder holds something already, or cannot be made.
        """
        folder = Path(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(not _is_ours_unfinished(path) for path in folder.iterdir()):
                raise OptionError(
                    explain(
                        f"{folder} is not empty, and a run is never overwritten",
                        where="run",
                        remedy=f"--resume {folder} to go on with it, or --out with another name",
                    )
                )
            return cls(folder, config)._begin()
        except OSError as problem:
            raise _cannot_be_made(folder, problem) from problem

    @classmethod
    def create_numbered(cls, name: str, config: dict[str, Any], parent: str | Path = "runs") -> Run:
        """Make ``runs/name``, or ``runs/name-2``, ``runs/name-3``, … : the first that is free.

        **Errors**: :class:`OptionError` where no folder can be made here.
        """
        number = 1
        while True:
            folder = Path(parent) / (name if number == 1 else f"{name}-{number}")
            try:
                folder.mkdir(parents=True)
                return cls(folder, config)._begin()
            except FileExistsError:
                number += 1
            except OSError as problem:
                raise _cannot_be_made(folder, problem) from problem

    @classmethod
    def open(cls, folder: str | Path) -> Run:
        """The run that is in this folder.

        **Errors**: :class:`CheckpointError` where there is none, or its configuration cannot be read.
        """
        folder = Path(folder)
        try:
            config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            if not isinstance(config, dict):
                raise ValueError("not an object")
        except (OSError, ValueError) as problem:
            if not folder.is_dir():
                what = f"there is no folder {folder}"
            elif isinstance(problem, FileNotFoundError):
                what = f"{folder} is not a run: it has no config.json"
            else:
                what = f"{folder / 'config.json'} cannot be read ({problem})"
            near = sorted(str(path.parent) for path in folder.parent.glob("*/config.json"))[:5]
            raise CheckpointError(
                explain(what, where="run", remedy=f"one of these runs: {', '.join(near)}" if near else "")
            ) from problem
        return cls(folder, config)

    def _begin(self) -> Run:
        self._replace("config.json", json.dumps(self.config, indent=2, ensure_ascii=False) + "\n")
        return self

    def _replace(self, name: str, text: str) -> None:
        temporary = self.folder / f".{name}.{os.getpid()}.tmp"
        try:
            temporary.write_text(text, encoding="utf-8")
            os.replace(temporary, self.folder / name)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)

    def log(self, record: dict[str, Any]) -> None:
        """Append one line to the log.

        **Errors**: :class:`CheckpointError` where the disk refuses; what is saved stays as it is.
        """
        try:
            with self.log_file.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
        except OSError as problem:
            raise self._refused(self.log_file, problem) from problem

    def records(self) -> list[dict[str, Any]]:
        """Every line of the log so far; a last line that was cut off in the middle is left out."""
        found = []
        for line in self.log_file.read_text(encoding="utf-8").splitlines() if self.log_file.exists() else []:
            try:
                found.append(json.loads(line))
            except ValueError:
                break
        return found

    def rewind_log(self, step: int) -> None:
        """Take out what was measured after ``step``: the resumed run will measure it again."""
        kept = [record for record in self.records() if record.get("step", 0) <= step]
        self._replace("log.jsonl", "".join(json.dumps(record) + "\n" for record in kept))

    def write(self, name: str, values: dict[str, Any]) -> None:
        """Write plain values into a file of the folder, as a whole or not at all.

        **Errors**: :class:`CheckpointError` where the disk refuses.
        """
        try:
            self._replace(name, json.dumps(values, ensure_ascii=False) + "\n")
        except OSError as problem:
            raise self._refused(self.folder / name, problem) from problem

    def read(self, name: str) -> dict[str, Any]:
        """What :meth:`write` has written; nothing where there is no such file, or none that can be read."""
        try:
            values = json.loads((self.folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return values if isinstance(values, dict) else {}

    def sweep(self) -> None:
        """Remove what a process that was killed in the middle of writing has left behind."""
        for path in self.folder.iterdir():
            if _is_ours_unfinished(path):
                with contextlib.suppress(OSError):
                    path.unlink()

    def _refused(self, path: Path, problem: OSError) -> CheckpointError:
        what = f"{path} could not be written ({problem.strerror or problem})"
        return CheckpointError(explain(what, where="run", remedy=f"make room, then --resume {self.folder}"))


def best_of(folder: str | Path, experiment: str, what: str) -> Checkpoint:
    """The checkpoint of a run where it was best on the validation part, or its last where nothing was measured yet.

    **Errors**: :class:`CheckpointError` where there is no such run, it is of another experiment and so no ``what``,
    there is nothing in it yet, or the file is damaged.
    """
    run = Run.open(folder)
    found = run.config.get("experiment")
    if found != experiment:
        expected = f"a run of {experiment}"
        raise CheckpointError(explain(f"{folder} is not {what}", where=experiment, expected=expected, got=str(found)))
    return load_checkpoint(run.best if run.best.exists() else run.checkpoint)


def _is_ours_unfinished(path: Path) -> bool:
    return path.name.startswith(".") and path.name.endswith(".tmp")


def _cannot_be_made(folder: Path, problem: OSError) -> OptionError:
    what = f"{folder} cannot be made ({problem.strerror or problem})"
    return OptionError(explain(what, where="run", remedy="--out with a folder that can be written to"))
