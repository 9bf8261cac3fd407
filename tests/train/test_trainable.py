"""What cannot be trained is refused by every optimiser and by the clip, and not stepped over in silence."""

import numpy
import pytest

from minigate.errors import OptionError
from minigate.layers import Linear
from minigate.module import Parameter
from minigate.tensor import Tensor
from minigate.train import SGD, Adam, RMSProp, clip_gradient_norm, gradient_norm
from minigate.train.trainable import trainable

w, v = Parameter(numpy.ones((2, 3))), Tensor([1.0, 2.0], requires_grad=True)
WRONG = {
    "one tensor": (w, r"the parameters come as a list.*got Parameter of shape \(2, 3\)[\s\S]*type: \[w\]"),
    "a constant": ([v, Tensor([1.0])], "parameter 1 cannot be trained.*got Tensor of shape"),
    "a result": ([v * 2.0], "parameter 0 cannot be trained[\\s\\S]*result of an operation"),
    "an array": ([w.data], "parameter 0 cannot be trained.*got ndarray"),
    "twice": ([w, v, w], "parameter 2 is parameter 0 again"),
    "a number": (3, "the parameters come as a list.*got int"),
    "no parameters": ([None], "parameter 0 cannot be trained.*got NoneType"),
}


@pytest.mark.parametrize("take", [SGD, Adam, RMSProp, gradient_norm, lambda given: clip_gradient_norm(given, 1.0)])
@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_trained_is_refused(take, wrong):
    given, says = WRONG[wrong]
    with pytest.raises(OptionError, match=says):
        take(given)


def test_names_are_those_of_the_module_or_places():
    layer = Linear(2, 3, seed=0)
    assert list(trainable(layer, "here")) == ["W", "b"]
    assert list(trainable(iter([w, v]), "here").values()) == [w, v]
    with pytest.raises(OptionError, match="here: "):
        trainable([w, w], "here")
