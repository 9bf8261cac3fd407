"""A linear map with a bias: what turns the output of a cell into scores."""

from __future__ import annotations

import math
from typing import Any

from minigate import ops
from minigate.backend import generator
from minigate.layers.rowwise import check_rows
from minigate.module import Module, initialisers
from minigate.module.arguments import check_flags, check_sizes
from minigate.tensor import Tensor, as_tensor

Array = Any


class Linear(Module):
    """y = x W + b, the same for every position of the leading axes.

    **Equations**: y = x W + b. The papers write W x: this W is the transpose of theirs.

    **Shapes**: x (…, D) → y (…, H), with "W" (D, H) and "b" (H,). The leading axes are free: (N, D), (T, N, D).

    **Source**: W begins as Glorot & Bengio (2010) have it, eq. 16; b begins at zero.

    **Errors**: :class:`ShapeError` where the last axis of x is not D long; :class:`DTypeError` where x is not
    floating; :class:`OptionError` for sizes below one.
    """

    def __init__(self, D: int, H: int, bias: bool = True, seed: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.D, self.H = check_sizes("Linear", D=D, H=H)
        check_flags("Linear", bias=bias)
        self.bias = bias
        rng = generator(seed)
        self.parameter("W", initialisers.glorot(rng, (D, H)), dtype)
        if bias:
            self.parameter("b", initialisers.zeros(rng, (H,)), dtype)

    def forward(self, x: Tensor | Array) -> Tensor:
        """Apply the map; all leading axes are made one, so that one matrix product does it.

        **Shapes**: x (…, D) → (…, H).

        **Errors**: :class:`ShapeError` where the last axis of x is not D long; :class:`DTypeError` for whole numbers.
        """
        x = as_tensor(x)
        check_rows("Linear", x, self.D)
        leading = tuple(x.shape[:-1])
        y = ops.matmul(ops.reshape(x, (math.prod(leading), self.D)), self["W"])
        if self.bias:
            y = y + self["b"]
        return ops.reshape(y, (*leading, self.H))

    def __repr__(self) -> str:
        return f"Linear(D={self.D}, H={self.H}{'' if self.bias else ', bias=False'})"
