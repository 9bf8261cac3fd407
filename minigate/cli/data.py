"""``minigate data``: the data sets that are there, those that can be fetched, and whether they are whole.

What it prints is for people; ``list --json`` has the same for a program. Progress and what goes wrong go to
standard error.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from minigate.data.catalogue import DataSet

HELP = "data sets: what there is, fetch it, is it still whole?"
EPILOG = """\
examples:
  minigate data                               what there is, and what of it is on this machine
  minigate data list mnist                    its files, checksums and addresses, who made it
  minigate data fetch enwik8                  download, compare with the checksum, unpack
  minigate data fetch mnist --from ~/Downloads      take it from files that are on disk already
  minigate data fetch enwik8 --from enwik8.zip      or from one file, whatever its name
  minigate data verify                        read everything again and compare

A download that was cut off (Ctrl-C, a lost connection) goes on where it stopped, with the same command.
Everything is kept in one folder; MINIGATE_HOME=FOLDER before the command chooses another.

exit codes: 0 done, 1 a file cannot be had or is damaged, 2 typed wrongly, 130 interrupted
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the sub-commands and their options; without one it is ``list``."""
    parser.set_defaults(action="list", names=[], json=False)
    actions = parser.add_subparsers(dest="action", metavar="[list | fetch | verify]")
    listing = _sub(actions, "list", "what there is, how large, and what of it is here", "minigate data list enwik8")
    listing.add_argument("names", nargs="*", metavar="NAME", help="all there is to know of these")
    listing.add_argument("--json", action="store_true", help="print a list of objects")
    fetching = _sub(actions, "fetch", "have data sets here, whole", "minigate data fetch mnist shakespeare")
    fetching.add_argument("names", nargs="+", metavar="NAME", help="which (minigate data lists them)")
    fetching.add_argument(
        "--from", dest="source", metavar="PATH", help="a folder or a file to take it from instead of the network"
    )
    fetching.add_argument("--force", action="store_true", help="again, even if it is here and whole")
    fetching.add_argument("--quiet", action="store_true", help="no progress bar")
    verifying = _sub(actions, "verify", "read again what is here and compare checksums", "minigate data verify svhn")
    verifying.add_argument("names", nargs="*", metavar="NAME", help="which (default: all; named ones must be here)")


def _sub(actions: Any, name: str, text: str, example: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(
        name, help=text, description=text[:1].upper() + text[1:] + ".", epilog=f"example: {example}"
    )
    return parser


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; see EPILOG for the exit codes."""
    from minigate.data.fetch import known

    for name in arguments.names:
        known(name)  # a name typed wrongly is said before anything is fetched
    return {"list": _list, "fetch": _fetch, "verify": _verify}[arguments.action or "list"](arguments)


# ---- list ------------------------------------------------------------------------------------------------------


def _list(arguments: argparse.Namespace) -> int:
    from minigate.data.cache import data_folder
    from minigate.data.catalogue import CATALOGUE

    chosen = [CATALOGUE[name] for name in arguments.names] or list(CATALOGUE.values())
    if arguments.json:
        print(json.dumps([_facts(item) for item in chosen], indent=2))
    elif arguments.names:
        print("\n\n".join(_page(item) for item in chosen))
    else:
        rows = [("name", "what", "to fetch", "is it here?")]
        rows += [(item.name, item.what, _megabytes(item.size), _here(item)) for item in chosen]
        _print_table(rows, right=2)
        print(f"\nkept in {data_folder()}, in a folder for each name")
        print("next: minigate data fetch NAME, or minigate data list NAME for all there is to know of one")
    return 0


def _here(item: DataSet) -> str:
    """Whether a data set is there, in words."""
    from minigate.data.cache import state

    states = [state(item, file) for file in item.files]
    if not states:
        there = item.comes_with != "scikit-learn" or importlib.util.find_spec("sklearn") is not None
        return f"yes, it comes with {item.comes_with}" if there else 'no: pip install "minigate[lessons]"'
    if set(states) == {"verified"}:
        return "yes, verified"
    if set(states) == {"missing"}:
        return "no"
    counts = [(states.count(each), each) for each in ("verified", "not verified", "partial", "missing")]
    words = ", ".join(f"{count} {each}" for count, each in counts if count) if len(states) > 1 else states[0]
    command = "fetch" if {"partial", "missing"} & set(states) else "verify"
    return f"{words}: minigate data {command} {item.name}"


def _facts(item: DataSet) -> dict[str, Any]:
    from minigate.data.cache import kept_at, state

    files = [
        {
            "name": file.name,
            "bytes": file.size,
            "sha256": file.sha256,
            "to fetch": {"name": file.fetched.name, "bytes": file.fetched.size, "sha256": file.fetched.sha256},
            "addresses": list(file.addresses),
            "kept at": str(kept_at(item, file)),
            "state": state(item, file),
        }
        for file in item.files
    ]
    about = {"what": item.what, "purpose": item.purpose, "citation": item.citation, "licence": item.licence or None}
    return {"name": item.name, **about, "files": files}


def _page(item: DataSet) -> str:
    from minigate.data.cache import kept_at, state

    lines = [
        ("name", item.name),
        ("what", item.what),
        ("for", item.purpose),
        ("source", item.citation),
        *([("licence", item.licence)] if item.licence else []),
        ("here?", _here(item)),
    ]
    for file in item.files:
        coming = file.fetched
        lines += [
            ("", ""),
            ("file", f"{kept_at(item, file)}: {state(item, file)}"),
            ("sha256", file.sha256),
            ("to fetch", f"{coming.name}, {coming.size:,} bytes"),
            *([("its sha256", coming.sha256)] if file.packed else []),
            *[("from" if k == 0 else "or", address) for k, address in enumerate(file.addresses)],
        ]
    return "\n".join(f"{name:<12}{text}".rstrip() for name, text in lines)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size else "–"


def _print_table(rows: Sequence[Sequence[str]], right: int) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [cell.rjust(n) if k == right else cell.ljust(n) for k, (cell, n) in enumerate(zip(row, widths))]
        print("  ".join(cells).rstrip())


# ---- fetch and verify ------------------------------------------------------------------------------------------


def _fetch(arguments: argparse.Namespace) -> int:
    """One after the other; one that cannot be had does not keep the others from coming."""
    from minigate.data.fetch import fetch
    from minigate.errors import DataError

    failed = 0
    for place, name in enumerate(arguments.names):
        try:
            fetch(name, arguments.source, force=arguments.force, quiet=arguments.quiet)
        except DataError as error:
            if len(arguments.names) == 1:
                raise
            print(f"minigate data: {error}", file=sys.stderr)
            failed += 1
        except KeyboardInterrupt as stopped:
            stopped.add_note(f"what has come is kept. To go on:\n  {_again(arguments, arguments.names[place:])}")
            raise
    return 1 if failed else 0


def _again(arguments: argparse.Namespace, names: list[str]) -> str:
    words = ["minigate", "data", "fetch", *names]
    words += ["--from", arguments.source] if arguments.source else []
    words += [f"--{flag}" for flag in ("force", "quiet") if getattr(arguments, flag)]
    return shlex.join(words)


def _verify(arguments: argparse.Namespace) -> int:
    from minigate.data.cache import kept_at
    from minigate.data.catalogue import CATALOGUE
    from minigate.data.fetch import verify

    bad, absent = [], []
    for name in arguments.names or list(CATALOGUE):
        item = CATALOGUE[name]
        if not arguments.names and not any(kept_at(item, file).exists() for file in item.files):
            absent += [name] if item.files else []
            continue
        for file, state in verify(name):
            print(f"{state:<9} {name}/{file.name}", flush=True)
            if state == "damaged" or (state == "missing" and arguments.names):
                bad.append(name)
        if not item.files:
            print(f"{'ok':<9} {name}, which comes with {item.comes_with}")
    if absent:
        print(f"not here: {', '.join(absent)}")
    if bad:
        names = list(dict.fromkeys(bad))
        print(f"minigate data: not whole: {', '.join(names)}\n  type: minigate data fetch {' '.join(names)}",
              file=sys.stderr)  # fmt: skip
    return 1 if bad else 0
