"""``minigate predict``: let a trained model answer a problem, and see how sure it is of every symbol."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

HELP = "let a trained model say what a program prints"
EPILOG = """\
examples:
  minigate predict runs/programs-gf-gru2x96-seed0 "print((12+34))"
  minigate predict runs/lte "a=5;#for x in range(3):a+=2#print(a)"
  minigate predict runs/lte "print((7*8))" --beam 10
  minigate predict runs/lte                          asks for one program after the other
  minigate predict runs/lte < programs.txt           one a line

A program has the six operations of the task: +, -, *, a variable a … j, for x in range(…), and … if … > … else ….
Lines are joined by # or are lines. It is read by a parser that knows these and runs nothing else; so the right answer
stands beside the model's."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run, the problem, and how to look for an answer."""
    parser.add_argument("folder", metavar="RUN", help="the folder of a run of programs")
    parser.add_argument("problem", metavar="PROGRAM", nargs="?", help="what to answer (default: ask, or read lines)")
    parser.add_argument(
        "--beam", type=int, default=1, metavar="WIDTH", help="search along so many paths (default: %(default)s, greedy)"
    )
    parser.add_argument("--json", action="store_true", help="one object of JSON for each")


def run(args: argparse.Namespace) -> int:
    """Answer one problem, or one after the other."""
    from minigate.errors import DataError
    from minigate.train.predicting import predict
    from minigate.train.program_model import load_solver

    solver = load_solver(args.folder)
    if args.problem is not None:
        _show(predict(solver, args.problem, args.beam), args.json)
        return 0
    asked = sys.stdin.isatty()
    if asked:
        print("a program, then Enter; an empty line ends", file=sys.stderr)
    failed = 0
    while True:
        if asked:
            print("> ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line.strip():
            if asked or not line:
                return failed
            continue
        try:
            _show(predict(solver, line, args.beam), args.json)
        except DataError as problem:
            print(problem, file=sys.stderr)
            failed = 0 if asked else 1


def _show(found: Any, as_json: bool) -> None:
    if as_json:
        print(json.dumps(vars(found)), flush=True)
        return
    lines = [f"read    {found.problem}", f"answer  {found.answer}   p = {_probability(found.log_probability)}"]
    if found.right is not None:
        lines.append(f"right   {found.right}   {'yes' if found.right == found.answer else 'no'}")
    lines += [
        f"  {place[0][0]}  {place[0][1]:6.1%} {'█' * round(20 * place[0][1]):<20}"
        + "".join(f"   {symbol} {p:.1%}" for symbol, p in place[1:])
        for place in found.symbols
    ]
    if found.others:
        lines.append("others  " + "   ".join(f"{text} ({_probability(log)})" for text, log in found.others))
    print("\n".join(lines) + "\n", flush=True)


def _probability(log: float) -> str:
    from math import exp

    return f"{exp(log):.2%}" if log > -7 else f"{exp(log):.1e}"
