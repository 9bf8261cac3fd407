"""Layers that calculate: a weight drawn towards −1, 0 and 1 adds and subtracts, and in logarithms multiplies.

An ordinary network learns a sum as a curve through the numbers it has seen, and the curve bends away outside of
them. A weight of exactly 1 is a sum everywhere. Both layers get their weight from two free ones,
W = tanh(Ŵ) ⊙ σ(M̂), which is flat, and so at rest, near −1, 0 and 1.
"""

from __future__ import annotations

from typing import Any

from minigate import ops
from minigate.backend import generator
from minigate.gates import GateOption, choose_gates, draw_gate_parameters, gate_parameters
from minigate.layers.rowwise import Rowwise
from minigate.module import initialisers
from minigate.module.arguments import check_number
from minigate.tensor import Tensor

Array = Any


class NAC(Rowwise):
    """The neural accumulator: a linear map whose weights tend to −1, 0 and 1.

    **Equations**: W = tanh(Ŵ) ⊙ σ(M̂); a = x W. σ(M̂) is a part of the weight and not a gate: it does not see x.

    **Shapes**: x (…, D) → a (…, H), with "W_hat" and "M_hat" (D, H). There is no bias.

    **Source**: Trask et al. (2018), eq. 1. The papers write W x: this W is the transpose of theirs. They do not say
    how Ŵ and M̂ begin; here as Glorot & Bengio (2010) have it.

    **Errors**: :class:`ShapeError` where the last axis of x is not D long; :class:`DTypeError` where x is not
    floating; :class:`OptionError` for sizes below one.
    """

    multiplies_nothing = ("M_hat",)  # Ŵ and M̂ are one matrix when they meet x

    def __init__(self, D: int, H: int, *, method: str = "hand", seed: Any = None, dtype: Any = None) -> None:
        super().__init__(D, H, method)
        rng = generator(seed)
        self.parameter("W_hat", initialisers.glorot(rng, (D, H)), dtype)
        self.parameter("M_hat", initialisers.glorot(rng, (D, H)), dtype)

    def compose(self, x: Tensor) -> Tensor:
        """**Shapes**: x (M, D) → (M, H)."""
        return x @ (ops.tanh(self["W_hat"]) * ops.sigmoid(self["M_hat"]))

    def rows_forward(self, xp: Any, x: Array, p: dict[str, Array], kept: dict[str, Array]) -> Array:
        """**Shapes**: x (M, D) → (M, H)."""
        kept |= weight(xp, p) | {"x": x}
        return xp.matmul(x, kept["W"])

    def rows_backward(
        self, xp: Any, dy: Array, p: dict[str, Array], kept: dict[str, Array]
    ) -> tuple[Array, dict[str, Array]]:
        """dx = da Wᵀ; dW = xᵀ da, and from there to Ŵ and M̂.

        **Shapes**: dy (M, H) → dx (M, D).

        common slip: dŴ without σ(M̂), or dM̂ without tanh(Ŵ); in a product each factor scales the other's gradient.
        """
        dW = xp.matmul(kept["x"].T, dy)
        return xp.matmul(dy, kept["W"].T), weight_gradients(dW, kept)

    def __repr__(self) -> str:
        return f"NAC(D={self.D}, H={self.H})"


class NALU(Rowwise):
    """The neural arithmetic logic unit: a gate between a sum of inputs and a product of them.

    **Equations** (g is σ unless ``gate=`` says otherwise):

    - W = tanh(Ŵ) ⊙ σ(M̂), the same in both branches
    - a = x W, the sum; m = exp(log(|x| + ε) W), the product Π_d (|x_d| + ε)^{W_d}
    - g = σ(x G), the gate ``mix``; y = g ⊙ a + (1 − g) ⊙ m

    **Shapes**: x (…, D) → y (…, H), with "W_hat", "M_hat" and "G" (D, H); the gate's own parameters are
    "mix.gate.<name>". There is no bias.

    **Source**: Trask et al. (2018), eqs. 1 and 2, which leave ε open: kevinzakka/NALU-pytorch has 10⁻¹⁰,
    domluna/NeuralArithmetic 10⁻⁷, as here. Known weaknesses, each with a test: the product knows |x| only, so that
    signs are lost; near x = 0 a quotient grows to y/ε and its slope to y/ε². What it learns depends on the seed.
    Repairs are the subject of Madsen & Johansen (2020) and of Schlör, Ring & Hotho (2020).

    **Errors**: :class:`ShapeError` where the last axis of x is not D long; :class:`DTypeError` where x is not
    floating; :class:`OptionError` for sizes below one, an ε that is not positive, and a ``gate=`` that is none.
    """

    def __init__(
        self,
        D: int,
        H: int,
        gate: GateOption = None,
        *,
        epsilon: float = 1e-7,
        method: str = "hand",
        seed: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(D, H, method)
        self.epsilon = check_number("NALU", "epsilon", epsilon, above=0.0, what="epsilon keeps log(|x| + ε) finite")
        self.gates = choose_gates("NALU", gate, ("mix",))
        rng = generator(seed)
        for name in ("W_hat", "M_hat", "G"):
            self.parameter(name, initialisers.glorot(rng, (D, H)), dtype)
        draw_gate_parameters(self, self.gates, H, rng, dtype)

    def compose(self, x: Tensor) -> Tensor:
        """**Shapes**: x (M, D) → (M, H)."""
        W = ops.tanh(self["W_hat"]) * ops.sigmoid(self["M_hat"])
        a = x @ W
        m = ops.exp(ops.log(ops.abs(x) + self.epsilon) @ W)
        g = self.gates["mix"].compose(x @ self["G"], gate_parameters(self, "mix"))
        return g * a + (1.0 - g) * m

    # ---- by hand -----------------------------------------------------------------------------

    def rows_forward(self, xp: Any, x: Array, p: dict[str, Array], kept: dict[str, Array]) -> Array:
        """W and G read x: side by side they are one product, and the logarithms are a second.

        **Shapes**: x (M, D) → (M, H).
        """
        kept |= weight(xp, p)
        size = xp.abs(x)
        size += self.epsilon
        logarithms = xp.log(size)
        WG = xp.concatenate([kept["W"], p["G"]], axis=1)
        both = xp.matmul(x, WG)
        a, s = both[:, : self.H], both[:, self.H :]
        m = xp.matmul(logarithms, kept["W"])
        xp.exp(m, out=m)
        g = self.gates["mix"].forward(xp, s, self._gate_arrays(p))
        kept |= {"x": x, "|x| + ε": size, "log": logarithms, "WG": WG, "both": both, "m": m, "g": g}
        y = 1.0 - g
        y *= m
        y += g * a
        return y

    def rows_backward(
        self, xp: Any, dy: Array, p: dict[str, Array], kept: dict[str, Array]
    ) -> tuple[Array, dict[str, Array]]:
        """With e = log(|x| + ε) W, so that m = exp(e):

        - da = dy ⊙ g; de = dy ⊙ (1 − g) ⊙ m; dg = dy ⊙ (a − m), ds = dg ⊙ g′
        - dW = xᵀ da + log(|x| + ε)ᵀ de, one share for each branch; dG = xᵀ ds
        - dx = [da ds] [W G]ᵀ + (de Wᵀ) ⊙ sign(x) / (|x| + ε)

        **Shapes**: dy (M, H) → dx (M, D).

        common slip: dW from one branch only; W stands in both.
        """
        x, size, both, m, g = (kept[name] for name in ("x", "|x| + ε", "both", "m", "g"))
        a, s = both[:, : self.H], both[:, self.H :]
        gate, p_gate = self.gates["mix"], self._gate_arrays(p)
        dg = a - m
        dg *= dy
        de = 1.0 - g
        de *= m
        de *= dy
        da_ds = xp.empty_like(both)
        xp.multiply(dy, g, out=da_ds[:, : self.H])
        xp.multiply(dg, gate.slope(xp, s, g, p_gate), out=da_ds[:, self.H :])
        dx = xp.matmul(de, kept["W"].T)
        dx *= xp.sign(x)
        dx /= size
        dx += xp.matmul(da_ds, kept["WG"].T)
        dWG = xp.matmul(x.T, da_ds)
        dW = dWG[:, : self.H] + xp.matmul(kept["log"].T, de)
        found = weight_gradients(dW, kept) | {"G": dWG[:, self.H :]}
        of_gate = gate.param_gradients(xp, dg, s, g, p_gate)
        return dx, found | {f"mix.gate.{name}": gradient for name, gradient in of_gate.items()}

    def _gate_arrays(self, p: dict[str, Array]) -> dict[str, Array]:
        return {name: p[f"mix.gate.{name}"] for name in gate_parameters(self, "mix")}

    def __repr__(self) -> str:
        return f"NALU(D={self.D}, H={self.H}, epsilon={self.epsilon:g})"


def weight(xp: Any, p: dict[str, Array]) -> dict[str, Array]:
    """W = tanh(Ŵ) ⊙ σ(M̂), and its two factors.

    **Shapes**: each (D, H).
    """
    tanh, sigma = xp.tanh(p["W_hat"]), 0.5 * xp.tanh(0.5 * p["M_hat"]) + 0.5
    return {"tanh": tanh, "sigma": sigma, "W": tanh * sigma}


def weight_gradients(dW: Array, kept: dict[str, Array]) -> dict[str, Array]:
    """dŴ = dW ⊙ σ(M̂) ⊙ (1 − tanh²(Ŵ)); dM̂ = dW ⊙ tanh(Ŵ) ⊙ σ(M̂) ⊙ (1 − σ(M̂)).

    **Shapes**: dW (D, H) → each (D, H).
    """
    tanh, sigma = kept["tanh"], kept["sigma"]
    return {"W_hat": dW * sigma * (1.0 - tanh * tanh), "M_hat": dW * tanh * sigma * (1.0 - sigma)}
