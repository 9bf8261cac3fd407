"""A small text and a small model, so that whole trainings take a second."""

import signal

import pytest

from minigate.train import CharLM, experiments

SMALL = {
    "layers": 1,
    "feedback": "none",
    "hidden": 8,
    "batch": 3,
    "length": 5,
    "updates": 30,
    "evaluate_every": 10,
    "checkpoint_every": 5,
    "warm_up": 4,
    "dropout": 0.25,
    "learning_rate": 0.02,
}
WORDS = "The gate opens and the cell keeps what it was given. The gate closes; the cell forgets? No: it holds.\n"


@pytest.fixture(autouse=True)
def ctrl_c_arrives():
    """Also where the tests themselves run in the background, with Ctrl-C ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch, request):
    """Dozens of tiny runs, each of which would draw its curves at the end; those marked draw them."""
    if "draws" not in request.fixturenames:
        monkeypatch.setattr(experiments, "draw_curves", lambda run: run.curves)


@pytest.fixture
def draws():
    """A test that wants the pictures."""


@pytest.fixture
def small(tmp_path):
    """Options of a tiny charlm run on a text in the test's own folder."""
    path = tmp_path / "small.txt"
    path.write_text(WORDS * 12)
    return {**SMALL, "text": str(path)}


@pytest.fixture
def at_update(monkeypatch):
    """Let something happen while a given update is being computed."""

    def arrange(update, action):
        original, calls = CharLM.loss, [0]

        def loss(task):
            calls[0] += 1
            return action(original(task)) if calls[0] == update else original(task)

        monkeypatch.setattr(CharLM, "loss", loss)

    yield arrange
    monkeypatch.undo()
