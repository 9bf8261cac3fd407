"""The ``minigate`` command: finds the sub-command, runs it, and turns what goes wrong into one clear line.

Each sub-command is a module of this package that has ``HELP`` (one line), ``EPILOG`` (examples),
``add_arguments(parser)`` and ``run(arguments) -> exit code``. Only the module of the command that was
typed is imported, and the modules import what is heavy inside ``run``; so help comes at once, and a
command whose optional packages are missing leaves the others alone.

Exit codes: 0 done or passed, 1 failed, 2 typed wrongly, 3 inconclusive, 130 interrupted.
"""

from __future__ import annotations

import argparse
import importlib
import io
import os
import sys
import traceback
from collections.abc import Sequence
from importlib.util import find_spec
from types import ModuleType

from minigate.errors import MinigateError, OptionError

__all__ = ["main"]

# In the order in which someone meets them.
COMMANDS = ("doctor", "lessons", "check", "train", "sample", "predict", "plot", "compare", "data", "paper", "bench")

DONE, FAILED, USAGE, INCONCLUSIVE, INTERRUPTED, CLOSED_PIPE = 0, 1, 2, 3, 130, 141

_DESCRIPTION = "Gated recurrent networks from scratch: the lessons, the experiments, the checks."
_EPILOG = """\
examples:
  minigate doctor                     is everything in place, and what computes here?
  minigate lessons                    open the lessons in JupyterLab
  minigate check my_gate.py           is the gradient of a gate or cell of your own right?
  minigate paper gf-rnn               a paper's equations, and the lines that compute them
  minigate train charlm --seed 0      train a character model on text that comes with Python
  minigate COMMAND --help             what a command takes, with examples

exit codes: 0 done, 1 failed, 2 typed wrongly, 3 inconclusive, 130 interrupted
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; never raises for what a user can do wrong.

    **Errors**: a :class:`MinigateError` or an ``OSError`` becomes one message on stderr and exit code 1
    (2 for an option's value); with ``--debug`` or ``MINIGATE_DEBUG=1`` the whole traceback comes before it.
    A mistake in minigate itself is shown as Python shows it.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    words = [word for word in given if word != "--debug"]  # wherever it stands
    debug = words != given or os.environ.get("MINIGATE_DEBUG", "0") not in ("", "0")
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal without ⊙ shows a question mark, and no traceback
        sys.stdout.reconfigure(errors="replace")
    try:
        code = _run(words, debug)
        sys.stdout.flush()  # a closed pipe shows here and not while the interpreter shuts down
        return code
    except BrokenPipeError:  # the reader, such as `head`, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED_PIPE


def _run(words: list[str], debug: bool) -> int:
    command = next((word for word in words if not word.startswith("-")), "")
    try:
        arguments = _parser(command).parse_args(words)
        arguments.debug = debug
        return int(arguments.run(arguments) or DONE)
    except SystemExit as leaving:  # argparse: --help, --version, or a usage error
        if isinstance(leaving.code, str):
            print(leaving.code, file=sys.stderr)
            return FAILED
        return int(leaving.code or DONE)
    except KeyboardInterrupt as stopped:
        print("\n".join(["\ninterrupted", *getattr(stopped, "__notes__", ())]), file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except (MinigateError, OSError) as error:
        if debug:
            traceback.print_exc()
        print(f"{' '.join(('minigate', command)).strip()}: {error}", file=sys.stderr)
        return USAGE if isinstance(error, OptionError) else FAILED


def _parser(command: str) -> argparse.ArgumentParser:
    """The parser, in full for the one command that was typed and by name for the others."""
    parser = argparse.ArgumentParser(
        "minigate", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", action=_Version, help="print the versions of minigate, Python and NumPy")
    parser.add_argument("--debug", action="store_true", help="show the whole traceback of an error (any command)")
    parser.set_defaults(run=lambda arguments: parser.print_help())
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name in COMMANDS:
        if command in COMMANDS and name != command:
            commands.add_parser(name)
            continue
        module = _load(name)
        if module is None:
            continue
        text = str(module.HELP)
        sub = commands.add_parser(
            name,
            help=text,
            description=text[:1].upper() + text[1:] + ("" if text.endswith((".", "?")) else "."),
            epilog=module.EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name == command:
            module.add_arguments(sub)
            sub.set_defaults(run=module.run)
    return parser


def _load(name: str) -> ModuleType | None:
    """The module of a command, or ``None`` where this installation does not have it."""
    full_name = f"{__name__}.{name}"
    return importlib.import_module(full_name) if find_spec(full_name) is not None else None


class _Version(argparse.Action):
    """``--version``, which looks the versions up only when it is asked."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str | None = None) -> None:
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        """Print and leave."""
        import platform

        from minigate import __version__
        from minigate.cli.doctor import installed_version

        here = f"Python {platform.python_version()}, NumPy {installed_version('numpy')}"
        print(f"minigate {__version__} ({here})")
        parser.exit(DONE)
