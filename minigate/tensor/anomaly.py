"""Finding the first NaN or infinity, and who made it.

A NaN is seen late: by then it has been through every operation after the one that made it. Inside
:class:`detect_anomaly` every result is looked at when it is made, forward and backward, and the first
value that is not finite ends the run with an error that names the operation, its operands and the line
of the program. Whether the operands were finite says who is to blame: made here, or brought along.

It also catches what versions cannot: an edit of the raw *array* behind a Tensor (``t.data[0] = 1``,
or the caller's own array) between forward and backward, by a checksum of all that the tape keeps.
"""

from __future__ import annotations

import contextlib
import linecache
import os
import sys
import zlib
from collections.abc import Sequence
from types import FrameType, TracebackType
from typing import Any

from minigate.backend import array_module, asnumpy, is_array
from minigate.errors import NonFiniteError, TensorModifiedError, explain
from minigate.tensor.mode import WATCH_CHECK, mode
from minigate.tensor.tape import Node, label

Array = Any

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class detect_anomaly(contextlib.ContextDecorator):
    """Stop at the first value that is not finite, and say which operation made it and on which line.

    Use it as ``with mg.detect_anomaly():`` around forward *and* backward. Every value is looked at and every
    kept array is summed twice: expect a fraction of the usual speed.

    **Errors**: :class:`NonFiniteError` at the first NaN or infinity; :class:`TensorModifiedError` where an
    array that the tape needs was edited behind its Tensor's back.
    """

    def __enter__(self) -> None:
        self._before = [*getattr(self, "_before", []), (mode.watch, array_module().errstate(all="ignore"))]
        self._before[-1][1].__enter__()  # the array library's own warnings would only come first and say less
        mode.watch = WATCH_CHECK

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        mode.watch, quiet = self._before.pop()
        quiet.__exit__(kind, error, trace)


def after_forward(
    xp: Any, name: str, args: Sequence[Any], arrays: Sequence[Any], outputs: Sequence[Array], node: Node | None,
    slip: str,
) -> None:  # fmt: skip
    """Look at the results of one operation; note its line and the checksums of what its node keeps."""
    if node is not None:
        notes = node.note()
        notes.line = line_of_user()
        notes.checksums = [(whose, array, _checksum(array)) for whose, array in node.kept()]
    if mode.watch != WATCH_CHECK or all(_finite(array) for array in outputs):
        return
    position, array = next((i, a) for i, a in enumerate(outputs) if not _finite(a))
    operands = [(label(value, i), a) for i, (value, a) in enumerate(zip(args, arrays, strict=False))]
    raise _found(f"{name}, forward", "result" if len(outputs) == 1 else f"result {position}", array, operands,
                 line_of_user(), slip)  # fmt: skip


def before_backward(node: Node) -> None:
    """Compare the checksums of what the node keeps with those of the forward pass."""
    for whose, array, checksum in node.notes.checksums if node.notes else ():
        if _checksum(array) != checksum:
            raise TensorModifiedError(
                explain(
                    f"the array behind {whose}, shape {array.shape}, was edited after the tape had taken note of it",
                    where=f"backward of {node.name}",
                    expected=f"the value of the forward pass at {node.notes.line if node.notes else ''}",
                    got="other numbers",
                    slip="an edit of t.data or of the array that a Tensor was made from",
                    remedy="edit a copy, or edit after y.backward()",
                )
            )


def after_backward(node: Node, douts: Sequence[Any], gradients: Sequence[Any]) -> None:
    """Look at the gradients that came out of one operation's rules."""
    for position, gradient in enumerate(gradients):
        if gradient is None or _finite(gradient._data):
            continue
        operands = [(f"gradient of result {i}", dout._data) for i, dout in enumerate(douts) if dout is not None]
        operands += node.kept()
        value = (node.inputs or ())[position]
        line = node.notes.line if node.notes else "an unknown line, outside of detect_anomaly"
        raise _found(f"{node.name}, backward", f"gradient of {label(value, position)}", gradient._data, operands, line,
                     "a slope that is infinite there, like that of log and sqrt at 0")  # fmt: skip


def line_of_user() -> str:
    """The innermost line of the program that is not in minigate: file, number, and its text."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame = frame.f_back
    if frame is None:
        return "an unknown line"
    name, number = frame.f_code.co_filename, frame.f_lineno
    text = linecache.getline(name, number).strip()
    place = "notebook cell" if "ipykernel" in name else os.path.relpath(name) if os.path.exists(name) else name
    return f"{place}, line {number}" + (f": {text}" if text else "")


def _finite(array: Array) -> bool:
    return array.dtype.kind not in "fc" or bool(array_module(array).isfinite(array).all())


def _found(
    where: str, what: str, array: Array, operands: Sequence[tuple[str, Array]], line: str, slip: str
) -> NonFiniteError:
    """Put together who, where, from what, and whose fault."""
    xp = array_module(array)
    bad = ~xp.isfinite(array)
    first = tuple(int(axis[0]) for axis in xp.nonzero(bad)) if array.ndim else ()
    kind = "NaN" if bool(xp.isnan(array[first])) else "infinity"
    brought = [whose for whose, operand in operands if is_array(operand) and not _finite(operand)]
    text = explain(
        f"the first value that is not finite is {kind} at {list(first)} of the {what}",
        where=where,
        expected="finite numbers",
        got=f"{int(bad.sum())} of {array.size} not finite, shape {array.shape}, {array.dtype}",
        slip=f"{', '.join(brought)} was not finite before: this operation only passes it on" if brought else slip,
    )
    lines = [text, f"  at: {line}"]
    lines += [f"  {whose}: {_range(operand)}" for whose, operand in operands]
    return NonFiniteError("\n".join(lines))


def _range(operand: Any) -> str:
    """The shape of an operand and between what numbers it lies."""
    if not is_array(operand):
        return repr(operand)
    head = f"shape {operand.shape}, {operand.dtype}"
    if operand.dtype.kind != "f" or not operand.size:
        return head
    xp = array_module(operand)
    finite = xp.isfinite(operand)
    count = int(operand.size - finite.sum())
    if count == operand.size:
        return f"{head}, none of them finite"
    low = float(xp.where(finite, operand, xp.inf).min())
    high = float(xp.where(finite, operand, -xp.inf).max())
    return f"{head}, min {low:.4g}, max {high:.4g}" + (f", {count} not finite" if count else "")


def _checksum(array: Array) -> int:
    return zlib.crc32(asnumpy(array).tobytes())
