"""How the paper's author begins: which weights are uniform, which orthogonal, and that nothing forgets by itself."""

import numpy
import pytest

from minigate import cells
from minigate.backend import Streams
from minigate.errors import OptionError
from minigate.layers import Dropout, Recurrent
from minigate.module import Module
from minigate.train import CharModel, author_initialisation
from minigate.train.wiring import CELLS


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("wiring", [{}, {"layers": 2}, {"layers": 3, "feedback": "gated"}, {"feedback": "open"}])
def test_every_parameter_is_drawn_by_its_letter(cell, wiring):
    model = CharModel(7, cell, hidden=5, init="author", **wiring)
    for name, parameter in model.named_parameters():
        values = parameter.numpy()
        letter = next(part for part in name.split(".") if part in ("W", "W_x", "U", "b", "w", "w_x", "u"))
        if letter == "b":
            assert not values.any(), name
        elif letter == "U":
            for block in values.reshape(-1, 5, 5):
                numpy.testing.assert_allclose(block @ block.T, numpy.eye(5), atol=1e-6, err_msg=name)
        else:
            assert 0.0 < abs(values).max() <= 0.08, name
            assert values.dtype == "float32"


def test_the_same_seed_begins_with_the_same_weights():
    one, same, other = (CharModel(7, "lstm", hidden=5, seed=seed, init="author").state_dict() for seed in (3, 3, 4))
    assert all((one[name] == same[name]).all() for name in one)
    assert not (one["recurrent.W.forget"] == other["recurrent.W.forget"]).all()


def test_gated_feedback_begins_so_by_itself():
    """What its own option draws is what the model has, and nothing is drawn a second time."""
    model = CharModel(7, "gru", 3, 5, "gated", init="author", seed=2)
    cell = cells.GatedFeedback(7, [5, 5, 5], unit="gru", init="author", seed=Streams(2).init)
    for name, parameter in cell.named_parameters():
        assert (model.recurrent.cell[name].data == parameter.data).all(), name
    other = Recurrent(cells.GatedFeedback(7, [5, 5], seed=0))
    with pytest.raises(OptionError, match=r'this cell has its own way[\s\S]*type: GatedFeedback\(…, init="author"\)'):
        author_initialisation(other, numpy.random.default_rng(0))


@pytest.mark.parametrize("wiring", [{"layers": 2}, {"layers": 2, "feedback": "gated"}])
def test_uniform_is_every_weight_and_every_bias(wiring):
    model = CharModel(7, "lstm", hidden=40, init="uniform", **wiring)
    for name, parameter in model.named_parameters():
        values = parameter.numpy()
        assert 0.0 < abs(values).max() <= 0.08, name
        if values.size > 30:
            assert values.min() < -0.05 and values.max() > 0.05, name


def test_gates_parameters_and_peepholes_keep_their_own():
    cell = cells.LSTM(3, 4, peephole="diagonal", seed=0)
    author_initialisation(Recurrent(cell), numpy.random.default_rng(0))
    assert not cell["V.forget"].numpy().any()
    assert not cell["b.forget"].numpy().any()


def test_what_has_no_such_names_is_refused():
    class Other(Module):
        def __init__(self):
            super().__init__()
            self.parameter("scale", numpy.ones(3))
            self.dropout = Dropout(0.5)

    with pytest.raises(OptionError, match=r"nothing here has a name to go by: expected W, U, b …, got scale"):
        author_initialisation(Other(), numpy.random.default_rng(0))
