"""Differentiable operations, each in one place: the forward pass on arrays, and beside it its rules.

They take Tensors, arrays of any known library and Python numbers, and return Tensors. How to add one is
in :mod:`minigate.tensor.operation`. In reading order: ``arithmetic``, ``elementwise``, ``selection``, ``reduction``,
``shape``, ``joining``, ``indexing``, ``embedding``, ``softmax``, ``convolution``; ``operators`` binds them to Tensor.
"""

from minigate.ops import operators as operators
from minigate.ops.arithmetic import add, divide, matmul, multiply, negative, power, subtract
from minigate.ops.convolution import conv2d, max_pool2d, overlap_add, patches
from minigate.ops.elementwise import abs, cast, copy, exp, log, relu, sigmoid, sign, softplus, sqrt, tanh
from minigate.ops.embedding import embedding, sum_rows
from minigate.ops.indexing import getitem, scatter
from minigate.ops.joining import concat, split, stack, unstack
from minigate.ops.reduction import max, mean, min, sum
from minigate.ops.selection import clip, maximum, minimum, where
from minigate.ops.shape import (
    broadcast_to,
    expand_dims,
    flip,
    pad,
    reshape,
    squeeze,
    sum_to,
    swapaxes,
    transpose,
)
from minigate.ops.softmax import log_softmax, softmax, softmax_cross_entropy

__all__ = [
    "abs",
    "add",
    "broadcast_to",
    "cast",
    "clip",
    "concat",
    "conv2d",
    "copy",
    "divide",
    "embedding",
    "exp",
    "expand_dims",
    "flip",
    "getitem",
    "log",
    "log_softmax",
    "matmul",
    "max",
    "max_pool2d",
    "maximum",
    "mean",
    "min",
    "minimum",
    "multiply",
    "negative",
    "overlap_add",
    "pad",
    "patches",
    "power",
    "relu",
    "reshape",
    "scatter",
    "sigmoid",
    "sign",
    "softmax",
    "softmax_cross_entropy",
    "softplus",
    "split",
    "sqrt",
    "squeeze",
    "stack",
    "subtract",
    "sum",
    "sum_rows",
    "sum_to",
    "swapaxes",
    "tanh",
    "transpose",
    "unstack",
    "where",
]
