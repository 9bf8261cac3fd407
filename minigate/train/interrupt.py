"""Ctrl-C, or being told to terminate, that waits for the end of an update, so that what is saved is whole."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any


class Interrupt:
    """While this context is open, the first Ctrl-C or SIGTERM only sets ``requested``; the second one quits at once.

    Outside the main thread, where Python hands out no signals, it does nothing; nor does it where the process was
    told to ignore Ctrl-C, as one in the background is by ``nohup`` or ``&`` in a script: then only SIGTERM is heard.

    >>> with Interrupt() as interrupt:
    ...     for step in range(3):
    ...         if interrupt.requested:
    ...             break
    """

    def __init__(self) -> None:
        self.requested = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._before[number] = signal.signal(number, self._first)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._before:
            signal.signal(*self._before.popitem())

    def _first(self, number: int, frame: FrameType | None) -> None:
        self.requested = True
        for each in self._before:
            signal.signal(each, signal.default_int_handler)
        name = "Ctrl-C" if number == signal.SIGINT else "told to stop"
        print(f"\n{name}: finishing this update and saving; once more to quit at once", file=sys.stderr, flush=True)
