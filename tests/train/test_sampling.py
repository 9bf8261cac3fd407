"""Writing with a trained model: the same text from the same seed, and clear words about what cannot be."""

import numpy
import pytest

from minigate.errors import CheckpointError, DataError, OptionError
from minigate.train import load_model, run_experiment, sample
from minigate.train.run import Run
from minigate.train.sampling import _draw


@pytest.fixture
def run(small, tmp_path):
    return run_experiment("charlm", {**small, "updates": 3}, out=tmp_path / "run")[1]


def test_the_same_seed_writes_the_same_text(run):
    text = sample(run.folder, prime="The ", length=30, seed=3)
    assert text.startswith("The ")
    assert len(text) == 34
    assert text == sample(run.folder, prime="The ", length=30, seed=3)
    assert text != sample(run.folder, prime="The ", length=30, seed=4)


def test_a_model_in_memory_writes_the_same_and_keeps_its_mode(run):
    model, vocabulary = load_model(run.folder)
    model.train()
    assert sample((model, vocabulary), length=20) == sample(run.folder, length=20)
    assert model.training


def test_what_was_primed_matters_however_it_is_cut(run):
    """Reading the prime at once is the same as reading it character by character."""
    model, vocabulary = load_model(run.folder)
    state = None
    for token in vocabulary.encode("The gate"):
        scores, state = model(numpy.array([[token]]), state)
    whole, _ = model(vocabulary.encode("The gate")[:, None], None)
    numpy.testing.assert_allclose(whole.numpy()[-1], scores.numpy()[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "wiring", [{"layers": 2, "cell": "lstm"}, {"layers": 2, "feedback": "gated"}, {"feedback": "open", "cell": "rnn"}]
)
def test_stacks_and_feedback_write_too_and_bytes_are_read_as_text(small, tmp_path, wiring):
    path = tmp_path / "small.txt"
    path.write_text(path.read_text() + "Überträge. " * 40, encoding="utf-8")
    options = {**small, **wiring, "bytes": True, "symbols": 90, "updates": 3}
    run = run_experiment("charlm", options, out=tmp_path / "run")[1]
    text = sample(run.folder, prime="Über", length=200, temperature=3.0)
    assert text.startswith("Über")
    assert len(text) <= 204
    assert text == sample(run.folder, prime="Über", length=200, temperature=3.0)


def test_draws_follow_the_softmax_and_never_give_the_unknown():
    scores, rng = numpy.log(numpy.array([0.9, 0.05, 0.03, 0.02])), numpy.random.default_rng(0)
    counts = numpy.bincount([_draw(scores, 1.0, rng) for _ in range(4000)], minlength=4) / 4000
    numpy.testing.assert_allclose(counts, [0, 0.5, 0.3, 0.2], atol=0.03)
    assert {_draw(scores, 0.0, rng) for _ in range(9)} == {1}
    hot = numpy.bincount([_draw(scores, 1e6, rng) for _ in range(4000)], minlength=4) / 4000
    numpy.testing.assert_allclose(hot, [0, 1 / 3, 1 / 3, 1 / 3], atol=0.03)


def test_what_cannot_be_written_is_named(run, tmp_path):
    with pytest.raises(DataError, match="'#', '~'"):
        sample(run.folder, prime="#The~#")
    with pytest.raises(DataError, match="the prime is empty"):
        sample(run.folder, prime="")
    with pytest.raises(OptionError, match="temperature=-1"):
        sample(run.folder, temperature=-1)
    with pytest.raises(CheckpointError, match="there is no folder"):
        sample(tmp_path / "nothing")
    Run.create(tmp_path / "other", {"experiment": "adding"})
    with pytest.raises(CheckpointError, match="not a character model"):
        sample(tmp_path / "other")
    run.best.unlink()
    run.checkpoint.write_bytes(b"PK")
    with pytest.raises(CheckpointError, match="damaged"):
        sample(run.folder)
