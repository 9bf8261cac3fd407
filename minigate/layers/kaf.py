"""Kernel activation functions: an activation that every unit learns for itself, of one number or of two.

The sum of kernels that a flexible gate has inside is here the whole of it, without bounds and without a half of s:
a layer in the place of a tanh or a rectifier.
"""

from __future__ import annotations

from typing import Any

from minigate import ops
from minigate.backend import array_module, generator
from minigate.errors import OptionError, explain
from minigate.gates.kaf_initialisation import Init
from minigate.gates.kernel_expansion import FAR, KernelExpansion, blocks
from minigate.layers.rowwise import Rowwise
from minigate.module.arguments import check_sizes
from minigate.tensor import Tensor

Array = Any


class KAF(Rowwise):
    """A kernel activation function for each unit: y = Σ_i α_i κ(s, d_i).

    **Equations**: y_k = Σ_{i=1…K} α_{k,i} κ(s_k, d_i), κ(s, d) = exp(−γ (s − d)²); ``kernel="relu"``: max(s − d, 0);
    ``"softplus"``: ln(1 + e^{s−d}).

    **Shapes**: s (…, D) → y (…, D), with "alpha" (D, K), and where γ is trained "log_gamma" (D,).

    **Source**: Scardapane, Van Vaerenbergh, Totaro & Uncini (2019), "Kafnets". Their code has K = 20 elements from −4
    to 4 and coefficients drawn from N(0, 0.8²), as here. γ as in :class:`minigate.gates.KAF`, and so ``init``: with
    ``init=numpy.tanh`` the layer begins as the activation whose place it takes.

    **Errors**: :class:`ShapeError` where the last axis is not D long; :class:`DTypeError` where s is not floating;
    :class:`OptionError` for options that the gate of this name refuses too.
    """

    multiplies_nothing = ("alpha",)

    def __init__(
        self,
        D: int,
        kernel: str = "gaussian",
        *,
        elements: int = 20,
        reach: float = 4.0,
        gamma: str | float | None = None,
        train_gamma: bool = False,
        init: Init = "random",
        epsilon: float = 1e-4,
        deviation: float = 0.8,
        method: str = "hand",
        seed: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(D, D, method)
        self.expansion = KernelExpansion(
            "KAF", kernel, elements, reach, gamma, train_gamma, init, epsilon, deviation
        )  # fmt: skip
        for name, array in self.expansion.init(self.D, generator(seed)).items():
            self.parameter(name, array, dtype)

    def compose(self, x: Tensor) -> Tensor:
        """**Shapes**: s (M, D) → (M, D), by way of (M, D, K)."""
        return self.expansion.compose(x, self._parameters)

    def rows_forward(self, xp: Any, x: Array, p: dict[str, Array], kept: dict[str, Array]) -> Array:
        """The slope is nearly there when y is, and is kept.

        **Shapes**: s (M, D) → (M, D).
        """
        expansion = self.expansion.by_hand(xp, [p])
        y, slope = xp.empty_like(x), xp.empty_like(x)
        for at in blocks(x, together=False):
            y[at], slope[at] = expansion.value_and_slope(xp, x[at])
        kept |= {"x": x, "slope": slope}
        return y

    def rows_backward(
        self, xp: Any, dy: Array, p: dict[str, Array], kept: dict[str, Array]
    ) -> tuple[Array, dict[str, Array]]:
        """ds = dy ⊙ Σ_i α_i κ′(s, d_i); dα_i = Σ dy ⊙ κ(s, d_i) over the rows.

        **Shapes**: dy (M, D) → ds (M, D).

        common slip: dα as a mean over the rows, or one set of coefficients for all units.
        """
        x = kept["x"]
        shares = ((x[at], dy[at]) for at in blocks(x, together=False))
        return dy * kept["slope"], self.expansion.parameter_gradients(xp, p, shares)

    def __repr__(self) -> str:
        return f"KAF(D={self.D}, elements={self.expansion.K})"


class KAF2D(Rowwise):
    """A kernel activation function of pairs of units: a surface over their plane, and half as many outputs.

    **Equations**: unit k goes with unit k + D/2. With H = D/2 and a dictionary of K × K points on the plane

    - y_k = Σ_x Σ_y α_{k,x,y} κ(s_k, d_x) κ(s_{k+H}, d_y), κ(s, d) = exp(−γ (s − d)²)

    **Shapes**: s (…, D), D even → y (…, D/2), with "alpha" (D/2, K, K).

    **Source**: the two-dimensional variant of Scardapane et al. (2019), "Kafnets", with the settings of their code:
    K = 10 elements from −3 to 3, N(0, 0.3²), pairs of the first half with the second, and γ = 1/(4 Δ²), Δ the spacing;
    a number is γ itself. The kernel of a pair is a product, and so the sum is two of K elements, one inside of the
    other.

    **Errors**: :class:`OptionError` for an odd D, a γ, reach or deviation that is not positive, and fewer than two
    elements; :class:`ShapeError` and :class:`DTypeError` as in :class:`KAF`.
    """

    def __init__(
        self,
        D: int,
        *,
        elements: int = 10,
        reach: float = 3.0,
        gamma: float | None = None,
        deviation: float = 0.3,
        method: str = "hand",
        seed: Any = None,
        dtype: Any = None,
    ) -> None:
        (D,) = check_sizes("KAF2D", D=D)
        if D % 2:
            raise OptionError(
                explain(
                    "pairs of units",
                    where="KAF2D",
                    expected="an even D: unit k goes with unit k + D/2",
                    got=f"D={D}",
                    remedy=f"KAF2D({D + 1})",
                )
            )
        super().__init__(D, D // 2, method)
        # an expansion of one number has the dictionary of each side, and the checks of the options
        side = KernelExpansion("KAF2D", "gaussian", elements, reach, gamma, False, "random", 1.0, deviation)
        self.elements, self.reach = side.K, side.reach
        self.gamma = 1.0 / (4.0 * side.spacing**2) if gamma is None else side.gamma
        alpha = generator(seed).normal(size=(self.H, elements, elements))
        self.parameter("alpha", side.deviation * alpha, dtype)

    def compose(self, x: Tensor) -> Tensor:
        """**Shapes**: s (M, D) → (M, H), by way of (H, M, K) for each side."""
        kappa_x, kappa_y = (ops.exp(far * far * -self.gamma) for far in self._distances(ops, x))
        inner = kappa_y @ ops.swapaxes(self["alpha"], 1, 2)
        return ops.swapaxes(ops.sum(kappa_x * inner, axis=-1), 0, 1)

    def _distances(self, library: Any, s: Any) -> list[Any]:
        """s − d_i of each side, by the operations of ``library``; the clip is for ∞, where a slope would be ∞ · 0.

        **Shapes**: s (M, D) → two of (H, M, K).
        """
        plain = s.data if isinstance(s, Tensor) else s
        d = array_module(plain).linspace(-self.reach, self.reach, self.elements).astype(plain.dtype)
        sides = (s[:, : self.H], s[:, self.H :])
        return [library.expand_dims(library.swapaxes(library.clip(side, -FAR, FAR), 0, 1), -1) - d for side in sides]

    # ---- by hand -----------------------------------------------------------------------------

    def rows_forward(self, xp: Any, x: Array, p: dict[str, Array], kept: dict[str, Array]) -> Array:
        """The sum over one side is a product of matrices for every unit.

        **Shapes**: s (M, D) → (M, H).
        """
        distances = self._distances(xp, x)
        kappa_x, kappa_y = (xp.exp(far * far * -self.gamma) for far in distances)
        inner = xp.matmul(kappa_y, p["alpha"].swapaxes(1, 2))
        kept |= {"x": distances[0], "y": distances[1], "kappa_x": kappa_x, "kappa_y": kappa_y, "inner": inner}
        return xp.ascontiguousarray((kappa_x * inner).sum(axis=-1).T)

    def rows_backward(
        self, xp: Any, dy: Array, p: dict[str, Array], kept: dict[str, Array]
    ) -> tuple[Array, dict[str, Array]]:
        """dα_{x,y} = Σ dy κ_x κ_y over the rows; each side's s gets what the other side's sum makes of it.

        - ds_x = dy Σ_x κ′_x (Σ_y α_{x,y} κ_y), ds_y = dy Σ_y κ′_y (Σ_x α_{x,y} κ_x), κ′ = −2γ (s − d) κ

        **Shapes**: dy (M, H) → ds (M, D).

        common slip: α the wrong way round on one side, which only a symmetric α hides.
        """
        kappa_x, kappa_y = kept["kappa_x"], kept["kappa_y"]
        along = dy.T[:, :, None]
        dalpha = xp.matmul((kappa_x * along).swapaxes(1, 2), kappa_y)
        through_x = kept["x"] * kappa_x * kept["inner"]
        through_y = kept["y"] * kappa_y * xp.matmul(kappa_x, p["alpha"])
        ds = xp.concatenate([through.sum(axis=-1).T * dy for through in (through_x, through_y)], axis=1)
        ds *= -2.0 * self.gamma
        return ds, {"alpha": dalpha}

    def __repr__(self) -> str:
        return f"KAF2D(D={self.D}, elements={self.elements})"
