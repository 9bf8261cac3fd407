"""A difference is described by where it is and what it looks like."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from minigate.learn import difference
from minigate.tensor import Tensor

RIGHT = np.random.default_rng(0).normal(size=(5, 3, 4))
AXES = ("t", "n", "unit")


def changed(index: Any, by: float = 1.0) -> np.ndarray:
    array = RIGHT.copy()
    array[index] += by
    return array


def shifted() -> np.ndarray:
    return np.concatenate([np.zeros((1, 3, 4)), RIGHT[:-1]])


@pytest.mark.parametrize(
    "got, pieces",
    [
        (changed((2, 1, 3)), ("1 of 60", "[t=2, n=1, unit=3]", "only t=2 is wrong")),
        (changed(slice(0, 4)), ("48 of 60", "only t=4 is right")),
        (changed([1, 3]), ("wrong at t=1, 3; right at t=0, 2, 4",)),
        (changed((slice(None), slice(None), 2)), ("only unit=2 is wrong",)),
        (-RIGHT, ("the sign is the other way round",)),
        (2 * RIGHT, ("every number is 2 times what it should be",)),
        (RIGHT / 3, ("every number is ⅓ times",)),
        (RIGHT * 1.7, ("every number is 1.7 times",)),
        (np.zeros_like(RIGHT), ("every number is 0",)),
        (RIGHT[::-1], ("it is reversed along t",)),
        (shifted(), ("it is shifted by one along t",)),
        (RIGHT.sum(axis=0), ("has shape (3, 4), expected (t=5, n=3, unit=4)",)),
        (RIGHT[..., None], ("axis 3 (length 1) is still there",)),
        (RIGHT.transpose(2, 1, 0), ("the axes are the other way round",)),
        (RIGHT * np.nan, ("not finite (nan) at [t=0, n=0, unit=0]",)),
    ],
)  # fmt: skip
def test_what_differs_and_where(got: Any, pieces: tuple[str, ...]) -> None:
    text = difference("dh", RIGHT, got, axes=AXES)
    assert text.startswith("dh ")
    for piece in pieces:
        assert piece in text, text


def test_a_square_matrix_the_other_way_round() -> None:
    U = np.random.default_rng(1).normal(size=(4, 4))
    assert "it is the transpose of what it should be" in difference("dU", U, U.T)


def test_agreement_has_nothing_to_say() -> None:
    assert difference("y", RIGHT, RIGHT + 1e-12) == ""
    assert difference("y", RIGHT, Tensor(RIGHT)) == ""
    assert difference("y", 3.0, 3) == "" and difference("y", np.zeros((0, 2)), np.zeros((0, 2))) == ""
    assert difference("y", np.array([np.inf, np.nan]), np.array([np.inf, np.nan])) == ""


def test_a_number_out_of_place_is_named() -> None:
    lines = difference("loss", 2.0, 2.5).splitlines()
    assert lines[0] == "loss differs in 1 of 1 numbers: expected 2, got 2.5"
    assert lines[1] == "every number is 1.25 times what it should be"
