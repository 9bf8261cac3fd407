"""Does a model that writes XML close what it has opened? Counting, for samples, with the odd cases decided.

To close a tag a model has to know which one is open, sometimes for hundreds of characters; Chung et al. (2015),
section 5.1, show two samples in which the stacked LSTM forgets ``</username>`` and the Gated-Feedback LSTM does not.
Two samples are an anecdote; this makes a number of any number of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_TAG = re.compile(r"<(?P<end>/)?(?P<name>[A-Za-z_][\w:.-]*)(?P<rest>[^<>]*)>")


@dataclass(frozen=True)
class Tags:
    """What became of the tags of some samples.

    **Shapes**: whole numbers; ``share`` is closed / opened, or None where nothing was opened.
    """

    opened: int
    closed: int
    stray: int  # end tags of what was not open
    late: int  # opened so shortly before the end that nothing can be said, and not in ``opened``

    @property
    def share(self) -> float | None:
        """The share of the opened tags that were closed."""
        return self.closed / self.opened if self.opened else None

    def __str__(self) -> str:
        share = "none opened" if self.share is None else f"{self.share:.0%}"
        return f"{self.closed} of {self.opened} closed ({share}), {self.stray} stray, {self.late} too late to say"

    def __add__(self, other: Tags) -> Tags:
        mine, its = vars(self), vars(other)
        return Tags(**{name: mine[name] + its[name] for name in mine})


def closed_tags(text: str, begin: int = 0, tail: int = 100) -> Tags:
    """How many of the tags that are open at ``begin``, or opened after it, are closed after it.

    ``begin`` is where the model began to write: len(prime). What was opened and closed before it is not counted; what
    was left open there is. An end tag closes the innermost open tag of its name; those in between, opened later and
    not closed, stay unclosed for good. An end tag of a name that is not open is stray, and changes nothing. ``<name/>``
    opens nothing. A tag that is cut off at the end, ``<user``, is none. What is opened within the last ``tail``
    characters and still open at the end is counted as late and not as opened: there was no room to close it.

    >>> closed_tags("<a><b>x</b> and <c>y</a>", tail=0)
    Tags(opened=3, closed=2, stray=0, late=0)
    >>> closed_tags("<a><b>x", begin=7), closed_tags("<a><b>x</b>", begin=7).share
    (Tags(opened=2, closed=0, stray=0, late=0), 0.5)

    **Shapes**: a text → a :class:`Tags`.

    **Source**: the finding is that of Chung et al. (2015), section 5.1; how it is counted is ours.
    """
    open_tags: list[tuple[str, int]] = []
    lost: list[int] = []  # where those were opened that something around them has closed over
    closed = stray = 0
    for tag in _TAG.finditer(text):
        name, place = tag["name"], tag.start()
        if not tag["end"]:
            if not tag["rest"].endswith("/"):
                open_tags.append((name, place))
            continue
        depth = next((k for k in reversed(range(len(open_tags))) if open_tags[k][0] == name), None)
        written = tag.end() > begin
        if depth is None:
            stray += written
            continue
        closed += written
        lost += [at for _, at in open_tags[depth + 1 :]] if written else []
        del open_tags[depth:]
    still = [at for _, at in open_tags]
    late = sum(at >= max(begin, len(text) - tail) for at in still)
    return Tags(closed + len(lost) + len(still) - late, closed, stray, late)


def count_tags(samples: Iterable[str], begin: int, tail: int = 100) -> Tags:
    """The tags of several samples that go on from the same prime, taken together.

    **Shapes**: texts → a :class:`Tags`.
    """
    return sum((closed_tags(text, begin, tail) for text in samples), Tags(0, 0, 0, 0))
