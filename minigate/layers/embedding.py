"""A row of numbers for every symbol: how a network reads integers."""

from __future__ import annotations

from typing import Any

from minigate import ops
from minigate.backend import asarray, generator
from minigate.errors import DTypeError, explain
from minigate.module import Module, initialisers
from minigate.module.arguments import check_sizes
from minigate.tensor import Tensor, as_tensor

Array = Any


class Embedding(Module):
    """y = W[token]: the same as one-hot vectors times W, without the vectors.

    **Equations**: y = W[k] for token k; ∂L/∂W[k] = Σ of ∂L/∂y over all positions where k stands.

    **Shapes**: tokens (…) int in 0 … K−1 → y (…, D), with "W" (K, D).

    **Source**: Bengio et al. (2003), the matrix C; W begins normal with deviation 0.1, so that rows differ.

    **Errors**: :class:`DTypeError` for tokens that are not integers; :class:`OptionError` for sizes below one; an
    index outside 0 … K−1 is named by the look-up.
    """

    def __init__(self, K: int, D: int, seed: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.K, self.D = check_sizes("Embedding", K=K, D=D)
        self.parameter("W", initialisers.normal(generator(seed), (K, D), 0.1), dtype)

    def forward(self, tokens: Tensor | Array) -> Tensor:
        """Look the rows up.

        **Shapes**: tokens (…) int → (…, D).

        **Errors**: :class:`DTypeError` for tokens that are not integers.
        """
        indices = tokens.data if isinstance(tokens, Tensor) else tokens
        indices = asarray(indices, like=self["W"].data)
        if indices.dtype.kind not in "iu":
            raise DTypeError(
                explain(
                    "tokens are integers",
                    where="Embedding",
                    expected=f"int in 0 … K−1 = {self.K - 1}",
                    got=str(indices.dtype),
                    slip="one-hot vectors, which need no look-up",
                    remedy="Linear(K, D) for one-hot vectors, x.argmax(-1) to make them tokens",
                )
            )
        return ops.embedding(as_tensor(self["W"]), indices)

    def __repr__(self) -> str:
        return f"Embedding(K={self.K}, D={self.D})"
