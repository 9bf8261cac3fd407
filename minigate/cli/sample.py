"""``minigate sample``: let a trained character model write."""

from __future__ import annotations

import argparse
import json

HELP = "write text with a trained character model"
EPILOG = """\
examples:
  minigate sample runs/charlm-gru256-seed0 --prime "The "
  minigate sample runs/book --length 2000 --temperature 1 --seed 7
  minigate sample runs/book --temperature 0           always the likeliest character"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run, and how to draw from it."""
    parser.add_argument("folder", metavar="RUN", help="the folder of a run of charlm")
    parser.add_argument("--prime", default="The ", help="the text to go on from (default: %(default)r)")
    parser.add_argument("--length", type=int, default=400, help="characters to write (default: %(default)s)")
    parser.add_argument(
        "--temperature", type=float, default=0.8, help="1 is as learnt, 0 the likeliest (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the draws (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="one object of JSON")


def run(args: argparse.Namespace) -> int:
    """Print the prime and what the model makes of it."""
    from minigate.train.sampling import sample

    text = sample(args.folder, args.prime, args.length, args.temperature, args.seed)
    print(json.dumps({"run": args.folder, "seed": args.seed, "text": text}) if args.json else text)
    return 0
