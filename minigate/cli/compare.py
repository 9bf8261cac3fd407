"""``minigate compare``: runs beside each other, as a table and as curves."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

HELP = "compare runs: a table, and their learning curves against updates and against time"
EPILOG = """\
examples:
  minigate compare runs/charlm-stacked-lstm-seed0 runs/charlm-gf-lstm-l-seed0
  minigate compare runs/* --out figures/compared.png
  minigate compare runs/a runs/b --markdown --no-plot

valid and test are bits per character, of programs the share of wrong symbols, of seqmnist that of misclassified
images: the best on the validation part, and the score on the test part of the model that was best there. "–" for a run
that has not come to an end. characters/s (or symbols, or images) is the median over the run's evaluations, in updates
alone; minutes are those of training with all its evaluations. Of two runs of programs there is also a picture of the
second's right symbols less the first's, for every difficulty. Runs that differ in nothing but their seed are also told
together, as mean ± deviation (of a sample). Speed and time are of the machine that the runs were made on, and compare
only where nothing else ran there."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The runs, and where the picture goes."""
    parser.add_argument("folders", metavar="RUN", nargs="+", help="folders of runs")
    parser.add_argument("--out", metavar="FILE", default="compare.png", help="the picture (default: %(default)s)")
    parser.add_argument("--plot", action=argparse.BooleanOptionalAction, default=True, help="draw the curves")
    parser.add_argument("--markdown", action="store_true", help="the table in Markdown")
    parser.add_argument("--json", action="store_true", help="one object of JSON")


def run(args: argparse.Namespace) -> int:
    """Print the table, draw the curves, and say what is not alike."""
    from minigate.errors import OptionError, explain
    from minigate.train.curves import compare, draw_comparison
    from minigate.train.pictures import draw_difference
    from minigate.train.run import Run
    from minigate.train.seeds import over_seeds

    path = Path(args.out)
    if path.suffix not in (".png", ".svg", ".pdf"):
        raise OptionError(explain("unknown kind of picture", where="--out", expected="FILE.png", got=args.out))
    runs = [Run.open(folder) for folder in args.folders]
    rows, groups = compare(runs), over_seeds(runs)
    texts = len({row.pop("text") for row in rows})
    picture, difference = None, None
    if args.plot:
        picture = str(draw_comparison({_title(one, runs): one for one in runs}, path))
        if len(runs) == 2:
            difference = draw_difference(runs[1], runs[0], path.with_stem(f"{path.stem}-difference"))
    if args.json:
        shown = {"picture": picture, "difference": difference and str(difference)}
        print(json.dumps({"runs": rows, "seeds": groups, **shown}))
        return 0
    print(_table(rows, args.markdown))
    if groups:
        print("\n" + "\n".join(_over_seeds(group) for group in groups))
    if texts > 1:
        print("\nnot comparable: these runs read different texts")
    if picture:
        print(f"\ncurves: {picture}")
    if difference:
        print(f"difference of right symbols: {difference}")
    return 0


def _title(one: Any, runs: list[Any]) -> str:
    """Its folder's name, or the whole path where two have the same."""
    same = [other for other in runs if other.folder.name == one.folder.name]
    return one.folder.name if len(same) == 1 else str(one.folder)


def _over_seeds(group: dict[str, Any]) -> str:
    """One line for runs that differ in their seed."""
    seeds = ", ".join(map(str, group["seeds"]))
    parts = [f"{name} {_spread(group[name], '.4f')}" for name in ("valid", "test") if group[name]]
    if "reached" in group:
        share = f"{group['reached']} of {len(group['seeds'])}"
        parts.append(
            f"{_spread(group['updates_to_enough'], ',.0f')} updates to {group['enough']:g} on valid ({share})"
            if group["updates_to_enough"]
            else f"{group['enough']:g} on valid never reached"
        )
    return f"{group['runs'][0]} and alike, seeds {seeds}: {'; '.join(parts)}"


def _spread(pair: list[Any], form: str) -> str:
    mean, deviation = pair
    return format(mean, form) + ("" if deviation is None else f" ± {format(deviation, form)}")


_COLUMNS = {
    "run": "run",
    "parameters": "parameters",
    "valid": "valid",
    "test": "test",
    "updates": "updates",
    "minutes": "minutes",
    "speed": "speed",
}


def _table(rows: list[dict[str, Any]], markdown: bool) -> str:
    head = [f"{rows[0]['unit']}/s" if key == "speed" and rows[0]["unit"] else name for key, name in _COLUMNS.items()]
    lines = [head, *([_shown(key, row[key]) for key in _COLUMNS] for row in rows)]
    if markdown:
        body = ["| " + " | ".join(line) + " |" for line in lines]
        return "\n".join([body[0], "|---" + "|---:" * (len(_COLUMNS) - 1) + "|", *body[1:]])
    widths = [max(len(line[k]) for line in lines) for k in range(len(_COLUMNS))]
    padded = ([f"{word:{'>' if k else '<'}{widths[k]}}" for k, word in enumerate(line)] for line in lines)
    return "\n".join("  ".join(line) for line in padded)


def _shown(key: str, value: Any) -> str:
    if value is None:
        return "–"
    form = {"run": "", "valid": ".4f", "test": ".4f", "minutes": ".1f"}.get(key, ",.0f")
    return format(value, form)
