"""Small right cells, layers and gates, in which every line is needed: what breaks a promise is made from them."""

from __future__ import annotations

import numpy

import minigate as mg
from minigate import ops
from tests.checking.plain_cells import PlainRNN


class Leaky(mg.cells.Cell):
    """h_t = ½ h_{t−1} + ½ tanh(x_t W + h_{t−1} U + b), and nothing but ``step``."""

    def __init__(self, D=2, H=4):
        super().__init__(D, H)
        rng = numpy.random.default_rng(0)
        for name, shape in {"W": (D, H), "U": (H, H), "b": (H,)}.items():
            self.parameter(name, rng.normal(size=shape), "float64")
        self.rng = numpy.random.default_rng(1)

    def step(self, x_t, state):
        (h_prev,) = state
        a = self.input_share(x_t, "") + h_prev @ self["U"]
        h = 0.5 * h_prev + 0.5 * ops.tanh(a)
        return h, (h,)


class Counting(Leaky):
    """It takes a step at every second one: a state of whole numbers beside h."""

    state_names = ("h", "t")

    def initial_state(self, N, like=None):
        (h,) = mg.cells.Cell.initial_state(self, N, like)[:1]
        xp = mg.backend.array_module(h.data)
        return h, mg.Tensor(xp.zeros((N,), dtype="int64"))

    def step(self, x_t, state):
        h_prev, t = state
        works = (t.data % 2 == 0)[:, None]
        a = self.input_share(x_t, "") + h_prev @ self["U"]
        h = ops.where(works, ops.tanh(a), h_prev)
        return h, (h, mg.Tensor(t.data + 1))


class Hand(PlainRNN):
    """The tanh RNN by hand, every line of it here."""

    def outputs(self, trace):
        return trace["h"]

    def step_forward(self, t, pre_t, state, trace):
        (h_prev,) = state
        a = pre_t + h_prev @ trace.weights["U"]
        trace["h"][t] = trace.xp.tanh(a)
        return (trace["h"][t],)


class Rows(mg.Module):
    """y = tanh(x W ⊙ g), with a backward pass by hand; of x alone."""

    def __init__(self, D=2, H=4):
        super().__init__()
        self.D, self.H, self.calls = D, H, 0
        rng = numpy.random.default_rng(0)
        self.parameter("W", rng.normal(size=(D, H)), "float64")
        self.parameter("g", 1.0 + 0.3 * rng.normal(size=(H,)), "float64")

    def forward(self, x):
        x = mg.tensor.as_tensor(x)
        a = x @ self["W"] * self["g"]
        y = self.tanh(a)
        return y

    def tanh(self, a):
        xp = mg.backend.array_module(a.data)
        y = xp.tanh(a.data)

        def backward(cotangents):
            (dy,) = cotangents
            da = dy * (1.0 - y * y)
            return [da]

        return mg.by_hand("tanh", [a], [y], backward, "ops.tanh")[0]


class Adding(mg.Module):
    """h_t = ½ h_{t−1} + tanh(x_t W), y = h: a layer with a state and a mask that has a loop of its own."""

    def __init__(self, D=2, H=4):
        super().__init__()
        self.D, self.H = D, H
        self.parameter("W", numpy.random.default_rng(0).normal(size=(D, H)), "float64")

    def forward(self, x, state=None, mask=None):
        x = mg.tensor.as_tensor(x)
        xp, T = mg.backend.array_module(x.data), len(x)
        real = xp.ones(x.shape[:2], dtype="bool") if mask is None else mask
        x = ops.where(real[..., None], x, 0.0)
        h = mg.Tensor(xp.zeros((x.shape[1], self.H), dtype=x.dtype)) if state is None else state[0]
        outputs = []
        for t in range(T):
            new = 0.5 * h + ops.tanh(x[t] @ self["W"])
            h = ops.where(real[t][:, None], new, h)
            outputs.append(ops.where(real[t][:, None], h, 0.0))
        return ops.stack(outputs, axis=0), (h,)


class Slope(mg.gates.Gate):
    """g = σ(k s), a slope k for every unit; by hand and composed."""

    needs_input = True

    def init(self, size, rng):
        return {"k": 1.0 + 0.3 * rng.normal(size=size)}

    def compose(self, s, p):
        a = p["k"] * s
        return ops.sigmoid(a)

    def forward(self, xp, s, p, out=None):
        g = xp.multiply(s, p["k"], out=out)
        g *= 0.5
        xp.tanh(g, out=g)
        g *= 0.5
        g += 0.5
        return g

    def slope(self, xp, s, g, p):
        return g * (1.0 - g) * p["k"]

    def param_gradients(self, xp, dg, s, g, p):
        dk = dg * g * (1.0 - g) * s
        return {"k": dk.sum(axis=tuple(range(dk.ndim - 1)))}
