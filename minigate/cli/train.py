"""``minigate train``: run an experiment, with progress, checkpoints and a way to go on.

Every field of an experiment's configuration is an option of the command, so that the two cannot differ.
Measurements go to standard output, as text or as lines of JSON; the progress bar goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from typing import Any

HELP = "train a model: minigate train charlm"
EPILOG = """\
examples:
  minigate train charlm                             a Gated-Feedback GRU on Python's documentation, two minutes
  minigate train charlm --text book.txt --cell lstm --layers 1 --hidden 512 --feedback none --out runs/book
  minigate train charlm --preset gf-lstm-l --text enwik8 --minutes 60
  minigate train charlm --updates 200 --quiet --json
  minigate train charlm --set learning_rate=0.001 --set dropout=0.4
  minigate train charlm --resume runs/book          go on where it stopped

Ctrl-C finishes the update, saves, prints how to go on, and exits with 130.
Where other programs compete for the cores, OMP_NUM_THREADS=1 before the command is many times as fast.
Exit codes: 0 finished, 1 the loss became infinite or NaN (the last good checkpoint stays), 2 usage, 130 interrupted."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One sub-command for each experiment, one option for each field of its configuration."""
    from minigate.train.experiments import EXPERIMENTS
    from minigate.train.training_config import TrainingConfig, own_first

    commands = parser.add_subparsers(dest="experiment", metavar="EXPERIMENT", required=True)
    for name, experiment in EXPERIMENTS.items():
        command = commands.add_parser(
            name,
            help=experiment.help,
            description=experiment.help,
            epilog=f"{EPILOG}\n\npresets:\n{experiment.preset_table()}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        training = command.add_argument_group("how it is trained")
        for name, field in own_first(experiment.config).items():
            _add_option(training if name in TrainingConfig.__dataclass_fields__ else command, field)
        command.add_argument(
            "--minutes",
            type=float,
            default=0.0,
            help="how long the run may train in all; resumed with more, it goes on",
        )
        command.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="any option, by its name")
        command.add_argument("--out", metavar="DIR", help="the folder of the run (default: a new one in ./runs)")
        command.add_argument("--resume", metavar="RUN", help="go on with the run in this folder")
        command.add_argument("--quiet", action="store_true", help="no progress bar, and only the result")
        command.add_argument("--json", action="store_true", help="lines of JSON instead of text")


def _add_option(command: Any, field: Any) -> None:
    option = "--" + field.name.replace("_", "-")
    words = field.metadata["help"]
    if isinstance(field.default, bool):
        command.add_argument(option, action=argparse.BooleanOptionalAction, default=None, help=words)
        return
    shown = "" if field.default == "" else f" (default: {field.default})"
    command.add_argument(
        option,
        type=type(field.default),
        choices=field.metadata["choices"] or None,
        default=None,
        metavar=field.name.upper() if len(field.metadata["choices"]) not in range(1, 5) else None,
        help=words + shown,
    )


def run(args: argparse.Namespace) -> int:
    """Run the experiment and say how it ended: 0, 1 or 130."""
    from minigate.errors import OptionError, explain
    from minigate.train.experiments import EXPERIMENTS, resume_command, run_experiment

    fields = EXPERIMENTS[args.experiment].config.__dataclass_fields__
    options = {name: getattr(args, name) for name in fields if getattr(args, name) is not None}
    options |= _from_pairs(args.set, fields)
    if args.resume is not None and args.out is not None:
        raise OptionError(explain("a resumed run stays in its folder", where="train", got="--out as well"))
    printer = _json if args.json else _Text(args.quiet)
    ended, folder = run_experiment(
        args.experiment,
        options,
        out=args.out,
        resume=args.resume,
        minutes=args.minutes,
        quiet=args.quiet or args.json,
        tell=printer,
    )
    if ended == "interrupted":
        command = resume_command(args.experiment, folder, args.minutes)
        print(f"stopped; everything is saved. To go on:\n  {command}", file=sys.stderr)
        return 130
    if ended == "diverged":
        print(
            "the loss, the gradient or a parameter is not finite any more: stopped.\n"
            f"  {folder.checkpoint} holds the last good state\n"
            "  likely slip: a learning rate that is too high\n"
            "  type: --learning-rate with a smaller one, or --clip 1",
            file=sys.stderr,
        )
        return 1
    return 0


def _from_pairs(pairs: list[str], fields: dict[str, Any]) -> dict[str, Any]:
    from minigate.errors import OptionError, explain

    options: dict[str, Any] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        key = key.strip().replace("-", "_")
        if not equals or key not in fields:
            raise OptionError(
                explain("not an option", where="--set", expected=f"KEY=VALUE, KEY one of {', '.join(fields)}", got=pair)
            )
        kind = type(fields[key].default)
        try:
            options[key] = value.lower() in ("1", "true", "yes") if kind is bool else kind(value)
        except ValueError:
            raise OptionError(explain(f"{key} is a {kind.__name__}", where="--set", got=repr(value))) from None
    return options


def _json(kind: str, record: dict[str, Any]) -> None:
    print(json.dumps({"event": kind, **record}), flush=True)


class _Text:
    """The same events for people: what was asked for, a table that grows, and the result."""

    def __init__(self, quiet: bool) -> None:
        self.quiet = quiet

    def __call__(self, kind: str, record: dict[str, Any]) -> None:
        if kind == "result":
            print(self.result(record), flush=True)
        elif not self.quiet:
            print(self.begin(record) if kind == "begin" else self.measure(record), flush=True)

    def begin(self, record: dict[str, Any]) -> str:
        """The resolved configuration, the data, the versions, and the head of the table."""
        data, repeats = record["data"], record["data"]["repeats"]
        counts = " / ".join(f"{count:,}" for count in data["characters"].values())
        pairs = ", ".join(
            f"{name}={value}" for name, value in record["config"].items() if value != "" and value is not False
        )
        resumed = f", resumed after update {record['resumed']}" if record["resumed"] else ""
        lines = [
            f"experiment  {record['experiment']}: {record['parameters']:,} parameters",
            f"config      {pairs}",
            f"text        {data['text']}",
            f"parts       {counts} characters to train / validate / test",
            f"vocabulary  {data['symbols']}",
            f"repeats     {repeats['valid']:.0%} of the validation and {repeats['test']:.0%} of the test text "
            "stand word for word in the training text",
            f"versions    {', '.join(f'{name} {version}' for name, version in record['versions'].items())}",
            f"run         {record['run']}{resumed}",
            "",
            "bits per character",
            f"{'update':>8}  {'train':>7}  {'valid':>7}  {'seconds':>8}  {'chars/s':>8}",
        ]
        return "\n".join(lines)

    def measure(self, record: dict[str, Any]) -> str:
        """One line of the table."""
        if record.get("diverged"):
            return f"{record['step']:8d}  not finite"
        if "halvings" in record:
            halved = f"learning rate halved, {record['halvings']} times by now"
            return f"{record['step']:8d}  a gradient of norm {record['gradient_norm']:.3g}: {halved}"
        bits, speed = record["loss"] / math.log(2), record["characters_per_second"]
        return f"{record['step']:8d}  {bits:7.3f}  {record['valid_bpc']:7.3f}  {record['seconds']:8.1f}  {speed:8,.0f}"

    def result(self, record: dict[str, Any]) -> str:
        """The test score of the best model, and a sample of it."""
        return (
            f"\nbest on the validation text after update {record['best_update']}: {record['valid_bpc']:.3f} bits per "
            f"character; on the test text {record['test_bpc']:.3f} ({record['seconds']:.0f} s)\n\n"
            f"sample (temperature 0.8, seed 0):\n{record['sample']}\n\n"
            f'another one: minigate sample {record["run"]} --prime "The " --seed 1'
        )
