"""``minigate check``: is the derivative in somebody's own file right, and if not, where and why?

The file is loaded by its path. What it defines (gates, cells, layers, pairs of functions) is checked one
after the other, and reported in full; the exit code is that of the worst.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from minigate.errors import BackendError, MinigateError, OptionError, explain

if TYPE_CHECKING:
    from minigate.checking.inventory import Item
    from minigate.checking.outcome import Outcome

HELP = "check the gradients of a gate, cell, layer or function of your own"
EPILOG = """\
examples:
  minigate check --new gate my_gate.py     write a small commented example to start from (or: cell, layer, vjp)
  minigate check my_gate.py                check everything that the file defines
  minigate check my_gate.py:Soft           check this one
  minigate check my_gate.py --list         what is in it that can be checked?
  minigate check my_cell.py --T 1,2,8 --D 3 --H 5 --full
  minigate check my_op.py --order 2        the second derivatives too
  minigate check gates/*.py --quiet --json report.json --plots pictures

what is found in a file, as far as the file itself defines it:
  gate    a class of mg.gates.Gate, or one made at the top level:   gate = MyGate(3)
  cell    a class of mg.cells.Cell, or one made:                    cell = MyCell(D=2, H=4, k=3)
  layer   a class of mg.Module, or one made; it is called with x (T, N, D) where it has a D, else with what
          example_inputs(), a method of it or a function of the file, returns
  vjp     functions forward(*inputs) and backward(cotangents, *inputs) on plain arrays, with inputs = (x, W) or
          def example_inputs(): return x, W     (also softmax_forward, softmax_backward, softmax_inputs, …)
  make    def make(D, H): return MyCell(D, H, k=3)     for a class that needs more arguments than D, H, seed, dtype
Names that begin with _ are left out, and what is imported; FILE:Name checks these too. With inputs in the file,
FILE:Name also checks a function on Tensors. The code under `if __name__ == "__main__":` does not run.

exit codes: 0 PASS, 1 FAIL, 3 INCONCLUSIVE, 2 the file does not run or something in it could not be made;
of several the worst, in the order 2, 1, 3, 0
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("targets", nargs="*", metavar="FILE[:Name]", help="a Python file, or one thing in it")
    parser.add_argument("--new", metavar="KIND", help="write an example into FILE: gate, cell, layer or vjp")
    parser.add_argument("--list", action="store_true", help="say what would be checked, and check nothing")
    parser.add_argument("--T", metavar="1,2,5", help="the lengths of time of a cell (default: 1,2,3,5)")
    parser.add_argument("--N", type=int, metavar="N", help="the number of sequences (default: 3)")
    parser.add_argument("--D", type=int, default=2, metavar="D", help="the input size of what is made (default: 2)")
    parser.add_argument("--H", type=int, default=4, metavar="H", help="the hidden size of what is made (default: 4)")
    parser.add_argument("--seed", type=int, default=0, help="of every random number (default: 0)")
    parser.add_argument("--full", action="store_true", help="compare number by number, not along random directions")
    parser.add_argument("--order", type=int, default=1, help="2: the second derivatives too (default: 1)")
    parser.add_argument("--json", metavar="FILE", help="write the reports as JSON; - prints nothing else")
    parser.add_argument("--plots", metavar="DIR", help="save pictures of what is wrong, and where")
    parser.add_argument("--quiet", action="store_true", help="one line for each thing checked")
    parser.add_argument("--backend", choices=["numpy", "cupy", "auto"], help="the array library to check on")


def run(arguments: argparse.Namespace) -> int:
    """Write an example, list, or check; see EPILOG for the exit codes."""
    if not arguments.targets:
        remedy = "minigate check my_gate.py, or minigate check --new gate my_gate.py for an example to start from"
        if arguments.new is not None:
            remedy = f"minigate check --new {arguments.new} my_{arguments.new}.py"
        raise OptionError(explain("no file to check", expected="FILE or FILE:Name", remedy=remedy))
    if arguments.new is not None:
        return _new(arguments)
    options = _options(arguments)
    with _on_backend(arguments.backend), _stdout_is_json(arguments.json == "-") as out:
        outcomes = list(_outcomes(arguments, options))
        from minigate.checking.outcome import exit_code

        code = exit_code([outcome.verdict for outcome in outcomes])
        if arguments.json:
            _write_json(arguments, outcomes, code, out)
    return code


def _new(arguments: argparse.Namespace) -> int:
    from minigate.checking.starters import write_starter

    if len(arguments.targets) > 1:
        raise OptionError(explain("one example at a time", where="--new", got=" ".join(arguments.targets)))
    file = write_starter(arguments.new, arguments.targets[0])
    print(f"{file} is written. Next:\n  minigate check {file}")
    return 0


def _options(arguments: argparse.Namespace) -> dict[str, Any]:
    if arguments.list and arguments.json:
        raise OptionError(explain("--list checks nothing, and --json holds reports", expected="one of the two"))
    options: dict[str, Any] = {name: getattr(arguments, name) for name in ("seed", "full", "order", "H")}
    if arguments.order not in (1, 2):
        raise OptionError(explain("no such order", where="--order", expected="1 or 2", got=str(arguments.order)))
    for letter, least in (("D", 1), ("H", 1), ("N", 1), ("seed", 0)):
        value = getattr(arguments, letter)
        if value is not None and value < least:
            raise OptionError(explain("too small", where=f"--{letter}", expected=f"≥ {least}", got=str(value)))
    if arguments.N is not None:
        options["N"] = arguments.N
    if arguments.T is not None:
        lengths = arguments.T.replace(" ", "").split(",")
        if not all(length.isdecimal() and int(length) > 0 for length in lengths):
            what = "lengths of time are whole numbers from 1 on"
            raise OptionError(explain(what, where="--T", expected="1,2,5", got=arguments.T, remedy="--T 1,2,5"))
        options["T"] = tuple(int(length) for length in lengths)
    if arguments.json not in (None, "-") and (
        Path(arguments.json).is_dir() or not Path(arguments.json).parent.is_dir()
    ):
        raise OptionError(explain(f"{arguments.json} cannot be written", where="--json", expected="a file, in a folder "
                                  "that is there"))  # fmt: skip
    if arguments.plots is not None and Path(arguments.plots).is_file():
        raise OptionError(explain(f"{arguments.plots} is a file", where="--plots", expected="a folder"))
    return options


def _outcomes(arguments: argparse.Namespace, options: dict[str, Any]) -> Iterator[Outcome]:
    """Check file after file, printing as it goes; one that does not run does not keep the others from running."""
    from minigate.checking.inventory import Item
    from minigate.checking.outcome import NOT_CHECKED, PART, Outcome, check_items

    sizes = {"D": arguments.D, "H": arguments.H, "seed": arguments.seed, "dtype": "float64"}
    modules: dict[Path, ModuleType] = {}
    done: list[Outcome] = []
    for text in arguments.targets:
        try:
            module, items, file = _find(text, modules)
        except OptionError as error:
            done.append(Outcome(text, NOT_CHECKED, text=str(error), error=error))
            _complain(arguments, done[-1])
            yield done[-1]
            continue
        if arguments.list:
            _list(file, items)
            continue
        for outcome in check_items(items, module, file, sizes, options):
            if arguments.plots and outcome.report is not None:
                assert isinstance(outcome.item, Item)
                outcome.report.plot(Path(arguments.plots) / f"{Path(file).stem}.{outcome.item.name}")
            done.append(outcome)
            if outcome.verdict == NOT_CHECKED:
                _complain(arguments, outcome)
            elif outcome.verdict != PART and not arguments.quiet:
                shown = f"{outcome.text}\n  {outcome.verdict}" if outcome.report is None else outcome.report
                print(f"{shown}\n", flush=True)
            if arguments.debug and outcome.error is not None and outcome.verdict != NOT_CHECKED:
                traceback.print_exception(outcome.error)
            yield outcome
    if len(done) > 1 or (arguments.quiet and any(outcome.verdict != NOT_CHECKED for outcome in done)):
        print("\n".join(_summary(done)))


def _find(text: str, modules: dict[Path, ModuleType]) -> tuple[ModuleType, list[Item], str]:
    from minigate.checking.inventory import inventory, nothing_found, pick
    from minigate.checking.loading import find_file, load, split_target

    path, name = split_target(text)
    file = find_file(path)
    if file not in modules:
        modules[file] = load(file)
    module = modules[file]
    items = [pick(module, name)] if name else inventory(module)
    if not items:
        raise nothing_found(module)
    return module, items, str(path)


def _complain(arguments: argparse.Namespace, outcome: Outcome) -> None:
    print(f"minigate check: {outcome.text}", file=sys.stderr)
    if arguments.debug and outcome.error is not None:
        traceback.print_exception(outcome.error)


def _list(file: str, items: list[Item]) -> None:
    print(file)
    width = max(len(item.name) for item in items)
    for item in items:
        print(f"  line {item.line:<5} {item.kind:<8} {item.name:<{width}}   {item.note}".rstrip())


def _summary(outcomes: list[Outcome]) -> list[str]:
    """One line for each: what it was, the verdict, and the first thing to know."""
    width = max(len(outcome.target) for outcome in outcomes)
    return [f"{each.target:<{width}}   {each.verdict:<12}   {_first_thing(each)}".rstrip() for each in outcomes]


def _first_thing(outcome: Outcome) -> str:
    report = outcome.report
    if report is None:
        return outcome.text.partition("\n")[0].removeprefix(f"{outcome.target}: ")
    failed = [f"{stage.name}: {stage.detail}" for stage in report.stages if stage.status == "FAIL"]
    return next(iter([*(finding.text for finding in report.findings), *failed, *report.reasons]), "")


@contextlib.contextmanager
def _on_backend(name: str | None) -> Iterator[None]:
    from minigate.backend import use

    if name is None:
        yield
        return
    try:
        chosen = use(name)
    except BackendError as error:
        raise OptionError(f"--backend {name}: {error}") from error
    with chosen:
        yield


@contextlib.contextmanager
def _stdout_is_json(alone: bool) -> Iterator[Any]:
    """Where stdout is for JSON alone, everything that is printed meanwhile goes nowhere near it."""
    out = sys.stdout
    if not alone:
        yield out
        return
    with contextlib.redirect_stdout(sys.stderr):
        yield out


def _write_json(arguments: argparse.Namespace, outcomes: list[Outcome], code: int, out: Any) -> None:
    from minigate import __version__
    from minigate.checking.report import plain

    found = {"minigate": __version__, "exit code": code, "checked": [plain(outcome.to_dict()) for outcome in outcomes]}
    text = json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False)
    if arguments.json == "-":
        print(text, file=out)
    else:
        try:
            Path(arguments.json).write_text(text + "\n", encoding="utf-8")
        except OSError as error:
            raise MinigateError(f"--json: {arguments.json} cannot be written: {error.strerror}") from error
