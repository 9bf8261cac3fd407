"""Two switches that every operation looks at: is the tape running, and is it being watched?

Recording costs time and memory, so it can be switched off for a stretch of code (:class:`no_grad`):
an optimiser's step, an evaluation, the rules of a first-order backward pass. The switches belong to
the thread, so that an evaluation in one thread never stops the tape of another.
"""

from __future__ import annotations

import contextlib
import threading
from types import TracebackType

WATCH_OFF = 0
WATCH_RECORD = 1  # note the line of every operation and the checksum of every kept array
WATCH_CHECK = 2  # and look at every value


class Mode(threading.local):
    """The switches of one thread; the class attributes are what a new thread starts with."""

    grad: bool = True
    watch: int = WATCH_OFF


mode = Mode()


def is_grad_enabled() -> bool:
    """Is the tape of this thread running?"""
    return mode.grad


class _Switch(contextlib.ContextDecorator):
    """Set ``mode.grad`` for a ``with`` block or for a decorated function, and put it back after."""

    value = False

    def __init__(self) -> None:
        self._before: list[bool] = []  # a stack: the same object may be entered again inside itself

    def __enter__(self) -> None:
        self._before.append(mode.grad)
        mode.grad = self.value

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        mode.grad = self._before.pop()


class no_grad(_Switch):
    """Stop the tape: nothing computed inside needs memory for, or can have, a backward pass.

    Use it as ``with mg.no_grad():`` or as a decorator ``@mg.no_grad()``.

    >>> from minigate.tensor import Tensor, no_grad
    >>> x = Tensor([1.0, 2.0], requires_grad=True)
    >>> with no_grad():
    ...     (x * x).requires_grad
    False
    """

    value = False


class enable_grad(_Switch):
    """Run the tape again inside a :class:`no_grad` block."""

    value = True
