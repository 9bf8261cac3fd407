"""minigate: gated recurrent networks from scratch, on NumPy and on CuPy.

>>> import numpy as np
>>> import minigate as mg
>>> gru = mg.layers.Recurrent(mg.cells.GRU(D=2, H=4, seed=0))
>>> y, (h,) = gru(np.ones((5, 3, 2), dtype="float32"))      # x (T, N, D) -> y (T, N, H), state
>>> y.shape, h.shape
((5, 3, 4), (3, 4))
"""

from minigate import backend, bptt, cells, checking, convert, data, errors, gates, layers, module, ops, tensor, train
from minigate.backend import asnumpy, default_dtype, use
from minigate.backend import describe as describe_backend
from minigate.bptt import gradient_bias, gradient_flow
from minigate.checking import assert_gradients, check, check_cell, check_gate, check_layer, check_vjp
from minigate.module import Module, Parameter
from minigate.tensor import Tensor, by_hand, detect_anomaly, draw_graph, grad, no_grad
from minigate.train import summary

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
    "summary",
    "tensor",
    "train",
    "use",
]
