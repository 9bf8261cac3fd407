"""``minigate sample``: let a trained character model write."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

HELP = "write text with a trained character model"
EPILOG = """\
examples:
  minigate sample runs/charlm-gf-gru2x112-seed0 --prime "The "
  minigate sample runs/book --length 2000 --temperature 1 --seed 7
  minigate sample runs/book --temperature 0           always the likeliest character
  minigate sample runs/wiki --prime-file page.xml --count 10 --length 300 --temperature 1 --tags

With --count, sample k has the seed --seed + k. --tags counts how many of the XML tags that are open where the prime
ends, or are opened by the model, it closes again; of those that it opens in the last 100 characters and leaves open,
nothing can be said, and they are left out."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The run, and how to draw from it."""
    parser.add_argument("folder", metavar="RUN", help="the folder of a run of charlm")
    parser.add_argument("--prime", default="The ", help="the text to go on from (default: %(default)r)")
    parser.add_argument("--prime-file", metavar="FILE", help="the same, from a file of UTF-8 text")
    parser.add_argument("--length", type=int, default=400, help="characters to write (default: %(default)s)")
    parser.add_argument(
        "--temperature", type=float, default=0.8, help="1 is as learnt, 0 the likeliest (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the draws (default: %(default)s)")
    parser.add_argument("--count", type=int, default=1, help="how many samples (default: %(default)s)")
    parser.add_argument("--tags", action="store_true", help="count the XML tags that are closed again")
    parser.add_argument("--json", action="store_true", help="one object of JSON")


def run(args: argparse.Namespace) -> int:
    """Print the prime and what the model makes of it, once or several times."""
    from minigate.errors import OptionError, explain
    from minigate.train.sampling import sample
    from minigate.train.tags import closed_tags, count_tags
    from minigate.train.trained import load_model

    if args.count < 1:
        raise OptionError(explain("at least one sample", where="--count", expected=">= 1", got=str(args.count)))
    prime = read_prime(args.prime_file) if args.prime_file else args.prime
    trained = load_model(args.folder)
    seeds = range(args.seed, args.seed + args.count)
    texts = [sample(trained, prime, args.length, args.temperature, seed) for seed in seeds]
    every = [closed_tags(text, len(prime)) for text in texts]
    total = count_tags(texts, len(prime))
    if args.json:
        found = {"run": args.folder, "seed": args.seed, "text": texts[0]}
        found |= {"texts": texts} if args.count > 1 else {}
        found |= {"tags": {**vars(total), "share": total.share}} if args.tags else {}
        print(json.dumps(found))
        return 0
    for seed, text, tags in zip(seeds, texts, every, strict=True):
        if args.count > 1:
            print(f"---- seed {seed}" + (f": {tags}" if args.tags else ""))
        print(text)
    if args.tags:
        print(f"\ntags: {total}")
    return 0


def read_prime(path: str) -> str:
    """The text of a file, to the last character: where it ends is where the model goes on."""
    from minigate.data import read_text

    return str(read_text(Path(path)).characters)
