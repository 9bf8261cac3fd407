"""The opponent of gated feedback, which PyTorch has not: the same cell as one would write it there, step by step.

As for the other opponents (see ``torch_steps``), of the usual ways the faster ones: one embedding for what all layers
get from a token, cut and taken apart before the loop; in the loop one ``addmm`` for what unit and global gates of all
layers see of the past, one for what a layer gets from below, one for the sum over the past of all layers, each with
what it is added to as its first argument.
"""

from __future__ import annotations

from typing import Any

import numpy

from minigate.cells import GatedFeedback

Array = Any

#: The options of the cell that is written here; with others it would be another cell.
WRITTEN = {
    "gates_are": "learned", "gate_input": "below", "gate_bias": False, "skip_input": True, "unit_gates": "all",
    "peephole": "none", "reset": "after",
}  # fmt: skip


def layer_by_layer(torch: Any, cell: GatedFeedback) -> Any | None:
    """A ``torch.nn.Module`` with the weights of ``cell``: tokens (T, N) → y (T, N, ΣH); None for other options.

    Its ``first`` has the gradient of what x meets, in the order of our columns that x has a part in.
    """
    if cell.has_gate_parameters or any(getattr(cell, name) != value for name, value in WRITTEN.items()):
        return None
    ours, L, sizes = cell.state_dict(), cell.L, cell.sizes
    gates = cell.unit_gate_names
    equal = len(set(sizes)) == 1

    def packed(names: list[str], axis: int = 1) -> Any:
        return torch.nn.Parameter(torch.from_numpy(numpy.concatenate([ours[name] for name in names], axis=axis)))

    def names(symbol: str, j: int) -> list[str]:
        return [f"layers.{j}.{symbol}.{gate}" for gate in gates]

    def pairs(symbol: str, j: int) -> list[str]:
        return [f"layers.{j}.{symbol}.global.from{i}" for i in range(L)]

    class LayerByLayer(torch.nn.Module):
        """Columns: those that see h*, of each layer its unit gates and its global gates; then the candidates."""

        def __init__(self) -> None:
            super().__init__()
            parts = [cell.input_parts[k] for k in self.order()]
            first = numpy.concatenate(
                [ours[part.weight] if part.weight else numpy.zeros_like(ours["layers.0.w.global.from0"])
                 for part in parts], axis=1,
            )  # fmt: skip
            self.first = torch.nn.Embedding.from_pretrained(torch.from_numpy(first), freeze=False)
            zero = numpy.zeros(1, dtype=first.dtype)
            bias = numpy.concatenate([ours[part.bias] if part.bias else zero for part in parts])
            self.bias = torch.nn.Parameter(torch.from_numpy(bias))
            self.U_star = packed([name for j in range(L) for name in (*names("U", j), *pairs("u", j))])
            self.U = torch.nn.ParameterList(
                [packed([f"layers.{j}.U.candidate.from{i}" for i in range(L)], axis=0) for j in range(L)]
            )
            above = range(1, L)
            self.W = torch.nn.ParameterList([packed([*names("W", j), *pairs("w", j)]) for j in above])
            self.W_c = torch.nn.ParameterList([packed([f"layers.{j}.W.candidate"]) for j in above])
            self.widths = [len(gates) * H + L for H in sizes]
            self.of_units = [parts[k].width for k in range(len(parts))]

        def order(self) -> list[int]:
            """Our parts of the input's share in the order of these columns."""
            each = 1 + len(gates) + L
            seen = [k for k in range(len(cell.input_parts)) if k % each]
            return seen + [j * each for j in range(L)]

        def forward(self, x: Any) -> Any:
            share = self.first(x) + self.bias
            a_seen, a_c = share.split((sum(self.widths), sum(sizes)), 2)
            h = [share.new_zeros(x.shape[1], H) for H in sizes]
            c = list(h)
            y: list[Any] = []
            for seen_t, *c_t in zip(a_seen.unbind(0), *(part.unbind(0) for part in a_c.split(sizes, 2))):
                h_star = y[-1] if y else torch.cat(h, 1)
                seen = torch.addmm(seen_t, h_star, self.U_star).split(self.widths, 1)
                for j, H in enumerate(sizes):
                    a, a_new = seen[j], c_t[j]
                    if j:
                        a = torch.addmm(a, h[j - 1], self.W[j - 1])
                        a_new = torch.addmm(a_new, h[j - 1], self.W_c[j - 1])
                    opened = torch.sigmoid(a)
                    *unit, g = opened.split((*[H] * len(gates), L), 1)
                    if equal:
                        past = (h_star.view(-1, L, H) * g.unsqueeze(2)).flatten(1)
                    else:
                        past = torch.cat([g_i * h_i for g_i, h_i in zip(g.split(1, 1), h_star.split(sizes, 1))], 1)
                    if cell.unit == "lstm":
                        i, f, o = unit
                        new = torch.tanh(torch.addmm(a_new, past, self.U[j]))
                        c[j] = torch.addcmul(f * c[j], i, new)
                        h[j] = o * torch.tanh(c[j])
                    elif cell.unit == "gru":
                        z, r = unit
                        new = torch.tanh(torch.addcmul(a_new, r, past @ self.U[j]))
                        h[j] = torch.lerp(h[j], new, z)
                    else:
                        h[j] = torch.tanh(torch.addmm(a_new, past, self.U[j]))
                y.append(torch.cat(h, 1))
            return torch.stack(y)

        def gradient_of_input(self) -> Array:
            """The gradient of all weights that x meets, in our order.

            **Shapes**: (D, columns).
            """
            parts = dict(zip(self.order(), self.first.weight.grad.split(self.of_units, 1)))
            return torch.cat([parts[k] for k, part in enumerate(cell.input_parts) if part.weight], 1).numpy()

    return LayerByLayer()
