"""What comes into a recurrent layer is checked once, at its door, and never inside the loop."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from minigate.backend import array_module, asarray, is_array
from minigate.errors import DTypeError, OptionError, ShapeError, StateError, explain
from minigate.module.arguments import check_choice
from minigate.ops.embedding import in_range
from minigate.tensor import Tensor, as_tensor

Array = Any


def check_input(name: str, x: Array, D: int, mask: Array | None = None) -> None:
    """Raise unless ``x`` is a sequence that a cell of input size D can read; padding may hold anything.

    **Shapes**: x (T, N, D) floating, or (T, N) whole numbers in 0 … D − 1.

    **Errors**: :class:`ShapeError`, :class:`DTypeError`, and :class:`OptionError` for a token out of range.
    """
    shape = tuple(x.shape)
    if x.dtype.kind in "iu":
        if len(shape) != 2:
            slip, remedy = "one sequence without a batch axis?", "x[:, None]"
            if len(shape) == 3:
                slip, remedy = "activations that should be floating?", 'x.astype("float32")'
            raise ShapeError(
                explain(
                    "whole numbers are tokens, one per step and sequence",
                    where=name,
                    expected="tokens of shape (T, N)",
                    got=f"{shape} of {x.dtype}",
                    slip=slip,
                    remedy=remedy,
                )
            )
        in_range(name, "tokens", x if mask is None else x[mask], D, "D")
        return
    if x.dtype.kind != "f":
        raise DTypeError(
            explain(
                "x has no numbers to compute with",
                where=name,
                expected="floating x (T, N, D), or whole-number tokens (T, N)",
                got=str(x.dtype),
                remedy='x.astype("float32")',
            )
        )
    if len(shape) != 3 or shape[-1] != D:
        slip, remedy = _what_it_is(shape, D)
        expected = f"x of shape (T, N, D={D})"
        raise ShapeError(
            explain("wrong shape", where=name, expected=expected, got=str(shape), slip=slip, remedy=remedy)
        )


def _what_it_is(shape: tuple[int, ...], D: int) -> tuple[str, str]:
    """A slip, and what to type; empty where nothing is likely."""
    if len(shape) == 1:
        return "a single vector", "x[None, None] for one step of one sequence"
    if len(shape) == 2 and shape[-1] == D:
        return "one step, or one sequence?", "x[None] for one step (N, D); x[:, None] for one sequence (T, D)"
    if len(shape) == 2:
        return "batch and time only?", "x[..., None] where each step is a single number"
    if len(shape) == 3 and shape[1] == D:
        return "features before batch?", "x.swapaxes(1, 2)"
    if len(shape) == 3:
        return "the cell was made for another input size", f"a cell with D={shape[-1]}"
    return "", ""


def as_mask(mask: Any, like: Array) -> Array | None:
    """A mask as an array of the library of ``like``; None stays None."""
    return mask if mask is None or is_array(mask) else asarray(getattr(mask, "data", mask), like=like)


def check_mask(name: str, mask: Array, T: int, N: int) -> None:
    """Raise unless ``mask`` is bool of shape (T, N): True where a step of a sequence is real.

    **Errors**: :class:`ShapeError`, :class:`DTypeError`.
    """
    if str(mask.dtype) != "bool":
        raise DTypeError(
            explain(
                "the mask says which steps are real",
                where=name,
                expected="mask of dtype bool, True = valid",
                got=str(mask.dtype),
                remedy="mask.astype(bool)",
            )
        )
    if tuple(mask.shape) != (T, N):
        raise ShapeError(
            explain(
                "wrong shape",
                where=name,
                expected=f"mask of shape (T={T}, N={N})",
                got=str(tuple(mask.shape)),
                slip="batch first?" if tuple(mask.shape) == (N, T) else "",
                remedy="mask.T" if tuple(mask.shape) == (N, T) else "",
            )
        )


def check_state(cell: Any, state: Any, N: int) -> None:
    """Raise unless ``state`` is a tuple of one array per state name, each with N rows.

    **Errors**: :class:`StateError`.
    """
    name, names = type(cell).__name__, ", ".join(cell.state_names) + ("," if len(cell.state_names) == 1 else "")
    if not isinstance(state, (tuple, list)):
        raise StateError(
            explain(
                "a state is a tuple, also where it is a single array",
                where=name,
                expected=f"state = ({names})",
                got=type(state).__name__,
                remedy="state=(h,)",
            )
        )
    if len(state) != len(cell.state_names):
        raise StateError(
            explain(
                "wrong number of arrays in the state",
                where=name,
                expected=f"{len(cell.state_names)}: ({names})",
                got=str(len(state)),
                slip="the state of another kind of cell?",
                remedy="cell.initial_state(N)",
            )
        )
    for label, array, zero in zip(cell.state_names, state, cell.initial_state(N), strict=True):
        _check_part(name, label, array, zero)
    array_module(*(array.data if isinstance(array, Tensor) else array for array in state))


def at_the_door(step: Callable[..., Any]) -> Callable[..., Any]:
    """The ``step`` of a cell, after a look at what comes into it: a Tensor, and a tuple of as many as there are states.

    **Errors**: :class:`StateError` for a bare state or one of another kind of cell; those of :func:`as_tensor`.
    """

    @functools.wraps(step)
    def checked(self: Any, x_t: Any, state: Any) -> Any:
        if not isinstance(state, (tuple, list)) or len(state) != len(self.state_names) * self.dimensions:
            names = self.state_names if self.dimensions == 1 else [
                f"{name}_{before}" for before in ("row", "column") for name in self.state_names
            ]  # fmt: skip
            got = f"{len(state)} of them" if isinstance(state, (tuple, list)) else type(state).__name__
            raise StateError(
                explain(
                    "a step goes on from a tuple of states",
                    where=f"{type(self).__name__}.step",
                    expected=f"state = ({', '.join(names)}{',' if len(names) == 1 else ''})",
                    got=got,
                    remedy="y_t, state = cell.step(x_t, state), from cell.initial_state(N) on",
                )
            )
        return step(self, x_t if isinstance(x_t, Tensor) else as_tensor(x_t), state)

    return checked


def _check_part(name: str, label: str, array: Any, zero: Tensor) -> None:
    """Raise unless ``array`` is of the kind and the shape of the initial state ``zero`` (N, ·)."""
    kind = getattr(getattr(array, "dtype", None), "kind", "")
    shape, expected = tuple(getattr(array, "shape", ())), tuple(zero.shape)
    if kind != zero.dtype.kind:
        raise StateError(
            explain(
                f"wrong kind of the state {label!r}",
                where=name,
                expected=f"an array or Tensor {expected} of {zero.dtype}",
                got=str(array.dtype) if kind else type(array).__name__,
                slip="whole numbers, where the state is floating" if kind and kind in "iub" else "",
                remedy="cell.initial_state(N)",
            )
        )
    if shape != expected:
        slip = "a state carried over from a batch of another size"
        if shape[1:] != expected[1:]:
            slip = "the state of a cell of another size" if len(shape) == len(expected) else ""
        raise StateError(
            explain(
                f"wrong shape of the state {label!r}",
                where=name,
                expected=f"{label} {expected} for a batch of N={expected[0]}",
                got=str(shape),
                slip=slip,
                remedy="cell.initial_state(N)",
            )
        )


def check_method(where: str, cell: Any, method: Any) -> str:
    """How a cell is taken along: "bptt", by hand, or "tape"; by hand where nothing is said and it has the pair.

    **Errors**: :class:`OptionError` for another word, and for "bptt" where there is no pair.
    """
    check_choice(where, "unknown method", ("bptt", "tape", None), method=method)
    if method == "bptt" and not cell.written_by_hand:
        raise OptionError(
            explain(
                f"{type(cell).__name__} has no step_forward / step_backward",
                where=where,
                slip="a cell that is composed only",
                remedy=f'{where}(cell, method="tape"), or leave method out',
            )
        )
    return method or ("bptt" if cell.written_by_hand else "tape")
