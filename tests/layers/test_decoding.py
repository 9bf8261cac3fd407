"""Answers on one's own: greedy against steps made by hand, and the search against all answers there are."""

import itertools

import numpy
import pytest

import minigate as mg
from minigate.errors import OptionError
from minigate.layers import EncoderDecoder, beam, greedy

D, K, START, STOP = 5, 4, 3, 1
SOURCE = numpy.random.default_rng(1).integers(0, D, (6, 5))


def model(seed=0, spread=1.5):
    layer = EncoderDecoder(mg.cells.GRU(D, 6, seed=1, dtype="float64"), mg.cells.GRU(K, 6, seed=2, dtype="float64"))
    values = numpy.random.default_rng(seed)
    for _, parameter in layer.named_parameters():
        parameter.assign(spread * values.normal(size=parameter.shape))
    return layer


def log_probability(layer, source, tokens):
    """Of a whole answer, teacher-forced."""
    inputs = numpy.array([[START, *tokens[:-1]]]).T
    logs = mg.ops.log_softmax(layer(source, inputs)).data[:, 0]
    return sum(logs[t, token] for t, token in enumerate(tokens)), logs


@pytest.mark.parametrize("seed", range(4))
def test_greedy_takes_the_likeliest_and_reads_it(seed):
    layer = model(seed)
    for n, answer in enumerate(greedy(layer, SOURCE, start=START, stop=STOP, limit=8)):
        total, logs = log_probability(layer, SOURCE[:, n : n + 1], answer.tokens)
        assert tuple(logs.argmax(axis=-1)) == answer.tokens
        assert answer.log_probability == pytest.approx(total, abs=1e-10)
        assert abs(answer.probabilities - numpy.exp(logs)).max() < 1e-12
        assert STOP not in answer.tokens[:-1]
        assert answer.tokens[-1] == STOP or len(answer.tokens) == 8


def test_greedy_reads_ragged_scripts():
    layer, lengths = model(), numpy.array([6, 2, 4, 1, 3])
    together = greedy(layer, SOURCE, start=START, stop=STOP, limit=8, mask=numpy.arange(6)[:, None] < lengths)
    for n, answer in enumerate(together):
        (alone,) = greedy(layer, SOURCE[: lengths[n], n : n + 1], start=START, stop=STOP, limit=8)
        assert answer.tokens == alone.tokens


def test_a_search_along_one_path_is_greedy():
    for seed in range(6):
        layer, source = model(seed), SOURCE[:, :1]
        (one,), (other,) = (
            greedy(layer, source, start=START, stop=STOP, limit=8),
            beam(layer, source, start=START, stop=STOP, width=1, limit=8),
        )
        assert one.tokens == other.tokens and one.log_probability == pytest.approx(other.log_probability, abs=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_a_wide_search_finds_the_best_of_all_answers(seed):
    layer, source, limit = model(seed, spread=0.5), SOURCE[:, :1], 4
    others = [k for k in range(K) if k != STOP]
    every = [(*before, STOP) for length in range(limit) for before in itertools.product(others, repeat=length)]
    best = sorted(every, key=lambda tokens: -log_probability(layer, source, tokens)[0])[:3]
    found = beam(layer, source, start=START, stop=STOP, width=K**limit, limit=limit)
    assert [answer.tokens for answer in found[:3]] == best
    for answer in found[:3]:
        total, logs = log_probability(layer, source, answer.tokens)
        assert answer.log_probability == pytest.approx(total, abs=1e-10)
        assert abs(answer.probabilities - numpy.exp(logs)).max() < 1e-12


def test_where_nothing_comes_to_an_end_the_best_beginning_is_given():
    layer = model()
    layer.linear["b"].assign(numpy.where(numpy.arange(K) == STOP, -1e3, 0.0))
    for answers in (
        greedy(layer, SOURCE[:, :1], start=START, stop=STOP, limit=5),
        beam(layer, SOURCE[:, :1], start=START, stop=STOP, width=2, limit=5),
    ):
        assert len(answers[0].tokens) == 5 and STOP not in answers[0].tokens


@pytest.mark.parametrize("options, words", [
    ({"start": 9, "stop": STOP}, ["start is no symbol of the decoder", "0 … 3", "9"]),
    ({"start": START, "stop": -1}, ["stop is no symbol of the decoder"]),
    ({"start": START, "stop": STOP, "limit": 0}, ["greedy: limit is a count", "a whole number limit >= 1, got 0"]),
    ({"start": START, "stop": STOP, "width": 0}, ["beam: width is a count: expected a whole number width >= 1, got 0"]),
    ({"start": START, "stop": STOP, "width": 2, "many": True}, ["one sequence at a time", "(T, 1)", "(6, 5)"]),
])  # fmt: skip
def test_what_cannot_be_asked_for(options, words):
    decode = beam if "width" in options else greedy
    source = SOURCE if options.pop("many", False) else SOURCE[:, :1]
    with pytest.raises(OptionError) as caught:
        decode(model(), source, **options)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_mask_hides_the_padding_from_both_searches():
    padded, mask = numpy.concatenate([SOURCE[:4, :1], SOURCE[:2, :1]]), (numpy.arange(6) < 4)[:, None]
    for decode in (greedy, beam):
        (found, *_), (expected, *_) = (
            decode(model(), source, start=START, stop=STOP, limit=5, **options)
            for source, options in ((padded, {"mask": mask}), (SOURCE[:4, :1], {}))
        )
        assert found.tokens == expected.tokens and found.log_probability == pytest.approx(expected.log_probability)
