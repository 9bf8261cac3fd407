"""Reading, then writing: the state that is handed over, its gradient, ragged batches, and windows."""

import numpy
import pytest

import minigate as mg
from minigate.errors import OptionError, ShapeError
from minigate.layers import EncoderDecoder, Recurrent, Stack
from minigate.layers.encoder_decoder import state_sizes

D, V, K = 5, 4, 3
T, S, N = 7, 4, 3
SCRIPTS, ANSWERS = numpy.array([7, 3, 5]), numpy.array([2, 4, 3])
SOURCE_MASK = numpy.arange(T)[:, None] < SCRIPTS
MASK = numpy.arange(S)[:, None] < ANSWERS
rng = numpy.random.default_rng(5)
SOURCE, INPUTS = rng.integers(0, D, (T, N)), rng.integers(0, V, (S, N))
COTANGENT = rng.normal(size=(S, N, K)) * MASK[..., None]


def stack(D, seed):
    cells = mg.cells.GRU(D, 3, seed=seed, dtype="float64"), mg.cells.LSTM(3, 4, seed=seed + 1, dtype="float64")
    return Stack([Recurrent(cell) for cell in cells])


#: What reads and what writes: D and a seed → a layer. A cell whose state is a count, too, and one without a hand.
KINDS = {
    "a cell": lambda D, seed: mg.cells.GRU(D, 4, seed=seed, dtype="float64"),
    "a stack": stack,
    "gated feedback": lambda D, seed: mg.cells.GatedFeedback(D, [3, 4], unit="lstm", seed=seed, dtype="float64"),
    "a clock": lambda D, seed: mg.cells.ClockworkRNN(D, 4, periods=(1, 2), seed=seed, dtype="float64"),
    "peepholes": lambda D, seed: mg.cells.LSTM(D, 4, peephole="diagonal", seed=seed, dtype="float64"),
    "the tape": lambda D, seed: Recurrent(mg.cells.GRU(D, 4, seed=seed, dtype="float64"), method="tape"),
    "a learned start": lambda D, seed: Recurrent(mg.cells.GRU(D, 4, seed=seed, dtype="float64"), initial="learned"),
}


def model(kind="a cell", unroll=0):
    made = KINDS[kind]
    layer = EncoderDecoder(made(D, 1), made(V, 2), K, unroll=unroll, seed=3)
    values = numpy.random.default_rng(4)
    for _, parameter in layer.named_parameters():
        parameter.assign(0.7 * values.normal(size=parameter.shape))
    return layer


def gradients(layer, *inputs):
    scores = layer(*inputs)
    found = mg.grad(scores, list(layer.parameters()), mg.Tensor(COTANGENT), unused="zero")
    return scores.data, {name: g.data for (name, _), g in zip(layer.named_parameters(), found, strict=True)}


@pytest.mark.parametrize("kind", KINDS)
def test_the_decoder_begins_where_the_encoder_ends(kind):
    layer = model(kind)
    scores = layer(SOURCE, INPUTS, SOURCE_MASK, MASK).data
    for n in range(N):
        _, state = layer.encoder(mg.Tensor(SOURCE[: SCRIPTS[n], n : n + 1]))
        y, _ = layer.decoder(mg.Tensor(INPUTS[: ANSWERS[n], n : n + 1]), state)
        expected = y.data @ layer.linear["W"].data + layer.linear["b"].data
        assert abs(scores[: ANSWERS[n], n] - expected[:, 0]).max() < 1e-12


@pytest.mark.parametrize("kind", ["a stack", "gated feedback", "peepholes"])
def test_the_gradient_goes_through_the_state_into_the_encoder(kind):
    layer = model(kind)
    report = mg.check(layer, SOURCE, INPUTS, SOURCE_MASK, MASK)
    assert report.passed, str(report)
    _, found = gradients(layer, SOURCE, INPUTS, SOURCE_MASK, MASK)
    assert all(abs(g).max() > 0 for name, g in found.items() if name.startswith("encoder."))


def test_what_stands_in_the_padding_changes_nothing():
    layer = model()
    other_source = numpy.where(SOURCE_MASK, SOURCE, (SOURCE + 1) % D)
    other_inputs = numpy.where(MASK, INPUTS, (INPUTS + 1) % V)
    one, other = (gradients(layer, *two, SOURCE_MASK, MASK) for two in ((SOURCE, INPUTS), (other_source, other_inputs)))
    assert numpy.array_equal(one[0], other[0])
    assert all(numpy.array_equal(one[1][name], other[1][name]) for name in one[1])


@pytest.mark.parametrize("kind", KINDS)
def test_a_window_over_everything_is_no_window(kind):
    whole, windows = model(kind), model(kind, unroll=T + S)
    for masks in ((SOURCE_MASK, MASK), (None, None)):
        (scores, found), (same, also) = (gradients(each, SOURCE, INPUTS, *masks) for each in (whole, windows))
        assert abs(scores - same).max() < 1e-12
        assert all(abs(found[name] - also[name]).max() <= 1e-12 * (1 + abs(found[name]).max()) for name in found)


@pytest.mark.parametrize("window", [1, 2, 3, 5])
@pytest.mark.parametrize("kind", ["a stack", "gated feedback", "a clock", "a learned start"])
def test_windows_carry_the_state_and_cut_the_gradient(kind, window):
    """One sequence after the other, one step after the other, the state detached where a window begins."""
    layer = model(kind, unroll=window)
    scores, found = gradients(layer, SOURCE, INPUTS, SOURCE_MASK, MASK)
    said = []
    for n in range(N):
        state = None
        line = [(layer.encoder, SOURCE[t, n]) for t in range(SCRIPTS[n])]
        line += [(layer.decoder, INPUTS[t, n]) for t in range(ANSWERS[n])]
        for t, (part, token) in enumerate(line):
            if t % window == 0 and t > 0:
                state = mg.layers.states.detached(state)
            y, state = part(mg.Tensor(numpy.array([[token]])), state)
            if part is layer.decoder:
                said.append((layer.linear(y), n, t - SCRIPTS[n]))
    expected = mg.grad(
        [y for y, _, _ in said], list(layer.parameters()),
        [mg.Tensor(COTANGENT[s, n][None, None]) for _, n, s in said], unused="zero",
    )  # fmt: skip
    for y, n, s in said:
        assert abs(y.data[0, 0] - scores[s, n]).max() < 1e-12
    for (name, _), g in zip(layer.named_parameters(), expected, strict=True):
        assert abs(found[name] - g.data).max() <= 1e-12 * (1 + abs(g.data).max()), name


def test_empty_scripts_and_answers():
    for unroll in (0, 3):
        layer = model(unroll=unroll)
        assert layer(SOURCE[:0], INPUTS).shape == (S, N, K)
        assert layer(SOURCE, INPUTS[:0]).shape == (0, N, K)
        assert layer(SOURCE[:, :0], INPUTS[:, :0]).shape == (S, 0, K)
    assert abs(model()(SOURCE[:0], INPUTS).data - model(unroll=3)(SOURCE[:0], INPUTS).data).max() < 1e-12


def test_the_sizes_of_a_state():
    assert state_sizes(stack(D, 0)) == ({"h": 3}, {"h": 4, "c": 4})


@pytest.mark.parametrize("make, words", [
    (lambda: EncoderDecoder(mg.cells.GRU(5, 4), mg.cells.GRU(5, 3)),
     ["decoder cannot begin where the encoder ends", "h (N, 4)", "h (N, 3)"]),
    (lambda: EncoderDecoder(stack(5, 0), mg.cells.GRU(5, 3)), ["layer 0: h (N, 3); layer 1: h (N, 4), c (N, 4)"]),
    (lambda: EncoderDecoder(mg.layers.Linear(5, 4), mg.cells.GRU(5, 3)),
     ["the encoder is no recurrent layer", "a cell, a Recurrent or a Stack"]),
    (lambda: EncoderDecoder(mg.layers.Bidirectional(mg.cells.GRU(5, 4), mg.cells.GRU(5, 4)), mg.cells.GRU(5, 4)),
     ["the encoder is no recurrent layer", "backward half"]),
    (lambda: EncoderDecoder(mg.cells.GRU(5, 4), mg.cells.GRU(5, 4), unroll=-1), ["a whole number unroll >= 0, got -1"]),
    (lambda: EncoderDecoder(mg.cells.GRU(5, 4), mg.cells.GRU(5, 4), 0), ["a whole number K >= 1, got 0"]),
])  # fmt: skip
def test_what_cannot_be_made(make, words):
    with pytest.raises(OptionError) as caught:
        make()
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_two_batches_and_padding_on_the_left():
    with pytest.raises(ShapeError, match=r"two batches[\s\S]*N=3[\s\S]*\(4, 2\)"):
        model()(SOURCE, INPUTS[:, :2])
    for masks, name in (((SOURCE_MASK[::-1], MASK), "source_mask"), ((SOURCE_MASK, MASK[::-1]), "mask")):
        with pytest.raises(ShapeError, match=rf"{name} has padding before the end[\s\S]*padding on the left"):
            model(unroll=2)(SOURCE, INPUTS, *masks)
