"""Layers that map the last axis and treat every position of the other axes alike, composed and by hand.

Such a layer never needs to know whether it stands before or after time: x (N, D) and x (T, N, D) are so
many rows of D numbers. What it does to a row is written twice. :meth:`Rowwise.compose` is the definition, in
differentiable operations; ``rows_forward`` and ``rows_backward`` are the same thing by hand, on arrays, and
the whole layer is one node on the tape.
"""

from __future__ import annotations

import math
from typing import Any

from minigate import ops
from minigate.backend import array_module
from minigate.errors import DTypeError, ShapeError, explain
from minigate.module import Module
from minigate.module.arguments import check_choice, check_sizes
from minigate.tensor import Tensor, as_tensor, by_hand

Array = Any


class Rowwise(Module):
    """A layer from rows of D numbers to rows of H.

    **Equations**: those of the layer, the same for every row.

    **Shapes**: x (…, D) → y (…, H); all leading axes are made one, M rows.

    **Source**: ``method="hand"`` is the derivation beside each layer, ``method="tape"`` its definition; they agree to
    rounding, and only the second has derivatives of derivatives.

    **Errors**: :class:`ShapeError` where the last axis is not D long; :class:`DTypeError` where x is not floating;
    :class:`OptionError` for sizes below one and for another ``method``.
    """

    def __init__(self, D: int, H: int, method: str) -> None:
        super().__init__()
        where = type(self).__name__
        self.D, self.H = check_sizes(where, D=D, H=H)
        self.method = check_choice(where, "unknown method", ("hand", "tape"), method=method)

    def forward(self, x: Tensor | Array) -> Tensor:
        """Map every row.

        **Shapes**: x (…, D) → (…, H).

        **Errors**: :class:`ShapeError`, :class:`DTypeError`.
        """
        x = as_tensor(x)
        check_rows(type(self).__name__, x, self.D)
        leading = tuple(x.shape[:-1])
        rows = ops.reshape(x, (math.prod(leading), self.D))
        y = self.compose(rows) if self.method == "tape" else self._by_hand(rows)
        return ops.reshape(y, (*leading, self.H))

    def compose(self, x: Tensor) -> Tensor:
        """The definition, in differentiable operations.

        **Shapes**: x (M, D) → (M, H).
        """
        raise TypeError(f"{type(self).__name__} is not a layer yet: write compose(self, x) in minigate.ops")

    def rows_forward(self, xp: Any, x: Array, p: dict[str, Array], kept: dict[str, Array]) -> Array:
        """By hand: y, and in ``kept`` what the way back needs.

        **Shapes**: x (M, D), p the parameters by name → (M, H), a new array.
        """
        raise TypeError(f"{type(self).__name__} is composed only: method='tape'")

    def rows_backward(
        self, xp: Any, dy: Array, p: dict[str, Array], kept: dict[str, Array]
    ) -> tuple[Array, dict[str, Array]]:
        """By hand: dx, and the gradient of every parameter by name; dy and ``kept`` stay as they are.

        **Shapes**: dy (M, H) → dx (M, D), each gradient of the shape of its parameter.
        """
        raise TypeError(f"{type(self).__name__} is composed only: method='tape'")

    def _by_hand(self, x: Tensor) -> Tensor:
        name, own = type(self).__name__, dict(self._parameters)
        xp = array_module(x.data, *(parameter.data for parameter in own.values()))
        dtype = xp.result_type(x.dtype, *(parameter.dtype for parameter in own.values()))
        p = {key: parameter.data.astype(dtype, copy=False) for key, parameter in own.items()}
        kept: dict[str, Array] = {}
        y = self.rows_forward(xp, x.data.astype(dtype, copy=False), p, kept)

        def backward(cotangents: list[Array | None]) -> list[Array | None]:
            dx, gradients = self.rows_backward(xp, cotangents[0], p, kept)
            found = [dx, *(gradients[key] for key in own)]  # each of the dtype of its value, whatever computed it
            return [d.astype(v.dtype, copy=False) for v, d in zip([x, *own.values()], found, strict=True)]

        return by_hand(name, [x, *own.values()], [y], backward, f'{name}(…, method="tape")')[0]


def check_rows(where: str, x: Tensor, D: int) -> None:
    """Raise unless x is floating and its last axis D long.

    **Shapes**: x (…, D).

    **Errors**: :class:`ShapeError`, :class:`DTypeError`.
    """
    if x.ndim == 0 or x.shape[-1] != D:
        fits = x.ndim > 1 and x.shape[-2] == D
        raise ShapeError(
            explain(
                "the last axis is not the input size",
                where=where,
                expected=f"x of shape (…, D={D})",
                got=str(tuple(x.shape)),
                slip="the last two axes are the wrong way round" if fits else "",
                remedy="x.swapaxes(-1, -2)" if fits else "",
            )
        )
    check_floating(where, x, f"x (…, D={D})")


def check_floating(where: str, x: Tensor, expected: str) -> None:
    """Raise unless x is floating.

    **Errors**: :class:`DTypeError`.
    """
    if x.dtype.kind != "f":
        raise DTypeError(
            explain(
                "x has no numbers to compute with",
                where=where,
                expected=f"floating {expected}",
                got=str(x.dtype),
                remedy='x.astype("float32")',
            )
        )
