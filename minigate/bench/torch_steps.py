"""The opponent where PyTorch has no such layer: the same cell as a module that takes one step after the other.

It has to be what someone who knows PyTorch would write, and of that the fastest, or the race would prove nothing.
Of the usual ways to write such a module these were the faster ones, and every cell here is written so:

- one ``nn.Linear`` for the input's share of all blocks and all steps, before the loop; cut into blocks and into
  steps (``unbind``) there too. ``x[t]`` inside the loop doubles the time of a long sequence: the gradient of each
  ``x[t]`` is an array of zeros as long as the whole sequence;
- weights that read the same operand side by side, one ``addmm`` for them all;
- ``lerp`` for (1 − z) ⊙ h + z ⊙ h̃; the outputs in a list, one ``stack`` after the loop;
- what does not depend on the state (both gates of a minGRU) for all steps at once;
- groups of units that rest take part in no product.

A module is made from the ``state_dict()`` of our cell, by the names in it; see ``FORMS`` for which.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy

from minigate.cells import Cell

Array = Any


@dataclass(frozen=True)
class Form:
    """One cell, as PyTorch likes it.

    ``cuts``: the blocks of the input's share, in the pieces in which a step gets them. ``weights``: its own name →
    those of ours that lie side by side in it. ``before(m, *pieces)``: what each step gets, made for all steps at once.
    ``step(m, *pieces, *state)`` → the new state, whose first part is y. ``first``: what each state begins with.
    ``bias``: is b part of the input's share?
    """

    cuts: tuple[tuple[str, ...], ...]
    weights: Mapping[str, tuple[str, ...]]
    step: Callable[..., tuple[Any, ...]]
    first: tuple[float, ...] = (0.0,)
    before: Callable[..., tuple[Iterable[Any], ...]] | None = None
    bias: bool = True

    def names(self) -> set[str]:
        """The parameters that it knows of."""
        blocks = [block for piece in self.cuts for block in piece]
        symbols = "Wb" if self.bias else "W"
        inputs = {f"{symbol}.{block}" if block else symbol for symbol in symbols for block in blocks}
        return inputs | {name for parts in self.weights.values() for name in parts}


def per_step(torch: Any, cell: Cell) -> Any | None:
    """The cell as a per-step PyTorch module with the same weights, or None where nobody has written it yet.

    A parameter that the written form does not know makes it another cell, and so None.
    """
    write = FORMS.get(type(cell).__name__)
    form = write(torch, cell) if write is not None else None
    if form is None or form.names() != set(cell.state_dict()):
        return None
    return _module(torch, cell, form)


def _module(torch: Any, cell: Cell, form: Form) -> Any:
    ours = cell.state_dict()

    class PerStep(torch.nn.Module):
        """x (T, N, D) → y (T, N, H)."""

        def __init__(self) -> None:
            super().__init__()
            blocks = [f".{block}" if block else "" for piece in form.cuts for block in piece]
            W = torch.from_numpy(side_by_side(ours, [f"W{block}" for block in blocks]))
            self.project = torch.nn.Linear(*W.shape, bias=form.bias, dtype=W.dtype)
            with torch.no_grad():
                self.project.weight.copy_(W.T)
                if form.bias:
                    self.project.bias.copy_(torch.from_numpy(side_by_side(ours, [f"b{block}" for block in blocks])))
            self.widths = [len(piece) * cell.H for piece in form.cuts]
            for name, parts in form.weights.items():
                self.register_parameter(name, torch.nn.Parameter(torch.from_numpy(side_by_side(ours, parts))))

        def forward(self, x: Any) -> tuple[Any, tuple[Any, ...]]:
            pieces = self.project(x).split(self.widths, 2)
            if form.before is not None:
                pieces = form.before(self, *pieces)
            steps = [piece.unbind(0) if isinstance(piece, torch.Tensor) else piece for piece in pieces]
            state = tuple(x.new_full((x.shape[1], cell.H), value) for value in form.first)
            ys = []
            for now in zip(*steps):
                state = form.step(self, *now, *state)
                ys.append(state[0])
            return torch.stack(ys), state

    return PerStep()


def side_by_side(ours: Mapping[str, Array], names: Iterable[str]) -> Array:
    """Our weights of these names as one array."""
    return numpy.concatenate([ours[name] for name in names], axis=-1)


def lstm(torch: Any, cell: Cell) -> Form:
    """Without peepholes or with (``V.<gate>``, diagonal or full); coupled where there is no input block."""
    names, H = cell.state_dict(), cell.H
    early = ("input", "forget") if "b.input" in names else ("forget",)  # these look at the old c, output at the new
    blocks = (*early, "output", "candidate")
    weights = {"U": tuple(f"U.{block}" for block in blocks)}
    peephole = names["V.output"].ndim if "V.output" in names else 0
    if peephole == 1:
        weights |= {f"V_{gate}": (f"V.{gate}",) for gate in (*early, "output")}
    elif peephole == 2:
        weights |= {"V_early": tuple(f"V.{gate}" for gate in early), "V_output": ("V.output",)}

    def step(m: Any, a: Any, h: Any, c: Any) -> tuple[Any, ...]:
        a_early, a_output, a_candidate = torch.addmm(a, h, m.U).split((len(early) * H, H, H), 1)
        if peephole == 1:
            parts = zip(early, a_early.chunk(len(early), 1))
            gates = [torch.sigmoid(torch.addcmul(a_g, getattr(m, f"V_{gate}"), c)) for gate, a_g in parts]
        else:
            a_early = torch.addmm(a_early, c, m.V_early) if peephole == 2 else a_early
            gates = torch.sigmoid(a_early).chunk(len(early), 1)
        candidate = torch.tanh(a_candidate)
        if len(early) == 2:
            c = torch.addcmul(gates[1] * c, gates[0], candidate)
        else:
            c = torch.lerp(candidate, c, gates[0])  # coupled: f ⊙ c + (1 − f) ⊙ c̃
        if peephole == 1:
            a_output = torch.addcmul(a_output, m.V_output, c)
        elif peephole == 2:
            a_output = torch.addmm(a_output, c, m.V_output)
        return torch.sigmoid(a_output) * torch.tanh(c), c

    return Form((blocks,), weights, step, first=(0.0, 0.0))


def layer_norm_lstm(torch: Any, cell: Cell) -> Form:
    """The input's share is normalised for all steps at once, and the one bias added there."""
    blocks, H = ("input", "forget", "output", "candidate"), cell.H
    norm = torch.nn.functional.layer_norm

    def before(m: Any, a: Any) -> tuple[Any, ...]:
        return (norm(a, (4 * H,), m.gain_x, m.b),)

    def step(m: Any, a: Any, h: Any, c: Any) -> tuple[Any, ...]:
        gates, a_candidate = (a + norm(h @ m.U, (4 * H,), m.gain_h)).split((3 * H, H), 1)
        i, f, o = torch.sigmoid(gates).chunk(3, 1)
        c = torch.addcmul(f * c, i, torch.tanh(a_candidate))
        return o * torch.tanh(norm(c, (H,), m.gain_cell, m.b_cell)), c

    weights = {symbol: tuple(f"{symbol}.{block}" for block in blocks) for symbol in ("U", "b", "gain_x", "gain_h")}
    weights |= {"gain_cell": ("gain.cell",), "b_cell": ("b.cell",)}
    return Form((blocks,), weights, step, first=(0.0, 0.0), before=before, bias=False)


def gru_before(torch: Any, cell: Cell) -> Form | None:
    """The reset before the product, which takes a second product in every step; with logistic or flexible gates."""
    if getattr(cell, "reset", "") != "before":
        return None
    flexible = "update.gate.alpha" in cell.state_dict()
    opened = flexible_gates(torch, cell) if flexible else lambda m, s: torch.sigmoid(s).chunk(2, 1)

    def step(m: Any, a: Any, a_candidate: Any, h: Any) -> tuple[Any, ...]:
        z, r = opened(m, torch.addmm(a, h, m.U))
        candidate = torch.tanh(torch.addmm(a_candidate, r * h, m.U_candidate))
        return (torch.lerp(h, candidate, z),)

    weights: dict[str, tuple[str, ...]] = {"U": ("U.update", "U.reset"), "U_candidate": ("U.candidate",)}
    if flexible:
        weights["alpha"] = ("update.gate.alpha", "reset.gate.alpha")
    return Form((("update", "reset"), ("candidate",)), weights, step)


def flexible_gates(torch: Any, cell: Any) -> Callable[[Any, Any], Any]:
    """Two gates of Gaussian kernels at once: every κ(s, d), then their sum, as the equation is written.

    ``alpha`` (H, 2K) has those of both gates side by side.
    """
    expansion = cell.gates["update"].expansion
    K, gamma = expansion.K, expansion.gamma
    d = torch.linspace(-expansion.reach, expansion.reach, K, dtype=torch.float64)

    def opened(m: Any, s: Any) -> Any:
        s = s.view(len(s), 2, -1)
        kappa = torch.exp(-gamma * (s.unsqueeze(-1) - d.to(s.dtype)) ** 2)
        kaf = (kappa * m.alpha.view(-1, 2, K).transpose(0, 1)).sum(-1)
        return torch.sigmoid(0.5 * kaf + 0.5 * s).unbind(1)

    return opened


def sgu(torch: Any, cell: Cell) -> Form:
    """SGU, and with ``U.out`` DSGU; PyTorch's own hard sigmoid has another slope, so it is a ``clamp``."""
    softplus, deeper = torch.nn.functional.softplus, "U.out" in cell.state_dict()

    def step(m: Any, x_g: Any, a_update: Any, h: Any) -> tuple[Any, ...]:
        deep = torch.tanh((x_g * h) @ m.U_deep) * h
        out = torch.sigmoid(deep @ m.U_out) if deeper else softplus(deep)
        z = (0.2 * torch.addmm(a_update, h, m.U_update) + 0.5).clamp(0.0, 1.0)
        return (torch.lerp(h, out, z),)

    weights = {f"U_{name}": (f"U.{name}",) for name in ("deep", "update", *(["out"] if deeper else []))}
    return Form((("deep",), ("update",)), weights, step)


def slstm(torch: Any, cell: Cell) -> Form:
    """Exponential gates, with the stabiliser m; it begins at the logarithm of nothing."""
    blocks = ("candidate", "output", "input", "forget")
    sigmoid = getattr(cell, "forget", "sigmoid") == "sigmoid"

    def step(m: Any, a: Any, h: Any, c: Any, n: Any, largest: Any) -> tuple[Any, ...]:
        candidate, o, log_i, log_f = torch.addmm(a, h, m.U).chunk(4, 1)
        kept = (torch.nn.functional.logsigmoid(log_f) if sigmoid else log_f) + largest
        largest = torch.maximum(kept, log_i)
        i, f = torch.exp(log_i - largest), torch.exp(kept - largest)
        c = f * c + i * torch.tanh(candidate)
        n = f * n + i
        return torch.sigmoid(o) * c / n, c, n, largest

    weights = {"U": tuple(f"U.{block}" for block in blocks)}
    return Form((blocks,), weights, step, first=(0.0, 0.0, 0.0, -1e30))


def min_gru(torch: Any, cell: Any) -> Form:
    """The gate for all steps at once: a step is one ``lerp``."""

    def before(m: Any, a_update: Any, candidate: Any) -> tuple[Any, ...]:
        return torch.sigmoid(a_update), _candidate(torch, cell, candidate)

    def step(m: Any, z: Any, candidate: Any, h: Any) -> tuple[Any, ...]:
        return (torch.lerp(h, candidate, z),)

    return Form((("update",), ("candidate",)), {}, step, before=before)


def min_lstm(torch: Any, cell: Any) -> Form:
    """As the minGRU, with two gates that share out a whole: i / (f + i) = 1 − f / (f + i)."""

    def before(m: Any, a_gates: Any, candidate: Any) -> tuple[Any, ...]:
        f, i = torch.sigmoid(a_gates).chunk(2, 2)
        return f / (f + i), _candidate(torch, cell, candidate)

    def step(m: Any, keep: Any, candidate: Any, h: Any) -> tuple[Any, ...]:
        return (torch.lerp(candidate, h, keep),)

    return Form((("forget", "input"), ("candidate",)), {}, step, before=before)


def _candidate(torch: Any, cell: Any, a: Any) -> Any:
    if cell.candidate == "linear":
        return a
    return torch.where(a >= 0.0, a + 0.5, torch.sigmoid(a))


def clockwork(torch: Any, cell: Any) -> Form:
    """U is one matrix, put together once. Where each period divides the next, its first columns are all that works."""
    H, names = cell.H, [f"U_group{i}" for i in range(len(cell.groups))]

    def before(m: Any, a: Any) -> tuple[Any, ...]:
        parts = [torch.nn.functional.pad(getattr(m, k), (0, 0, g.start, 0)) for k, g in zip(names, cell.groups)]
        U = torch.cat(parts, 1)
        ends = [max(g.stop for g, p in zip(cell.groups, cell.periods) if t % p == 0) for t in range(len(a))]
        columns = {end: U[:, :end] for end in {*ends}}
        return [a_t[:, :end] for a_t, end in zip(a.unbind(0), ends)], [columns[end] for end in ends]

    def step(m: Any, a: Any, U: Any, h: Any) -> tuple[Any, ...]:
        new, works = torch.tanh(torch.addmm(a, h, U)), U.shape[1]
        return (new if works == H else torch.cat((new, h[:, works:]), 1),)

    return Form((("",),), {name: (name.replace("_", "."),) for name in names}, step, before=before)


def leaky(torch: Any, cell: Any) -> Form:
    """The time constants of all units as one row, made once."""
    sizes = [group.stop - group.start for group in cell.groups]
    rate = torch.tensor(numpy.repeat([1.0 / tau for tau in cell.time_constants], sizes).astype(cell["b"].dtype))

    def step(m: Any, a: Any, h: Any) -> tuple[Any, ...]:
        return (torch.lerp(h, torch.tanh(torch.addmm(a, h, m.U)), rate),)

    return Form((("",),), {"U": ("U",)}, step)


#: The name of our cell's class → how it is written for PyTorch.
FORMS: dict[str, Callable[[Any, Any], Form | None]] = {
    "LSTM": lstm,
    "LayerNormLSTM": layer_norm_lstm,
    "SLSTM": slstm,
    "GRU": gru_before,
    "SGU": sgu,
    "DSGU": sgu,
    "ClockworkRNN": clockwork,
    "LeakyRNN": leaky,
    "MinGRU": min_gru,
    "MinLSTM": min_lstm,
}
