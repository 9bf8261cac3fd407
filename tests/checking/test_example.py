"""What a layer is given where nothing is given: by its sizes, and by what it says that it takes."""

import pytest

import minigate as mg
from minigate.checking.example import TAKES, batch_axis, example_input
from minigate.errors import OptionError


class Flat(mg.Module):
    """Something of images."""

    takes = "images"

    def forward(self, x):
        return mg.tensor.as_tensor(x).mean(axis=1)


@pytest.mark.parametrize("layer, shape, axis", [
    (mg.layers.Linear(2, 4), (5, 3, 2), 1),
    (mg.layers.Recurrent(mg.cells.GRU(2, 4)), (5, 3, 2), 1),
    (mg.layers.Embedding(7, 4), (5, 3), 1),
    (mg.layers.Grid(mg.cells.MDLSTM(2, 4)), (2, 4, 3, 2), 2),
    (mg.layers.Conv2d(5, 7, 3), (3, 5, 4, 6), 0),
    (Flat(), (3, 2, 4, 6), 0),
])  # fmt: skip
def test_a_layer_is_given_what_it_takes(layer, shape, axis):
    (x,) = example_input(layer, 0)
    assert x.shape == shape and batch_axis(layer) == axis and shape[axis] == 3
    assert x.dtype.kind == ("i" if len(shape) == 2 else "f")


def test_a_layer_of_images_has_its_batch_held_to_account():
    class Mixed(Flat):
        def forward(self, x):
            return super().forward(x) - mg.tensor.as_tensor(x).mean()

    assert mg.check_layer(Flat())
    report = mg.check_layer(Mixed())
    assert [stage.status for stage in report.stages if stage.name == "batch independent"] == ["FAIL"], report


def test_what_cannot_be_told_is_asked_for():
    class Sounds(Flat):
        takes = "sounds"

    with pytest.raises(OptionError, match=rf"Sounds.takes: .* expected {' . '.join(TAKES)}, got 'sounds'"):
        mg.check_layer(Sounds())
    with pytest.raises(OptionError, match=r"what size its input has\n  type: mg.check_layer\(layer, x\)"):
        mg.check_layer(mg.Module())
