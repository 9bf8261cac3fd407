"""A stack: each layer reads what the layer below it says at the same time step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from minigate import ops
from minigate.backend import array_module, generator
from minigate.cells import Cell
from minigate.errors import OptionError, StateError, explain
from minigate.layers.dropout import Dropout
from minigate.layers.layer_norm import LayerNorm
from minigate.module import Module
from minigate.module.arguments import check_flags
from minigate.tensor import Tensor, as_tensor, no_grad


class Stack(Module):
    """Recurrent layers on top of one another. Its state is a tuple of its layers' states.

    **Equations**: y^0 = x; (y^j, state^j) = layer_j(u^j, state^j), j = 1 … L; u^1 = x, and above it

    - u^j = up(y^{j−1}), or [up(y^{j−1}), x] with ``skip_input``
    - up is the identity; with ``layer_norm`` it normalises, with ``dropout`` it then leaves out
    - y = y^L, or [y^1, …, y^L] with ``skip_output``

    **Shapes**: x (T, N, D) or tokens (T, N); state: one tuple per layer, each array (N, H_j); mask bool (T, N)
    → y (T, N, H_L) or (T, N, Σ H_j), and the states after each sequence's last real step.
    Tokens that skip a layer do so as one-hot rows. A layer or a cell that stands in it twice is one set of weights.

    **Source**: Schmidhuber (1992), El Hihi & Bengio (1995); the "stacked" rows of Chung et al. (2015), whose figure
    leaves out the skip connections that it mentions. Dropout where Zaremba, Sutskever & Vinyals (2014) have it
    between layers: never along time, and here neither on x nor on y. ``layer_norm``: Ba, Kiros & Hinton (2016).

    **Errors**: :class:`OptionError` where a layer's input size is not the size of what it reads;
    :class:`StateError` for a state that does not have one entry per layer.
    """

    def __init__(
        self,
        layers: Sequence[Module],
        *,
        skip_input: bool = False,
        skip_output: bool = False,
        dropout: float = 0.0,
        layer_norm: bool = False,
        seed: Any = None,
    ) -> None:
        super().__init__()
        several = isinstance(layers, Iterable) and not isinstance(layers, str)
        self.layers: list[Any] = list(layers) if several else []
        if not self.layers:
            got = "" if several else repr(layers)
            remedy = "Stack([Recurrent(GRU(D, H))])"
            raise OptionError(explain("a stack needs a layer", where="Stack", got=got, remedy=remedy))
        check_flags("Stack", skip_input=skip_input, skip_output=skip_output, layer_norm=layer_norm)
        self.skip_input, self.skip_output = skip_input, skip_output
        self.dropout, self.layer_norm = Dropout(dropout).rate, layer_norm
        for j, layer in enumerate(self.layers):
            self._check_layer(j, layer)
            self.child(f"layers.{j}", layer)
        rng = generator(seed)
        for j, layer in enumerate(self.layers[:-1]):
            if layer_norm:
                own = layer.parameters()
                self.child(f"layer_norm.{j}", LayerNorm(layer.output_size, dtype=own[0].dtype if own else None))
            if self.dropout:  # each with a stream of its own: what one draws does not depend on the others' sizes
                self.child(f"dropout.{j}", Dropout(dropout, seed=int(rng.integers(2**32))))

    @property
    def D(self) -> int:
        """The input size."""
        return self.layers[0].D

    @property
    def output_size(self) -> int:
        """The length of y_t along its last axis."""
        sizes = [layer.output_size for layer in self.layers]
        return sum(sizes) if self.skip_output else sizes[-1]

    def forward(self, x: Any, state: Any = None, mask: Any = None) -> tuple[Tensor, tuple[Any, ...]]:
        """Run the sequence through all layers.

        **Shapes**: x (T, N, D) or tokens (T, N) → y (T, N, output_size), one state per layer.
        """
        x = as_tensor(x)
        u, outputs, after = x, [], []
        for j, (layer, own) in enumerate(zip(self.layers, self._states(state), strict=True)):
            y, own = layer(u, own, mask)
            outputs.append(y)
            after.append(own)
            u = self._up(j, y, x)
        return (ops.concat(outputs, axis=-1) if self.skip_output else y), tuple(after)

    def trace(self, x: Any, state: Any = None, mask: Any = None) -> dict[str, Any]:
        """What :meth:`Recurrent.trace` returns, of every layer, as ``layers.<j>.<name>``.

        **Shapes**: x as in a call → name → (T, N, H_j).
        """
        x = as_tensor(x)
        found: dict[str, Any] = {}
        u = x
        with no_grad():
            for j, (layer, own) in enumerate(zip(self.layers, self._states(state), strict=True)):
                if not hasattr(layer, "trace"):
                    raise OptionError(explain(f"layer {j} leaves no trace", where="Stack", got=repr(layer)))
                found |= {f"layers.{j}.{name}": array for name, array in layer.trace(u, own, mask).items()}
                u = self._up(j, layer(u, own, mask)[0], x)
        return found

    def _states(self, state: Any) -> Any:
        """The state of each layer, or None for each.

        **Errors**: :class:`StateError` where there is not one for each.
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
        return states

    def _up(self, j: int, y: Tensor, x: Tensor) -> Tensor:
        """What the layer above layer j reads.

        **Shapes**: y (T, N, H_j) → (T, N, H_j), or (T, N, H_j + D) with the input.
        """
        if j == len(self.layers) - 1:
            return y
        for name in (f"layer_norm.{j}", f"dropout.{j}"):
            if name in self._children:
                y = self._children[name](y)
        if not self.skip_input:
            return y
        if x.dtype.kind in "iu":
            rows = array_module(x.data).arange(self.D) == x.data[..., None]
            x = Tensor(rows.astype(y.dtype))
        return ops.concat([y, x], axis=-1)

    def _check_layer(self, j: int, layer: Any) -> None:
        """Raise unless this is a recurrent layer that can read what comes to it."""
        sequential = hasattr(layer, "D") and hasattr(layer, "output_size") and not hasattr(layer, "takes")
        if isinstance(layer, (Cell, type)) or not sequential:
            slip = f"a layer that reads {layer.takes}" if hasattr(layer, "takes") else ""
            raise OptionError(
                explain(
                    f"layer {j} is no Recurrent", where="Stack", got=repr(layer), slip=slip, remedy="Recurrent(cell)"
                )
            )
        below = self.layers[j - 1].output_size if j else layer.D
        skipped = self.D if j and self.skip_input else 0
        if layer.D != below + skipped:
            expected = f"a cell with D={below}, the output size below"
            if skipped:
                expected = f"D={below + skipped}: layer {j} reads {below} from below and {skipped} of the input"
            raise OptionError(
                explain(
                    f"layer {j} does not fit on layer {j - 1}",
                    where="Stack",
                    expected=expected,
                    got=repr(getattr(layer, "cell", layer)),
                    slip="skip_input was not counted in" if skipped and layer.D == below else "",
                )
            )

    def __repr__(self) -> str:
        options = [f"{name}=True" for name in ("skip_input", "skip_output", "layer_norm") if getattr(self, name)]
        options += [f"dropout={self.dropout:g}"] if self.dropout else []
        return "".join(["Stack([", ", ".join(map(repr, self.layers)), "]", *(f", {o}" for o in options), ")"])
