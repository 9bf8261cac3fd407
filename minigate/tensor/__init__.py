"""The engine: an array that remembers how it was made, and the way back to its derivative.

In reading order: ``tensor`` (the value), ``operators`` (what it can do), ``editing`` (in place), ``tape`` (what
the graph is made of), ``operation`` (how an operation is defined), ``record`` (its node on the tape), ``reverse``
(the way back), ``handwritten`` (a whole computation as one operation), ``mode`` and ``anomaly`` (switches, and
finding the first NaN), ``graph`` (a picture of it all).
"""

from minigate.tensor.anomaly import detect_anomaly
from minigate.tensor.graph import GraphDrawing, draw_graph
from minigate.tensor.handwritten import by_hand
from minigate.tensor.mode import enable_grad, is_grad_enabled, no_grad
from minigate.tensor.operation import Op, op
from minigate.tensor.operators import register
from minigate.tensor.reverse import backward, grad
from minigate.tensor.tensor import Tensor, as_tensor

__all__ = [
    "GraphDrawing",
    "Op",
    "Tensor",
    "as_tensor",
    "backward",
    "by_hand",
    "detect_anomaly",
    "draw_graph",
    "enable_grad",
    "grad",
    "is_grad_enabled",
    "no_grad",
    "op",
    "register",
]
