"""One paper, and everything in minigate that follows it: equations, lines, options, tests, lessons.

Nothing of this is written down anywhere else. The docstrings say under **Source** which paper a class
follows, under **Equations** what it computes; the rest is read from the files when somebody asks.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from typing import Any

from minigate.errors import MinigateError, OptionError, explain
from minigate.learn import witnesses
from minigate.learn.bibliography import PAPERS, Paper, cited
from minigate.learn.definitions import Definition, Place, definitions


def find_paper(name: str) -> Paper:
    """The paper of this name: its key (``gf-rnn``), a class that follows it (``GRU``), or its citation.

    **Errors**: :class:`OptionError` with the nearest names.
    """
    names = _names()
    found = names.get(_plain(name)) or _citations().get(_plain(name))
    if found:
        return found
    close = difflib.get_close_matches(_plain(name), names, n=3, cutoff=0.6)
    theirs = [paper.key for paper in PAPERS if _plain(name) == _plain(paper.names[0])]  # the first author, no year
    nearest = theirs or list(dict.fromkeys(names[each].key for each in close))
    raise OptionError(
        explain(
            f"no paper is called {name!r}",
            expected='a key such as gf-rnn, a class such as GRU, or a citation such as "Cho et al. (2014)"',
            slip=f"did you mean {' or '.join(nearest)}?" if nearest else "",
            remedy=f"minigate paper {nearest[0]}" if nearest else "minigate paper (it lists them)",
        )
    )


def _plain(name: str) -> str:
    """A name without case, accents, spaces and signs."""
    letters = unicodedata.normalize("NFKD", name.lower())
    return re.sub(r"[^a-z0-9]", "", letters)


def _names() -> dict[str, Paper]:
    """Every short name of a paper: its key, and the classes that follow it."""
    found = {_plain(paper.key): paper for paper in PAPERS}
    for definition in definitions():
        for paper in cited(definition.source)[:1]:
            found.setdefault(_plain(definition.name), paper)
    return found


def _citations() -> dict[str, Paper]:
    """Every long name of a paper: by its authors and year, and by its title."""
    found: dict[str, Paper] = {}
    for paper in PAPERS:
        for form in (paper.citation, paper.authors + str(paper.year), f"{paper.names[0]} {paper.year}", paper.title):
            found.setdefault(_plain(form), paper)
    return found


def followers(paper: Paper) -> tuple[list[Definition], list[Definition]]:
    """What follows a paper, and what only mentions it.

    A definition follows the papers that the first clause of its **Source** names, if it states equations.
    Where nothing follows a paper in this sense, everything with equations that names it does.
    """
    naming = [definition for definition in definitions() if paper in cited(definition.source)]
    stating = [definition for definition in naming if definition.equations]
    first = [definition for definition in stating if paper in cited(_clauses(definition.source)[0])] or stating
    return first, [definition for definition in naming if definition not in first]


def _clauses(source: str) -> list[str]:
    """A source in pieces: at a full stop that is none of an abbreviation, at a semicolon, at ", as"."""
    return re.split(r"(?<=[.;])(?<!et al\.)(?<!eqs\.)(?<!eq\.)(?<!e\.g\.)\s|,? (?=as )", source)


def describe(paper: Paper) -> dict[str, Any]:
    """Everything about a paper, as plain values that JSON can hold."""
    first, others = followers(paper)
    return {
        "key": paper.key,
        "citation": paper.citation,
        "authors": paper.authors,
        "year": paper.year,
        "title": paper.title,
        "where": paper.where,
        "followed_by": [_followed(definition) for definition in first],
        "named_by": [_head(definition) | {"as": _mention(definition, paper)} for definition in others],
        "tests_found": witnesses.has_tests(),
    }


def _mention(definition: Definition, paper: Paper) -> str:
    return next(clause for clause in _clauses(definition.source) if paper in cited(clause))


def _head(definition: Definition) -> dict[str, Any]:
    name = f"{definition.package}.{definition.name}" if definition.package != definition.name else definition.name
    return {"name": name, **_at(definition.place)}


def _followed(definition: Definition) -> dict[str, Any]:
    own, walking = witnesses.tests_of(definition)
    return _head(definition) | {
        "source": definition.source,
        "equations": [
            {"text": each.text, "options": list(each.options), "computed_at": [_named(p) for p in each.places]}
            for each in definition.equations
        ],
        "by_hand": [_named(place) for place in definition.by_hand],
        "options": definition.options,
        "restatements": [_named(place) for place in witnesses.restatements_of(definition)],
        "tests": [_named(place) for place in own],
        "registry": list(witnesses.registry_entries().get(f"{definition.package}.{definition.name}", ())),
        "tests_of_the_registry": [_named(place) for place in walking],
        "lessons": _lessons(definition),
    }


def _lessons(definition: Definition) -> list[dict[str, str]]:
    try:
        found = witnesses.lessons_of(definition)
    except MinigateError:  # an installation without lessons
        return []
    return [{"number": lesson.number, "title": lesson.title, "file": lesson.path.name} for lesson in found]


def _at(place: Place) -> dict[str, Any]:
    return {"file": place.file, "line": place.line}


def _named(place: Place) -> dict[str, Any]:
    return {"name": place.what, **_at(place)}
