"""``minigate plot``: pictures of a run; its curves, its gates over a text, and how far back it can learn."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

HELP = "draw a run: learning curves, gates over time, gradient against lag, right answers, mistakes"
EPILOG = """\
examples:
  minigate plot runs/charlm-gf-gru2x112-seed0
  minigate plot runs/book --text "The reset gate of the" --out figures
  minigate plot runs/book --text-file page.xml --length 120

Drawn, one file each: curves (training and validation against updates and minutes). Of a run of programs: right symbols
and right answers for every difficulty (symbols, answers). Of a run of seqmnist: what was taken for what (confusion),
the misclassified test images (wrong), the gates while one of them is read (gates), and how steep the gates are for an
input of any size, with the gradient against the lag (saturation), and what units have made of gates with parameters
of their own (gate-update, …). Of a run of charlm: for each layer with gates a heat
map of every gate above the characters (gates-layers.0, …); for gated feedback, which layer feeds back into which, and
when (feedback); and the length of the gradient of the last output against how many characters it has gone back, for
every layer (gradient)."""

DEFAULT_TEXT = "The state of the cell is kept as long as the gate is closed, and no longer. "


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run, the text that it reads, and where the pictures go."""
    parser.add_argument("folder", metavar="RUN", help="the folder of a run")
    parser.add_argument("--text", help="what the model reads (default: a sentence about gates)")
    parser.add_argument("--text-file", metavar="FILE", help="the same, from a file of UTF-8 text")
    parser.add_argument("--length", type=int, default=100, help="characters of it at most (default: %(default)s)")
    parser.add_argument("--out", metavar="DIR", help="the folder of the pictures (default: that of the run)")
    parser.add_argument("--json", action="store_true", help="the paths as JSON")


def run(args: argparse.Namespace) -> int:
    """Draw everything that this run has, and print where."""
    from minigate.cli.sample import read_prime
    from minigate.train.pictures import draw_run

    text = read_prime(args.text_file) if args.text_file else args.text or DEFAULT_TEXT
    paths = draw_run(args.folder, text[: args.length], None if args.out is None else Path(args.out))
    print(json.dumps([str(path) for path in paths]) if args.json else "\n".join(map(str, paths)))
    return 0
