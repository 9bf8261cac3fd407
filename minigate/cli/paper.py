"""``minigate paper``: the equations of a paper, with the lines that compute them, options, tests and lessons."""

from __future__ import annotations

import argparse
import json
import re
import textwrap
from collections.abc import Iterable
from typing import Any

HELP = "the equations of a paper: the lines that compute them, their options, tests and lessons"
EPILOG = """\
examples:
  minigate paper                      the papers, and what follows each
  minigate paper gf-rnn               Gated Feedback: every equation with its file and line
  minigate paper GRU                  the paper that a class follows (or "Cho et al. (2014)", or cho 2014)
  minigate paper truncated-bptt --json

Read from the docstrings and the files as they are now; nothing of it is kept in a list that could be out of date.
"""

WIDTH = 112
UNBROKEN = "\u00a0"  # a space at which no line is broken
FILES = 4  # how many files of tests are named


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the name and the form of the output."""
    parser.add_argument("name", nargs="*", metavar="NAME", help="a key, a class, or a citation (default: list them)")
    parser.add_argument("--json", action="store_true", help="the same as JSON, with every test by name")


def run(arguments: argparse.Namespace) -> int:
    """Print the list, or one paper."""
    from minigate.learn import paper as papers

    if not arguments.name:
        rows = [_row(papers, each) for each in papers.PAPERS]
        print(json.dumps(rows, indent=2) if arguments.json else _list(rows))
        return 0
    found = papers.describe(papers.find_paper(" ".join(arguments.name)))
    print(json.dumps(found, indent=2) if arguments.json else layout(found))
    return 0


def _row(papers: Any, paper: Any) -> dict[str, Any]:
    first, others = papers.followers(paper)
    names = [each.name for each in first or others]
    return {"key": paper.key, "citation": paper.citation, "title": paper.title, "followed_by": names}


def _list(rows: list[dict[str, Any]]) -> str:
    table = [(row["key"], row["citation"], ", ".join(row["followed_by"]) or "nothing yet") for row in rows]
    widths = [max(len(row[column]) for row in table) for column in (0, 1)]
    lines = [f"{key:<{widths[0]}}  {citation:<{widths[1]}}  {names}" for key, citation, names in table]
    cut = [line if len(line) <= WIDTH else f"{line[: WIDTH - 2]} …" for line in lines]
    return "\n".join([*cut, "", "one of them: minigate paper NAME"])


def layout(found: dict[str, Any]) -> str:
    """One paper as text: its title, each class that follows it with its equations, and who else names it."""
    lines = [f"{found['authors']} ({found['year']})", f"{found['title']}. {found['where']}"]
    for definition in found["followed_by"]:
        lines += ["", *_definition(definition, found["tests_found"])]
    if found["named_by"]:
        lines += ["", "also named by"]
        for other in found["named_by"]:
            lines += _wrapped(f"{other['name']}  {_where(other)}", "  ")
            lines += _wrapped(other["as"], "      ")
    if not found["followed_by"] and not found["named_by"]:
        lines += ["", "nothing in this version of minigate names it as its source yet"]
    if not found["tests_found"]:
        lines += ["", "the tests are in the source tree of minigate and not with this installation"]
    return "\n".join(lines)


def _definition(definition: dict[str, Any], with_tests: bool) -> Iterable[str]:
    yield f"{definition['name']}  {_where(definition)}"
    for equation in definition["equations"]:
        yield from _wrapped(equation["text"], "  ", "    ")
        places = [_named(each) for each in equation["computed_at"]]
        option = [f"option{UNBROKEN}{', '.join(equation['options'])}"] if equation["options"] else []
        yield from _wrapped("   ".join(places + option), "        ")
    hand = [_named(each) for each in definition["by_hand"]]
    function = definition["name"].rsplit(".", 1)[-1][0].islower()
    tests = _tests(definition) if with_tests else []
    lessons = [f"{lesson['number']} {lesson['title']}  lessons/{lesson['file']}" for lesson in definition["lessons"]]
    taken = [", ".join(definition["options"])]
    parts = (("by hand", hand), ("arguments" if function else "options", taken), ("tests", tests), ("lessons", lessons))
    for title, rows in (*parts, ("source", definition["source"].splitlines())):
        for number, row in enumerate(row for row in rows if row):
            yield from _wrapped(row, f"  {'' if number else title:<10}", " " * 12)


def _tests(definition: dict[str, Any]) -> list[str]:
    """The tests by file, those of the definition's own first, and those that walk the registry together."""
    own = f"test_{definition['file'].rsplit('/', 1)[-1]}"
    files = sorted(_by_file(definition["tests"]).items(), key=lambda item: (not item[0].endswith(own), -len(item[1])))
    again = "   ".join(_named(each) for each in definition["restatements"])
    rows = [f"number for number against {again}"] if again else []
    rows += [f"{_where(tests[0])}  {_counted(tests)}" for _, tests in files[:FILES]]
    rest = [test for _, tests in files[FILES:] for test in tests]
    rows += [f"and {_counted(rest)} in {_more(len(files) - FILES)}"] if rest else []
    walking = _by_file(definition["tests_of_the_registry"])
    if walking:
        contracts = [file for file in walking if "/contracts/" in file or "restatements" in file] or list(walking)
        entries = ", ".join(definition["registry"])
        rows.append(f"{_counted(definition['tests_of_the_registry'])} of every entry of the registry ({entries}): "
                    f"{', '.join(contracts)} and {_more(len(walking) - len(contracts))}")  # fmt: skip
    return rows


def _by_file(tests: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for test in tests:
        found.setdefault(test["file"], []).append(test)
    return found


def _counted(tests: list[dict[str, Any]]) -> str:
    return f"{len(tests)} test{'s' * (len(tests) != 1)}"


def _more(count: int) -> str:
    return f"{count} more file{'s' * (count != 1)}"


def _where(place: dict[str, Any]) -> str:
    return f"{place['file']}:{place['line']}"


def _named(place: dict[str, Any]) -> str:
    return f"{place['name']}{2 * UNBROKEN}{_where(place)}"


def _wrapped(text: str, first: str, later: str | None = None) -> list[str]:
    """Text without the marks of a docstring, in lines that fit."""
    plain = re.sub(r":\w+:`(?:~[\w.]+\.)?([^`]+)`", r"\1", text).replace("``", "").replace("\\|", "|")
    lines = textwrap.wrap(plain, WIDTH, initial_indent=first, subsequent_indent=first if later is None else later,
                          break_long_words=False, break_on_hyphens=False)  # fmt: skip
    return [line.replace(UNBROKEN, " ") for line in lines]
