"""A check as an assertion: for tests, where a gradient that is wrong, or untested, has to stop everything."""

from __future__ import annotations

from typing import Any

from minigate.checking.frames import debugging, only_own_frames
from minigate.checking.kinds import check_as, kind_of, options_of
from minigate.checking.report import Report
from minigate.errors import GradientMismatch, MinigateError, OptionError, explain


def assert_gradients(what: Any, *inputs: Any, **options: Any) -> Report:
    """Check whatever this is, and raise unless the verdict is PASS.

    A gate (or a class of gates) goes to :func:`check_gate`, a cell (or a class of cells, or a Recurrent layer
    without inputs) to :func:`check_cell`, any other layer to :func:`check_layer`, a function on Tensors to
    :func:`check`, a pair ``(forward, backward)`` on plain arrays to :func:`check_vjp`; a report that there is
    already is taken as it is. ``options`` are those of the check.

    **Shapes**: inputs as ``what`` takes them.

    **Errors**: :class:`GradientMismatch`, with the report as its text and as ``error.report``;
    :class:`OptionError` for something that none of the checks knows. What the code under check raises comes
    through with its own lines in the traceback and without those of minigate (with MINIGATE_DEBUG=1, with all).
    """
    __tracebackhide__ = True  # pytest ends its account at the line that called this
    report = what if isinstance(what, Report) else None
    if report is None:
        kind = kind_of(what, inputs)
        if not kind:
            expected = "a gate, cell or layer, a function, a pair (forward, backward), or a report"
            raise OptionError(
                explain("nothing that can be checked", where="assert_gradients", expected=expected, got=repr(what))
            )
        unknown = sorted(set(options) - options_of(kind))
        if unknown:
            expected = ", ".join(sorted(options_of(kind)))
            raise OptionError(explain("no such option", where=f"check of a {kind}", expected=expected, got=unknown[0]))
        try:
            report = check_as(kind, what, inputs, options)
        except Exception as error:
            kept = only_own_frames(error)
            if debugging() or (kept is None and not isinstance(error, MinigateError)):
                raise
            raise error.with_traceback(kept) from error.__cause__
    if not report:
        raise GradientMismatch(str(report), report)
    return report
