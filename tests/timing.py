"""The time that each group of tests takes, and why tests were skipped: printed at the end of every run."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import pytest


class TimePerGroup:
    """A group is a folder (or a file) of ``tests/``, or the doctests of the package."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.counts: Counter[str] = Counter()
        self.left_out = 0  # tests on CuPy that were not even collected

    @staticmethod
    def group_of(node_id: str) -> str:
        """The group that a test belongs to, by its node id."""
        parts = Path(node_id.split("::")[0]).parts
        return "/".join(parts[:2]) if parts[0] == "tests" else f"{parts[0]} (doctests)"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add up set-up, test and tear-down."""
        group = self.group_of(report.nodeid)
        self.seconds[group] += report.duration
        self.counts[group] += report.when == "call"

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object, error: object) -> None:
        """Each process of pytest-xdist has collected everything."""
        self.left_out = getattr(node, "workeroutput", {}).get("left_out", self.left_out)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """One line for each reason to skip, one for what was left out; then the groups, longest first."""
        reasons = Counter(report.longrepr[2] for report in terminalreporter.stats.get("skipped", []))
        for reason, count in reasons.most_common():
            terminalreporter.write_line(f"{count} skipped: {reason.removeprefix('Skipped: ')}", yellow=True)
        if self.left_out:
            terminalreporter.write_line(f"{self.left_out} tests on CuPy left out: CuPy is not installed", yellow=True)
        if sum(self.seconds.values()) < 1.0:
            return
        terminalreporter.section("time per group")
        for group, seconds in sorted(self.seconds.items(), key=lambda item: -item[1]):
            terminalreporter.write_line(f"{seconds:8.1f} s  {self.counts[group]:5d} tests  {group}")
        total, tests = sum(self.seconds.values()), sum(self.counts.values())
        terminalreporter.write_line(f"{total:8.1f} s  {tests:5d} tests  together")
