"""Layers: maps from arrays or Tensors to Tensors, with parameters of their own."""

from collections.abc import Callable

from minigate.cells import GRU, LSTM, MDLSTM, RNN
from minigate.layers.batch_norm import BatchNorm
from minigate.layers.bidirectional import Bidirectional
from minigate.layers.convolution import Conv2d, MaxPool2d
from minigate.layers.decoding import Answer, beam, greedy
from minigate.layers.dropout import Dropout
from minigate.layers.embedding import Embedding
from minigate.layers.encoder_decoder import EncoderDecoder
from minigate.layers.grid import FourDirections, Grid
from minigate.layers.highway import Highway
from minigate.layers.kaf import KAF, KAF2D
from minigate.layers.layer_norm import LayerNorm
from minigate.layers.linear import Linear
from minigate.layers.nalu import NAC, NALU
from minigate.layers.recurrent import Recurrent
from minigate.layers.renet import ReNet
from minigate.layers.stack import Stack
from minigate.layers.sweeps import Sweeps
from minigate.module import Module

#: name → build(seed=0, dtype="float64"): a small one for the contract tests, output size 4 where it has one.
registry: dict[str, Callable[..., Module]] = {
    "Linear": lambda seed=0, dtype="float64": Linear(2, 4, seed=seed, dtype=dtype),
    "Embedding": lambda seed=0, dtype="float64": Embedding(7, 4, seed=seed, dtype=dtype),
    "Recurrent": lambda seed=0, dtype="float64": Recurrent(GRU(2, 4, seed=seed, dtype=dtype)),
    "Stack": lambda seed=0, dtype="float64": Stack(
        [Recurrent(GRU(2, 3, seed=seed, dtype=dtype)), Recurrent(LSTM(3, 4, seed=seed + 1, dtype=dtype))]
    ),
    "Stack-skips": lambda seed=0, dtype="float64": Stack(
        [Recurrent(GRU(2, 3, seed=seed, dtype=dtype)), Recurrent(LSTM(3 + 2, 1, seed=seed + 1, dtype=dtype))],
        skip_input=True,
        skip_output=True,
    ),
    "Stack-norm": lambda seed=0, dtype="float64": Stack(
        [Recurrent(GRU(2, 3, seed=seed, dtype=dtype)), Recurrent(LSTM(3, 4, seed=seed + 1, dtype=dtype))],
        layer_norm=True,
    ),
    "Recurrent-learned": lambda seed=0, dtype="float64": Recurrent(
        LSTM(2, 4, seed=seed, dtype=dtype), initial="learned"
    ),
    "Bidirectional": lambda seed=0, dtype="float64": Bidirectional(
        GRU(2, 3, seed=seed, dtype=dtype), LSTM(2, 1, seed=seed + 1, dtype=dtype)
    ),
    "EncoderDecoder": lambda seed=0, dtype="float64": EncoderDecoder(
        GRU(2, 3, seed=seed, dtype=dtype), GRU(2, 3, seed=seed + 1, dtype=dtype), 4, seed=seed + 2
    ),
    "LayerNorm": lambda seed=0, dtype="float64": LayerNorm(4, dtype=dtype),
    # In evaluation: in training no row is by itself (tests/layers/test_batch_norm.py).
    "BatchNorm": lambda seed=0, dtype="float64": BatchNorm(4, dtype=dtype).eval(),
    "Highway": lambda seed=0, dtype="float64": Highway(4, seed=seed, dtype=dtype),
    "Highway-tanh": lambda seed=0, dtype="float64": Highway(4, activation="tanh", seed=seed, dtype=dtype),
    "NAC": lambda seed=0, dtype="float64": NAC(2, 4, seed=seed, dtype=dtype),
    # An ε so large that finite differences can follow the product near x = 0.
    "NALU": lambda seed=0, dtype="float64": NALU(2, 4, epsilon=0.1, seed=seed, dtype=dtype),
    "KAF": lambda seed=0, dtype="float64": KAF(4, elements=6, seed=seed, dtype=dtype),
    "KAF-trained": lambda seed=0, dtype="float64": KAF(4, elements=5, train_gamma=True, seed=seed, dtype=dtype),
    "KAF-softplus": lambda seed=0, dtype="float64": KAF(4, "softplus", elements=3, seed=seed, dtype=dtype),
    "KAF2D": lambda seed=0, dtype="float64": KAF2D(8, elements=4, seed=seed, dtype=dtype),
    "Grid": lambda seed=0, dtype="float64": Grid(MDLSTM(2, 4, seed=seed, dtype=dtype)),
    "Conv2d": lambda seed=0, dtype="float64": Conv2d(2, 4, (2, 3), padding=(0, 1), seed=seed, dtype=dtype),
    "Conv2d-stride": lambda seed=0, dtype="float64": Conv2d(
        2, 4, 3, stride=(1, 2), padding=1, bias=False, seed=seed, dtype=dtype
    ),
    "MaxPool2d": lambda seed=0, dtype="float64": MaxPool2d((2, 3)),
    "MaxPool2d-overlap": lambda seed=0, dtype="float64": MaxPool2d(3, stride=(2, 1), padding=1),
    "FourDirections": lambda seed=0, dtype="float64": FourDirections(
        [MDLSTM(2, 1, seed=seed + k, dtype=dtype) for k in range(4)]
    ),
    "ReNet": lambda seed=0, dtype="float64": ReNet(
        2, [1, 2], patch=[2, (1, 2)], cell=RNN, seed=seed, dtype=dtype
    ),
    "Sweeps": lambda seed=0, dtype="float64": Sweeps(2, 2, patch=(1, 2), seed=seed, dtype=dtype),
    "Sweeps-horizontal": lambda seed=0, dtype="float64": Sweeps(
        2, 1, patch=(1, 2), order="horizontal-first", parallel=True, cell=RNN, seed=seed, dtype=dtype
    ),
}

__all__ = [
    "KAF",
    "KAF2D",
    "NAC",
    "NALU",
    "Answer",
    "BatchNorm",
    "Bidirectional",
    "Conv2d",
    "Dropout",
    "Embedding",
    "EncoderDecoder",
    "FourDirections",
    "Grid",
    "Highway",
    "LayerNorm",
    "Linear",
    "ReNet",
    "Recurrent",
    "Stack",
    "Sweeps",
    "beam",
    "greedy",
    "registry",
]
