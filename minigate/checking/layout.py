"""How a report reads when it is printed."""

from __future__ import annotations

import textwrap

from minigate.checking.report import FAIL, Entry, Report

WIDTH = 114  # as wide as a notebook on a small screen shows without breaking words
NAME = 28


def lay_out(report: Report) -> str:
    """The text of a report: what was checked, line by line how it went, where it is wrong, and the verdict."""
    lines = _wrapped(report.title + " " * 6, f"seed {report.seed}   float64   reference: {report.reference}")
    for stage in report.stages:
        dots = "." * max(2, NAME - len(stage.name))
        lines += _wrapped(f"  {stage.name} {dots} {stage.status:<4} ", stage.detail)
    if report.verdict == FAIL and report.worst:
        lines.append("")
        lines += _worst(report.worst)
    shown = " ".join(stage.detail for stage in report.stages)
    told = [finding for finding in report.findings if finding.text not in shown]
    for k, finding in enumerate(told):
        lines += _wrapped("  pattern: " if k == 0 else "           ", finding.text)
    advice = list(dict.fromkeys(finding.advice for finding in report.findings if finding.advice))
    for k, text in enumerate(advice[:3]):
        lines += _wrapped("  next:    " if k == 0 else "           ", text)
    lines.append("")
    if report.coverage:
        lines += _wrapped("  covered: ", _covered(report))
    for reason in report.reasons:
        lines += _wrapped("  reason:  ", reason)
    if report.pictures:
        lines += _wrapped("  drawn:   ", "\n".join(str(path) for path in report.pictures))
    lines.append(f"  {report.verdict}")
    return "\n".join(line.rstrip() for line in lines)


def _wrapped(head: str, text: str) -> list[str]:
    lines = []
    for part in (text or "").split("\n"):
        lines += textwrap.wrap(part, max(30, WIDTH - len(head))) or [""]
    return [head + lines[0]] + [" " * len(head) + line for line in lines[1:]]


def _worst(entries: list[Entry]) -> list[str]:
    lines = []
    for k, entry in enumerate(entries[:5]):
        ratio = "" if entry.ratio != entry.ratio else f"   ratio {_ratio(entry.ratio)}"
        lines.append(
            ("  worst:   " if k == 0 else "           ")
            + f"{entry.place:<22} {entry.way or 'analytic'} {entry.analytic: .6g}   "
            + f"differences {entry.numeric: .6g} ± {entry.error_bar:.0e}{ratio}"
        )
    first = entries[0]
    told = ", ".join(part for part in (first.case, f"cotangent: {first.cotangent}" if first.cotangent else "") if part)
    lines.append(f"           ({told})")
    return lines


def _ratio(value: float) -> str:
    """Four digits after the point; more where that would read as 1."""
    return f"{value:.4f}" if abs(value - 1.0) > 1e-3 else f"1 {'+' if value > 1.0 else '−'} {abs(value - 1.0):.0e}"


def _covered(report: Report) -> str:
    seen = report.coverage
    parts = [
        f"{seen['numbers with a gradient']} of {seen['numbers']} numbers in {len(seen['gradients'])} gradients",
        f"{seen['comparisons']} comparisons along {seen['probes']} directions",
    ]
    if len(seen["ways"]) > 1:
        parts.append("ways: " + " and ".join(seen["ways"]))
    parts.append("cotangents: " + "; ".join(seen["cotangents"]))
    if seen.get("T"):
        parts.append(f"T = {', '.join(map(str, seen['T']))}, N = {seen['N']}, {seen['masks']}")
    parts.append(f"largest deviation {seen['largest deviation']:.0e}")
    return "; ".join(parts[:2]) + "\n" + "\n".join(parts[2:])
