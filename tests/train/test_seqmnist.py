"""Images read as sequences: that stopping changes nothing, that it is learnt, and what is said of the mistakes."""

import signal

import numpy
import pytest

from minigate.data import Labelled, as_sequences
from minigate.errors import CheckpointError, OptionError
from minigate.gates import HardSigmoid
from minigate.layers import Recurrent
from minigate.train import ClassifyingSequences, SeqMnistConfig, load_checkpoint, load_classifier, run_experiment
from minigate.train.named_gates import GATES
from minigate.train.seqmnist_model import build
from minigate.train.seqmnist_presets import PRESETS, preset_table
from tests.data.test_images import write

SMALL = {
    "data": "mnist", "hidden": 5, "batch": 4, "updates": 12, "evaluate_every": 4, "checkpoint_every": 3, "patience": 0,
}  # fmt: skip


@pytest.fixture
def options(tmp_path):
    """A run on 22 training images, 2 for validation and 7 for the test, of five rows and six columns."""
    return {**SMALL, "folder": str(write(tmp_path / "images"))}


def bytes_of(path):
    saved = load_checkpoint(path)
    return {name: array.tobytes() for name, array in saved.arrays.items()}, saved.meta


@pytest.mark.parametrize("more", [{}, {"cell": "lstm", "order": "permuted", "gate": "hard-sigmoid"}, {"cell": "rnn"}])
@pytest.mark.parametrize("update", [5, 8])
def test_stopping_and_resuming_gives_the_same_bytes(tmp_path, monkeypatch, options, more, update):
    """At the end of an epoch of five updates, and in the middle of one."""
    options |= more
    _, straight = run_experiment("seqmnist", options, out=tmp_path / "straight")
    original, calls = ClassifyingSequences.loss, [0]

    def loss(task):
        calls[0] += 1
        if calls[0] == update:
            signal.raise_signal(signal.SIGINT)
        return original(task)

    monkeypatch.setattr(ClassifyingSequences, "loss", loss)
    ended, stopped = run_experiment("seqmnist", options, out=tmp_path / "stopped")
    assert (ended, load_checkpoint(stopped.checkpoint).meta["step"]) == ("interrupted", update)
    monkeypatch.setattr(ClassifyingSequences, "loss", original)
    ended, _ = run_experiment("seqmnist", resume=stopped.folder)
    assert ended == "finished"
    assert bytes_of(stopped.checkpoint) == bytes_of(straight.checkpoint)
    same = [{k: v for k, v in run.read("result.json").items() if k not in ("seconds", "run")}
            for run in (straight, stopped)]  # fmt: skip
    assert same[0] == same[1]
    index = load_checkpoint(straight.checkpoint).meta["task"]["index"]
    assert index == 12 and not [name for name in bytes_of(straight.checkpoint)[0] if name.startswith("task.")]


def test_every_epoch_has_an_order_of_its_own_from_its_seed_and_number(options):
    task, again, other = (ClassifyingSequences(SeqMnistConfig(**options, seed=seed)) for seed in (3, 3, 4))
    assert task.batches == 5  # 22 images: two of them sit out
    orders = [task._order_of(epoch).tolist() for epoch in range(3)]
    assert all(sorted(order) == list(range(22)) for order in orders)
    assert orders[0] != orders[1] != orders[2]
    assert again._order_of(2).tolist() == orders[2] != other._order_of(2).tolist()


def test_a_batch_is_the_next_images_of_that_order(options, monkeypatch):
    task = ClassifyingSequences(SeqMnistConfig(**options))
    read = []
    monkeypatch.setattr(task, "read", lambda images, own=task.read: read.append(images) or own(images))
    for _ in range(6):
        task.loss()
    expected = [*task._order_of(0)[:20], *task._order_of(1)[:4]]
    found = numpy.concatenate([batch.pixels for batch in read])
    assert numpy.array_equal(found, task.train.pixels[expected])
    assert (task.index, task.seen, task.judged) == (6, 24, 24)
    x = ClassifyingSequences.read(task, read[0])
    assert x.dtype == "float32" and x.shape == (5, 4, 6)
    assert numpy.array_equal(x, as_sequences(read[0].pixels, "row", 255))


@pytest.mark.parametrize("order", ["row", "permuted"])
def test_what_the_images_show_is_learnt(options, order):
    """Four images by heart, whatever the order."""
    options |= {"batch": 4, "hidden": 12, "order": order}
    task = ClassifyingSequences(SeqMnistConfig(**options, learning_rate=0.02))
    task.train, task.batches = task.train[:4], 1
    optimiser = task.optimiser()
    for _ in range(40):
        optimiser.zero_grad()
        task.loss().backward()
        optimiser.step()
    task.measured(0.0)
    for _ in range(3):
        task.loss()
    assert task.measured(0.0) == {"train_error": 0.0, "epoch": 43.0}
    assert task.measured(0.0)["train_error"] == 0.0  # nothing since


def test_a_model_is_a_cell_a_normalisation_and_a_linear_map(options, rng):
    config = SeqMnistConfig(**options, gate="hard-sigmoid")
    model = build(config, (1, 5, 6), 10)
    cell = model.recurrent.cell
    assert (cell.D, cell.H, cell.reset) == (6, 5, "before")
    assert isinstance(cell.gates["update"], HardSigmoid)
    x = rng.normal(size=(4, 3, 6)).astype("float32")
    y, _ = Recurrent(cell)(x)
    model.eval()
    expected = model.linear(model.batch_norm(y.data[-1])).data
    assert numpy.array_equal(model(x).data, expected) and expected.shape == (3, 10)
    names = {name.partition(".")[0] for name in model.state_dict()}
    assert names == {"recurrent", "batch_norm", "linear"}


@pytest.mark.parametrize("order, count", [("row", 39_710), ("pixel", 31_610)])
def test_the_model_of_the_paper_has_as_many_parameters(order, count):
    """3 (D·100 + 100·100 + 100) + 100·10 + 10; and the normalisation 200 more, as the table of presets says."""
    row = PRESETS[f"mnist-{order}"]
    bare, normed = (
        sum(p.size for p in build(SeqMnistConfig(**row, batch_norm=on), (1, 28, 28), 10).parameters())
        for on in (False, True)
    )
    assert (bare, normed) == (count, count + 200)
    (line,) = [line for line in preset_table().splitlines() if line.split()[0] == f"mnist-{order}"]
    assert f"{count + 200:,} parameters" in line


@pytest.mark.parametrize("name", GATES)
def test_every_gate_that_has_a_name_trains(options, name):
    task = ClassifyingSequences(SeqMnistConfig(**options, gate=name))
    optimiser = task.optimiser()
    task.loss().backward()
    optimiser.step()
    assert numpy.isfinite(task.loss().item())


def test_the_error_is_a_share_of_images_however_many_are_read_at_once(options, monkeypatch):
    task = ClassifyingSequences(SeqMnistConfig(**options))
    task.model.eval()
    found = task.predict(task.images.test)
    error = task.evaluate("test")
    assert error == (found != task.images.test.labels).sum() / 7
    monkeypatch.setattr("minigate.train.seqmnist.STEPS", 10)  # two images
    assert task.predict(task.images.test).tolist() == found.tolist()


def test_what_was_taken_for_what(options):
    task = ClassifyingSequences(SeqMnistConfig(**options))
    assert task.show() == {}
    object.__setattr__(task.images, "test", Labelled(task.images.test.pixels, numpy.array([0, 0, 0, 1, 1, 2, 9])))
    task._tested = numpy.array([0, 1, 0, 1, 0, 2, 9])
    found = task.show()
    assert numpy.array(found["confusion"])[:3, :3].tolist() == [[2, 1, 0], [1, 1, 0], [0, 0, 1]]
    assert found["class_error"] == [pytest.approx(1 / 3), 0.5, 0.0, *[None] * 6, 0.0]
    assert found["wrong"] == [[1, 1], [4, 0]]


def test_the_result_says_when_it_was_good_enough(tmp_path, options, monkeypatch):
    monkeypatch.setattr(ClassifyingSequences, "evaluate", lambda task, part: {4: 0.5, 8: 0.01}.get(task.index, 0.3))
    result = run_experiment("seqmnist", options, out=tmp_path / "run")[1].read("result.json")
    assert (result["enough"], result["updates_to_enough"], result["best_update"]) == (0.02, 8, 8)
    monkeypatch.setattr(ClassifyingSequences, "evaluate", lambda task, part: 0.3)
    result = run_experiment("seqmnist", options, out=tmp_path / "other")[1].read("result.json")
    assert result["updates_to_enough"] is None


def test_the_model_of_a_run(tmp_path, options):
    _, run = run_experiment("seqmnist", {**options, "gate": "hard-sigmoid"}, out=tmp_path / "run")
    model, config = load_classifier(run.folder)
    assert config.gate == "hard-sigmoid" and not model.training
    task = ClassifyingSequences(config)
    task.model.load_state_dict(model.state_dict())
    task.model.eval()
    assert task.evaluate("test") == run.read("result.json")["test_error"]
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "config.json").write_text('{"experiment": "charlm"}')
    with pytest.raises(CheckpointError, match=r"not a model that classifies[\s\S]*seqmnist[\s\S]*charlm"):
        load_classifier(tmp_path / "text")


def test_the_data_are_said_and_found_again(tmp_path, options):
    task = ClassifyingSequences(SeqMnistConfig(**options, order="pixel"))
    found = task.describe()
    assert found["images"] == {"train": 22, "valid": 2, "test": 7}
    assert (found["sequence"], found["epoch"]) == ("30 steps of 1 number, pixel order", 5)
    with pytest.raises(CheckpointError, match="images or options are others"):
        task.restore({}, {**task.state()[1], "size": [1, 6, 5]})
    _, run = run_experiment("seqmnist", options, out=tmp_path / "run")
    write(tmp_path / "images", {"t10k-labels-idx1-ubyte": numpy.zeros(7)})
    with pytest.raises(CheckpointError, match="the data are not those that the run began with"):
        run_experiment("seqmnist", resume=run.folder)


@pytest.mark.parametrize("wrong, words", [
    ({"data": "faces"}, ["no such data", "digits | mnist"]),
    ({"order": "column"}, ["no such order", "row | pixel | permuted"]),
    ({"gate": "step"}, ["no such gate", "sigmoid | hard-sigmoid"]),
    ({"cell": "rnn", "gate": "hard-sigmoid"}, ["an rnn has no gates", "--cell gru"]),
    ({"batch": 1}, ["batch is too small", "batch ≥ 2"]),
    ({"hidden": 0}, ["hidden is too small"]),
])  # fmt: skip
def test_options_that_cannot_be_meant(wrong, words):
    with pytest.raises(OptionError) as caught:
        SeqMnistConfig(**{**SMALL, **wrong})
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_batch_that_is_too_large(options):
    assert SeqMnistConfig(batch=1, batch_norm=False).batch == 1
    with pytest.raises(OptionError, match="larger than the training part: expected batch ≤ 22, got 23"):
        ClassifyingSequences(SeqMnistConfig(**{**options, "batch": 23}))


def test_a_name_for_the_folder():
    assert SeqMnistConfig().title == "digits-row-gru100-sigmoid"
    assert SeqMnistConfig(cell="rnn", order="pixel").title == "digits-pixel-rnn100"
    assert SeqMnistConfig(preset="mnist-permuted", **PRESETS["mnist-permuted"]).title == "mnist-permuted-gru100-sigmoid"
