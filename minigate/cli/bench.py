"""``minigate bench cells``: how fast is backpropagation through time by hand, beside what others ship?"""

from __future__ import annotations

import argparse
import json
import platform
import sys

from minigate.errors import OptionError, explain

HELP = "time the cells beside PyTorch's built-in layers and beside their matrix products alone"
EPILOG = """\
examples:
  minigate bench cells                          every cell at every shape, beside the GEMM floor
  minigate bench cells --vs torch               and beside PyTorch's built-in layers (python -m pip install torch)
  minigate bench cells --cell GRU --cell LSTM --shape 100,64,64,256
  minigate bench cells --tape --rounds 3        and beside the composed tape
  minigate bench cells --vs torch --json

columns, in milliseconds (medians of interleaved runs): forward, step = forward + backward, floor = exactly
the matrix products of a step, alone; "×" is step divided by the column before it, so below 1 is faster.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("what", nargs="?", default="cells", choices=["cells"], help="what to time (default: cells)")
    parser.add_argument("--vs", choices=["torch"], help="beside the built-in layers of this framework")
    parser.add_argument("--cell", action="append", metavar="NAME", help="only this cell (may be repeated)")
    parser.add_argument("--shape", action="append", metavar="T,N,D,H", help="only this shape (may be repeated)")
    parser.add_argument("--tape", action="store_true", help="beside the composed tape too (slow)")
    parser.add_argument("--rounds", type=int, default=7, help="turns for each contestant (default: 7)")
    parser.add_argument("--seed", type=int, default=0, help="of weights and data (default: 0)")
    parser.add_argument("--json", action="store_true", help="print rows and machine as JSON")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    import numpy

    from minigate.backend.blas import describe_blas
    from minigate.bench import CELLS, SHAPES, measure, table

    for name in arguments.cell or ():
        if name not in CELLS:
            raise OptionError(explain("no such cell", where="--cell", expected=" | ".join(CELLS), got=name))
    if arguments.rounds < 1:
        raise OptionError(explain("at least one round", where="--rounds", expected=">= 1", got=str(arguments.rounds)))
    shapes = [_shape(text) for text in arguments.shape] if arguments.shape else list(SHAPES)
    if arguments.vs == "torch":
        from minigate.bench.torch_peer import import_torch

        peer = f"torch {import_torch().__version__}"
    else:
        peer = ""
    machine = {
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "peer": peer,
        "blas": describe_blas(),
        "seed": arguments.seed,
        "rounds": arguments.rounds,
    }
    if not arguments.json:
        blas = machine["blas"]
        print(f"numpy {numpy.__version__}, {blas['name']}, {blas['threads']} threads, {blas['cores']} cores; {peer}")
    rows = []
    for name in arguments.cell or CELLS:
        for shape in shapes:
            options = (arguments.vs, arguments.tape, arguments.rounds, arguments.seed, arguments.quiet)
            rows.append(measure(name, shape, *options))
            if not arguments.json:
                lines = table(rows[-1:], arguments.vs).splitlines()
                print("\n".join(lines if len(rows) == 1 else lines[2:]))
                sys.stdout.flush()
    if arguments.json:
        print(json.dumps({"machine": machine, "rows": [row.as_dict() for row in rows]}, indent=2))
    return 0


def _shape(text: str) -> tuple[int, int, int, int]:
    parts = text.replace(" ", "").split(",")
    if len(parts) != 4 or not all(part.isdigit() and int(part) > 0 for part in parts):
        what, remedy = "a shape has four sizes", "--shape 100,64,64,256"
        raise OptionError(explain(what, where="--shape", expected="T,N,D,H", got=text, remedy=remedy))
    T, N, D, H = (int(part) for part in parts)
    return T, N, D, H
