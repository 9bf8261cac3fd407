"""What a mutant is: lines of a function that is right, with others in their place.

A mutant names the function that it changes, and what the check should say of it: the kind of its first finding and
a piece of its text, or which gradients are wrong and no others. It knows nothing of how its subject is built and
checked (:mod:`tests.checking.mutants.subjects`).
"""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from minigate.checking import Report
from minigate.tensor import Op

LOOP = sys.modules["minigate.bptt.loop"]


@dataclass(frozen=True)
class Change:
    """In ``function`` of ``owner`` (a class, a module, an operation), ``instead`` stands where ``line`` belongs.

    Of an operation the function is ``"forward"``, the name of the operand whose rule it is, or ``"rules"``.
    """

    owner: Any
    function: str
    line: str
    instead: str

    def apply(self, monkeypatch: Any) -> None:
        """Put the wrong function in the place of the right one."""
        right = _read(self.owner, self.function)
        source = textwrap.dedent(getattr(right, "source", None) or inspect.getsource(right))
        source = source[source.index("def ") :]  # without decorators: a rule would attach itself
        times = source.count(self.line)
        assert times == 1, f"{self.line!r} stands {times} times in {self.function}: write the mutant anew"
        space: dict[str, Any] = {}
        source = source.replace(self.line, self.instead)
        exec(compile(source, f"<{self.function}, changed>", "exec"), right.__globals__, space)
        wrong = space[right.__name__]
        wrong.source = source  # a second change of the same function begins from here
        put(monkeypatch, self.owner, self.function, wrong)


@dataclass(frozen=True)
class Value:
    """A constant, or a setting of a class: ``instead`` stands where another value belongs."""

    owner: Any
    name: str
    instead: Any

    def apply(self, monkeypatch: Any) -> None:
        """Put the wrong value in the place of the right one."""
        put(monkeypatch, self.owner, self.name, self.instead)


@dataclass(frozen=True)
class Mutant:
    """One wrong line in a backward pass, and what the check of its subject should say."""

    name: str
    subject: str
    owner: Any
    function: str
    line: str
    instead: str
    kind: str = ""  # the kind of the first finding; "" where it has no name
    says: str = ""  # a piece of the diagnosis
    wrong: str = ""  # the gradients that are called wrong, all of them and no other; "" where nobody asks

    def apply(self, monkeypatch: Any) -> None:
        """Put the wrong function in the place of the right one."""
        Change(self.owner, self.function, self.line, self.instead).apply(monkeypatch)

    @property
    def family(self) -> str:
        """Whose backward pass it is: that of a cell, a gate, a layer, a way through time, or the engine."""
        return family_of(self.owner)


@dataclass(frozen=True)
class Bent:
    """A function whose result, or arguments, are bent: ``bend(right, *arguments)`` stands in its place."""

    name: str
    subject: str
    function: str
    bend: Callable[..., Any]
    kind: str = ""
    says: str = ""
    wrong: str = ""
    owner: Any = LOOP

    def apply(self, monkeypatch: Any) -> None:
        """Put the bent function in the place of the right one."""
        right = getattr(self.owner, self.function)
        put(monkeypatch, self.owner, self.function, lambda *arguments: self.bend(right, *arguments))

    @property
    def family(self) -> str:
        """As of a :class:`Mutant`."""
        return family_of(self.owner)


#: The families, by where the function that is wrong belongs.
FAMILIES = {
    "minigate.cells": "cell",
    "tests.checking.plain_cells": "cell",
    "minigate.gates": "gate",
    "tests.contracts.example_gates": "gate",
    "tests.checking.contract_subjects": "gate",
    "minigate.layers": "layer",
    "minigate.bptt": "way",
    "minigate.ops": "engine",
    "minigate.tensor": "engine",
}


def family_of(owner: Any) -> str:
    """The family of the functions of a class, a module or an operation."""
    module = owner.__name__ if inspect.ismodule(owner) else owner.__module__
    return next(family for start, family in FAMILIES.items() if module.startswith(start))


def is_named(mutant: Mutant | Bent, report: Report) -> bool:
    """Does the report say first what is wrong?"""
    return report.findings[0].kind == mutant.kind and mutant.says in report.diagnosis if report.findings else False


def put(monkeypatch: Any, owner: Any, name: str, new: Any) -> None:
    """Replace a part of a class or of an operation; what a module has, in every module that has imported it."""
    if isinstance(owner, Op):
        monkeypatch.setattr(owner, "plans", {})  # they hold the rules
        if name == "forward":
            monkeypatch.setattr(owner, "forward", new)
        elif name == "rules":
            monkeypatch.setattr(owner, "shared_rule", new)
        else:
            position = owner.operands.index(name)
            all_there_is = set() if owner.many_results else {"out"}  # a wrong rule may read anything
            monkeypatch.setitem(owner.own_rules, position, new)
            monkeypatch.setitem(owner.needs, position, set(owner.operands) | all_there_is)
        return
    right = vars(owner)[name] if name in vars(owner) else getattr(owner, name)
    modules = [m for key, m in sys.modules.items() if key.startswith("minigate") and vars(m).get(name) is right]
    for place in [owner] if inspect.isclass(owner) else modules:
        monkeypatch.setattr(place, name, new)


def _read(owner: Any, name: str) -> Any:
    """The function of that name, as it stands now."""
    if not isinstance(owner, Op):
        return inspect.unwrap(getattr(owner, name))  # the step of a cell stands behind a door
    if name in ("forward", "rules"):
        return owner.forward if name == "forward" else owner.shared_rule
    return owner.own_rules[owner.operands.index(name)]
