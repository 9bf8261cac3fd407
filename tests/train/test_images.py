"""Images read as images: that stopping changes nothing, the three models and their sizes, what varies, the pictures."""

import signal

import numpy
import pytest

import minigate as mg
from minigate.backend import generator
from minigate.data import Labelled, augment
from minigate.errors import OptionError
from minigate.train import ClassifyingImages, ImagesConfig, load_checkpoint, load_image_classifier, run_experiment
from minigate.train.image_classifier import build_image_classifier
from minigate.train.images_pictures import over_the_middle, receptive_field, stages
from minigate.train.images_presets import PRESETS, preset_table
from minigate.train.pictures import draw_run
from tests.data.test_images import write

SMALL = {
    "data": "mnist", "dense": "5", "batch": 4, "updates": 12, "evaluate_every": 4,
    "checkpoint_every": 3, "patience": 0, "dropout": 0.0, "shift": 0,
}  # fmt: skip
SIZES = {"renet": {"hidden": 3}, "mdlstm": {"hidden": 3}, "lenet": {"channels": "2,3"}}


def of(model):
    """The options of a small model."""
    return {"model": model, **SIZES[model]}


@pytest.fixture
def options(tmp_path):
    """A run on 22 training images, 2 for validation and 7 for the test, of five rows and six columns."""
    return {**SMALL, "folder": str(write(tmp_path / "images"))}


def bytes_of(path):
    saved = load_checkpoint(path)
    return {name: array.tobytes() for name, array in saved.arrays.items()}, saved.meta


@pytest.mark.parametrize(
    "more", [{"dropout": 0.3, "input_dropout": 0.2, "shift": 1, "flip": True, "layers": 2}, {"model": "mdlstm"},
             {"model": "lenet", "dropout": 0.1}],
)  # fmt: skip
def test_stopping_and_resuming_gives_the_same_bytes(tmp_path, monkeypatch, options, more):
    options |= of(more.get("model", "renet")) | more
    _, straight = run_experiment("images", options, out=tmp_path / "straight")
    original, calls = ClassifyingImages.loss, [0]

    def loss(task):
        calls[0] += 1
        if calls[0] == 7:
            signal.raise_signal(signal.SIGINT)
        return original(task)

    monkeypatch.setattr(ClassifyingImages, "loss", loss)
    ended, stopped = run_experiment("images", options, out=tmp_path / "stopped")
    assert (ended, load_checkpoint(stopped.checkpoint).meta["step"]) == ("interrupted", 7)
    monkeypatch.setattr(ClassifyingImages, "loss", original)
    assert run_experiment("images", resume=stopped.folder)[0] == "finished"
    assert bytes_of(stopped.checkpoint) == bytes_of(straight.checkpoint)
    same = [{k: v for k, v in run.read("result.json").items() if k not in ("seconds", "run")}
            for run in (straight, stopped)]  # fmt: skip
    assert same[0] == same[1]


@pytest.mark.parametrize("model", SIZES)
def test_what_the_images_show_is_learnt(options, model):
    """Four images by heart."""
    sizes = {"channels": "6,8"} if model == "lenet" else {"hidden": 8}
    task = ClassifyingImages(ImagesConfig(**options | sizes | {"dense": "20", "model": model, "learning_rate": 0.01}))
    task.train, task.batches = task.train[:4], 1
    optimiser = task.optimiser()
    for _ in range(60):
        optimiser.zero_grad()
        task.loss().backward()
        optimiser.step()
    task.measured(0.0)
    task.loss()
    assert task.measured(0.0)["train_error"] == 0.0


def test_a_model_is_a_feature_map_and_layers_that_read_it(options, rng):
    config = ImagesConfig(**options | of("renet") | {"layers": 2, "patch": "2,1"})
    model = build_image_classifier(config, (1, 5, 6), 10).eval()
    x = rng.normal(size=(3, 1, 5, 6)).astype("float32")
    y = model.body(x).data
    assert y.shape == (3, 3, 3, 6) and model.body.layers[0].patch == (2, 2) and model.body.layers[1].patch == (1, 1)
    a = y.transpose(2, 0, 1, 3).reshape(3, -1)
    a = numpy.maximum(a @ model.dense[0]["W"].data + model.dense[0]["b"].data, 0.0)
    expected = a @ model.linear["W"].data + model.linear["b"].data
    assert numpy.allclose(model(x).data, expected, atol=1e-6)


def test_lenet_is_as_large_as_in_the_paper():
    """28 → 28 → 14 → 10 → 5, then 120, 84 and 10: 61,706 numbers, each C3 map seeing all of S2."""
    model = build_image_classifier(ImagesConfig(model="lenet", data="mnist"), (1, 28, 28), 10)
    assert sum(p.size for p in model.parameters()) == 61_706
    assert model.body.map_size == (5, 5)
    assert model(numpy.zeros((2, 1, 28, 28), "float32")).shape == (2, 10)
    small = build_image_classifier(ImagesConfig(model="lenet"), (1, 8, 8), 10)
    assert small.body.map_size == (2, 2) and small(numpy.zeros((2, 1, 8, 8), "float32")).shape == (2, 10)


def test_the_presets_of_the_paper_have_its_architectures():
    """Of papers' sizes 125.9, 59.2 and 61.4 million, counted here by their equations, not built."""
    for name, (C, side, classes), millions in (
        ("mnist-renet", (1, 28, 10), 125.9), ("cifar10-renet", (3, 32, 10), 59.2), ("svhn-renet", (3, 32, 10), 61.4),
        ("svhn-extra-renet", (3, 32, 10), 61.4),
    ):  # fmt: skip
        config = ImagesConfig(**PRESETS[name])
        D, total = 4 * C, 0
        for _ in range(config.layers):
            for size in (D, 2 * config.hidden):
                total += 2 * 3 * config.hidden * (size + config.hidden + 1)
            side, D = -(-side // 2), 4 * 2 * config.hidden
        below = side * side * 2 * config.hidden
        for size in [*config.dense_sizes, classes]:
            total, below = total + (below + 1) * size, size
        assert round(total / 1e6, 1) == millions
        assert config.patches == [(2, 2)] * config.layers and name in preset_table()


def test_the_laptop_models_are_alike_in_size():
    sizes = {
        name: sum(p.size for p in build_image_classifier(ImagesConfig(**PRESETS[name]), (1, 28, 28), 10).parameters())
        for name in PRESETS if name.startswith("laptop")
    }  # fmt: skip
    assert len(sizes) == 3 and max(sizes.values()) < 1.1 * min(sizes.values()), sizes


def test_in_training_images_are_varied_by_the_number_of_their_batch_alone(options):
    task = ClassifyingImages(ImagesConfig(**options | {"shift": 1, "flip": True}, seed=5))
    batch = task.train[:4]
    expected = augment(batch.pixels, generator(numpy.random.SeedSequence([5, 3, 1])), flip=True, shift=1)
    assert numpy.array_equal(task.vary(batch, 3).pixels, expected) and numpy.array_equal(
        task.vary(batch, 3).labels, batch.labels
    )
    plain = ClassifyingImages(ImagesConfig(**options))
    assert plain.vary(batch, 3) is batch
    read = []
    task.read = lambda images, own=task.read: read.append(images) or own(images)
    task.evaluate("valid")
    assert numpy.array_equal(read[0].pixels, task.images.part("valid").pixels)  # as they are


def test_pixels_become_numbers_from_0_to_1(options):
    task = ClassifyingImages(ImagesConfig(**options))
    x = task.read(Labelled(numpy.array([0, 51, 255], "uint8").reshape(1, 1, 1, 3), numpy.zeros(1, int)))
    assert x.dtype == "float32" and numpy.allclose(x.ravel(), [0.0, 0.2, 1.0])


@pytest.mark.parametrize("model", SIZES)
def test_the_pictures_of_a_run(tmp_path, options, model):
    _, run = run_experiment("images", options | of(model), out=tmp_path / model)
    names = {path.name for path in draw_run(run.folder, "", tmp_path / "out")}
    expected = {"curves.png", "confusion.png", "wrong.png", "receptive-field.png", "features.png"}
    assert names == expected | ({"sweeps.png"} if model == "renet" else set())
    loaded, config = load_image_classifier(run.folder)
    assert config.model == model and not loaded.training


def test_a_receptive_field_is_what_one_place_depends_on(rng):
    """Of a linear feature map it is the mean length of the features' gradients, where it is not 0."""
    config = ImagesConfig(model="renet", hidden=3, patch="2")
    model = build_image_classifier(config, (1, 8, 8), 10).eval()
    x = mg.Tensor(rng.normal(size=(2, 1, 8, 8)).astype("float32"), requires_grad=True)
    found = {name: receptive_field(y, x) > 0.0 for name, y in stages(model, x).items()}
    column = numpy.zeros((8, 8), bool)
    column[:6, 4:6] = True
    assert numpy.array_equal(found["layers.0.vertical.forward"], column)
    assert found["layers.0.horizontal.backward"][:, 4:].all() and not found["layers.0.horizontal.backward"][:, :4].any()


def test_the_place_over_the_middle_of_an_image_minds_the_padding():
    """28 pixels are 7 patches of 4, and those 4 of 2, the last one half empty: pixel 14 is in the second of them."""
    for model, stage, expected in (
        ("renet", 0, (3, 3)), ("renet", 3, (3, 3)), ("renet", 4, (1, 1)), ("mdlstm", 0, (3, 3)), ("mdlstm", 1, (1, 1)),
        ("lenet", 1, None),
    ):  # fmt: skip
        sizes = {} if model == "lenet" else {"layers": 2, "hidden": 2, "patch": "4,2"}
        built = build_image_classifier(ImagesConfig(model=model, **sizes), (1, 28, 28), 10)
        assert over_the_middle(built, stage, (28, 28)) == expected


@pytest.mark.parametrize(
    "wrong, says",
    [
        ({"patch": "4,x"}, "patch is a list of whole numbers"),
        ({"patch": "4,2,1", "layers": 2}, r"a patch for each layer, or one for all.*1 or 2 numbers.*--layers 3"),
        ({"dropout": 1.0}, "dropout is too large"),
        ({"model": "resnet"}, r"no such model.*renet \| mdlstm \| lenet"),
        ({"patch": "²"}, "patch is a list of whole numbers"),
        ({"patch": "4,2"}, r"expected 1 number, got --patch 4,2.*--layers 2"),
        ({"cell": "rnn", "gate": "kaf"}, "an rnn has no gates"),
        ({"model": "lenet", "gate": "kaf"}, r"lenet has no gate.*expected --gate with --model renet or mdlstm"),
        ({"model": "lenet", "channels": ""}, "channels is a list"),
        ({"model": "mdlstm", "order": "horizontal-first"}, "mdlstm has no order: expected --order with --model renet"),
    ],
)
def test_options_that_cannot_be_meant(wrong, says):
    with pytest.raises(OptionError, match=f"(?s){says}"):
        ImagesConfig(**wrong)


def test_what_does_not_fit_the_images_is_told_before_there_is_a_run(tmp_path, options):
    for wrong, says in (
        ({"model": "lenet", "channels": "2,2,2,2"}, "LeNet: the convolutions leave nothing.*4 convolutions.*5×6"),
        ({"shift": 5}, "the shift leaves nothing.*images of 5×6"),
        ({"batch": 100}, "the batch is larger"),
    ):
        with pytest.raises(OptionError, match=f"(?s){says}"):
            run_experiment("images", options | wrong, out=tmp_path / "run")
        assert not (tmp_path / "run").exists()
