"""How far a training has come, live on stderr: updates, loss, speed and the time that is left."""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any

_FORMAT = "{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} updates, {elapsed}{postfix}"


class Progress:
    """A bar on stderr, silent when that is not a terminal, and lines on stdout that do not tear it.

    **Shapes**: no arrays; ``seconds`` are those that the time budget counts.
    """

    def __init__(self, updates: int, done: int, budget: float, unit: str, quiet: bool) -> None:
        from tqdm import tqdm

        columns, lines = shutil.get_terminal_size()  # a terminal that does not know its size counts as 80 by 24
        self.updates, self.begun, self.budget, self.unit = updates, done, budget, unit
        self.bar: Any = tqdm(
            total=updates,
            initial=done,
            disable=quiet or not sys.stderr.isatty(),
            bar_format=_FORMAT,
            ncols=min(columns, 120),
            nrows=lines,
            leave=False,
            file=sys.stderr,
        )

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.bar.close()

    def update(self, step: int, loss: float, speed: float, seconds: float, spent: float) -> None:
        """One update more: ``speed`` in units per second, ``seconds`` of the budget used, ``spent`` by this process."""
        if not self.bar.disable:
            by_updates = (self.updates - step) * spent / max(1, step - self.begun)
            left = min(by_updates, self.budget - seconds)
            text = f"{clock(left)} left, {speed:,.0f} {self.unit}/s, loss {loss:.3f}"
            self.bar.set_postfix_str(text, refresh=False)
        self.bar.update()

    def tell(self, report: Callable[[], None]) -> None:
        """Let something print on stdout, with the bar out of its way."""
        with self.bar.external_write_mode(file=sys.stdout):
            report()


def clock(seconds: float) -> str:
    """Seconds as 3:05 or 2:03:05.

    >>> clock(185), clock(7385)
    ('3:05', '2:03:05')
    """
    if not math.isfinite(seconds):
        return "?"
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
