"""What a stack can do besides standing on top of one another: skips, normalisation, dropout."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.errors import OptionError
from minigate.layers import Bidirectional, LayerNorm, Linear, Recurrent, Stack
from tests.contracts import differences
from tests.contracts.subjects import HOST, MASK, D, K, N, Subject, T, sequence
from tests.contracts.test_masks import near
from tests.contracts.test_state import same_as_whole
from tests.contracts.test_three_ways import along_a_direction, compare

masks = pytest.mark.parametrize("masked", [False, True], ids=["all", "mask"])
inputs = pytest.mark.parametrize("tokens", [False, True], ids=["floats", "tokens"])
OPTIONS = {
    "skip-input": {"skip_input": True},
    "skip-output": {"skip_output": True},
    "skips": {"skip_input": True, "skip_output": True},
    "norm": {"layer_norm": True},
    "all": {"skip_input": True, "skip_output": True, "layer_norm": True},
}
options = pytest.mark.parametrize("which", OPTIONS)


def stack(read: int = D, method: str | None = None, **options) -> Stack:
    skipped = read if options.get("skip_input") else 0
    cells = [
        mg.cells.GRU(read, 4, seed=0, dtype="float64"),
        mg.cells.LSTM(4 + skipped, 6, seed=1, dtype="float64"),
        mg.cells.RNN(6 + skipped, 5, seed=2, dtype="float64"),
    ]
    return Stack([Recurrent(cell, method=method) for cell in cells], **options)


def subject(backend, which: str, method=None, masked=False, tokens=False) -> Subject:
    mask = MASK if masked else None
    x = sequence((T, N, D), tokens=tokens, mask=mask)
    return Subject(stack(K if tokens else D, method, **OPTIONS[which]), backend, x, mask)


def norms(layers: Stack) -> list[LayerNorm]:
    return [module for _, module in layers.named_modules() if isinstance(module, LayerNorm)]


@options
@masks
@inputs
def test_by_hand_is_the_tape(backend, which, masked, tokens):
    hand, tape = (subject(backend, which, method, masked, tokens) for method in ("bptt", "tape"))
    for norm in norms(tape.layer):
        norm.method = "tape"
    for found, expected in zip(hand.outputs(), tape.outputs(), strict=True):
        assert differences.distance(found, expected) <= 1e-12
    for pattern, cotangents in hand.cotangents().items():
        compare(hand.gradients(cotangents), tape.gradients(cotangents), 1e-10, pattern)


@options
@masks
@inputs
def test_gradients_are_the_differences_along_a_direction(which, masked, tokens):
    whole = subject(HOST, which, masked=masked, tokens=tokens)
    for norm in norms(whole.layer):
        norm.epsilon = 0.1  # where the units of a row are nearly equal, differences cannot follow 1 / σ
    along_a_direction(whole)


@options
@masks
def test_splitting_with_the_state_carried_is_not_splitting(backend, which, masked):
    same_as_whole(subject(backend, which, masked=masked), [2])


@options
def test_it_is_what_the_equations_say_layer_by_layer(backend, which):
    whole = subject(backend, which)
    y, *_ = whole.outputs()
    x = mg.Tensor(backend.to(whole.values["x"]))
    starts = [mg.Tensor(backend.to(whole.values[f"state.{k}"])) for k in range(4)]
    chosen, read, said = OPTIONS[which], x, []
    for j, (layer, state) in enumerate(zip(whole.layer.layers, (starts[:1], starts[1:3], starts[3:]), strict=True)):
        own, _ = layer(read, tuple(state))
        said.append(own)
        read = own
        if "layer_norm" in chosen and j < 2:
            g, b = (whole.layer.children()[f"layer_norm.{j}"][name] for name in "gb")
            centred = own - own.mean(axis=-1, keepdims=True)
            read = g * centred / mg.ops.sqrt((centred * centred).mean(axis=-1, keepdims=True) + 1e-5) + b
        if "skip_input" in chosen:
            read = mg.ops.concat([read, x], axis=-1)
    expected = mg.ops.concat(said, axis=-1) if "skip_output" in chosen else said[-1]
    assert y.shape[-1] == whole.layer.output_size == (15 if "skip_output" in chosen else 5)
    assert near(y, backend.host(expected))


@masks
def test_a_token_that_skips_is_a_one_hot_row(backend, masked):
    tokens = subject(backend, "skips", masked=masked, tokens=True)
    one_hot = Subject(tokens.layer, backend, numpy.eye(K)[tokens.values["x"]], tokens.mask)
    one_hot.values = tokens.values | {"x": one_hot.values["x"]}
    for found, expected in zip(tokens.outputs(), one_hot.outputs(), strict=True):
        assert near(found, expected)
    cotangents = tokens.cotangents()["all"]
    expected = one_hot.gradients(cotangents)
    assert expected.pop("x").shape == (T, N, K)
    compare(tokens.gradients(cotangents), expected, 1e-12, "all")


@pytest.mark.parametrize("padding", [-1, 99])
def test_a_token_in_the_padding_may_be_outside_of_the_vocabulary(backend, padding):
    whole = subject(backend, "all", masked=True, tokens=True)
    expected = whole.outputs()
    whole.values["x"] = numpy.where(MASK, whole.values["x"], padding)
    assert all(numpy.array_equal(one, other) for one, other in zip(whole.outputs(), expected, strict=True))


# ---- dropout -------------------------------------------------------------------------------------


def test_dropout_is_between_layers_and_nowhere_else(backend):
    """Layer by layer with the masks that the children draw, after the normalisation, not on x and not on y."""
    dropping = {"dropout": 0.5, "seed": 3}
    whole = stack(skip_input=True, skip_output=True, layer_norm=True, **dropping)
    twin = stack(skip_input=True, skip_output=True, layer_norm=True, **dropping)
    twin.load_state_dict(whole.state_dict())
    assert [name for name in whole.children() if name.startswith("dropout")] == ["dropout.0", "dropout.1"]
    x = mg.Tensor(backend.to(sequence((T, N, D))))
    y, _ = whole(x)
    read, said = x, []
    for j, layer in enumerate(twin.layers):
        own, _ = layer(read)
        said.append(own)
        if j < 2:
            drop, norm = (twin.children()[f"{name}.{j}"] for name in ("dropout", "layer_norm"))
            keep = drop.generator.random((T, N, own.shape[-1]), dtype="float32") >= 0.5
            read = mg.ops.concat([norm(own) * backend.to(2.0 * keep), x], axis=-1)
    assert near(backend.host(y), backend.host(mg.ops.concat(said, axis=-1)))
    again, _ = whole(x)
    assert not near(backend.host(again), backend.host(y))


def test_in_evaluation_nothing_is_left_out():
    one, other = stack(dropout=0.5, seed=3).eval(), stack()
    other.load_state_dict(one.state_dict())
    x = sequence((T, N, D))
    assert numpy.array_equal(one(x)[0].data, other(x)[0].data)


def test_each_has_its_own_stream_which_a_checkpoint_finds():
    one, same, other = (stack(dropout=0.5, seed=seed) for seed in (3, 3, 4))
    streams = one.random_streams()
    assert list(streams) == ["dropout.0", "dropout.1"]
    first, second = (stream.random() for stream in streams.values())
    assert first != second
    assert [stream.random() for stream in same.random_streams().values()] == [first, second]
    assert [stream.random() for stream in other.random_streams().values()] != [first, second]
    assert not stack().random_streams()


def test_the_gradient_with_dropout_is_that_of_the_masks_drawn():
    layers, x = stack(dropout=0.4, seed=0), sequence((T, N, D))
    streams = layers.random_streams()
    saved = {path: stream.bit_generator.state for path, stream in streams.items()}

    def run(at):
        for path, stream in streams.items():
            stream.bit_generator.state = saved[path]
        return layers(at)[0]

    cotangent = numpy.random.default_rng(1).normal(size=(T, N, 5))
    start = mg.Tensor(x, requires_grad=True)
    run(start).backward(cotangent)
    step = 1e-5 * numpy.random.default_rng(2).choice([-1.0, 1.0], size=x.shape)
    expected = ((run(x + step).data - run(x - step).data) * cotangent).sum() / 2.0
    assert (start.grad.data * step).sum() == pytest.approx(expected, rel=1e-8)


# ---- what may stand in a stack -------------------------------------------------------------------


def test_a_stack_in_a_stack_and_directions_of_unlike_size():
    inner = stack(**OPTIONS["skips"])
    above = Bidirectional(
        mg.cells.GRU(inner.output_size, 3, seed=0, dtype="float64"),
        mg.cells.RNN(inner.output_size, 4, seed=0, dtype="float64"),
    )
    outer = Stack([inner, above])
    assert (outer.D, outer.output_size) == (D, 7)
    whole = Subject(outer, HOST, sequence((T, N, D), mask=MASK), MASK)
    along_a_direction(whole)
    assert "layers.0.layers.1.W.forget" in whole.values and "layers.1.backward.W" in whole.values


def test_names_and_what_it_is_called():
    layers = stack(**OPTIONS["all"], dropout=0.25)
    assert [name for name, _ in layers.named_parameters()][-4:] == [
        f"layer_norm.{j}.{name}" for j in (0, 1) for name in "gb"
    ]
    assert repr(layers).endswith("], skip_input=True, skip_output=True, layer_norm=True, dropout=0.25)")


def test_what_does_not_fit_is_named():
    below = Recurrent(mg.cells.GRU(2, 4))
    with pytest.raises(OptionError) as caught:
        Stack([below, Recurrent(mg.cells.GRU(4, 3))], skip_input=True)
    assert (
        str(caught.value)
        == """\
Stack: layer 1 does not fit on layer 0: expected D=6: layer 1 reads 4 from below and 2 of the input, got GRU(D=4, H=3)
  likely slip: skip_input was not counted in"""
    )
    with pytest.raises(OptionError, match=r"expected a cell with D=4, the output size below, got GRU\(D=6, H=3\)"):
        Stack([below, Recurrent(mg.cells.GRU(6, 3))])
    with pytest.raises(OptionError, match=r"layer 1 is no Recurrent: got Linear"):
        Stack([below, Linear(4, 4)])
    with pytest.raises(OptionError, match="rate is out of range"):
        Stack([below, Recurrent(mg.cells.GRU(4, 4))], dropout=1.0)
