"""Ctrl-C that waits for the end of an update, so that what is saved is whole."""

from __future__ import annotations

import signal
import sys
import threading
from types import FrameType, TracebackType
from typing import Any


class Interrupt:
    """While this context is open, the first Ctrl-C only sets ``requested``; the second one quits at once.

    Outside the main thread, where Python hands out no signals, it does nothing; nor does it where the process was
    told to ignore Ctrl-C, as one in the background is by ``nohup`` or ``&`` in a script.

    >>> with Interrupt() as interrupt:
    ...     for step in range(3):
    ...         if interrupt.requested:
    ...             break
    """

    def __init__(self) -> None:
        self.requested = False
        self._before: Any = None

    def __enter__(self) -> Interrupt:
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            self._before = signal.signal(signal.SIGINT, self._first)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None

    def _first(self, number: int, frame: FrameType | None) -> None:
        self.requested = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
        print("\nCtrl-C: finishing this update and saving; once more to quit at once", file=sys.stderr, flush=True)
