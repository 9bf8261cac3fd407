"""Each optimiser against the same equations, one number at a time, and against a framework where it has them."""

import math

import numpy
import pytest

from minigate.errors import OptionError, StateDictError
from minigate.module import Module, Parameter
from minigate.tensor import Tensor
from minigate.train.optimisers import SGD, Adam, Optimiser, RMSProp

STEPS = 7


def sgd(p, gradients, lr, m=0.0):
    v = 0.0
    for g in gradients:
        v = m * v + g
        p -= lr * v
    return p


def nesterov(p, gradients, lr, m):
    v = 0.0
    for g in gradients:
        v = m * v + g
        p -= lr * (g + m * v)
    return p


def rmsprop(p, gradients, lr, d=0.95, m=0.9, e=1e-4):
    n = a = v = 0.0
    for g in gradients:
        n = d * n + (1 - d) * g**2
        a = d * a + (1 - d) * g
        v = m * v - lr * g / math.sqrt(n - a**2 + e)
        p += v
    return p


def adam(p, gradients, lr, b1=0.9, b2=0.999, e=1e-8):
    m = n = 0.0
    for t, g in enumerate(gradients, start=1):
        m = b1 * m + (1 - b1) * g
        n = b2 * n + (1 - b2) * g**2
        p -= lr * (m / (1 - b1**t)) / (math.sqrt(n / (1 - b2**t)) + e)
    return p


CASES = {
    "sgd": (lambda p: SGD(p, 0.1), lambda p, g: sgd(p, g, 0.1)),
    "momentum": (lambda p: SGD(p, 0.1, momentum=0.8), lambda p, g: sgd(p, g, 0.1, 0.8)),
    "nesterov": (lambda p: SGD(p, 0.1, momentum=0.8, nesterov=True), lambda p, g: nesterov(p, g, 0.1, 0.8)),
    "rmsprop": (lambda p: RMSProp(p, 0.01), lambda p, g: rmsprop(p, g, 0.01)),
    "rmsprop, other": (
        lambda p: RMSProp(p, 0.01, decay=0.7, momentum=0.5, epsilon=0.1),
        lambda p, g: rmsprop(p, g, 0.01, 0.7, 0.5, 0.1),
    ),
    "adam": (lambda p: Adam(p, 0.01), lambda p, g: adam(p, g, 0.01)),
    "adam, other": (
        lambda p: Adam(p, 0.01, beta1=0.5, beta2=0.9, epsilon=0.1),
        lambda p, g: adam(p, g, 0.01, 0.5, 0.9, 0.1),
    ),
}


def drawn(dtype="float64", to=lambda array: array):
    """Two parameters and the gradients of some steps for each."""
    rng = numpy.random.default_rng(0)
    shapes = [(2, 3), (4,)]
    parameters = [Parameter(to(rng.normal(size=shape).astype(dtype))) for shape in shapes]
    gradients = [[to(rng.normal(size=shape).astype(dtype)) for shape in shapes] for _ in range(STEPS)]
    return parameters, gradients


def walk(optimiser: Optimiser, gradients) -> None:
    for step in gradients:
        for parameter, gradient in zip(optimiser.parameters.values(), step, strict=True):
            parameter.grad = Tensor(gradient)
        optimiser.step()


@pytest.mark.parametrize("name", CASES)
def test_it_agrees_with_its_equations_one_number_at_a_time(name, backend):
    make, scalar = CASES[name]
    parameters, gradients = drawn(to=backend.to)
    began = [backend.host(parameter).copy() for parameter in parameters]
    walk(make(parameters), gradients)
    for which, parameter in enumerate(parameters):
        past = [backend.host(step[which]) for step in gradients]
        for place in numpy.ndindex(parameter.shape):
            expected = scalar(began[which][place], [gradient[place] for gradient in past])
            assert backend.host(parameter)[place] == pytest.approx(expected, rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("name", CASES)
def test_the_dtype_stays_and_the_gradient_is_not_touched(name):
    parameters, gradients = drawn("float32")
    before = [gradient.copy() for gradient in gradients[0]]
    memory = [parameter.data for parameter in parameters]
    walk(CASES[name][0](parameters), gradients)
    for parameter, array in zip(parameters, memory, strict=True):
        assert parameter.data is array
        assert parameter.dtype == "float32"
    for gradient, copy in zip(gradients[0], before, strict=True):
        assert (gradient == copy).all()


@pytest.mark.parametrize("name", CASES)
def test_saving_and_loading_in_the_middle_changes_no_bit(name, backend):
    make, _ = CASES[name]
    straight, gradients = drawn("float32", backend.to)
    walk(make(straight), gradients)

    stopped, gradients = drawn("float32", backend.to)
    first = make(stopped)
    walk(first, gradients[:3])
    resumed = [Parameter(parameter.data.copy()) for parameter in stopped]
    second = make(resumed)
    second.learning_rate = 99.0
    second.load_state_dict(first.state_dict())
    walk(second, gradients[3:])
    for one, other in zip(straight, resumed, strict=True):
        assert backend.host(one).tobytes() == backend.host(other).tobytes()


@pytest.mark.parametrize(
    ("name", "ours", "theirs"),
    [
        ("SGD", lambda p: SGD(p, 0.1), {"lr": 0.1}),
        ("SGD", lambda p: SGD(p, 0.1, momentum=0.8), {"lr": 0.1, "momentum": 0.8}),
        (
            "SGD",
            lambda p: SGD(p, 0.1, momentum=0.8, nesterov=True),
            {"lr": 0.1, "momentum": 0.8, "nesterov": True},
        ),
        ("Adam", lambda p: Adam(p, 0.01), {"lr": 0.01}),
        (  # theirs adds epsilon outside the root: the same only without it
            "RMSprop",
            lambda p: RMSProp(p, 0.01, epsilon=0.0),
            {"lr": 0.01, "alpha": 0.95, "momentum": 0.9, "eps": 0.0, "centered": True},
        ),
    ],
)
def test_it_agrees_with_a_framework_where_the_definitions_coincide(name, ours, theirs):
    torch = pytest.importorskip("torch")
    parameters, gradients = drawn()
    others = [torch.tensor(parameter.data, requires_grad=True) for parameter in parameters]
    other = getattr(torch.optim, name)(others, **theirs)
    walk(ours(parameters), gradients)
    for step in gradients:
        for parameter, gradient in zip(others, step, strict=True):
            parameter.grad = torch.tensor(gradient)
        other.step()
    for one, two in zip(parameters, others, strict=True):
        numpy.testing.assert_allclose(one.data, two.detach().numpy(), rtol=1e-10)


def test_the_tape_notices_a_step():
    parameters, gradients = drawn()
    version = parameters[0]._version[0]
    walk(SGD(parameters), gradients[:1])
    assert parameters[0]._version[0] > version


def test_a_parameter_without_a_gradient_stays():
    parameters, _ = drawn()
    before = parameters[0].data.copy()
    Adam(parameters).step()
    assert (parameters[0].data == before).all()


def test_a_parameter_counts_its_own_gradients_in_adam():
    """The first steps of one whose gradients begin later are as long as anybody's."""
    parameters, gradients = drawn()
    optimiser, before = Adam(parameters, 0.01), [parameter.data.copy() for parameter in parameters]
    for k, (first, second) in enumerate(gradients):
        parameters[0].grad, parameters[1].grad = Tensor(first), Tensor(second) if k >= 4 else None
        optimiser.step()
    late = [second for _, second in gradients[4:]]
    for place in numpy.ndindex(parameters[1].shape):
        expected = adam(before[1][place], [gradient[place] for gradient in late], 0.01)
        assert parameters[1].data[place] == pytest.approx(expected, rel=1e-12)
    assert (int(optimiser.state_dict()["t.0"]), int(optimiser.state_dict()["t.1"])) == (7, 3)


def test_a_state_of_adam_from_before_it_counted_so_is_taken_as_it_is():
    straight, gradients = drawn()
    walk(Adam(straight), gradients)
    stopped, gradients = drawn()
    first, second = Adam(stopped), Adam(stopped)
    walk(first, gradients[:3])
    second.load_state_dict({name: array for name, array in first.state_dict().items() if not name.startswith("t.")})
    walk(second, gradients[3:])
    for one, other in zip(straight, stopped, strict=True):
        assert (one.data == other.data).all()


def test_slots_carry_the_names_of_the_module():
    class Two(Module):
        def __init__(self) -> None:
            super().__init__()
            self.parameter("W.update", numpy.ones((2, 3)))

    state = Adam(Two()).state_dict()
    assert sorted(state) == ["learning_rate", "mean.W.update", "mean_square.W.update", "steps", "t.W.update"]


def test_a_state_of_other_parameters_is_refused_with_the_names():
    parameters, _ = drawn()
    state = Adam(parameters).state_dict()
    state["mean.0"] = numpy.zeros((3, 2))
    state["mean.7"] = state.pop("mean.1")
    with pytest.raises(StateDictError) as caught:
        Adam(parameters).load_state_dict(state)
    text = str(caught.value)
    for words in ("missing: mean.1", "unexpected: mean.7", "mis-shaped: mean.0: expected (2, 3), got (3, 2)"):
        assert words in text
    with pytest.raises(StateDictError, match="missing: velocity"):
        SGD(parameters).load_state_dict(Adam(parameters).state_dict())


@pytest.mark.parametrize(
    "make",
    [
        lambda p: SGD([], 0.1),
        lambda p: SGD(p, -0.1),
        lambda p: SGD(p, 0.1, momentum=1.0),
        lambda p: SGD(p, 0.1, nesterov=True),
        lambda p: RMSProp(p, decay=1.5),
        lambda p: Adam(p, beta2=1.0),
        lambda p: Adam(p, math.nan),
        lambda p: Adam(p, None),
        lambda p: SGD(p, "a"),
        lambda p: RMSProp(p, epsilon="a"),
        lambda p: SGD(p, 0.1, momentum=None),
        lambda p: Adam(p, True, beta1=[0.9]),
    ],
)
def test_options_out_of_range_are_refused(make):
    with pytest.raises(OptionError):
        make(drawn()[0])
