"""The exceptions of minigate, and the one form that every message has.

A message is an interface: it says what happened, where, what was expected (in the letters of the
symbol table: T time, N batch, D input, H hidden), what came instead, the slip that most often leads
there, and what to type. :func:`explain` puts these together, so that every error reads the same.
"""

from __future__ import annotations


class MinigateError(Exception):
    """Every error that minigate raises on purpose is one of these."""


class ShapeError(MinigateError, ValueError):
    """An array has the wrong number of axes or the wrong length along one."""


class DTypeError(MinigateError, TypeError):
    """An array has a kind of number that has no meaning here (object, text, integers as activations)."""


class OptionError(MinigateError, ValueError):
    """An option or a token has a value that is not one of those it can take."""


class BackendError(MinigateError, RuntimeError):
    """An array library was asked for that is not there, or that finds no device."""


class DeviceMixError(MinigateError, TypeError):
    """Arrays of two libraries (host and GPU) met in one operation."""


class GraphFreedError(MinigateError, RuntimeError):
    """A second backward pass went through a tape that the first one has freed."""


class TensorModifiedError(MinigateError, RuntimeError):
    """A Tensor was edited in place after the tape had taken note of its value."""


class GradientUndefinedError(MinigateError, RuntimeError):
    """There is no tape to go back along, or no cotangent to start from."""


class SecondDerivativeError(MinigateError, RuntimeError):
    """A derivative of a derivative was asked for through a backward pass written by hand."""


class NonFiniteError(MinigateError, FloatingPointError):
    """The first NaN or infinity, found by :func:`minigate.detect_anomaly`."""


class StateError(MinigateError, ValueError):
    """A recurrent state has the wrong number of arrays, or arrays of the wrong shape."""


class StateDictError(MinigateError, KeyError):
    """The names or shapes in a ``state_dict`` are not those of the module."""

    def __str__(self) -> str:  # KeyError would show the text quoted, with its line ends escaped
        return str(self.args[0]) if self.args else ""


class CheckpointError(MinigateError, RuntimeError):
    """A checkpoint is damaged, is from another configuration, or could not be written."""


class DataError(MinigateError, ValueError):
    """A data file is missing, damaged, or not what its name says."""


class GradientMismatch(MinigateError, AssertionError):
    """A gradient written by hand is not the derivative of its forward pass; carries the report."""

    def __init__(self, text: str, report: object | None = None) -> None:
        super().__init__(text)
        self.report = report


def explain(
    what: str,
    *,
    where: str = "",
    expected: str = "",
    got: str = "",
    slip: str = "",
    remedy: str = "",
) -> str:
    """Put the parts of a message into the one form that all errors of minigate have.

    ``where: what: expected …, got …`` on the first line; the likely slip and what to type on lines
    of their own. Parts that are empty are left out.

    >>> print(explain("wrong shape", where="GRU", expected="x (T, N, D=8)", got="(32, 8)",
    ...               slip="one step without a time axis?", remedy="x[None]"))
    GRU: wrong shape: expected x (T, N, D=8), got (32, 8)
      likely slip: one step without a time axis?
      type: x[None]
    """
    head = f"{where}: {what}" if where else what
    if expected or got:
        head += ": " + ", ".join(
            part for part in (f"expected {expected}" if expected else "", f"got {got}" if got else "") if part
        )
    lines = [head]
    if slip:
        lines.append(f"  likely slip: {slip}")
    if remedy:
        lines.append(f"  type: {remedy}")
    return "\n".join(lines)
