"""The flexible gate: a logistic function whose input each unit bends as it needs, by a mixture of kernels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from minigate import ops
from minigate.gates.gate import Gate
from minigate.gates.kaf_initialisation import Init
from minigate.gates.kernel_expansion import KernelExpansion, blocks
from minigate.module.arguments import check_flags
from minigate.tensor import Tensor

Array = Any


class KAF(Gate):
    """A gate with a shape of its own for every unit: the logistic function of half a kernel expansion, half s.

    **Equations**:

    - σ_KAF(s) = σ(½ KAF(s) + ½ s), KAF(s) = Σ_{i=1…K} α_i κ(s, d_i)
    - κ(s, d) = exp(−γ (s − d)²); ``kernel="relu"``: max(s − d, 0); ``"softplus"``: ln(1 + e^{s−d})
    - dσ_KAF/ds = σ_KAF (1 − σ_KAF) · ½ (1 + Σ_i α_i κ′(s, d_i)); the gradient of α_i is ½ σ_KAF (1 − σ_KAF) κ(s, d_i)
    - α = (K + ε I)⁻¹ d at the beginning, K_ij = κ(d_i, d_j): KAF(s) ≈ s on the dictionary, and there the gate is σ

    The half of s keeps it a gate where every Gaussian has vanished: σ(½ s) goes to 0 and 1. ``residual=False`` leaves
    it out, σ(½ KAF(s)): ½ at both ends.

    **Shapes**: s (…, H) → g (…, H); alpha (H, K), a set of coefficients for each unit, and for each gate that this one
    stands for; ``train_gamma=True``: log_gamma (H,), ln γ of each unit.

    **Source**: Scardapane, Van Vaerenbergh, Comminiello, Totaro & Uncini (2018), "Recurrent neural networks with
    flexible gates using kernel activation functions", eqs. 7–9; kernels and γ are those of Scardapane et al. (2019),
    "Kafnets": ``gamma="paper"`` is 1/(6 Δ²), Δ the spacing of the dictionary, ``"code"`` the 1/(8 Δ²) of the authors'
    code for Kafnets; a number is γ itself. The dictionary is fixed and uniform around zero. K = 10 ``elements`` from
    −4 to 4 (``reach``) and ε = 10⁻⁴ (``epsilon``) are our choices. ``init`` may be "identity", a function f of the
    dictionary to begin as in place of s, or "random", normal with a ``deviation`` of 0.8 as in the code for Kafnets;
    softplus is fitted by least squares. The paper adapts "everything else" but the dictionary; here γ only with
    ``train_gamma=True``.

    **Errors**: :class:`OptionError` for an unknown kernel, bandwidth or beginning, fewer than two elements, a reach, γ,
    ε or deviation that is not positive, γ where the kernel has none, and a regression with rectifiers.
    """

    slope_with_forward = True  # both are sums over the same kernels

    def __init__(
        self,
        kernel: str = "gaussian",
        *,
        elements: int = 10,
        reach: float = 4.0,
        gamma: str | float | None = None,
        train_gamma: bool = False,
        init: Init = "identity",
        epsilon: float = 1e-4,
        deviation: float = 0.8,
        residual: bool = True,
    ) -> None:
        self.expansion = KernelExpansion(
            "KAF", kernel, elements, reach, gamma, train_gamma, init, epsilon, deviation
        )  # fmt: skip
        check_flags("KAF", residual=residual)
        self.residual = residual
        given = {"elements": elements, "reach": reach, "gamma": gamma, "train_gamma": train_gamma, "init": init,
                 "epsilon": epsilon, "deviation": deviation, "residual": residual}  # fmt: skip
        usual = KAF.__init__.__kwdefaults__ or {}
        changed = [f"{name}={value!r}" for name, value in given.items() if repr(value) != repr(usual[name])]
        self._options = ", ".join(([repr(kernel)] if kernel != "gaussian" else []) + changed)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._options})"

    def init(self, size: int, rng: Any) -> dict[str, Array]:
        """**Shapes**: alpha (H, K), log_gamma (H,)."""
        return self.expansion.init(size, rng)

    def compose(self, s: Tensor, p: Mapping[str, Tensor]) -> Tensor:
        """**Shapes**: s (…, H) → g (…, H), by way of (…, H, K)."""
        half = 0.5 * self.expansion.compose(s, p)
        return ops.sigmoid(half + 0.5 * s if self.residual else half)

    # ---- by hand: in blocks that stay in the cache, and no array with an axis of K --------------------

    def prepare(self, xp: Any, parameters: Sequence[Mapping[str, Array]]) -> Mapping[str, Any]:
        """All that depends on the parameters alone, for several gates at once: they run side by side.

        **Shapes**: alpha (H, K) each.
        """
        return {"expansion": self.expansion.by_hand(xp, parameters)}

    def _ready(self, xp: Any, p: Mapping[str, Any]) -> Any:
        return p["expansion"] if "expansion" in p else self.expansion.by_hand(xp, [p])

    def forward(
        self, xp: Any, s: Array, p: Mapping[str, Any], out: Array | None = None, slope: Array | None = None
    ) -> Array:
        """**Shapes**: s (…, H) → g (…, H), and where one is given dg/ds into ``slope`` (…, H)."""
        expansion = self._ready(xp, p)
        g = xp.empty_like(s) if out is None else out
        for at in blocks(s, expansion.alpha.ndim == 4):
            if slope is None:
                z = expansion.value(xp, s[at])
            else:
                z, dz_ds = expansion.value_and_slope(xp, s[at])
            if self.residual:
                z += s[at]
            z *= 0.25  # ½ of the formula, ½ of σ(z) = ½ tanh(½ z) + ½
            xp.tanh(z, out=z)
            z *= 0.5
            if slope is not None:  # before g, which may be where s is
                if self.residual:
                    dz_ds += 1.0
                # common slip: leaving out the 1 of the residual, or the ½ of both
                dz_ds *= 0.5
                xp.multiply(dz_ds, 0.25 - z * z, out=slope[at])  # g (1 − g), of g = z + ½
            xp.add(z, 0.5, out=g[at])
        return g

    def slope(self, xp: Any, s: Array, g: Array, p: Mapping[str, Any]) -> Array:
        """**Shapes**: s, g (…, H) → dg/ds (…, H)."""
        dg_ds = xp.empty_like(g)
        self.forward(xp, s, p, xp.empty_like(g), dg_ds)
        return dg_ds

    def param_gradients(
        self, xp: Any, dg: Array, s: Array, g: Array, p: Mapping[str, Array]
    ) -> dict[str, Array]:
        """**Shapes**: dg, s, g (…, H) → alpha (H, K), log_gamma (H,)."""

        def shares() -> Any:
            for at in blocks(s, together=False):
                e = 1.0 - g[at]  # d loss / d KAF(s)
                e *= g[at]
                e *= dg[at]
                e *= 0.5
                yield s[at], e

        return self.expansion.parameter_gradients(xp, p, shares())
