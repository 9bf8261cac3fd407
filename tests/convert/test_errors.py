"""What is said of weights that cannot be converted: the whole text."""

from __future__ import annotations

import numpy
import pytest

import minigate as mg
from minigate.convert import from_torch, to_torch
from minigate.errors import OptionError, ShapeError
from minigate.errors import StateDictError as NAMES
from minigate.layers import Recurrent, Stack
from tests.convert.state_dicts import theirs


def with_(name, value, kind="GRU"):
    return theirs(kind) | {name: value}


def without(*names, kind="GRU", endings=("_l0",)):
    return {name: array for name, array in theirs(kind, endings=endings).items() if name not in names}


def gru(**options):
    return mg.cells.GRU(2, 4, seed=0, **options).state_dict()


CASES = {
    "the layer itself": (lambda: from_torch(Recurrent(mg.cells.RNN(2, 4))), NAMES, """\
from_torch: arrays by name are converted: expected a dict, as from state_dict(), got Recurrent
  likely slip: the layer itself
  type: from_torch(layer.state_dict())"""),
    "nothing": (lambda: from_torch({}), NAMES, "got an empty dict"),
    "a larger model": (lambda: from_torch({f"encoder.rnn.{k}": v for k, v in theirs("GRU").items()}), NAMES, """\
from_torch: these names are not a recurrent layer's: expected those of nn.RNN, nn.LSTM or nn.GRU: weight_ih_l0, \
weight_hh_l0, bias_ih_l0, bias_hh_l0, …, got encoder.rnn.weight_ih_l0, encoder.rnn.weight_hh_l0, \
encoder.rnn.bias_ih_l0, encoder.rnn.bias_hh_l0
  likely slip: a layer inside of a larger model, under 'encoder.rnn.'
  type: from_torch({k.removeprefix('encoder.rnn.'): v for k, v in d.items() if k.startswith('encoder.rnn.')})"""),
    "another layer": (lambda: from_torch({"weight": numpy.ones((2, 2)), "bias": numpy.ones(2)}), NAMES, """\
bias_hh_l0, …, got weight, bias"""),
    "a projection": (lambda: from_torch(with_("weight_hr_l0", numpy.ones((1, 2)), "LSTM")), NAMES, """\
got weight_hr_l0
  likely slip: an LSTM with proj_size, whose h is a projection of o ⊙ tanh(c): no cell of minigate has that"""),
    "one weight, two names": (lambda: from_torch(with_("weight_ih", numpy.ones((6, 2)))), NAMES, "got weight_ih"),
    "a bias missing": (lambda: from_torch(without("bias_hh_l0")), NAMES, "from_torch: missing: bias_hh_l0"),
    "a weight of a cell missing": (lambda: from_torch(without("weight_hh", endings=("",))), NAMES, """\
from_torch: missing: weight_hh"""),
    "a layer missing": (lambda: from_torch(theirs("RNN", endings=("_l0", "_l2"))), NAMES, """\
from_torch: missing: weight_ih_l1, weight_hh_l1, bias_ih_l1, bias_hh_l1"""),
    "a direction missing": (lambda: from_torch(theirs("RNN", endings=("_l0", "_l1", "_l1_reverse"))), NAMES, """\
from_torch: missing: weight_ih_l0_reverse, weight_hh_l0_reverse, bias_ih_l0_reverse, bias_hh_l0_reverse"""),
    "no gradient": (lambda: from_torch(with_("bias_hh_l0", None), what="gradients"), NAMES, """\
from_torch: bias_hh_l0 is None
  likely slip: a weight whose gradient has not been computed yet"""),
    "the rows of no cell": (lambda: from_torch(with_("weight_hh_l0", numpy.ones((6, 3)))), ShapeError, """\
from_torch: weight_hh has the shape of no cell: expected (G·H, H) with G = 1 for nn.RNN, 3 for nn.GRU, 4 for nn.LSTM, \
got (6, 3)"""),
    "another shape": (lambda: from_torch(with_("bias_ih_l0", numpy.ones(8))), ShapeError, """\
from_torch: wrong shape of bias_ih_l0: expected (6,) in an nn.GRU with H=2, got (8,)"""),
    "layers that do not fit": (lambda: from_torch(theirs("RNN", endings=("_l0", "_l1")) | {
        "weight_ih_l1": numpy.ones((2, 3))}), ShapeError, """\
from_torch: layer 1 does not fit: PyTorch's layers have one hidden size, and read the layer below: expected D=2, H=2, \
got D=3, H=2"""),
    "a bias that would be lost": (lambda: from_torch(theirs("GRU"), recurrent_bias=False), OptionError, """\
from_torch: the candidate's bias inside of the reset, b_hn, is not 0 and would be lost: got recurrent_bias=False
  type: from_torch(weights, recurrent_bias=True), for a GRU(D, H, recurrent_bias=True)"""),
    "a bias that is not there": (lambda: from_torch(theirs("LSTM"), recurrent_bias=True), OptionError, """\
from_torch: only a GRU has a recurrent bias: got the weights of an nn.LSTM"""),
    "what": (lambda: from_torch(theirs("GRU"), what="grads"), OptionError, """\
from_torch: are these weights or their gradients?: expected what="weights" or what="gradients", got 'grads'"""),
    "what there": (lambda: to_torch(gru(), what="grads"), OptionError, "to_torch: are these weights"),
    "peepholes": (lambda: to_torch(mg.cells.LSTM(2, 4, peephole="diagonal").state_dict()), NAMES, """\
to_torch: these names are not a recurrent layer's: expected those of an RNN, LSTM or GRU: W.<block>, U.<block>, \
b.<block>, got V.input, V.forget, V.output
  likely slip: peepholes, which PyTorch's LSTM has not"""),
    "gate parameters": (lambda: to_torch(gru() | {"update.gate.k": numpy.ones(4)}), NAMES, """\
got update.gate.k
  likely slip: a gate with parameters, which no gate of PyTorch's layers has"""),
    "ours in a larger model": (lambda: to_torch({f"reader.{k}": v for k, v in gru().items()}), NAMES, """\
  likely slip: a layer inside of a larger model, under 'reader.'
  type: to_torch({k.removeprefix('reader.'): v for k, v in d.items() if k.startswith('reader.')})"""),
    "a coupled LSTM": (lambda: to_torch(mg.cells.LSTM(2, 4, coupled=True).state_dict()), NAMES, """\
to_torch: PyTorch has no layer with these blocks: expected LSTM: input, forget, candidate, output; GRU: reset, update, \
candidate, got candidate, forget, output
  likely slip: a coupled LSTM: it has no input gate of its own"""),
    "a recurrent bias elsewhere": (lambda: to_torch(from_torch(theirs("LSTM")) | {"b.recurrent": numpy.ones(2)}),
        NAMES, "got candidate, forget, input, output, recurrent"),
    "ours missing": (lambda: to_torch({k: v for k, v in gru().items() if k != "U.reset"}), NAMES, """\
to_torch: missing: U.reset"""),
    "a shape of ours": (lambda: to_torch(gru() | {"U.reset": numpy.ones((4, 3))}), ShapeError, """\
to_torch: wrong shape of U.reset: expected (4, 4), got (4, 3)"""),
    "a stack of two sizes": (lambda: to_torch(Stack([
        Recurrent(mg.cells.RNN(2, 4)), Recurrent(mg.cells.RNN(4, 3))]).state_dict()), ShapeError, """\
to_torch: layer 1 does not fit: PyTorch's layers have one hidden size, and read the layer below: expected D=4, H=4, \
got D=4, H=3"""),
    "a gradient that is not known": (lambda: to_torch(gru(), what="gradients"), NAMES, """\
to_torch: the gradient of the candidate's second bias is not among these
  likely slip: it stands inside of the reset, so that its gradient is not that of b.candidate
  type: GRU(D, H, recurrent_bias=True), where it is that of b.recurrent"""),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_errors_say_what_is_wrong(case):
    call, error, text = CASES[case]
    with pytest.raises(error) as caught:
        call()
    assert text in str(caught.value), str(caught.value)
