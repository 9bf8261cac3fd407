"""A stack: each layer reads what the layer below it says at the same time step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigate.errors import OptionError, StateError, explain
from minigate.layers.recurrent import Recurrent
from minigate.module import Module
from minigate.tensor import Tensor


class Stack(Module):
    """Recurrent layers on top of one another. Its state is a tuple of its layers' states.

    **Equations**: y^0 = x; (y^j, state^j) = layer_j(y^{j−1}, state^j), j = 1 … L; y = y^L.

    **Shapes**: x (T, N, D) or tokens (T, N); state: one tuple per layer, each array (N, H_j); mask bool (T, N)
    → y (T, N, H_L), and the states after each sequence's last real step.

    **Source**: Schmidhuber (1992), El Hihi & Bengio (1995); the "stacked" rows of Chung et al. (2015).

    **Errors**: :class:`OptionError` where a layer's input size is not the output size of the layer below;
    :class:`StateError` for a state that has not one entry per layer.
    """

    def __init__(self, layers: Sequence[Recurrent]) -> None:
        super().__init__()
        self.layers = list(layers)
        if not self.layers:
            raise OptionError(explain("a stack needs a layer", where="Stack", remedy="Stack([Recurrent(GRU(D, H))])"))
        for j, layer in enumerate(self.layers):
            if not isinstance(layer, Recurrent):
                raise OptionError(
                    explain(f"layer {j} is no Recurrent", where="Stack", got=repr(layer), remedy="Recurrent(cell)")
                )
            below = self.layers[j - 1].cell.output_size if j else layer.cell.D
            if layer.cell.D != below:
                raise OptionError(
                    explain(
                        f"layer {j} does not fit on layer {j - 1}",
                        where="Stack",
                        expected=f"a cell with D={below}, the output size below",
                        got=repr(layer.cell),
                    )
                )
            self.child(f"layers.{j}", layer)

    def forward(self, x: Any, state: Any = None, mask: Any = None) -> tuple[Tensor, tuple[Any, ...]]:
        """Run the sequence through all layers.

        **Shapes**: x (T, N, D) → y (T, N, H_L), one state per layer.
        """
        states = (None,) * len(self.layers) if state is None else state
        if not isinstance(states, (tuple, list)) or len(states) != len(self.layers):
            raise StateError(
                explain(
                    "the state of a stack is a tuple of its layers' states",
                    where="Stack",
                    expected=f"{len(self.layers)} tuples, one per layer",
                    got=type(states).__name__ + (f" of length {len(states)}" if hasattr(states, "__len__") else ""),
                    slip="the state of one layer",
                    remedy="state=None to begin with zeros",
                )
            )
        y, after = x, []
        for layer, own in zip(self.layers, states, strict=True):
            y, own = layer(y, own, mask)
            after.append(own)
        return y, tuple(after)

    def __repr__(self) -> str:
        return "Stack([" + ", ".join(repr(layer) for layer in self.layers) + "])"
