"""Four small examples to start from: a gate, a cell, a layer, and a derivation on plain arrays.

``minigate check --new gate my_gate.py`` writes one of them. Each passes the check as it stands, has its
definition beside its derivative by hand, and names the lines in which people slip.
"""

from __future__ import annotations

from pathlib import Path

from minigate.errors import OptionError, explain

GATE = '''\
"""A gate of your own: how steep it is, and where it opens, each unit learns for itself.

    g = σ(k s + m),    dg/ds = k g (1 − g),    dg/dk = s g (1 − g),    dg/dm = g (1 − g)

Check it with   minigate check {file}   and use it in any gated cell:   mg.cells.LSTM(D, H, gate=MyGate())
"""

import numpy as np

import minigate as mg


class MyGate(mg.gates.Gate):
    bounded = (0.0, 1.0)  # what every g lies in; the check holds the gate to it from −10⁴ to 10⁴, and at ±∞
    needs_input = True  # do slope or param_gradients read s? If not, no cell has to keep it

    def init(self, size, rng):
        """The parameters of one gate with `size` units, by name. The gate keeps none: the cell owns them."""
        return {{"k": np.ones(size), "m": 0.1 * rng.normal(size=size)}}

    def compose(self, s, p):
        """The definition, in differentiable operations: s (…, H) → g (…, H). This alone is a complete gate."""
        return mg.ops.sigmoid(p["k"] * s + p["m"])

    # ---- the same by hand, on arrays. Leave out what you do not want: the tape then takes its place.

    def forward(self, xp, s, p, out=None):
        """g once more. xp is NumPy or CuPy, whichever s belongs to; out, where given, may be s itself."""
        g = xp.multiply(s, p["k"], out=out)
        g += p["m"]
        g *= 0.5  # σ(a) = ½ tanh(½ a) + ½ cannot overflow; 1 / (1 + exp(−a)) does
        xp.tanh(g, out=g)
        g *= 0.5
        g += 0.5
        return g

    def slope(self, xp, s, g, p):
        """dg/ds of every unit, a new array."""
        # common slip: g (1 − g) alone. The k that s was multiplied with comes out too (the chain rule).
        return p["k"] * g * (1.0 - g)

    def param_gradients(self, xp, dg, s, g, p):
        """From dg = d loss / dg to the gradient of each parameter, by its name."""
        da = dg * g * (1.0 - g)
        # common slip: no sum. k was used at every step of every sequence, so it collects from all of them.
        leading = tuple(range(da.ndim - 1))
        return {{"k": (da * s).sum(axis=leading), "m": da.sum(axis=leading)}}
'''

CELL = '''\
"""A cell of your own: one gate decides between the old state and a new candidate.

    z_t = σ(x_t W_z + h_{{t−1}} U_z + b_z)        the update gate: 0 keeps, 1 renews
    c_t = tanh(x_t W_c + b_c)                   the candidate
    h_t = (1 − z_t) ⊙ h_{{t−1}} + z_t ⊙ c_t

Check it with   minigate check {file}   and run it with   mg.layers.Recurrent(MyCell(D, H))
"""

import minigate as mg
from minigate.module import initialisers


class MyCell(mg.cells.Cell):
    state_names = ("h",)  # the arrays that the future depends on; a state is always a tuple, also of one
    blocks = ("candidate", "update")  # W.<block> and b.<block>: the input's share, side by side in this order

    def __init__(self, D, H, *, seed=None, dtype=None):
        super().__init__(D, H)
        rng = mg.backend.generator(seed)
        for block in self.blocks:
            self.parameter(f"W.{{block}}", initialisers.glorot(rng, (D, H)), dtype)
            self.parameter(f"b.{{block}}", initialisers.zeros(rng, (H,)), dtype)
        self.parameter("U.update", initialisers.orthogonal(rng, (H, H)), dtype)

    def step(self, x_t, state):
        """The definition, line for line: x_t (N, D), h (N, H) → y_t (N, H), state. This alone is a complete cell."""
        (h_prev,) = state
        z = mg.ops.sigmoid(self.input_share(x_t, "update") + h_prev @ self["U.update"])
        c = mg.ops.tanh(self.input_share(x_t, "candidate"))
        h = (1.0 - z) * h_prev + z * c
        return h, (h,)

    # ---- the same by hand, on arrays: what makes it fast. Without it the tape does the work.

    #: weight: (what it was multiplied with, the gradient at its product). Both are known for all steps once the
    #: loop is over, so dU = operandᵀ @ da is one product over all of time, and not a step's business.
    products = {{"U.update": ("h_prev", "da_update")}}

    def begin(self, T, N, state, trace):
        """Once per sequence: room for what the way back will ask for."""
        trace.state("h", state[0], T)  # "h" after each step, and "h_prev" before it
        trace["z"], trace["c"] = trace.empty(T, N, self.H), trace.empty(T, N, self.H)

    def step_forward(self, t, pre_t, state, trace):
        """pre_t (N, 2H) is x_t W + b of both blocks; write into the trace at t, return the new state."""
        xp, H, (h_prev,), U = trace.xp, self.H, state, self["U.update"].data
        c = trace["c"][t] = xp.tanh(pre_t[:, :H])
        z = trace["z"][t] = 0.5 * xp.tanh(0.5 * (pre_t[:, H:] + h_prev @ U)) + 0.5
        trace["h"][t] = (1.0 - z) * h_prev + z * c
        return (trace["h"][t],)

    def begin_backward(self, trace, steps):
        """Once: the gradients of both pre-activations, named da_<block>."""
        T, N, H = trace["h"].shape
        trace.pack("da", trace.empty(T, N, 2 * H), self.blocks, prefix="da_")

    def step_backward(self, t, dy_t, dstate, trace):
        """dy_t: from this step's output; dstate: from step t + 1. Return the gradient of the state before."""
        z, c, h_prev, U = trace["z"][t], trace["c"][t], trace["h_prev"][t], self["U.update"].data
        # common slip: only one of the two. h_t went to the output and to the next step; both send a gradient.
        dh = dstate[0] + dy_t
        trace["da_candidate"][t] = dh * z * (1.0 - c * c)
        trace["da_update"][t] = da_z = dh * (c - h_prev) * z * (1.0 - z)
        # common slip: a way back forgotten. h_prev was used twice: carried around the gate, and inside it.
        return (dh * (1.0 - z) + da_z @ U.T,)
'''

LAYER = '''\
"""A layer of your own: half of it computes, the other half decides how much of that passes.

    v = x V + b,    g = σ(x W),    y = v ⊙ g

Check it with   minigate check {file}
"""

import minigate as mg
from minigate.module import initialisers


class MyLayer(mg.Module):
    def __init__(self, D, H, *, seed=None, dtype=None):
        super().__init__()
        self.D, self.H = D, H  # a layer that has D is given x (T, N, D); else write example_inputs(self)
        rng = mg.backend.generator(seed)
        self.parameter("V", initialisers.glorot(rng, (D, H)), dtype)
        self.parameter("W", initialisers.glorot(rng, (D, H)), dtype)
        self.parameter("b", initialisers.zeros(rng, (H,)), dtype)

    def compose(self, x):
        """The definition, in differentiable operations: x (…, D) → y (…, H). As forward, this alone would do."""
        return (x @ self["V"] + self["b"]) * mg.ops.sigmoid(x @ self["W"])

    def forward(self, x):
        """The same by hand: compute on plain arrays, and hand the tape one node with its way back."""
        x = x if isinstance(x, mg.Tensor) else mg.Tensor(x)
        xp = mg.backend.array_module(x.data)
        X, V, W, b = x.data, self["V"].data, self["W"].data, self["b"].data
        v = X @ V + b
        g = 0.5 * xp.tanh(0.5 * (X @ W)) + 0.5

        def backward(cotangents):
            """From the gradient of each output to that of each input, in the order of the list below."""
            dy = cotangents[0]
            dv = dy * g
            da = dy * v * g * (1.0 - g)
            # common slip: dx from one of its two uses only. x went into v and into g, and their gradients add.
            dx = dv @ V.T + da @ W.T
            # common slip: x.T @ dv, which is right for two axes only. All leading axes are rows of one matrix.
            rows, dv, da = X.reshape(-1, self.D), dv.reshape(-1, self.H), da.reshape(-1, self.H)
            return [dx, rows.T @ dv, rows.T @ da, dv.sum(axis=0)]

        inputs = [x, self["V"], self["W"], self["b"]]
        return mg.by_hand("MyLayer", inputs, [v * g], backward, "layer.compose(x)")[0]
'''

VJP = '''\
"""A derivation of your own, on plain arrays and without any class of minigate.

    s = x W,    y = softmax(s) along each row

Check it with   minigate check {file}
"""

import numpy as np


def example_inputs():
    """Where it is checked: one array for each argument of forward. (A tuple named `inputs` does as well.)"""
    rng = np.random.default_rng(0)
    return rng.normal(size=(3, 4)), rng.normal(size=(4, 5))


def forward(x, W):
    """x (N, D), W (D, K) → y (N, K). Several outputs: return a tuple."""
    s = x @ W
    e = np.exp(s - s.max(axis=1, keepdims=True))  # the largest exponent is 0: nothing overflows
    return e / e.sum(axis=1, keepdims=True)


def backward(dy, x, W):
    """From the gradient of y (a tuple of them for several outputs) to one gradient for each argument.

    Every y of a row depends on every s of that row:  dy_i/ds_j = y_i (δ_ij − y_j),  and therefore

        ds_j = Σ_i dy_i y_i (δ_ij − y_j) = y_j (dy_j − Σ_i dy_i y_i)
    """
    y = forward(x, W)
    # common slip: dy * y * (1 − y), the diagonal alone. A plain sum of y as the loss would never show it,
    # for each row of y sums to 1 whatever s is; so the check asks with random dy.
    ds = y * (dy - (dy * y).sum(axis=1, keepdims=True))
    return ds @ W.T, x.T @ ds


# More pairs in one file are told apart by what stands before: norm_forward, norm_backward, norm_inputs.
'''

STARTERS = {"gate": GATE, "cell": CELL, "layer": LAYER, "vjp": VJP}


def write_starter(kind: str, path: str | Path) -> Path:
    """Write the example for a ``kind`` into a new file.

    **Errors**: :class:`OptionError` for another kind, a file that is already there, a name that is no
    Python file's, or a folder that does not exist.
    """
    file = Path(path)
    if kind not in STARTERS:
        raise OptionError(explain("no such example", where="--new", expected=" | ".join(STARTERS), got=kind))
    if file.suffix != ".py":
        raise OptionError(
            explain("the example is a Python file", where="--new", expected="a name that ends in .py", got=str(path),
                    remedy=f"minigate check --new {kind} {file.with_suffix('.py') if file.name else 'my_gate.py'}")
        )  # fmt: skip
    text = STARTERS[kind].format(file=file.name)
    try:
        with open(file, "x", encoding="utf-8", newline="\n") as new:  # "x": never over what is there
            new.write(text)
    except FileExistsError:
        raise OptionError(
            explain(f"{file} is there already, and is left as it is", where="--new", remedy="another file name")
        ) from None
    except OSError as error:
        raise OptionError(explain(f"{file} cannot be written: {error.strerror}", where="--new")) from None
    return file
