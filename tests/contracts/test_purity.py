"""Arrays come out in the dtype they came in, nothing that came in is changed, and no layout in memory matters."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from tests.contracts import differences
from tests.contracts.example_gates import FEW, cells_and_gates
from tests.contracts.subjects import HOST, N, Subject, T, layer_of_registry, recurrent
from tests.strict_double import random_strides

cells = pytest.mark.parametrize("name, choice", cells_and_gates(FEW))
methods = pytest.mark.parametrize("method", ["bptt", "tape"])
inputs = pytest.mark.parametrize("tokens", [False, True], ids=["floats", "tokens"])
masks = pytest.mark.parametrize("masked", [False, True], ids=["all", "mask"])


def subject_of(name: str, choice: str, backend, method: str, **options) -> Subject:
    """One cell of the registry with one method, where it has it."""
    subject = recurrent(name, choice, backend, **options)
    if method == "bptt" and not subject.layer.cell.written_by_hand:
        pytest.skip("composed only")
    subject.layer.method = method
    return subject


@cells
@methods
@inputs
@masks
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_dtype_is_kept_and_nothing_that_comes_in_is_changed(backend, name, choice, method, tokens, masked, dtype):
    kept(subject_of(name, choice, backend, method, tokens=tokens, masked=masked, dtype=dtype), dtype)


@pytest.mark.parametrize("name", mg.layers.registry)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_layer_keeps_the_dtype_and_changes_nothing(backend, name, dtype):
    kept(layer_of_registry(name, backend, dtype), dtype)


def kept(subject: Subject, dtype: str) -> None:
    assert all(output.dtype in (dtype, "int64") for output in subject.outputs())
    assert not subject.disturbed()
    parameters = {name: subject.backend.host(p.data).tobytes() for name, p in subject.layer.named_parameters()}
    patterns = subject.cotangents()  # one step alone, or one state, are the same arrays with other numbers in them
    for what in [each for each in ("all", "last output", "final state") if each in patterns]:
        gradients = subject.gradients(patterns[what])
        assert {name for name, gradient in gradients.items() if gradient.dtype != dtype} == set()
        assert not subject.disturbed()
    assert parameters == {name: subject.backend.host(p.data).tobytes() for name, p in subject.layer.named_parameters()}


@cells
@masks
def test_float32_is_float64_up_to_its_rounding(backend, name, choice, masked):
    narrow, wide = (recurrent(name, choice, backend, masked=masked, dtype=dtype) for dtype in ("float32", "float64"))
    wide.values = {key: value.astype("float64") if value.dtype.kind == "f" else value
                   for key, value in narrow.values.items()}  # fmt: skip
    cotangents = narrow.cotangents()["all"]
    expected = wide.gradients([None if c is None else c.astype("float64") for c in cotangents])
    for key, found in narrow.gradients(cotangents).items():
        assert differences.distance(found, expected[key]) <= 1e-5, key


LAYOUTS = {
    "every second number": lambda xp, array: xp.repeat(array, 2, axis=-1)[..., ::2],
    "backwards": lambda xp, array: xp.flip(array, axis=0).copy()[::-1],
    "Fortran order": lambda xp, array: xp.asfortranarray(array),
    "batch first underneath": lambda xp, array: xp.swapaxes(xp.ascontiguousarray(xp.swapaxes(array, 0, 1)), 0, 1),
}


@pytest.mark.parametrize("name", mg.cells.registry)
@methods
@masks
def test_the_layout_in_memory_does_not_matter(backend, name, method, masked):
    def lay(how):
        return lambda array: how(backend.xp, array) if array.ndim > 1 else array

    same_with(
        subject_of(name, "none", backend, method, masked=masked), {what: lay(how) for what, how in LAYOUTS.items()}
    )


@pytest.mark.parametrize("name", mg.cells.registry)
@methods
@masks
def test_read_only_arrays_will_do(name, method, masked):
    def read_only(array):
        array.flags.writeable = False
        return array

    same_with(subject_of(name, "none", HOST, method, masked=masked), {"read-only": read_only})


def same_with(subject: Subject, layouts) -> None:
    """Two patterns: with the one every array is sent, with the other y has no cotangent."""
    every = subject.cotangents()
    patterns = {what: every[what] for what in ("all", "final state") if what in every}
    before = subject.outputs(), {what: subject.gradients(c) for what, c in patterns.items()}
    for layout, lay in layouts.items():
        subject.layout = lay
        for found, expected in zip(subject.outputs(), before[0], strict=True):
            assert differences.distance(found, expected) <= 1e-12, layout
        for what, cotangents in patterns.items():
            for key, found in subject.gradients(cotangents).items():
                assert differences.distance(found, before[1][what][key]) <= 1e-12, f"{layout}, {what}: d{key}"
            assert not subject.disturbed(), layout


@cells
@masks
def test_computed_arrays_may_lie_in_memory_as_they_like(name, choice, masked):
    """CuPy promises no order of the axes in memory for what it computes; neither does the strict double here."""
    from tests.conftest import Backend
    from tests.strict_double import strict_xp

    subject = recurrent(name, choice, Backend("strict", strict_xp), masked=masked)
    cotangents = subject.cotangents()["all"]
    before = subject.gradients(cotangents)
    for seed in range(3):
        with random_strides(seed):
            for key, found in subject.gradients(cotangents).items():
                assert differences.distance(found, before[key]) <= 1e-12, key


@cells
@methods
@inputs
@pytest.mark.parametrize("T, N", [(5, 0), (0, 3), (0, 0)])
def test_an_empty_batch_and_an_empty_sequence(backend, name, choice, method, tokens, T, N):
    """No sequence: nothing comes out. No step: the state passes through, and its gradient with it."""
    subject = subject_of(name, choice, backend, method, tokens=tokens, T=T, N=N)
    y, *states = subject.outputs()
    assert y.shape == (T, N, subject.layer.cell.output_size)
    for k, state in enumerate(states):
        assert state.shape == subject.values[f"state.{k}"].shape
        if T == 0:
            assert numpy.array_equal(state, subject.values[f"state.{k}"])
    if T or method == "bptt":
        gradients = subject.gradients(subject.cotangents()["all"])
        assert all(not gradients[p].any() for p, _ in subject.layer.named_parameters())


@pytest.mark.parametrize("name", mg.layers.registry)
@pytest.mark.parametrize("empty", ["N", "T"])
def test_every_layer_takes_an_empty_batch_and_an_empty_sequence(backend, name, empty):
    layer = layer_of_registry(name, backend).layer
    x = layer_of_registry(name, HOST).values["x"]
    images = getattr(layer, "takes", "") == "images"  # the batch comes first, and there is no sequence
    whole, y = (
        found[0] if isinstance(found, tuple) else found
        for found in (layer(backend.to(x)), layer(backend.to(x[:, :0] if empty == "N" and not images else x[:0])))
    )
    assert y.ndim == whole.ndim
    assert [now for now, before in zip(y.shape, whole.shape, strict=True) if now != before] == [0]


@cells
@methods
@inputs
@masks
def test_a_batch_is_its_sequences_one_by_one(backend, name, choice, method, tokens, masked):
    """f(batch)[n] = f(single n), there and back; the gradient of a parameter is the sum over the sequences."""
    batch = subject_of(name, choice, backend, method, tokens=tokens, masked=masked)
    cotangents = batch.cotangents()["all"]
    outputs, gradients = batch.outputs(), batch.gradients(cotangents)
    total = {name: numpy.zeros(parameter.shape) for name, parameter in batch.layer.named_parameters()}
    for n in range(N):
        one = slice(n, n + 1)
        mask = None if batch.mask is None else batch.mask[:, one]
        single = Subject(batch.layer, backend, batch.values["x"][:, one], mask)
        single.values = {key: own(key, value, one) for key, value in batch.values.items()}
        for found, expected in zip(single.outputs(), outputs, strict=True):
            assert differences.distance(found, expected[:, one] if expected is outputs[0] else expected[one]) <= 1e-12
        parts = [cotangents[0][:, one], *(None if c is None else c[one] for c in cotangents[1:])]
        for key, found in single.gradients(parts).items():
            if key in total:
                total[key] = total[key] + found
            else:
                assert differences.distance(found, own(key, gradients[key], one)) <= 1e-12, key
    for key, sum_of_all in total.items():
        assert differences.distance(sum_of_all, gradients[key]) <= 1e-12, key


def own(key: str, value: numpy.ndarray, one: slice) -> numpy.ndarray:
    """The part of one sequence."""
    return value[:, one] if key == "x" else value[one] if key.startswith("state.") else value


@cells
@methods
@masks
def test_results_stay_as_they_are_when_weights_and_states_change_later(backend, name, choice, method, masked):
    subject = subject_of(name, choice, backend, method, masked=masked)
    _, outputs = subject.call()
    before = [backend.host(each).copy() for each in outputs]
    with mg.no_grad():
        for parameter in subject.layer.parameters():
            parameter.assign(backend.to(numpy.full(parameter.shape, 9.0)))
        for state in outputs[1:]:
            state.data[...] = 9  # the state that came out is nobody else's memory
    assert numpy.array_equal(backend.host(outputs[0]), before[0])
    _, outputs = subject.call()
    with mg.no_grad():
        for parameter in subject.layer.parameters():
            parameter.assign(backend.to(numpy.full(parameter.shape, 9.0)))
    for found, expected in zip(outputs, before, strict=True):
        assert numpy.array_equal(backend.host(found), expected)


@cells
@methods
@inputs
@masks
def test_a_second_backward_pass_over_a_kept_graph_gives_the_same(backend, name, choice, method, tokens, masked):
    subject = subject_of(name, choice, backend, method, tokens=tokens, masked=masked)
    cotangents = [None if c is None else backend.to(c) for c in subject.cotangents()["all"]]
    found, outputs = subject.call()
    first, second = (
        [backend.host(g) for g in mg.grad(outputs, list(found.values()), cotangents, retain_graph=True, unused="zero")]
        for _ in range(2)
    )
    rounding = 1e-14 if backend.name == "cupy" else 0.0  # its atomic additions come in no fixed order
    for key, one, other in zip(found, first, second, strict=True):
        assert differences.distance(one, other) <= rounding, key


@pytest.mark.parametrize("name", mg.cells.registry)
@pytest.mark.parametrize("of_x, of_weights", [("float32", "float64"), ("float64", "float32")])
def test_where_dtypes_meet_the_wider_one_computes_and_every_gradient_is_like_its_value(backend, name, of_x, of_weights):
    gradients = {}
    for method in ("bptt", "tape"):
        subject = subject_of(name, "none", backend, method, dtype=of_weights)
        subject.values["x"] = subject.values["x"].astype(of_x)
        assert all(output.dtype in ("float64", "int64") for output in subject.outputs())
        cotangents = subject.cotangents()["all"]
        gradients[method] = subject.gradients(cotangents)
        assert {key: g.dtype for key, g in gradients[method].items()} == {
            key: numpy.dtype(of_x if key == "x" else of_weights) for key in gradients[method]
        }
    for key, found in gradients["bptt"].items():
        assert differences.distance(found, gradients["tape"][key]) <= 1e-6, key


def test_the_shapes_that_these_tests_use_tell_every_axis_apart():
    assert len({T, N, 2, 4}) == 4
