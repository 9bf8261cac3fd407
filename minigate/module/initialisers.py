"""How weights begin. Every draw is made on the host, in float64, from the generator that is handed in,
so that a model starts from the same numbers on every array library and in every dtype.

A weight of shape (D, H) meets the data as ``operand @ W``: D is what comes in, H what goes out.
"""

from __future__ import annotations

import math
from typing import Any

Array = Any
Generator = Any  # numpy.random.Generator


def zeros(rng: Generator, shape: tuple[int, ...]) -> Array:
    """All zero: for biases.

    **Shapes**: returns ``shape``.
    """
    return rng.random(shape) * 0.0


def uniform(rng: Generator, shape: tuple[int, ...], limit: float = 0.08) -> Array:
    """Uniform on (−limit, limit).

    **Shapes**: returns ``shape``.
    **Source**: the ±0.08 of the Gated-Feedback author's code and of Zaremba & Sutskever (2014).
    """
    return rng.uniform(-limit, limit, shape)


def normal(rng: Generator, shape: tuple[int, ...], deviation: float = 0.1) -> Array:
    """Normal with mean 0 and the given standard deviation.

    **Shapes**: returns ``shape``.
    **Source**: Koutník et al. (2014) draw every weight with deviation 0.1.
    """
    return rng.normal(0.0, deviation, shape)


def glorot(rng: Generator, shape: tuple[int, ...]) -> Array:
    """Uniform with a variance of 2 / (fan in + fan out), which keeps activations and gradients in scale.

    **Equations**: W ~ U(−a, a), a = √(6 / (D + H)).
    **Shapes**: ``shape`` is (D, H), or (…, D, H) with leading axes free.
    **Source**: Glorot & Bengio (2010), eq. 16.
    """
    limit = math.sqrt(6.0 / max(1, shape[-1] + shape[-2]))
    return rng.uniform(-limit, limit, shape)


def orthogonal(rng: Generator, shape: tuple[int, ...]) -> Array:
    """Rows (or columns, where there are fewer of them) orthonormal: repeated products keep their length.

    Gram–Schmidt on a Gaussian matrix, twice over so that rounding does not eat the orthogonality.

    **Equations**: U Uᵀ = 1 where D ≤ H, Uᵀ U = 1 where D ≥ H.
    **Shapes**: ``shape`` is (D, H).
    **Source**: Saxe, McClelland & Ganguli (2014).
    """
    rows, columns = min(shape), max(shape)
    basis = rng.normal(size=(rows, columns))
    for i in range(rows):
        for _ in range(2):
            basis[i] -= (basis[:i] @ basis[i]) @ basis[:i]
            basis[i] /= math.sqrt(float(basis[i] @ basis[i]))
    return basis if shape[0] <= shape[1] else basis.T.copy()
