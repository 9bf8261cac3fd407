"""Dropout: while training, some numbers are left out at random, so that no unit can rely on one other.

A network that has seen its text several times begins to know it by heart. With every step computed by
another random part of the units, what is learnt has to hold for all those parts at once.
"""

from __future__ import annotations

from typing import Any

from minigate import backend
from minigate.layers.rowwise import check_floating
from minigate.module import Module
from minigate.module.arguments import check_number
from minigate.tensor import Tensor, as_tensor

Array = Any


class Dropout(Module):
    """Set each element to zero with probability ``rate`` while training, and scale up the rest.

    In evaluation it is the identity. The masks come from the layer's own stream of random numbers,
    ``generator``, on the host: the same on every array library, and saved in checkpoints.

    **Equations**: y = x ⊙ m / (1 − p), with m = 0 with probability p, else 1; so that E[y] = x.

    **Shapes**: x and y any, the same.

    **Source**: Srivastava et al. (2014); between layers and before the softmax only, never along time, as
    Zaremba, Sutskever & Vinyals (2014) found it to work in recurrent networks.

    **Errors**: :class:`OptionError` for a rate outside [0, 1).
    """

    def __init__(self, rate: float = 0.5, seed: Any = None) -> None:
        super().__init__()
        slip = "the share that is kept in the place of the share that is left out"
        self.rate = check_number("Dropout", "rate", rate, least=0.0, below=1.0, slip=slip)
        self.generator = backend.generator(seed)

    def forward(self, x: Tensor | Array) -> Tensor:
        """Leave out and scale while training; give x back in evaluation.

        **Shapes**: x any → y the same.

        **Errors**: :class:`DTypeError` where x is not floating.
        """
        x = as_tensor(x)
        check_floating("Dropout", x, "x")
        if not self.training or self.rate == 0.0:
            return x
        keep = self.generator.random(tuple(x.shape), dtype="float32") >= self.rate
        mask = keep.astype(str(x.dtype)) * (1.0 / (1.0 - self.rate))
        return x * backend.asarray(mask, like=x.data)

    def __repr__(self) -> str:
        return f"Dropout(rate={self.rate:g})"
