"""What truncation does to a gradient: how far it lies from the full one, and whether it points the same way."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from minigate.backend import array_module, asarray, asnumpy, generator
from minigate.bptt.exchange import recurrent_layers, taken_through
from minigate.bptt.full import full
from minigate.bptt.windows import truncated
from minigate.errors import OptionError, explain
from minigate.module import Module
from minigate.tensor import enable_grad, grad

Array = Any


@dataclass(frozen=True)
class GradientBias:
    """Truncated gradients g_w beside the full one g, for every parameter by name, and for "all" as one long vector.

    **Shapes**: ``windows`` W whole numbers; ``relative``: name → (W,), ‖g_w − g‖ / ‖g‖; ``cosine``: name → (W,),
    ⟨g_w, g⟩ / (‖g_w‖ ‖g‖). NaN where the denominator is 0.
    """

    windows: tuple[int, ...]
    relative: dict[str, Array]
    cosine: dict[str, Array]

    def plot(self, axes: Any = None) -> tuple[Any, dict[str, Any]]:
        """Draw both against the window; returns the pair of axes and what was drawn."""
        from minigate.plot import gradient_bias as draw

        return draw(self.windows, self.relative, self.cosine, axes=axes)


def gradient_bias(
    layer: Module,
    x: Any,
    cotangent: Any = None,
    state: Any = None,
    mask: Any = None,
    *,
    windows: Sequence[int] = (1, 2, 5, 10, 20, 50),
    seed: int = 0,
) -> GradientBias:
    """The gradients of all parameters under ``truncated(window)``, against those of full BPTT.

    The loss is ⟨cotangent, y⟩; without one, all outputs weighted at random, drawn with ``seed``. All recurrent layers
    of a model are truncated alike, and go through time in their own way again afterwards. No ``.grad`` is touched.
    A model with dropout belongs in ``eval()``: both gradients have to be of the same function.

    **Equations**: bias of a window w: ‖g_w − g‖ / ‖g‖. It is 0 where w ≥ T.

    **Shapes**: x (T, N, D) or tokens (T, N); cotangent as y; state and mask (T, N) as in a call of the layer.

    **Source**: truncation is Williams & Peng (1990); that it biases, and against which dependencies: Tallec &
    Ollivier (2017).

    **Errors**: those of calling the layer; :class:`ShapeError`, :class:`DTypeError` for a cotangent unlike y;
    :class:`OptionError` for a window below 1 or none at all, and for a model without a recurrent layer.
    """
    ways = [truncated(window) for window in windows] if isinstance(windows, Iterable) else []
    if not ways:
        raise OptionError(
            explain("there is no window to compare", where="gradient_bias", expected="windows=[…], one number or more",
                    got=f"windows={windows!r}", remedy="windows=[5, 20]")
        )  # fmt: skip
    layers = recurrent_layers(layer, "gradient_bias")
    parameters = dict(layer.named_parameters())

    def gradients(way: Any) -> dict[str, Array]:
        with taken_through(layers, lambda path: way), enable_grad():
            y, _ = layer(x, state, mask)
            dy = asarray(generator(seed).normal(size=y.shape), dtype=y.dtype, like=y.data)
            found = grad([y], list(parameters.values()), [dy if cotangent is None else cotangent], unused="zero")
        flat = [asnumpy(d.data).astype("float64").reshape(-1) for d in found]
        return {"all": array_module(*flat).concatenate(flat), **dict(zip(parameters, flat, strict=True))}

    exact = gradients(full)
    each = [gradients(way) for way in ways]
    xp = array_module(exact["all"])
    relative = {name: [_ratio(_length(g[name] - own), _length(own)) for g in each] for name, own in exact.items()}
    cosine = {
        name: [_ratio(float((g[name] * own).sum()), _length(g[name]) * _length(own)) for g in each]
        for name, own in exact.items()
    }
    arrays = [{name: xp.asarray(values) for name, values in kind.items()} for kind in (relative, cosine)]
    return GradientBias(tuple(windows), *arrays)


def _length(vector: Array) -> float:
    return float((vector * vector).sum()) ** 0.5


def _ratio(above: float, below: float) -> float:
    return above / below if below else float("nan")
