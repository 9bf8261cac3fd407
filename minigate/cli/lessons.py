"""``minigate lessons``: a copy of the lessons in a folder of the learner's own, opened, listed, run, checked.

Without a sub-command it copies what is not there yet and opens JupyterLab on the index. A learner's
work is never overwritten: a newer version of an edited lesson is written beside it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from minigate.errors import OptionError, explain

HELP = "the lessons: open, list, copy, run or check them"
EPILOG = """\
examples:
  minigate lessons                          copy the lessons to ~/minigate-lessons and open JupyterLab
  minigate lessons open 01 --to work        open lesson 01 of the copy in the folder work
  minigate lessons list                     what there is, how long it takes, how far you are
  minigate lessons copy DEST --only 00,03   two lessons into a folder, without opening anything
  minigate lessons run                      run every lesson without a browser, and time it
  minigate lessons check 03 --json          which exercises of your lesson 03 are right
  minigate lessons check --json --to WORK   the same for every lesson in somebody's folder

your copy: --to FOLDER, or MINIGATE_LESSONS, or this folder if it holds one, or ~/minigate-lessons
exit codes: 0 done or all passed, 1 something failed, 2 typed wrongly, 3 not all exercises are started
"""

INDEX = "README.md"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the sub-commands and their options; without one it is ``open``."""
    parser.set_defaults(action="open", number=None)
    _add_open_options(parser)
    actions = parser.add_subparsers(dest="action", metavar="[open | list | copy | run | check]")
    opening = _sub(actions, "open", "copy what is new and open JupyterLab", "minigate lessons open 01")
    opening.add_argument("number", nargs="?", help="the lesson to open (default: the index)")
    _add_open_options(opening)
    listing = _sub(actions, "list", "the lessons, their times, and how far you are", "minigate lessons list --json")
    listing.add_argument("--json", action="store_true", help="print a list of objects")
    _add_folder(listing)
    copying = _sub(actions, "copy", "bring a copy up to date, keeping what you changed", "minigate lessons copy DEST")
    copying.add_argument("folder", nargs="?", metavar="DEST", help="where to (default: your copy)")
    copying.add_argument("--only", metavar="NN,NN", help="only these lessons")
    copying.add_argument("--solutions", action="store_true", help="also worked copies, in DEST/solutions")
    text = "closed: solution() refuses in this copy, hints and checks go on (lessons/TEACHING.md); open: as at first"
    copying.add_argument("--answers", choices=("open", "closed"), help=text)
    copying.add_argument("--force", action="store_true", help="replace edited files too, after a .bak copy")
    _add_folder(copying)
    running = _sub(actions, "run", "run lessons without a browser, writing nothing", "minigate lessons run 00 01")
    running.add_argument("numbers", nargs="*", metavar="NN", help="which lessons (default: all)")
    running.add_argument("--quick", action="store_true", help="with shortened training, as in the tests")
    running.add_argument("--shipped", action="store_true", help="the lessons as shipped, not your copy")
    _add_folder(running)
    checking = _sub(actions, "check", "run your copy of a lesson and report its exercises", "minigate lessons check 03")
    checking.add_argument("numbers", nargs="*", metavar="NN", help="which lessons (default: all that are in the copy)")
    checking.add_argument("--json", action="store_true", help="print an object per lesson")
    _add_folder(checking)


def _sub(actions: Any, name: str, text: str, example: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=text, description=text[:1].upper() + text[1:] + ".", epilog=f"example: {example}"
    )
    return parser


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", metavar="FOLDER", default=argparse.SUPPRESS, help="the folder of your copy")


def _add_open_options(parser: argparse.ArgumentParser) -> None:
    _add_folder(parser)
    parser.add_argument("--port", type=int, default=argparse.SUPPRESS, help="the port to listen on")
    parser.add_argument(
        "--no-browser", action="store_true", default=argparse.SUPPRESS, help="print the address instead of opening it"
    )


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; see EPILOG for the exit codes."""
    actions = {"open": _open, "list": _list, "copy": _copy, "run": _run, "check": _check}
    return actions[arguments.action or "open"](arguments)


def _folder(arguments: argparse.Namespace) -> Path:
    from minigate.learn.copying import learner_folder

    return learner_folder(getattr(arguments, "folder", None) or getattr(arguments, "to", None))


def _open(arguments: argparse.Namespace) -> int:
    from minigate.learn import find_lesson, lab
    from minigate.learn.copying import copy_lessons

    first = find_lesson(arguments.number).path.name if arguments.number else INDEX
    lab.require()
    folder = _folder(arguments)
    written = copy_lessons(folder)
    print(f"your lessons are in {folder}")
    for item in written:
        if item.what not in ("new", "up to date", "yours, kept"):
            print(f"  {item.path.name}: {item.what}")
    browser = False if getattr(arguments, "no_browser", False) else None
    return lab.open_lab(folder, first, browser=browser, port=getattr(arguments, "port", None))


def _list(arguments: argparse.Namespace) -> int:
    from minigate.learn.overview import overview

    folder = _folder(arguments)
    rows = overview(folder)
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return 0
    print(f"your copy: {folder}" + ("" if folder.is_dir() else " (not there yet: minigate lessons)"))
    table = [("no.", "title", "minutes", "needs", "your copy", "exercises")]
    for row in rows:
        copy = row["copy"] + (", new version beside it" if row["newer"] else "")
        passed = f"{row['passed']} of {len(row['exercises'])} passed"
        table.append((row["number"], row["title"], row["duration"], ", ".join(row["needs"]) or "–", copy, passed))
    _print_table(table, right=(2,))
    return 0


def _copy(arguments: argparse.Namespace) -> int:
    from minigate.learn.copying import copy_lessons

    folder = _folder(arguments)
    only = [number for number in (arguments.only or "").split(",") if number.strip()]
    written = copy_lessons(
        folder, only=only, solutions=arguments.solutions, force=arguments.force, answers=arguments.answers
    )
    for item in written:
        print(f"{item.path.relative_to(folder).as_posix():<40} {item.what}")
    print(f"in {folder}")
    return 0


def _notebook(number: str, folder: Path, shipped: bool) -> tuple[Any, Path]:
    """A lesson, and the file to run: the learner's copy where there is one."""
    from minigate.learn import find_lesson

    lesson = find_lesson(number)
    own = folder / lesson.path.name
    return lesson, own if own.is_file() and not shipped else lesson.path


def _run(arguments: argparse.Namespace) -> int:
    from tqdm import tqdm

    from minigate.learn import lessons
    from minigate.learn.runner import run_notebook

    folder = _folder(arguments)
    chosen = [_notebook(n, folder, arguments.shipped) for n in arguments.numbers or [x.number for x in lessons()]]
    table, failed = [("no.", "title", "seconds", "outcome")], 0
    with tqdm(total=len(chosen), unit="lesson", file=sys.stderr, disable=None) as bar:
        for lesson, path in chosen:
            bar.set_description(f"{lesson.number} {'your copy' if path != lesson.path else 'as shipped'}")
            start = bar.n

            def after_cell(done: int, total: int, start: float = start) -> None:
                bar.update(start + done / total - bar.n)

            own = path.parent if path != lesson.path else None
            outcome = run_notebook(path, folder=own, quick=arguments.quick, on_cell=after_cell)
            bar.update(start + 1 - bar.n)
            failed += not outcome.passed
            came = outcome.error or _counted(outcome.states)
            table.append((lesson.number, lesson.title, f"{outcome.seconds:.1f}", came))
    _print_table(table, right=(2,))
    return 1 if failed else 0


def _counted(states: dict[str, Any]) -> str:
    if not states:
        return "ran"
    counts = [(name, sum(state == name for state in states.values())) for name in ("pass", "fail", "not started")]
    return "ran; exercises: " + ", ".join(f"{count} {name}" for name, count in counts if count)


def _check(arguments: argparse.Namespace) -> int:
    from minigate.learn import exercises, lessons
    from minigate.learn.runner import run_notebook

    folder = _folder(arguments)
    reports, states = [], []
    there = [lesson.number for lesson in lessons() if (folder / lesson.path.name).is_file()]
    if not arguments.numbers and not there:
        raise OptionError(
            explain("there are no lessons to check", expected=f"a copy in {folder}",
                    remedy=f'minigate lessons copy "{folder}", or --to FOLDER')
        )  # fmt: skip
    for number in arguments.numbers or there:
        lesson, path = _notebook(number, folder, shipped=False)
        if path == lesson.path:
            raise OptionError(
                explain(f"there is no copy of lesson {lesson.number} to check",
                        expected=str(folder / lesson.path.name),
                        remedy=f'minigate lessons copy "{folder}", or --to FOLDER')
            )  # fmt: skip
        outcome = run_notebook(path, folder=path.parent, keep_going=True)
        found = {known.id: outcome.states.get(known.id, "not started") for known in exercises(lesson.number)}
        reports.append({"lesson": lesson.number, "file": str(path), "exercises": found, "error": outcome.error})
        states += [*found.values(), *(["fail"] if outcome.error else [])]
    if arguments.json:
        print(json.dumps(reports, indent=2))
    else:
        for report in reports:
            _print_table([("exercise", "outcome"), *report["exercises"].items()])
            print(f"while running: {report['error']}\n" if report["error"] else "", end="")
    return 1 if "fail" in states else 3 if "not started" in states else 0


def _print_table(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        aligned = [cell.rjust(n) if i in right else cell.ljust(n) for i, (cell, n) in enumerate(zip(row, widths))]
        print("  ".join(aligned).rstrip())
