"""Layer normalisation: every position is brought to mean 0 and deviation 1 over its own units.

Unlike the normalisation over a batch it knows nothing of other sequences and other time steps, keeps no
statistics, and does the same in training and in evaluation: that is why recurrent networks can use it.
"""

from __future__ import annotations

from typing import Any

from minigate import ops
from minigate.backend import generator
from minigate.layers.rowwise import Rowwise
from minigate.module import initialisers
from minigate.module.arguments import check_number, check_sizes
from minigate.tensor import Tensor

Array = Any


class LayerNorm(Rowwise):
    """y = g ⊙ (x − μ) / σ + b, with μ and σ over the units of each position.

    **Equations**: μ = Σ_j x_j / H; σ² = Σ_j (x_j − μ)² / H; x̂ = (x − μ) / √(σ² + ε); y = g ⊙ x̂ + b.

    **Shapes**: x (…, H) → y (…, H), with "g" (H,), ones at the start, and "b" (H,), zeros.

    **Source**: Ba, Kiros & Hinton (2016), eqs. 3 and 4, without a recurrent term. ε is not in the paper; it keeps
    a position whose units are all equal from dividing by 0.

    **Errors**: :class:`ShapeError` where the last axis of x is not H long; :class:`DTypeError` where x is not
    floating; :class:`OptionError` for H below one or an ε below zero.
    """

    def __init__(self, H: int, epsilon: float = 1e-5, *, method: str = "hand", dtype: Any = None) -> None:
        (H,) = check_sizes("LayerNorm", H=H)
        super().__init__(H, H, method)
        self.epsilon = check_number("LayerNorm", "epsilon", epsilon, least=0.0, what="epsilon is added to a variance")
        zeros = initialisers.zeros(generator(0), (self.H,))
        self.parameter("g", zeros + 1.0, dtype)
        self.parameter("b", zeros, dtype)

    def compose(self, x: Tensor) -> Tensor:
        """**Shapes**: x (M, H) → (M, H)."""
        centred = x - ops.mean(x, axis=-1, keepdims=True)
        variance = ops.mean(centred * centred, axis=-1, keepdims=True)
        return self["g"] * (centred / ops.sqrt(variance + self.epsilon)) + self["b"]

    # ---- by hand -----------------------------------------------------------------------------
    #
    # With s = √(σ² + ε), x̂ = (x − μ) / s, and q = dy ⊙ g, the gradient of x̂:
    #
    #   x_i moves x̂_j directly, by 1/s where i = j; through μ, by −1/(H s); and through s, whose slope is
    #   ds/dx_i = (x_i − μ) / (H s) = x̂_i / H, by −x̂_j / s · x̂_i / H.
    #
    #   dx_i = Σ_j q_j dx̂_j/dx_i = (q_i − mean(q) − x̂_i mean(q ⊙ x̂)) / s

    def rows_forward(self, xp: Any, x: Array, p: dict[str, Array], kept: dict[str, Array]) -> Array:
        """**Shapes**: x (M, H) → (M, H)."""
        normed = x - x.mean(axis=-1, keepdims=True)
        variance = xp.multiply(normed, normed).mean(axis=-1, keepdims=True)
        kept["1/s"] = 1.0 / xp.sqrt(variance + self.epsilon)
        normed *= kept["1/s"]
        kept["normed"] = normed
        y = xp.multiply(normed, p["g"])
        y += p["b"]
        return y

    def rows_backward(
        self, xp: Any, dy: Array, p: dict[str, Array], kept: dict[str, Array]
    ) -> tuple[Array, dict[str, Array]]:
        """dx = (q − mean(q) − x̂ ⊙ mean(q ⊙ x̂)) / s with q = dy ⊙ g; dg = Σ dy ⊙ x̂; db = Σ dy.

        **Shapes**: dy (M, H) → dx (M, H).

        common slip: taking s for a constant, which leaves the last of the three terms out.
        """
        normed = kept["normed"]
        dg = dy * normed  # of each row on its own
        along = xp.matmul(dg, p["g"][:, None]) / self.H  # mean(q ⊙ x̂), one number for each row
        found = {"g": dg.sum(axis=0), "b": dy.sum(axis=0)}
        dx = dy * p["g"]
        dx -= dx.mean(axis=-1, keepdims=True)
        dx -= xp.multiply(normed, along, out=dg)
        dx *= kept["1/s"]
        return dx, found

    def __repr__(self) -> str:
        return f"LayerNorm(H={self.H}, epsilon={self.epsilon:g})"
