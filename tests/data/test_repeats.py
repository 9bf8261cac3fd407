"""How much of a text stands in another, word for word."""

import pytest

from minigate.data import overlap, repeats
from tests.train.conftest import WORDS


@pytest.fixture(params=[2**18, 7])
def block(request, monkeypatch):
    """Also in blocks that are shorter than a stretch."""
    monkeypatch.setattr(repeats, "_BLOCK", request.param)


def by_definition(train, held_out, run):
    known = {train[k : k + run] for k in range(len(train) - run + 1)}
    covered = set()
    for k in range(len(held_out) - run + 1):
        covered |= set(range(k, k + run)) if held_out[k : k + run] in known else set()
    return len(covered) / len(held_out)


@pytest.mark.parametrize("kind", [str, str.encode])
def test_it_counts_what_stands_in_the_training_text_word_for_word(block, kind):
    train = "the quick brown fox jumps over the lazy dog"
    for held_out, share in [
        (train, 1.0),
        ("nothing like it at all", 0.0),
        ("brown fox !" + "over the l" + "?" * 19, (10 + 10) / 40),
        ("quick brown!quick brown", 22 / 23),
        ("short", 0.0),
        ("", 0.0),
    ]:
        assert overlap(kind(train), kind(held_out), run=10) == pytest.approx(share)
    assert overlap(kind("short"), kind(train), run=10) == 0.0


@pytest.mark.parametrize("run", [1, 3, 8, 13, 40])
def test_it_is_what_its_definition_says(block, rng, run):
    letters = list("ab\N{SNOWMAN}")
    train, held_out = ("".join(rng.choice(letters, size)) for size in (300, 200))
    held_out += train[50:120] + WORDS[:40]
    assert overlap(train, held_out, run) == pytest.approx(by_definition(train, held_out, run))
