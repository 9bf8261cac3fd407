"""What an exercise is: a reference answer, a judge, three hints, and the mistakes that it recognises.

The exercises of lesson NN are defined in ``lessons/solutions/ex_NN.py``, in a tuple ``EXERCISES``. A
judge is any function from the object that the learner wrote to a :class:`Verdict`; most are made by
:func:`minigate.learn.judges.agrees_with`. A known mistake (:class:`Wrong`) serves twice: the tests run
it and expect its diagnosis, and the judge names it to a learner whose answer behaves the same.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["pass", "fail", "not started"]
Kind = Literal["forward", "backward", "predict", "break", "build"]


@dataclass(frozen=True)
class Verdict:
    """What a judge says of an attempt: passed or failed, and the lines that explain it."""

    status: Status
    text: str

    @property
    def passed(self) -> bool:
        """Was the attempt right?"""
        return self.status == "pass"


def right(text: str = "") -> Verdict:
    """The verdict on a right answer; ``text`` says what was compared (``"12 of 12 shape pairs"``)."""
    return Verdict("pass", text)


def wrong(what: str, *, case: str = "", slip: str = "") -> Verdict:
    """The verdict on a wrong answer: the case it was seen in, what differs and where, the likely slip."""
    lines = [f"case: {case}"] if case else []
    lines += what.splitlines()
    if slip:
        lines.append(f"likely slip: {slip}")
    return Verdict("fail", "\n".join(lines))


Judge = Callable[[Any], Verdict]


@dataclass(frozen=True)
class Wrong:
    """A mistake that people make in an exercise, and the diagnosis that it must get.

    ``slip`` is the sentence shown to a learner whose answer behaves the same (judges that compare
    with the reference recognise it); ``expect`` are pieces of text that the whole diagnosis holds.
    """

    attempt: Any
    slip: str = ""
    expect: tuple[str, ...] = ()

    def pieces(self) -> tuple[str, ...]:
        """Every piece of text that the diagnosis of this mistake has to hold."""
        return self.expect + ((self.slip,) if self.slip else ())


@dataclass(frozen=True)
class Exercise:
    """One exercise of a lesson.

    ``answer`` is a function, a class, or a plain value (a prediction); ``name`` is what the notebook
    calls it. ``parts`` are functions that the answer needs and that belong to the answer too.
    """

    id: str
    title: str
    minutes: int
    difficulty: Literal[1, 2, 3]
    kind: Kind
    answer: Any
    judge: Judge
    hints: tuple[str, str, str]
    wrong: tuple[Wrong, ...]
    name: str = ""
    parts: tuple[Any, ...] = ()

    @property
    def lesson(self) -> str:
        """The two digits of the lesson."""
        return self.id.split(".")[0]

    @property
    def variable(self) -> str:
        """What the notebook calls the answer."""
        return self.name or self.answer.__name__

    def source(self) -> str:
        """The reference answer as text that can stand in the exercise's cell."""
        pieces = [inspect.getsource(part).rstrip() for part in self.parts]
        if callable(self.answer):
            pieces.append(inspect.getsource(self.answer).rstrip())
        elif isinstance(self.answer, dict):
            lines = [f"    {json.dumps(key, ensure_ascii=False)}: {value!r},\n" for key, value in self.answer.items()]
            pieces.append(f"{self.variable} = {{\n{''.join(lines)}}}")
        else:
            pieces.append(f"{self.variable} = {self.answer!r}")
        return "\n\n\n".join(pieces)
