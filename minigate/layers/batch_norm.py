"""Batch normalisation: every unit is brought to mean 0 and deviation 1 over the batch.

It is the other way round from :mod:`minigate.layers.layer_norm`: there a position is compared with its own units, here
a unit with what it is for the rest of the batch. So in training a row depends on the others; and in evaluation, where
a batch may be anything, statistics that were kept in training stand in for those of the batch.
"""

from __future__ import annotations

from typing import Any

from minigate import ops
from minigate.backend import generator
from minigate.errors import ShapeError, explain
from minigate.layers.rowwise import Rowwise
from minigate.module import initialisers
from minigate.module.arguments import check_number, check_sizes
from minigate.tensor import Tensor

Array = Any


class BatchNorm(Rowwise):
    """y = g ⊙ (x − μ) / σ + b, with μ and σ over the rows: those of this batch in training, kept ones in evaluation.

    **Equations**, for M rows:

    - μ = Σ_m x_m / M; σ² = Σ_m (x_m − μ)² / M; x̂ = (x − μ) / √(σ² + ε); y = g ⊙ x̂ + b
    - in training also: mean ← (1 − p) mean + p μ; variance ← (1 − p) variance + p σ² M / (M − 1), p the ``momentum``
    - in evaluation: mean and variance in the place of μ and σ²

    A batch is divided by the deviation that it has; what is kept is the unbiased estimate of the variance of all data.

    **Shapes**: x (…, H) → y (…, H), all leading axes the rows of one batch, time among them; "g" (H,), ones at the
    start, "b" (H,), zeros. Buffers: "mean" (H,), zeros at the start, "variance" (H,), ones; both ways of computing
    move them, with or without a tape, and no gradient flows through them.

    **Source**: Ioffe & Szegedy (2015), algorithms 1 and 2. They average the statistics of several batches at the end;
    the moving average is how they monitor validation during training, and has become the usual practice. p = 0.1 and
    ε are not in the paper.

    **Errors**: :class:`ShapeError` where the last axis of x is not H long, and in training for fewer than two rows;
    :class:`DTypeError` where x is not floating; :class:`OptionError` for H below one, an ε below zero, or a momentum
    outside [0, 1].
    """

    def __init__(
        self, H: int, momentum: float = 0.1, epsilon: float = 1e-5, *, method: str = "hand", dtype: Any = None
    ) -> None:
        (H,) = check_sizes("BatchNorm", H=H)
        super().__init__(H, H, method)
        share = "momentum is the share of the new batch"
        self.momentum = check_number("BatchNorm", "momentum", momentum, least=0.0, most=1.0, what=share)
        self.epsilon = check_number("BatchNorm", "epsilon", epsilon, least=0.0, what="epsilon is added to a variance")
        zeros = initialisers.zeros(generator(0), (self.H,))
        g = self.parameter("g", zeros + 1.0, dtype)
        self.parameter("b", zeros, dtype)
        self.buffer("mean", zeros.astype(str(g.dtype)))
        self.buffer("variance", (zeros + 1.0).astype(str(g.dtype)))

    def compose(self, x: Tensor) -> Tensor:
        """**Shapes**: x (M, H) → (M, H)."""
        if self.training:
            self._check_batch(x.shape[0])
            mean = ops.mean(x, axis=0)
            centred = x - mean
            variance = ops.mean(centred * centred, axis=0)
            self._keep(x.shape[0], mean.data, variance.data)
        else:  # copies: the tape holds them, and the next batch in training changes what is kept
            centred, variance = x - self._buffers["mean"].copy(), Tensor(self._buffers["variance"].copy())
        return self["g"] * (centred / ops.sqrt(variance + self.epsilon)) + self["b"]

    def _check_batch(self, M: int) -> None:
        """Raise unless there is a deviation."""
        if M < 2:
            raise ShapeError(
                explain(
                    "one row has no deviation",
                    where="BatchNorm in training",
                    expected="x of shape (…, H) with two rows or more",
                    got=f"{M} row{'' if M == 1 else 's'}",
                    slip="a last batch that is smaller than the others, or a layer that was not switched to evaluation",
                    remedy="layer.eval() to use what it has learnt",
                )
            )

    def _keep(self, M: int, mean: Array, variance: Array) -> None:
        """Move the statistics towards those of this batch.

        common slip: keeping σ² itself, which is too small by (M − 1) / M: batches lie closer together than data.
        """
        for name, new in (("mean", mean), ("variance", variance * (M / (M - 1)))):
            kept = self._buffers[name]
            kept *= 1.0 - self.momentum
            kept += self.momentum * new

    # ---- by hand -----------------------------------------------------------------------------
    #
    # Unit by unit, down the rows, it is what LayerNorm is along them: with s = √(σ² + ε) and q = dy ⊙ g,
    #
    #   dx_m = (q_m − mean(q) − x̂_m mean(q ⊙ x̂)) / s, each mean over the rows. g is the same in all of them, so
    #   mean(q) = g db / M and mean(q ⊙ x̂) = g dg / M:
    #
    #   dx_m = g / s ⊙ (dy_m − db / M − x̂_m ⊙ dg / M)
    #
    # In evaluation μ and s do not depend on x, and only the first of the three terms is left.

    def rows_forward(self, xp: Any, x: Array, p: dict[str, Array], kept: dict[str, Array]) -> Array:
        """**Shapes**: x (M, H) → (M, H)."""
        kept["of the batch"] = self.training  # as it is now, whatever it will be on the way back
        if self.training:
            self._check_batch(len(x))
            mean = x.mean(axis=0)
            normed = x - mean
            variance = xp.multiply(normed, normed).mean(axis=0)
            self._keep(len(x), mean, variance)
        else:
            normed, variance = x - self._buffers["mean"].astype(x.dtype), self._buffers["variance"].astype(x.dtype)
        kept["1/s"] = 1.0 / xp.sqrt(variance + self.epsilon)
        normed *= kept["1/s"]
        kept["normed"] = normed
        y = xp.multiply(normed, p["g"])
        y += p["b"]
        return y

    def rows_backward(
        self, xp: Any, dy: Array, p: dict[str, Array], kept: dict[str, Array]
    ) -> tuple[Array, dict[str, Array]]:
        """dx = g / s ⊙ (dy − db / M − x̂ ⊙ dg / M), in evaluation g / s ⊙ dy; dg = Σ dy ⊙ x̂; db = Σ dy.

        **Shapes**: dy (M, H) → dx (M, H).

        common slip: taking μ and s for constants in training, as they are in evaluation.
        """
        normed, M = kept["normed"], len(dy)
        dx = dy * normed
        found = {"g": dx.sum(axis=0), "b": dy.sum(axis=0)}
        if kept["of the batch"]:
            xp.multiply(normed, found["g"] / -M, out=dx)
            dx -= found["b"] / M
            dx += dy
        else:
            dx[...] = dy
        dx *= p["g"] * kept["1/s"]
        return dx, found

    def __repr__(self) -> str:
        return f"BatchNorm(H={self.H}, momentum={self.momentum:g}, epsilon={self.epsilon:g})"
