"""State dicts as PyTorch's layers have them, made of numbers that can be told apart."""

from __future__ import annotations

import numpy

ROWS = {"RNN": 1, "LSTM": 4, "GRU": 3}


def theirs(kind: str, D: int = 2, H: int = 2, endings: tuple[str, ...] = ("_l0",)) -> dict[str, numpy.ndarray]:
    """A state dict of PyTorch's; every number is another one."""
    found, start = {}, 1.0
    for ending in endings:
        inputs = D if ending.startswith(("_l0",)) or not ending else H * (2 if "_l0_reverse" in endings else 1)
        rows = ROWS[kind] * H
        shapes = {"weight_ih": (rows, inputs), "weight_hh": (rows, H), "bias_ih": (rows,), "bias_hh": (rows,)}
        for part, shape in shapes.items():
            size = int(numpy.prod(shape))
            found[part + ending] = numpy.arange(start, start + size).reshape(shape)
            start += size
    return found
