"""``minigate bench``: how fast is backpropagation through time by hand, and what does a longer sequence cost?"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from minigate.errors import OptionError, explain

HELP = "time the cells beside PyTorch and beside their matrix products alone, and against the length of the sequence"
EPILOG = """\
examples:
  minigate bench cells --vs torch           every cell beside PyTorch (python -m pip install torch)
  minigate bench length                     time and memory of GRU against the length of the sequence
  minigate bench images --vs torch          a ReNet layer, an MD-LSTM and LeNet-5 beside their rivals
  minigate bench cells --help               what a measurement takes, with more examples
"""
CELLS_EPILOG = """\
examples:
  minigate bench cells                          every cell, beside its matrix products and the composed tape
  minigate bench cells --vs torch               and beside PyTorch (python -m pip install torch)
  minigate bench cells --cell GRU --cell LSTM --shape 100,64,64,256
  minigate bench cells --vs torch --no-tape --rounds 3       quicker
  minigate bench cells --vs torch --json

The first table, in milliseconds (medians of interleaved runs): forward, step = forward + backward, floor = exactly
the matrix products of a step, alone (with *, for a cell without products in its loop: its memory traffic). Opponent:
PyTorch's built-in layer, or the same cell as a per-step PyTorch module where it has none. "×" is step divided by the
column before it, so below 1 is faster; where something is asked of a ratio, it says what, and whether it is so.

The second table, in shares of a step: forward and backward; products = the matrix products alone, calls = what as
many calls of Python and NumPy take on arrays of almost nothing, arithmetic = the rest, pointwise arithmetic and moving
its numbers, of which traffic cannot be avoided (known for the cells marked *). "products × torch" is what "× torch"
would be if a step were its products and nothing else.
"""
LENGTH_EPILOG = """\
examples:
  minigate bench length                                      GRU at T = 100 … 10,000, in half a minute
  minigate bench length --cell LSTM --T 1000,10000 --window 50
  minigate bench length --plot length.png
  minigate bench length --json

Each way through time: full, truncated (--window), checkpointed, and reading alone, without a gradient. µs per step
stays the same where time is linear in T. Peak memory is what a training step holds at most, beside x and dy;
beyond = what is not y or dx; documented = what the documentation of the way lets one expect there.
"""


IMAGES_EPILOG = """\
examples:
  minigate bench images                     an MD-LSTM along diagonals beside a position at a time
  minigate bench images --vs torch          and a ReNet layer and LeNet-5 beside PyTorch
  minigate bench images --vs torch --rounds 9 --json

A training step, forward and backward, in milliseconds (medians of interleaved runs). "×" is ours divided by the
rival's, so below 1 is faster; where something is asked of a ratio, it says what, and whether it is so.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the measurements and their options."""
    kinds = parser.add_subparsers(dest="what", metavar="cells | length | images", required=True)
    for name, text, epilog, declare, measure in (
        ("cells", "the training step of every cell, beside its rivals", CELLS_EPILOG, _declare_cells, _run_cells),
        ("length", "time and memory against the length of the sequence", LENGTH_EPILOG, _declare_length, _run_length),
        ("images", "the training step of what reads images", IMAGES_EPILOG, _declare_images, _run_images),
    ):
        kind = kinds.add_parser(name, help=text, description=text.capitalize() + ".", epilog=epilog)
        kind.formatter_class = argparse.RawDescriptionHelpFormatter
        declare(kind)
        kind.add_argument("--seed", type=int, default=0, help="of weights and data (default: 0)")
        kind.add_argument("--markdown", action="store_true", help="print the tables in Markdown")
        kind.add_argument("--json", action="store_true", help="print rows and machine as JSON")
        kind.add_argument("--quiet", action="store_true", help="no progress bar")
        kind.set_defaults(measure=measure)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print."""
    if arguments.rounds < 1:
        raise OptionError(explain("at least one round", where="--rounds", expected=">= 1", got=str(arguments.rounds)))
    return int(arguments.measure(arguments))


def _declare_cells(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--vs", choices=["torch"], help="beside this framework: built-in layers, or per-step modules")
    parser.add_argument("--cell", action="append", metavar="NAME", help="only this cell (may be repeated)")
    parser.add_argument(
        "--shape", action="append", metavar="T,N,D,H", help="only this shape, I,J,N,D,H for images (may be repeated)"
    )
    parser.add_argument(
        "--tape", action=argparse.BooleanOptionalAction, default=True, help="beside the composed tape, the slowest"
    )
    parser.add_argument("--rounds", type=int, default=5, help="turns for each contestant (default: 5)")


def _run_cells(arguments: argparse.Namespace) -> int:
    from minigate.bench import CELLS, header, line, measure, race_columns, share_columns, table

    names = arguments.cell or list(CELLS)
    for name in names:
        _known(name)
    shapes = _shapes(arguments.shape or (), names)
    columns = race_columns(arguments.vs, arguments.tape)
    _print(arguments, _heading(arguments.vs), header(columns, arguments.markdown))
    rows = []
    for name in names:
        for shape in shapes[name]:
            row = measure(
                name, shape, arguments.vs, arguments.tape, arguments.rounds, arguments.seed, arguments.quiet
            )  # fmt: skip
            rows.append(row)
            _print(arguments, line(columns, row, arguments.markdown))
    shares = table(share_columns(arguments.vs), rows, arguments.markdown)
    _print(arguments, "", "where the time of a step is:", "", shares)
    return _finish(arguments, rows, arguments.vs)


def _declare_length(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cell", default="GRU", metavar="NAME", help="the cell (default: GRU)")
    parser.add_argument("--T", metavar="T,T,…", help="the lengths (default: 100,300,1000,3000,10000)")
    parser.add_argument("--shape", default="8,16,64", metavar="N,D,H", help="the other sizes (default: 8,16,64)")
    parser.add_argument("--window", type=int, default=100, help="of the truncated way (default: 100)")
    parser.add_argument("--rounds", type=int, default=3, help="turns for each way (default: 3)")
    parser.add_argument("--plot", metavar="FILE", help="draw it: a .png, .svg or .pdf")


def _run_length(arguments: argparse.Namespace) -> int:
    from minigate.bench import LENGTHS, cost, table
    from minigate.bench.cells import OVER_IMAGES
    from minigate.bench.length import COLUMNS

    _known(arguments.cell)
    if arguments.cell in OVER_IMAGES:
        raise OptionError(explain(f"{arguments.cell} reads images, which have no length", where="--cell"))
    sizes = _sizes(arguments.shape, "--shape", "N,D,H", "8,16,64")
    lengths = _lengths(arguments.T) if arguments.T else LENGTHS
    if arguments.window < 1:
        window = explain("a window has at least one step", where="--window", expected=">= 1", got=str(arguments.window))
        raise OptionError(window)
    if arguments.plot and Path(arguments.plot).suffix not in (".png", ".svg", ".pdf"):
        raise OptionError(explain("unknown kind of picture", where="--plot", expected="FILE.png", got=arguments.plot))
    _print(arguments, _heading(None), f"{arguments.cell}, N, D, H = {', '.join(str(size) for size in sizes)}", "")
    points = cost(
        arguments.cell, lengths, sizes, arguments.window, arguments.rounds, arguments.seed, arguments.quiet
    )  # fmt: skip
    _print(arguments, table(COLUMNS, points, arguments.markdown))
    if arguments.plot:
        _draw(points, arguments.plot)
        _print(arguments, "", f"drawn: {arguments.plot}")
    return _finish(arguments, points, None)


def _declare_images(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--vs", choices=["torch"], help="beside this framework too")
    parser.add_argument("--rounds", type=int, default=5, help="turns for each contestant (default: 5)")


def _run_images(arguments: argparse.Namespace) -> int:
    from minigate.bench import table
    from minigate.bench.images import IMAGE_COLUMNS, race_images

    _print(arguments, _heading(arguments.vs))
    races = race_images(arguments.vs, arguments.rounds, arguments.seed, arguments.quiet)
    _print(arguments, table(IMAGE_COLUMNS, races, arguments.markdown))
    return _finish(arguments, races, arguments.vs)


def _draw(points: Sequence[Any], path: str) -> None:
    import matplotlib

    matplotlib.use("agg")
    from minigate.plot import cost_of_length

    ways = {point.way: [other for other in points if other.way == point.way] for point in points}
    (axes, _), _ = cost_of_length(
        [point.T for point in next(iter(ways.values()))],
        {way: [1e3 * point.ms_per_step for point in own] for way, own in ways.items()},
        {way: [point.beyond / 1e6 for point in own] for way, own in ways.items()},
    )
    axes.figure.savefig(path)


def _known(name: str) -> None:
    from minigate.bench import CELLS

    if name not in CELLS:
        raise OptionError(explain("no such cell", where="--cell", expected=" | ".join(CELLS), got=name))


def _shapes(given: Sequence[str], names: Sequence[str]) -> Mapping[str, Sequence[tuple[int, ...]]]:
    """For each cell its own shapes, or those given that have as many sizes as its own."""
    from minigate.bench import shapes_of

    if not given:
        return {name: shapes_of(name) for name in names}
    letters = {4: "I,J,N,D,H"}  # by how many commas there are
    sizes = [_sizes(text, "--shape", letters.get(text.count(","), "T,N,D,H"), "100,64,64,256") for text in given]
    found = {name: [shape for shape in sizes if len(shape) == len(shapes_of(name)[0])] for name in names}
    if not any(found.values()):
        expected = "T,N,D,H for sequences, I,J,N,D,H for images"
        raise OptionError(explain("no cell reads this shape", where="--shape", expected=expected, got=" ".join(given)))
    return found


def _sizes(text: str, where: str, letters: str, example: str) -> tuple[int, ...]:
    parts, count = text.replace(" ", "").split(","), len(letters.split(","))
    if len(parts) != count or not all(part.isdecimal() and int(part) > 0 for part in parts):
        what = f"a shape has {('three', 'four', 'five')[count - 3]} sizes"
        raise OptionError(explain(what, where=where, expected=letters, got=text, remedy=f"{where} {example}"))
    return tuple(int(part) for part in parts)


def _lengths(text: str) -> tuple[int, ...]:
    parts = text.replace(" ", "").split(",")
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        what, remedy = "lengths are whole numbers of steps", "--T 100,1000,10000"
        raise OptionError(explain(what, where="--T", expected="T,T,…, each >= 1", got=text, remedy=remedy))
    return tuple(sorted({int(part) for part in parts}))


def _machine(vs: str | None) -> dict[str, Any]:
    import numpy

    from minigate.backend.blas import describe_blas

    peer = ""
    if vs == "torch":
        from minigate.bench.torch_peer import import_torch

        torch = import_torch()
        peer = f"torch {torch.__version__}, {torch.get_num_threads()} threads"
    return {
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "peer": peer,
        "blas": describe_blas(),
    }


def _heading(vs: str | None) -> str:
    machine = _machine(vs)
    blas, peer = machine["blas"], f"; {machine['peer']}" if vs else ""
    return f"numpy {machine['numpy']}, {blas['name']}, {blas['threads']} threads, {blas['cores']} cores{peer}\n"


def _print(arguments: argparse.Namespace, *lines: str) -> None:
    """For people only: with ``--json`` the output is for a program."""
    if not arguments.json:
        print("\n".join(lines), flush=True)


def _finish(arguments: argparse.Namespace, rows: Sequence[Any], vs: str | None) -> int:
    if arguments.json:
        options = {"seed": arguments.seed, "rounds": arguments.rounds}
        print(json.dumps({"machine": _machine(vs) | options, "rows": [row.as_dict() for row in rows]}, indent=2))
    return 0
