"""Everything that a file holds, checked one after the other; what is broken in it stops itself alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from minigate.checking.frames import describe_error, own_frames
from minigate.checking.hints import hint_for
from minigate.checking.inventory import Item
from minigate.checking.kinds import check_as, options_of
from minigate.checking.making import Made, classes_in, is_unfinished, make
from minigate.checking.report import FAIL, INCONCLUSIVE, PASS, Report
from minigate.errors import MinigateError, OptionError, explain

#: Instead of a verdict: it could not be made; or it was looked at as a part of something else.
NOT_CHECKED, PART = "NOT CHECKED", "PART"

#: verdict → exit code, the mildest first.
CODES = {PASS: 0, PART: 0, INCONCLUSIVE: 3, FAIL: 1, NOT_CHECKED: 2}


@dataclass
class Outcome:
    """How it went with one thing: a verdict, and the report or the error that it comes from."""

    target: str
    verdict: str
    report: Report | None = None
    text: str = ""  # what stopped it, or what it is a part of
    item: Item | None = None
    error: BaseException | None = field(default=None, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """All of it as plain numbers, texts, lists and dicts; NaN and infinities are for the writer to turn."""
        found: dict[str, Any] = {"target": self.target, "verdict": self.verdict}
        if self.item is not None:
            found |= {"name": self.item.name, "kind": self.item.kind, "line": self.item.line}
        return found | {"text": self.text, "report": None if self.report is None else self.report.to_dict()}


def exit_code(verdicts: Sequence[str]) -> int:
    """The worst of all: 2 something could not be checked, 1 FAIL, 3 INCONCLUSIVE, 0 all PASS."""
    order = list(CODES)
    return CODES[max(verdicts, key=order.index, default=PASS)]


def check_items(
    items: Sequence[Item], module: ModuleType, file: str, sizes: dict[str, Any], options: dict[str, Any]
) -> Iterator[Outcome]:
    """Check each item of a file; ``file`` as it was typed, ``options`` for the checks as far as they take them.

    A class that cannot be made by itself, or that is not finished, may be a part or the base of another thing
    in the file; so these come last, and are left out where they have been met by then.
    """
    met: dict[type, str] = {}
    later: list[tuple[Item, str, Exception | None]] = []
    for item in items:
        target = f"{file}:{item.name}"
        if is_unfinished(item):
            later.append((item, target, None))
            continue
        try:
            made = make(item, module, sizes)
        except OptionError as error:
            if own_frames(error, str(module.__file__)):
                yield _stopped(item, target, module, error)
            else:
                later.append((item, target, error))
            continue
        except (Exception, SystemExit) as error:
            yield _stopped(item, target, module, error)
            continue
        met = {kind: item.name for kind in classes_in(made.what)} | met
        yield _check(item, target, module, made, options)
    for item, target, problem in later:
        if len(items) > 1 and item.what in met:
            yield Outcome(target, PART, text=f"checked in {met[item.what]}", item=item)
        elif problem is not None:
            yield Outcome(target, NOT_CHECKED, text=f"{target}: {problem}", item=item, error=problem)
        else:
            base, method, sizes_ = _missing_method(item)
            text = explain(f"a {item.kind} without {method}", where=target, expected=f"def {method}({sizes_})",
                           got=f"the empty one of {base}")  # fmt: skip
            yield Outcome(target, NOT_CHECKED, text=text, item=item)


def _missing_method(item: Item) -> tuple[str, str, str]:
    return {"gate": ("Gate", "compose", "self, s, p"), "cell": ("Cell", "step", "self, x_t, state"),
            "layer": ("Module", "forward", "self, x")}[item.kind]  # fmt: skip


def _check(item: Item, target: str, module: ModuleType, made: Made, options: dict[str, Any]) -> Outcome:
    taken = {name: value for name, value in options.items() if name in options_of(made.kind)}
    try:
        report = check_as(made.kind, made.what, made.inputs, taken)
    except (Exception, SystemExit) as error:
        return _stopped(item, target, module, error)
    shown = "" if made.kind in ("vjp", "function") else repr(made.what).removeprefix(item.name)
    report.title = f"minigate check {target}" + (f"   {shown}" if 2 < len(shown) < 60 else "")
    return Outcome(target, report.verdict, report, item=item)


def _stopped(item: Item, target: str, module: ModuleType, error: BaseException) -> Outcome:
    """The author's code, or the check of what it returned, raised: nothing that goes wrong is a pass."""
    file = Path(str(module.__file__))
    slip, remedy = hint_for(error, file)
    if isinstance(error, MinigateError) and not own_frames(error, str(file)):
        what = str(error)  # made to be read as it is
    else:
        what = f"it stopped with {describe_error(error, str(file))}"
        if not own_frames(error, str(file)):
            what += ", raised within minigate"
            slip, remedy = "something that it promises is not there, or not yet", f"minigate check --debug {target}"
    text = explain(what, where=target, slip=slip, remedy=remedy)
    return Outcome(target, FAIL, text=text, item=item, error=error)
