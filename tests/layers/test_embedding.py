"""Embedding: rows by number, equal to one-hot vectors times the table, forward and back."""

import numpy
import pytest

from minigate.errors import DTypeError, OptionError
from minigate.layers.embedding import Embedding
from minigate.layers.linear import Linear


def test_it_is_the_product_with_one_hot_vectors_there_and_back(backend):
    rng = numpy.random.default_rng(0)
    tokens = rng.integers(0, 6, size=(5, 3))
    cotangent = rng.normal(size=(5, 3, 2))
    rows = Embedding(6, 2, seed=0, dtype="float64")
    product = Linear(6, 2, bias=False, dtype="float64")
    product.load_state_dict(rows.state_dict())
    one, other = rows(backend.to(tokens)), product(backend.to(numpy.eye(6)[tokens]))
    numpy.testing.assert_allclose(backend.host(one), backend.host(other), rtol=1e-12)
    one.backward(backend.to(cotangent))
    other.backward(backend.to(cotangent))
    numpy.testing.assert_allclose(backend.host(rows["W"].grad), backend.host(product["W"].grad), rtol=1e-12)


def test_shapes_names_and_dtype():
    layer = Embedding(6, 2, seed=0)
    assert layer([[0, 5, 1]]).shape == (1, 3, 2)
    assert layer(numpy.zeros((0, 3), dtype=int)).shape == (0, 3, 2)
    assert layer([0]).dtype == "float32"
    assert list(layer.state_dict()) == ["W"]


def test_misuse_is_named():
    layer = Embedding(6, 2, seed=0)
    with pytest.raises(DTypeError, match="argmax"):
        layer(numpy.eye(6))
    with pytest.raises(OptionError, match="K=6"):
        layer([0, 6])
    with pytest.raises(OptionError, match="-1"):
        layer([-1])
    with pytest.raises(OptionError, match="a whole number K >= 1, got 0"):
        Embedding(0, 2)
