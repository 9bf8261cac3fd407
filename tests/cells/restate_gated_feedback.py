"""Gated feedback once more, one number at a time. Chung et al. (2015), section 3; variants as the cell documents them.

Which variant it is can be read from the names of the weights: a bias, a peephole, a weight of x are there or they are
not. Only where the reset gate acts has to be said.
"""

from __future__ import annotations

from math import exp, fsum, tanh

Numbers = list[float]
Weights = dict[str, list]
States = list[Numbers]


def logistic(a: float) -> float:
    """1 / (1 + e^−a)."""
    return 1.0 / (1.0 + exp(-a)) if a >= 0.0 else 1.0 - 1.0 / (1.0 + exp(a))


def dot(row: Numbers, vector: Numbers) -> float:
    """Σ row_k vector_k."""
    return fsum(weight * value for weight, value in zip(row, vector, strict=True))


class Layer:
    """Layer j at one step: what its equations read."""

    def __init__(self, w: Weights, j: int, x: Numbers, below: Numbers, past: list[Numbers]) -> None:
        self.w, self.j, self.x, self.below, self.past = w, j, x, below, past
        self.everything = [value for h in past for value in h]

    def weight(self, name: str) -> list | None:
        """A weight of this layer, if it has that."""
        return self.w.get(f"layers.{self.j}.{name}")

    def from_below(self, name: str, k: int, W: str = "W") -> float:
        """(W h^{j−1}_t + W_x x_t + b)_k."""
        total = dot(self.w[f"layers.{self.j}.{W}.{name}"][k], self.below)
        skip, bias = self.weight(f"{W}_x.{name}"), self.weight(f"b.{name}")
        return total + (dot(skip[k], self.x) if skip else 0.0) + (bias[k] if bias else 0.0)

    def gate(self, name: str, k: int, c: float = 0.0) -> float:
        """A gate of the unit: it sees the states of all layers, or of its own, and no global gate."""
        U, V = self.w[f"layers.{self.j}.U.{name}"], self.weight(f"V.{name}")
        seen = self.everything if len(U[k]) == len(self.everything) else self.past[self.j]
        return logistic(self.from_below(name, k) + dot(U[k], seen) + (V[k] * c if V else 0.0))

    def g(self, i: int) -> float:
        """g^{i→j} = σ(w · h^{j−1}_t + u · h*_{t−1}), a single number."""
        name = f"global.from{i}"
        return logistic(self.from_below(name, 0, "w") + dot(self.w[f"layers.{self.j}.u.{name}"][0], self.everything))

    def heard(self, k: int, past: list[Numbers]) -> float:
        """(Σ_i g^{i→j} U^{i→j} h^i)_k."""
        U = [self.w[f"layers.{self.j}.U.candidate.from{i}"][k] for i in range(len(past))]
        return fsum(self.g(i) * dot(U[i], h) for i, h in enumerate(past))


def gf_tanh(w: Weights, x: Numbers, states: States) -> tuple[Numbers, States]:
    """h = tanh(W h^{j−1} + Σ_i g^{i→j} U^{i→j} h^i_{t−1})."""
    below, after = x, []
    for j, own in enumerate(states):
        layer = Layer(w, j, x, below, states)
        below = [tanh(layer.from_below("candidate", k) + layer.heard(k, states)) for k in range(len(own))]
        after.append(below)
    return [value for h in after for value in h], after


def gf_lstm(w: Weights, x: Numbers, states: States) -> tuple[Numbers, States]:
    """c = f c_{t−1} + i c̃, h = o tanh(c); i and f may see c_{t−1}, o may see c."""
    past, cells = states[::2], states[1::2]
    below, after = x, []
    for j, c_prev in enumerate(cells):
        layer, h, c = Layer(w, j, x, below, past), [], []
        for k, old in enumerate(c_prev):
            new = tanh(layer.from_below("candidate", k) + layer.heard(k, past))
            c.append(layer.gate("forget", k, old) * old + layer.gate("input", k, old) * new)
            h.append(layer.gate("output", k, c[k]) * tanh(c[k]))
        after += [h, c]
        below = h
    return [value for h in after[::2] for value in h], after


def gru(w: Weights, x: Numbers, states: States, before: bool) -> tuple[Numbers, States]:
    """h = (1 − z) h_{t−1} + z h̃; r multiplies the sum, or every state that goes into it."""
    below, after = x, []
    for j, own in enumerate(states):
        layer, h = Layer(w, j, x, below, states), []
        r = [layer.gate("reset", k) for k in range(len(own))]
        for k, old in enumerate(own):
            if before:
                heard = layer.heard(k, [[r_m * value for r_m, value in zip(r, h_i, strict=True)] for h_i in states])
            else:
                heard = r[k] * layer.heard(k, states)
            z = layer.gate("update", k)
            h.append((1.0 - z) * old + z * tanh(layer.from_below("candidate", k) + heard))
        after.append(h)
        below = h
    return [value for h in after for value in h], after


def gf_gru(w: Weights, x: Numbers, states: States) -> tuple[Numbers, States]:
    """ICML: r ⊙ Σ_i g U h."""
    return gru(w, x, states, before=False)


def gf_gru_before(w: Weights, x: Numbers, states: States) -> tuple[Numbers, States]:
    """The talk: Σ_i g U (r ⊙ h)."""
    return gru(w, x, states, before=True)
