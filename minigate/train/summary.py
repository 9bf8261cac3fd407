"""How large a model is: its numbers, its work per step, and the memory that going back through time takes.

A recurrent step is a few matrix products and some pointwise arithmetic. The products are counted, since they
are nearly all of the work; a weight of shape (D, H) costs D·H multiplications and as many additions for each
step of each sequence, and twice that again on the way back (once for its gradient, once for its input's).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minigate.backend import array_module
from minigate.bptt import forward_through_time
from minigate.layers import Embedding, Recurrent
from minigate.module import Module


@dataclass(frozen=True)
class Summary:
    """What :func:`summary` found; ``print`` shows it as a table.

    **Shapes**: ``rows`` name → (shape, dtype) of every parameter; the rest are plain numbers.
    """

    model: str
    rows: dict[str, tuple[tuple[int, ...], str]]
    parameters: int
    parameter_bytes: int
    flops_forward: int  # per step and sequence
    flops_training: int  # the same, with the way back
    T: int
    N: int
    trace_bytes: int  # for T steps of N sequences
    composed: tuple[str, ...]  # recurrent layers that leave no trace, but a tape
    images: bool = False  # it reads images or grids, so that work and memory are not those of T steps: both are 0

    def __str__(self) -> str:
        names = [*self.rows, "name", "total"]
        shapes = [str(shape) for shape, _ in self.rows.values()]
        wide, deep = max(map(len, names)) + 2, max(map(len, [*shapes, "shape"])) + 2
        lines = [self.model, f"  {'name':<{wide}}{'shape':<{deep}}{'numbers':>12}"]
        for (name, (shape, _)), text in zip(self.rows.items(), shapes, strict=True):
            lines.append(f"  {name:<{wide}}{text:<{deep}}{_size(shape):>12,}")
        lines.append(f"  {'total':<{wide}}{'':<{deep}}{self.parameters:>12,}  ({_bytes(self.parameter_bytes)})")
        if self.images:
            return "\n".join([*lines, "  work    follows from the size of the image and of its patches: not counted"])
        per_update = _flops(self.flops_training * self.T * self.N)
        lines.append(
            f"  work    {_flops(self.flops_forward)} in matrix products per step and sequence, "
            f"{_flops(self.flops_training)} with the way back; {per_update} for T={self.T}, N={self.N}"
        )
        lines.append(f"  trace   {_bytes(self.trace_bytes)} kept over time for T={self.T}, N={self.N}")
        if self.composed:
            lines.append(f"  tape    {', '.join(self.composed)}: composed, so its memory is the tape's and not counted")
        return "\n".join(lines)


def summary(model: Module, T: int = 100, N: int = 32, tokens: bool | None = None) -> Summary:
    """Parameters by name and shape, FLOPs per step, and trace memory for sequences of T steps, N at once.

    With ``tokens`` the cells read whole numbers and their input weights are looked up, which multiplies
    nothing; left out, a cell counts as reading tokens where nothing comes before it in a model with an
    attribute ``K``, a vocabulary. Of a model that reads images or grids the parameters alone are counted: how often
    each is used follows from the size of an image. A Clockwork RNN is counted at a step at which all its groups work.

    **Equations**: forward 2·Σ D·H over the weights (D, H) that multiply; with the way back three times that.

    **Shapes**: returns a :class:`Summary`.
    """
    tokens = hasattr(model, "K") if tokens is None else tokens
    looked_up = _looked_up(model, tokens)
    parameters = dict(model.named_parameters())
    rows = {name: (tuple(p.shape), str(p.dtype)) for name, p in parameters.items()}
    apart = looked_up | {id(m[name]) for _, m in model.named_modules() for name in m.multiplies_nothing if name in m}
    products = [p.size for name, p in parameters.items() if p.ndim == 2 and ".gate." not in name and id(p) not in apart]
    images = any(getattr(m, "takes", "") in ("images", "grids") for _, m in model.named_modules())
    products = [] if images else products
    layers = {} if images else {path: m for path, m in model.named_modules() if isinstance(m, Recurrent)}
    by_hand = [layer for layer in layers.values() if layer.cell.written_by_hand]
    return Summary(
        model=f"{type(model).__name__}",
        rows=rows,
        parameters=sum(p.size for p in parameters.values()),
        parameter_bytes=sum(p.data.nbytes for p in parameters.values()),
        flops_forward=2 * sum(products),
        flops_training=6 * sum(products),
        T=T,
        N=N,
        trace_bytes=sum(_trace_bytes(layer, T, N) for layer in by_hand),
        composed=tuple(path or type(m).__name__ for path, m in layers.items() if not m.cell.written_by_hand),
        images=images,
    )


def _looked_up(model: Module, tokens: bool) -> set[int]:
    """The identities of the weights whose rows are copied, not multiplied."""
    found: set[int] = set()
    first = tokens
    for _, module in model.named_modules():
        if isinstance(module, Embedding):
            found.add(id(module["W"]))
        elif isinstance(module, Recurrent) and first:
            reads = {part.weight for part in module.cell.input_parts}
            own = module.cell.named_parameters()
            found |= {id(p) for name, p in own if name in reads or name == "W" or name.startswith("W.")}
            first = False
    return found


def _trace_bytes(layer: Recurrent, T: int, N: int) -> int:
    """The memory of a trace is a constant plus a share for every step: two short ones tell both."""
    one, two = (_measured(layer, steps, N) for steps in (1, 2))
    return one + (T - 1) * (two - one) if T else 0


def _measured(layer: Recurrent, T: int, N: int) -> int:
    cell = layer.cell
    like = cell.parameters()[0].data
    xp: Any = array_module(like)
    x = xp.zeros((T, N, cell.D), dtype=like.dtype)
    _, _, trace = forward_through_time(xp, cell, x, [h.data for h in cell.initial_state(N)], None)
    owners: dict[int, int] = {}
    for name, array in trace.items():
        if name != "x":
            while getattr(array, "base", None) is not None:
                array = array.base
            owners[id(array)] = array.nbytes
    return sum(owners.values())


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size


def _flops(count: float) -> str:
    for unit in ("FLOP", "kFLOP", "MFLOP", "GFLOP"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} TFLOP"


def _bytes(count: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"
