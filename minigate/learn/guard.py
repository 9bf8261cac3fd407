"""Run what a learner wrote without letting it disturb the check, and without hiding where it failed.

Arrays that go in are copies, so an answer that writes into them spoils nothing, and is told so. An
exception is shown with the learner's own line; the frames of the
framework around it are left out, because nothing in them can be mended by the learner.
"""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from minigate.checking.frames import is_library, lines_of


class InputChangedError(Exception):
    """An answer wrote into an array that was handed to it."""


class MissingAnswerError(Exception):
    """An answer returned ``...``: it has not been written yet."""


def copied(value: Any) -> Any:
    """A copy of the arrays in a value, through tuples, lists and dictionaries; anything else as it is."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, (tuple, list)):
        return type(value)(*map(copied, value)) if hasattr(value, "_fields") else type(value)(map(copied, value))
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    return value


def _changed(before: Any, after: Any) -> bool:
    if isinstance(before, np.ndarray):
        return not (before.shape == after.shape and np.array_equal(before, after, equal_nan=before.dtype.kind in "fc"))
    if isinstance(before, (tuple, list)):
        return len(before) != len(after) or any(map(_changed, before, after))
    if isinstance(before, dict):
        return before.keys() != after.keys() or any(_changed(before[key], after[key]) for key in before)
    return False


def guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """The learner's function, called on copies; changed inputs and ``...`` as a result are told apart.

    **Errors**: :class:`InputChangedError`, :class:`MissingAnswerError`; whatever the function raises.
    """

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        given, named = copied(args), copied(options)
        result = function(*given, **named)
        if result is Ellipsis or (isinstance(result, tuple) and any(part is Ellipsis for part in result)):
            raise MissingAnswerError
        for position, (before, after) in enumerate(zip(args, given)):
            if _changed(before, after):
                raise InputChangedError(_parameter_name(function, position))
        return result

    return call


def _parameter_name(function: Callable[..., Any], position: int) -> str:
    code = getattr(function, "__code__", None)
    return code.co_varnames[position] if code and position < code.co_argcount else f"argument {position}"


def _is_judge(filename: str) -> bool:
    return Path(filename).name.startswith("ex_") and Path(filename).parent.name == "solutions"


def learner_frames(error: BaseException) -> list[traceback.FrameSummary]:
    """The frames of an exception that are in the learner's own code, outermost first.

    What stands above the guarded call is the judge; below it, libraries are left out, and what an exercise
    lends to the learner's code (unless the code is all there: the known mistakes are).
    """
    frames = list(traceback.extract_tb(error.__traceback__))
    entries = [i for i, frame in enumerate(frames) if frame.filename == __file__ and frame.name == "call"]
    below = [frame for frame in frames[entries[-1] + 1 :] if not is_library(frame.filename)] if entries else []
    outside = [frame for frame in below or frames if not (is_library(frame.filename) or _is_judge(frame.filename))]
    return outside or below


def raised_in_own_code(error: BaseException) -> bool:
    """Did the learner's code itself raise this, rather than a library that it called?"""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and not is_library(frames[-1].filename)


def describe_error(error: BaseException) -> str:
    """What was raised, and the learner's line that it came from."""
    lines = [f"your code raised {type(error).__name__}: {error}".rstrip(": ")]
    frames = learner_frames(error)
    if isinstance(error, RecursionError):
        frames = frames[-1:]
    return "\n".join(lines + lines_of(frames))
