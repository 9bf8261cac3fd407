"""A check works on copies: what belongs to the caller is as it was afterwards, also after an exception.

A layer or cell is copied whole, and the copy made float64. The two random streams that are global to
Python are put back, for a function under check may draw from them; streams that belong to the copied
layer are copied with it.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import numpy as np

from minigate.backend import asarray
from minigate.checking.subject import host
from minigate.errors import OptionError, explain
from minigate.module import Module

M = TypeVar("M", bound=Module)

#: How many times as large the parameters of the saturated point are.
SATURATION = 5.0


@contextmanager
def random_state_kept() -> Iterator[None]:
    """Put the global random streams of Python and NumPy back at the end, whatever happened."""
    python, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002 (kept for the caller, not drawn from)
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)  # noqa: NPY002


def float64_copy(module: M) -> M:
    """The module again, with memory of its own, every parameter and buffer float64, and no gradients.

    **Errors**: :class:`OptionError` for a module that cannot be copied.
    """
    try:
        twin = copy.deepcopy(module)
    except Exception as error:
        raise OptionError(
            explain(
                f"the check works on a copy, and this {type(module).__name__} cannot be copied ({error})",
                where="check",
                slip="it holds a Tensor in the middle of a tape, an open file, a lock, …",
                remedy="pass the class, or a function that makes a new one",
            )
        ) from error
    for parameter in twin.parameters():
        parameter.data = asarray(parameter.data, dtype="float64", like=parameter.data)
        parameter.grad = None
    for _, part in twin.named_modules():
        for name, array in part._buffers.items():
            if array.dtype.kind == "f":
                part._buffers[name] = asarray(array, dtype="float64", like=array)
    return twin


def random_point(module: Module, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """A value for every parameter at which nothing is zero and nothing is small: its own, plus noise.

    A weight matrix gets noise of 1.4 / √(its rows), so that what it makes of an input of size 1 stays where
    gates are curved and not flat; biases and the like ½, a gate's own parameters 0.3.

    **Shapes**: each as its parameter.
    """
    point = {}
    for name, parameter in module.named_parameters():
        shape = tuple(parameter.shape)
        spread = 0.3 if ".gate." in name else 1.4 / np.sqrt(shape[0]) if len(shape) > 1 else 0.5
        own = host(parameter)
        point[name] = own + spread * rng.normal(size=shape)
    return point


def saturated_point(point: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same point with all but the gates' own parameters five times as large: most gates are nearly shut or open.

    There the curves are flat, the gradient that is left is small, and a slope that is right only near 0 is wrong.

    **Shapes**: each as it was.
    """
    return {name: array if ".gate." in name else SATURATION * array for name, array in point.items()}
