"""Dropout: while training, some numbers are left out at random, so that no unit can rely on one other.

A network that has seen its text several times begins to know it by heart. With every step computed by
another random part of the units, what is learnt has to hold for all those parts at once.
"""

from __future__ import annotations

from typing import Any

from minigate import backend
from minigate.errors import OptionError, explain
from minigate.module import Module
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
        if not 0.0 <= rate < 1.0:
            raise OptionError(
                explain(
                    "rate is out of range",
                    where="Dropout",
                    expected="0 ≤ rate < 1",
                    got=str(rate),
                    slip="the share that is kept instead of the share that is left out" if rate == 1 else "",
                )
            )
        self.rate = float(rate)
        self.generator = backend.generator(seed)

    def forward(self, x: Tensor | Array) -> Tensor:
        """Leave out and scale while training; give x back in evaluation.

        **Shapes**: x any → y the same.
        """
        x = as_tensor(x)
        if not self.training or self.rate == 0.0:
            return x
        keep = self.generator.random(tuple(x.shape), dtype="float32") >= self.rate
        mask = keep.astype(str(x.dtype)) * (1.0 / (1.0 - self.rate))
        return x * backend.asarray(mask, like=x.data)

    def __repr__(self) -> str:
        return f"Dropout(rate={self.rate:g})"
