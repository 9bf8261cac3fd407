"""What a check hands back: a verdict, what it rests on, and where and why it failed.

There are three verdicts. FAIL: a gradient differs from the derivative by more than the error bar of the
latter. PASS: every gradient was compared, and comparing could have shown a mistake. INCONCLUSIVE: nothing
was found wrong, but something was not really tested; a check that did not look has not passed.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from minigate.checking.evidence import Deviation, Residual

PASS, FAIL, INCONCLUSIVE = "PASS", "FAIL", "INCONCLUSIVE"


@dataclass(frozen=True)
class Entry:
    """One comparison: the gradient as written against the derivative, with the error bar of the latter.

    ``index`` is the place in the gradient, or ``None`` for a comparison along a random direction.
    """

    gradient: str
    index: tuple[int, ...] | None
    analytic: float
    numeric: float
    error_bar: float
    cotangent: str = ""
    case: str = ""  # which T, which mask
    way: str = ""

    @property
    def ratio(self) -> float:
        """Written over right; NaN where the right one is zero."""
        return self.analytic / self.numeric if self.numeric else math.nan

    @property
    def place(self) -> str:
        """The gradient and where in it, as ``dW[3, 1]``."""
        at = "along a random direction" if self.index is None else "[" + ", ".join(map(str, self.index)) + "]"
        return f"d{self.gradient}{at}" if self.index is not None else f"d{self.gradient} {at}"


@dataclass(frozen=True)
class Finding:
    """One thing said about a failure: a ``kind`` for programs, ``text`` and ``advice`` for people."""

    kind: str
    text: str
    gradients: tuple[str, ...] = ()
    advice: str = ""


@dataclass(frozen=True)
class Stage:
    """One line of the report: what was looked at, how it came out, and the particulars."""

    name: str
    status: str  # "ok", "FAIL", "?", or a short text
    detail: str = ""


@dataclass(frozen=True)
class Score:
    """How one gate, or one time step, fared: its verdict and its largest relative deviation."""

    verdict: str
    deviation: float
    gradients: tuple[str, ...] = ()


@dataclass
class Report:
    """The result of a check; true where it is PASS, and readable when printed."""

    title: str
    verdict: str
    stages: list[Stage] = field(default_factory=list)
    worst: list[Entry] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    by_gate: dict[str, Score] = field(default_factory=dict)
    by_step: dict[int, Score] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)  # why a verdict is INCONCLUSIVE
    coverage: dict[str, Any] = field(default_factory=dict)
    profile: dict[str, Any] = field(default_factory=dict)  # of a gate: what it does to gradients, as plain lists
    seed: int = 0
    reference: str = "differences, Richardson"
    residuals: list[Residual] = field(default_factory=list)  # the wrong gradients, number by number
    deviations: dict[str, Deviation] = field(default_factory=dict)  # how close each gradient came to its limit
    pictures: list[Path] = field(default_factory=list)  # the files that ``plot`` has written

    def __bool__(self) -> bool:
        return self.verdict == PASS

    @property
    def passed(self) -> bool:
        """Is the verdict PASS?"""
        return self.verdict == PASS

    @property
    def diagnosis(self) -> str:
        """What is wrong, where, and what to look at next, in words; empty where nothing is wrong."""
        return "\n".join(finding.text for finding in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """Everything in the report as plain numbers, texts, lists and dicts."""
        return {
            "title": self.title,
            "verdict": self.verdict,
            "seed": self.seed,
            "reference": self.reference,
            "reasons": list(self.reasons),
            "stages": [asdict(stage) for stage in self.stages],
            "worst": [asdict(entry) for entry in self.worst],
            "findings": [asdict(finding) for finding in self.findings],
            "diagnosis": self.diagnosis,
            "by_gate": {name: asdict(score) for name, score in self.by_gate.items()},
            "by_step": {str(t): asdict(score) for t, score in self.by_step.items()},
            "coverage": dict(self.coverage),
            "residuals": [residual.to_dict() for residual in self.residuals],
            "deviations": {name: asdict(deviation) for name, deviation in self.deviations.items()},
            "pictures": [str(path) for path in self.pictures],
            "profile": dict(self.profile),
        }

    def to_json(self, indent: int | None = 2) -> str:
        """The report as JSON; NaN and infinities become ``null``."""
        return json.dumps(plain(self.to_dict()), indent=indent, ensure_ascii=False, allow_nan=False)

    def plot(self, directory: str | Path | None = None, *, gradient: str = "", axes: Any = None) -> Any:
        """Draw where and by how much the gradients are wrong; where none is, how close each came to its limit.

        A wrong gradient is drawn as written, as it should be, and as the difference of the two. Without a
        ``directory`` the worst of them (or ``gradient``) goes into new axes, or its difference alone into the
        ``axes`` given, and what is returned is the axes and the arrays drawn in them. With one, each becomes a
        PNG there; what is returned are the paths, which the report's text names from then on.

        **Shapes**: none.

        **Errors**: :class:`OptionError` where nothing was compared, or ``gradient`` is not a wrong one.
        """
        from minigate.checking.pictures import draw, save

        return draw(self, gradient, axes) if directory is None else save(self, Path(directory))

    def __str__(self) -> str:
        from minigate.checking.layout import lay_out

        return lay_out(self)

    def __repr__(self) -> str:
        return str(self)


def plain(value: Any) -> Any:
    """A value that JSON can hold: NaN and infinities are None, tuples lists, names texts."""
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
