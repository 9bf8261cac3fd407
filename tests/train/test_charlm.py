"""The character model: what it is scored on, that it learns, and that looking at it changes nothing."""

import math

import numpy
import pytest

from minigate import backend as minigate_backend
from minigate.backend import asnumpy
from minigate.data import Text
from minigate.errors import DataError
from minigate.tensor import no_grad
from minigate.train import CharLM, CharLMConfig, clip_gradient_norm
from tests.train.conftest import SMALL, WORDS


def make(characters=WORDS * 12, **options):
    return CharLM(CharLMConfig(**{**SMALL, **options}), Text(characters, "test", "a test"))


@pytest.mark.parametrize("streams", [1, 4, 10])
def test_bits_per_character_is_the_mean_over_every_character_once(streams):
    task = make()
    task.model.eval()
    tokens = task.vocabulary.encode(task.parts.valid)
    total, begun = 0.0, 0
    lengths = [len(range(n, len(tokens) - 1, streams)) for n in range(streams)]  # as even as they can be
    with no_grad():
        for length in lengths:
            inputs, targets = tokens[begun : begun + length], tokens[begun + 1 : begun + length + 1]
            scores = asnumpy(task.model(inputs[:, None])[0])[:, 0].astype("float64")
            scores -= numpy.log(numpy.exp(scores).sum(axis=1, keepdims=True))
            total -= scores[numpy.arange(length), targets].sum()
            begun += length
    assert begun == len(tokens) - 1
    assert task.evaluate("valid", streams) == pytest.approx(total / begun / math.log(2), rel=1e-5)


def test_knowing_nothing_costs_the_logarithm_of_the_vocabulary():
    task = make()
    for parameter in task.model.parameters():
        parameter.assign(numpy.zeros_like(parameter.data))
    assert task.evaluate("test") == pytest.approx(math.log2(len(task.vocabulary)), rel=1e-5)
    assert task.loss().item() == pytest.approx(math.log(len(task.vocabulary)), rel=1e-5)


def test_the_state_is_carried_within_an_epoch_and_not_into_the_next():
    task = make(dropout=0.0)
    firsts = []
    for _ in range(2 * len(task.reader)):
        begins = task.reader.index == 0
        task.loss()
        if begins:
            firsts.append(asnumpy(task.carried[0]).copy())
    numpy.testing.assert_array_equal(firsts[0], firsts[1])
    assert not task.carried[0].requires_grad


def test_the_state_is_set_to_zero_after_so_many_updates():
    task, forever = make(dropout=0.0, reset_every=3), make(dropout=0.0)
    states = []
    for _ in range(6):
        task.loss()
        forever.loss()
        states.append(asnumpy(task.carried[0]))
    place = task.reader.position
    fresh = make(dropout=0.0)
    fresh.reader.position = {**place, "index": 3}
    fresh.carried = None
    for k in (3, 4, 5):
        fresh.loss()
        numpy.testing.assert_array_equal(asnumpy(fresh.carried[0]), states[k])
    assert not numpy.array_equal(asnumpy(forever.carried[0]), states[5])


@pytest.mark.parametrize("feedback", ["none", "gated", "open"])
def test_every_layer_carries_its_state_and_the_softmax_reads_all(feedback):
    task = make(dropout=0.0, layers=3, feedback=feedback)
    task.loss()
    arrays, values = task.state()
    assert len(arrays) == 3
    assert task.model.linear["W"].shape[0] == 3 * SMALL["hidden"]
    other = make(dropout=0.0, layers=3, feedback=feedback)
    other.restore(arrays, values)
    assert task.loss().item() == other.loss().item()


def test_a_model_of_bytes_has_room_for_symbols_that_never_came():
    task = CharLM(CharLMConfig(**SMALL, symbols=205), Text((WORDS * 12).encode(), "test", "a test"))
    assert task.model.K == len(task.vocabulary) == 205
    assert len(task.vocabulary.symbols) < 60
    assert task.evaluate("valid") == pytest.approx(math.log2(205), rel=0.2)


def test_carrying_is_the_same_as_not_cutting():
    whole, cut = (make(dropout=0.0, length=length) for length in (10, 5))
    whole.loss()
    cut.loss()
    cut.loss()
    numpy.testing.assert_allclose(asnumpy(whole.carried[0]), asnumpy(cut.carried[0]), rtol=1e-5, atol=1e-6)


def test_evaluation_leaves_no_trace():
    task = make()
    task.loss()
    before = task.state(), task.model.dropout.generator.bit_generator.state
    task.model.eval()
    task.evaluate("valid")
    task.model.train()
    after = task.state(), task.model.dropout.generator.bit_generator.state
    assert before[1] == after[1]
    assert before[0][1] == after[0][1]
    for name, array in before[0][0].items():
        numpy.testing.assert_array_equal(array, after[0][0][name])


def test_it_learns_a_small_text_almost_by_heart():
    task = make(hidden=24, dropout=0.0, learning_rate=0.02, length=20)
    optimiser = task.optimiser()
    before = task.evaluate("test")
    for _ in range(200):
        optimiser.zero_grad()
        task.loss().backward()
        optimiser.step()
    assert task.evaluate("test") < 1.0 < 4.0 < before


def test_a_held_out_character_that_was_never_seen_is_scored_as_unknown():
    task = make(WORDS * 12 + "\N{SNOWMAN}" * 30)
    assert len(task.vocabulary) == 1 + len(set(WORDS))
    assert math.isfinite(task.evaluate("test"))


def test_a_text_too_short_is_named():
    with pytest.raises(DataError, match="too short"):
        make("short")
    with pytest.raises(DataError, match="at least N"):
        make("a short text, forty characters or so long", batch=50)


def test_the_text_is_described_with_its_checksum_and_how_much_of_it_repeats():
    described = make().describe()
    assert sum(described["characters"].values()) == len(WORDS * 12)
    assert described["repeats"] == {"valid": 1.0, "test": 1.0}
    assert len(described["sha256"]) == 64


def test_training_is_the_same_on_every_array_library(backend):
    def three_updates():
        task = make()
        optimiser = task.optimiser()
        losses = []
        for _ in range(3):
            optimiser.zero_grad()
            loss = task.loss()
            loss.backward()
            clip_gradient_norm(optimiser.parameters.values(), 1.0)
            optimiser.step()
            losses.append(loss.item())
        task.model.eval()
        return [*losses, task.evaluate("valid")]

    here = three_updates()
    with minigate_backend.use("numpy"):
        assert here == pytest.approx(three_updates(), rel=1e-5)
