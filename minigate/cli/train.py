"""``minigate train``: run an experiment, with progress, checkpoints and a way to go on.

Every field of an experiment's configuration is an option of the command, so that the two cannot differ.
Measurements go to standard output, as text or as lines of JSON; the progress bar goes to standard error.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

HELP = "train a model: minigate train charlm, programs, seqmnist or images"
EPILOG = """\
examples:
  minigate train charlm                             a Gated-Feedback GRU on Python's documentation, three minutes
  minigate train charlm --text book.txt --cell lstm --layers 1 --hidden 512 --feedback none --out runs/book
  minigate train charlm --preset gf-lstm-l --text enwik8 --minutes 60
  minigate train charlm --updates 200 --quiet --json
  minigate train charlm --set learning_rate=0.001 --set dropout=0.4
  minigate train charlm --resume runs/book          go on where it stopped
  minigate train programs                           a Gated-Feedback GRU that runs small programs, some minutes
  minigate train programs --preset laptop-stacked-lstm --minutes 15
  minigate train programs --task addition --length 5 --reverse
  minigate train programs --preset learning-to-execute   the paper's own model, curriculum and learning rate
  minigate train seqmnist                           a GRU that reads handwritten digits row by row, about a minute
  minigate train seqmnist --preset mnist-pixel --gate kaf
  minigate train images                             a ReNet that reads handwritten digits, less than a minute
  minigate train images --model lenet
  minigate train images --preset laptop-renet       MNIST; the paper's are mnist-renet, cifar10-renet, svhn-extra-renet

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
        words += " (default)" if field.default else ""
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
    from minigate.cli.train_text import TEXTS
    from minigate.errors import OptionError, explain
    from minigate.train.experiments import EXPERIMENTS, resume_command, run_experiment

    fields = EXPERIMENTS[args.experiment].config.__dataclass_fields__
    options = {name: getattr(args, name) for name in fields if getattr(args, name) is not None}
    options |= _from_pairs(args.set, fields)
    if args.resume is not None and args.out is not None:
        raise OptionError(explain("a resumed run stays in its folder", where="train", got="--out as well"))
    printer = _json if args.json else TEXTS[args.experiment](args.quiet)
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
