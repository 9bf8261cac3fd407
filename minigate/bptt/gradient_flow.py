"""How far back a loss reaches: the length of its gradient at every state on the way.

This is the picture behind "vanishing" and "exploding". One number of a loss at the end of a sequence depends on
the state of k steps before through a product of k Jacobians; how long the gradient is after those k steps says
how much of what happened there can still be learnt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from minigate.backend import array_module, asarray, asnumpy, generator
from minigate.bptt.exchange import recurrent_layers, taken_through
from minigate.bptt.tape import tape
from minigate.cells import Cell
from minigate.cells.boundary import as_mask
from minigate.module import Module
from minigate.tensor import Tensor, enable_grad, grad

Array = Any
State = tuple[Tensor, ...]


@dataclass(frozen=True)
class GradientFlow:
    """The length of ∂loss/∂state, by the path of the layer and the name of the state: "h", "layers.0.c", "forward.h".

    **Shapes**: ``norms``: name → (T + 1, N). Entry 0 is the initial state, entry t + 1 what step t made of it, in the
    order in which the layer reads (a backward layer: from the end); 0 where a step is not real. ``by_lag``: name →
    (K,), K ≤ T + 1, the mean over the sequences at lag k: k real steps before the last state of this layer
    that the loss depends on.
    """

    norms: dict[str, Array]
    by_lag: dict[str, Array]

    def plot(self, title: str = "", axes: Any = None) -> tuple[Any, dict[str, Array]]:
        """Draw ``by_lag`` on a logarithmic scale; returns the axes and what was drawn.

        To compare cells, give :func:`minigate.plot.gradient_flow` one curve of each.
        """
        from minigate.plot import gradient_flow as draw

        return draw(self.by_lag, title=title, axes=axes)


def gradient_flow(
    layer: Module, x: Any, cotangent: Any = None, state: Any = None, mask: Any = None, *, seed: int = 0
) -> GradientFlow:
    """The length of the gradient of a loss at every state of every recurrent layer, all the way back.

    The loss is ⟨cotangent, y⟩; without one, each sequence's last real output in a random direction of length 1,
    drawn with ``seed``. The whole way back is taken, also where the layer itself goes ``through`` time by windows.
    It goes by the cell's ``step``, so that it needs nothing of a cell but its definition, and takes the time and the
    memory of ``method="tape"``. The layer is called once, in the mode it is in; no ``.grad`` is touched.

    **Equations**: ‖d loss / d s_t‖ for each state s of each layer, t = 0 … T, the norm over the units. The derivative
    is total: it has all ways from s_t to the loss, by y_t, by the other states of the same step, by s_{t+1}.

    **Shapes**: x (T, N, D) or tokens (T, N); cotangent as y; state and mask (T, N) as in a call of the layer.

    **Source**: the norms of Bengio, Simard & Frasconi (1994) and of Pascanu, Mikolov & Bengio (2013).

    **Errors**: those of calling the layer; :class:`ShapeError`, :class:`DTypeError` for a cotangent unlike y;
    :class:`OptionError` for a model without a recurrent layer.
    """
    runs: list[_Watched] = []

    def watching(path: str) -> Any:
        def way(cell: Cell, x: Tensor, state: State, mask: Array | None = None) -> tuple[Tensor, State]:
            start = tuple(h if h.requires_grad else _leaf(h) for h in state)
            again = sum(run.cell is cell for run in runs)
            runs.append(_Watched(cell, f"{path} (call {again + 1})" if again else path, start, mask))
            return tape(runs[-1], x, start, mask)  # type: ignore[arg-type]

        return way

    with taken_through(recurrent_layers(layer, "gradient_flow"), watching), enable_grad():
        y, _ = layer(x, state, mask)
    states = [h for run in runs for moment in run.moments for h in moment if h.requires_grad]
    cotangent = last_output(y, mask, seed) if cotangent is None else cotangent
    gradients = iter(grad([y], states, [cotangent], unused="zero"))
    norms: dict[str, Array] = {}
    by_lag: dict[str, Array] = {}
    for run in runs:
        own = run.lengths(gradients)
        norms |= own
        by_lag |= _by_lag(own, run.mask)
    return GradientFlow(norms, by_lag)


class _Watched:
    """A cell that remembers every state it was in: for the composed loop it is the cell."""

    def __init__(self, cell: Cell, path: str, start: State, mask: Array | None) -> None:
        self.cell, self.output_size, self.path = cell, cell.output_size, path
        self.mask = None if mask is None else asnumpy(mask)
        self.moments: list[State] = [start]

    def step(self, x_t: Tensor, state: State) -> tuple[Tensor, State]:
        y_t, state = self.cell.step(x_t, state)
        self.moments.append(tuple(state))
        return y_t, state

    def lengths(self, gradients: Any) -> dict[str, Array]:
        """Take this cell's gradients from all of them, in the order in which they were asked for; measure them.

        **Shapes**: name → (T + 1, N).
        """
        found: dict[str, list[Array]] = {}
        for moment in self.moments:
            for state, h in zip(self.cell.state_names, moment, strict=True):
                if h.dtype.kind == "f":
                    d = asnumpy(next(gradients).data if h.requires_grad else h.data * 0.0).astype("float64")
                    name = f"{self.path}.{state}" if self.path else state
                    found.setdefault(name, []).append((d * d).sum(axis=tuple(range(1, d.ndim))) ** 0.5)
        return {name: array_module(*rows).stack(rows) for name, rows in found.items()}


def last_output(y: Tensor, mask: Any, seed: int) -> Array:
    """A cotangent for each sequence's last real output alone: a random direction of length 1.

    **Shapes**: y (T, N, ·), mask (T, N) or None → as y.
    """
    T, N = y.shape[:2]
    direction = generator(seed).normal(size=(N, *y.shape[2:]))
    found = array_module(direction).zeros(y.shape)
    real = None if mask is None else asnumpy(as_mask(mask, y.data))
    for n in range(N):
        steps = [t for t in range(T) if real is None or real[t, n]]
        if steps:
            found[steps[-1], n] = direction[n] / (direction[n] ** 2).sum() ** 0.5
    return asarray(found, dtype=y.dtype, like=y.data)


def _leaf(h: Tensor) -> Tensor:
    return Tensor(h.data, requires_grad=h.dtype.kind == "f")


def _by_lag(norms: Mapping[str, Array], mask: Array | None) -> dict[str, Array]:
    """Count back from the last moment at which a gradient arrives, over real steps only; the mean over sequences.

    **Shapes**: norms each (T + 1, N) → each (K,).
    """
    arrived: Array = sum(norms.values())
    (moments, N), xp = arrived.shape, array_module(arrived)
    total, count = {name: xp.zeros(moments) for name in norms}, xp.zeros(moments)
    for n in range(N):
        real = [0, *(t + 1 for t in range(moments - 1) if mask is None or mask[t, n])]
        while real and not arrived[real[-1], n]:
            real.pop()
        count[: len(real)] += 1
        for name, own in norms.items():
            total[name][: len(real)] += own[real[::-1], n]
    reached = count > 0
    return {name: own[reached] / count[reached] for name, own in total.items()}
