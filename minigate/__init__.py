"""minigate: gated recurrent networks from scratch, on NumPy and on CuPy.

>>> import numpy as np
>>> import minigate as mg
>>> gru = mg.layers.Recurrent(mg.cells.GRU(D=2, H=4, seed=0))
>>> y, (h,) = gru(np.ones((5, 3, 2), dtype="float32"))      # x (T, N, D) -> y (T, N, H), state
>>> y.shape, h.shape
((5, 3, 4), (3, 4))
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from minigate import backend, bptt, cells, errors, gates, layers, module, ops, tensor
from minigate.backend import asnumpy, default_dtype, use
from minigate.backend import describe as describe_backend
from minigate.bptt import gradient_bias, gradient_flow
from minigate.module import Module, Parameter
from minigate.tensor import Tensor, by_hand, detect_anomaly, draw_graph, grad, no_grad

if TYPE_CHECKING:
    from minigate import checking, convert, data, plot, train
    from minigate.checking import assert_gradients, check, check_cell, check_gate, check_layer, check_vjp
    from minigate.train import summary  # type: ignore[no-redef]

__version__ = "0.1.0"

__all__ = [
    "Module",
    "Parameter",
    "Tensor",
    "asnumpy",
    "assert_gradients",
    "backend",
    "bptt",
    "by_hand",
    "cells",
    "check",
    "check_cell",
    "check_gate",
    "check_layer",
    "check_vjp",
    "checking",
    "convert",
    "data",
    "default_dtype",
    "describe_backend",
    "detect_anomaly",
    "draw_graph",
    "errors",
    "gates",
    "grad",
    "gradient_bias",
    "gradient_flow",
    "layers",
    "module",
    "no_grad",
    "ops",
    "plot",
    "summary",
    "tensor",
    "train",
    "use",
]

#: Name → the package that has it, loaded when the name is first used: to compute, nobody has to wait for these.
_LATER = {name: name for name in ("checking", "convert", "data", "plot", "train")} | {
    "assert_gradients": "checking",
    "check": "checking",
    "check_cell": "checking",
    "check_gate": "checking",
    "check_layer": "checking",
    "check_vjp": "checking",
    "summary": "train",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'minigate' has no attribute {name!r}")
    package = import_module(f"minigate.{_LATER[name]}")
    globals()[name] = found = package if name == _LATER[name] else getattr(package, name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
