"""Programs to be answered: what the score counts, that it is learnt, and that stopping changes nothing."""

import signal

import numpy
import pytest

from minigate.data import Programs, collate, split_part
from minigate.errors import CheckpointError, OptionError
from minigate.layers import greedy
from minigate.tensor import Tensor
from minigate.train import load_checkpoint, run_experiment
from minigate.train.answers import Score, score, score_pairs, scores_of
from minigate.train.program_model import build, load_solver
from minigate.train.programs import Answering
from minigate.train.programs_config import ProgramsConfig
from minigate.train.programs_presets import PRESETS, preset_table

SMALL = {
    "length": 2, "nesting": 2, "layers": 2, "hidden": 6, "batch": 4, "pool": 3, "updates": 20, "evaluate_every": 7,
    "checkpoint_every": 5, "warm_up": 2, "valid_examples": 20, "test_examples": 5,
}  # fmt: skip


def make(**options):
    return Answering(ProgramsConfig(**{**SMALL, **options}))


def bytes_of(path):
    saved = load_checkpoint(path)
    return {name: array.tobytes() for name, array in saved.arrays.items()}, saved.meta


@pytest.mark.parametrize("options", [
    {}, {"cell": "lstm", "feedback": "none", "unroll": 7}, {"curriculum": "naive"}, {"curriculum": "combined"},
    {"task": "addition", "nesting": 1, "reverse": True, "examples": 12},
    {"task": "copy", "nesting": 1, "double": True, "curriculum": "baseline"},
])  # fmt: skip
@pytest.mark.parametrize("update", [8])
def test_stopping_and_resuming_gives_the_same_bytes(tmp_path, monkeypatch, options, update):
    """In the middle of a pool, also where the curriculum has moved since it was drawn."""
    options = {**SMALL, **options}
    if options.get("curriculum") in ("naive", "combined"):
        monkeypatch.setattr("minigate.train.curricula.ENOUGH", -1.0)
    _, straight = run_experiment("programs", options, out=tmp_path / "straight")
    original, calls = Answering.loss, [0]

    def loss(task):
        calls[0] += 1
        if calls[0] == update:
            signal.raise_signal(signal.SIGINT)
        return original(task)

    monkeypatch.setattr(Answering, "loss", loss)
    ended, stopped = run_experiment("programs", options, out=tmp_path / "stopped")
    assert (ended, load_checkpoint(stopped.checkpoint).meta["step"]) == ("interrupted", update)
    monkeypatch.setattr(Answering, "loss", original)
    ended, _ = run_experiment("programs", resume=stopped.folder)
    assert ended == "finished"
    assert bytes_of(stopped.checkpoint) == bytes_of(straight.checkpoint)
    same = [{k: v for k, v in run.read("result.json").items() if k not in ("seconds", "run")}
            for run in (straight, stopped)]  # fmt: skip
    assert same[0] == same[1]
    if options.get("curriculum") in ("naive", "combined"):
        levels = [record["level"] for record in straight.records()]
        assert levels == [[1, 1], [2, 1], [1, 2]]  # each said before it moves on


def trained(updates, **options):
    task = make(task="copy", nesting=1, batch=32, learning_rate=0.02, **options)
    optimiser = task.optimiser()
    for _ in range(updates):
        task.trained = Score()
        optimiser.zero_grad()
        task.loss().backward()
        optimiser.step()
    return task


def test_it_learns_to_copy_a_digit():
    task = trained(60, length=1, layers=1, hidden=16, feedback="none")
    assert task.trained.whole == 1.0
    assert task.evaluate("valid") <= 0.5  # it answers with a digit that it knows, and a full stop
    assert task.show()["answers"][0].keys() == {"problem", "right", "answer"}


@pytest.mark.parametrize("feedback", ["none", "gated"])
def test_an_answer_is_right_as_a_whole_where_greedy_decoding_writes_it(feedback):
    task = trained(60, length=2, hidden=16, feedback=feedback)
    pairs = task._validation() + task._draw("train", 0, 30)
    batch = collate(task.pairs, pairs)
    total = score(scores_of(task.model, batch), batch)
    found = greedy(task.model, batch.source, start=task.pairs.start, stop=task.pairs.stop, mask=batch.source_mask)
    right = sum(task.pairs.outputs.decode(a.tokens) == answer for a, (_, answer) in zip(found, pairs, strict=True))
    assert 0 < right < len(pairs)
    assert (total.answers, total.of_answers) == (right, len(pairs))
    assert score_pairs(task.model, task.pairs, pairs[::-1]) == total


def test_a_score_by_hand():
    """Answers "12." and "3.": of five symbols one is wrong, so one whole answer of two is right."""
    batch = collate(Programs(), [("print(12)@", "12."), ("print(3)@", "3.")])
    scores = numpy.full((3, 2, 13), -1.0)
    for s, n in numpy.ndindex(3, 2):
        scores[s, n, batch.targets[s, n]] = 1.0
    scores[1, 0] = scores[1, 0, ::-1]
    scores[2, 1] = 5.0  # beyond the end of "3."
    found = score(Tensor(scores), batch)
    assert found == Score(4, 5, 1, 2)
    assert (found.accuracy, found.whole) == (0.8, 0.5)
    assert found + found == Score(8, 10, 2, 4)
    assert Score().accuracy == Score().whole == 0.0


def test_problems_of_the_test_never_come_in_training():
    task = make()
    for _ in range(6):
        task.loss()
        assert {split_part(source) for batch in task._pool for source, _ in batch} == {"train"}
    assert {split_part(source) for source, _ in task._validation()} == {"valid"}
    assert {split_part(source) for source, _ in task._draw("test", 0, 20)} == {"test"}


def test_validation_and_test_are_the_same_for_every_seed_and_curriculum():
    one, other = make(), make(seed=5, curriculum="naive", feedback="none")
    assert one._validation() == other._validation()
    assert one._draw("test", 3, 9) == other._draw("test", 3, 9)
    assert one._draw_pool(0) != other._draw_pool(0)
    assert one.describe()["sha256"] != make(length=1).describe()["sha256"]


def test_a_pool_has_batches_of_problems_of_much_the_same_length():
    task = make(batch=8, pool=5)
    pool = task._draw_pool(0)
    lengths = sorted([len(source) + len(answer) for source, answer in batch] for batch in pool)
    assert [len(batch) for batch in pool] == [8] * 5
    assert all(max(shorter) <= min(longer) for shorter, longer in zip(lengths, lengths[1:], strict=False))
    orders = [[len(batch[0][0]) for batch in task._draw_pool(k)] for k in range(6)]
    assert any(order != sorted(order) for order in orders)


def test_the_same_examples_again_and_again():
    task = make(examples=24)
    assert task._draw_pool(0) == task._draw_pool(2) == task._draw_pool(4) != task._draw_pool(1)


def test_the_curriculum_is_told_what_it_is_to_know(monkeypatch):
    task = make(curriculum="naive")
    told = []
    monkeypatch.setattr(task.curriculum, "report", lambda valid, train: told.append((valid, train)))
    for _ in range(3):
        task.loss()
    learnt = task.trained
    task.evaluate("valid")
    record = task.measured(0.5)
    assert record["level"] == [1, 1]
    assert told == [(pytest.approx(1 - record["level_error"]), learnt.accuracy)]
    assert task.trained == Score()


def test_every_difficulty_is_tested():
    task = make(length=3)
    error = task.evaluate("test")
    grid = task.show()["grid"]
    assert (grid["lengths"], grid["nestings"], grid["examples"]) == ([1, 2, 3], [1, 2], 5)
    assert numpy.shape(grid["symbols"]) == numpy.shape(grid["answers"]) == (3, 2)
    assert 0.0 < error <= 1.0


@pytest.mark.parametrize("name", [name for name in PRESETS if name.startswith("laptop")])
def test_a_preset_has_as_many_parameters_as_it_says(name):
    count = sum(parameter.size for parameter in build(ProgramsConfig(**PRESETS[name])).parameters())
    (line,) = [line for line in preset_table().splitlines() if line.split()[0] == name]
    assert f"{count:,} parameters" in line


def test_the_presets_of_the_paper():
    for unit, hidden in (("gru", 230), ("lstm", 200)):
        for name in (f"stacked-{unit}", f"gf-{unit}"):
            row = ProgramsConfig(preset=name, **PRESETS[name])
            assert (row.layers, row.hidden, row.batch, row.unroll) == (3, hidden, 128, 50)
            assert (row.length, row.nesting) == (10, 5)
            assert (row.beta1, row.beta2, row.learning_rate) == (0.99, 0.99, 1e-3)
            assert row.updates * row.batch == 30 * row.examples
            assert row.test_examples == 2000
    small = [sum(p.size for p in build(ProgramsConfig(**PRESETS[f"laptop-{kind}-{unit}"])).parameters())
             for unit in ("gru", "lstm") for kind in ("stacked", "gf")]  # fmt: skip
    assert small[0] == pytest.approx(small[1], rel=0.02) and small[2] == pytest.approx(small[3], rel=0.02)


def test_learning_to_execute_is_trained_as_by_its_authors():
    row = ProgramsConfig(preset="learning-to-execute")
    assert (row.cell, row.layers, row.hidden, row.feedback, row.init) == ("lstm", 2, 400, "none", "uniform")
    assert (row.optimiser, row.learning_rate, row.momentum, row.clip) == ("sgd", 0.5, 0.0, 5.0)
    assert (row.curriculum, row.length, row.nesting, row.unroll, row.batch) == ("combined", 6, 3, 50, 100)
    assert (row.decay, row.lowest_rate, row.schedule, row.skip_input, row.skip_output) == (
        0.8, 1e-3, "constant", False, False,
    )  # fmt: skip
    assert row.mean_over == "answers"
    small = build(ProgramsConfig(preset="learning-to-execute", hidden=4))
    assert [layer.D for layer in small.encoder.layers] == [41, 4] and small.linear["W"].shape == (4, 13)
    assert max(abs(parameter.data).max() for parameter in small.parameters()) <= 0.08


def test_a_mean_over_answers_is_a_sum_over_their_symbols():
    one, other = make(), make(mean_over="answers")
    symbols = sum(len(answer) for _, answer in one._draw_pool(0)[0])
    assert other.loss().item() == pytest.approx(one.loss().item() * symbols / SMALL["batch"], rel=1e-6)


def test_the_learning_rate_goes_down_where_the_hardest_could_be_made_harder(tmp_path, monkeypatch):
    """At every check but the first, which lead the curriculum up; it ends where the rate is too low, and stays so."""
    monkeypatch.setattr("minigate.train.curricula.ENOUGH", -1.0)
    options = {**SMALL, "curriculum": "naive", "updates": 999, "evaluate_every": 2, "decay": 0.5, "learning_rate": 0.01,
               "lowest_rate": 0.0012, "schedule": "constant", "warm_up": 0}  # fmt: skip
    _, run = run_experiment("programs", options, out=tmp_path / "run")
    rates = [record["learning_rate"] for record in run.records()]
    assert rates == pytest.approx([0.01] * 4 + [0.005, 0.0025, 0.00125])
    assert run.read("result.json")["updates"] == 14
    assert run_experiment("programs", resume=run.folder)[0] == "finished" and len(run.records()) == 7


@pytest.mark.parametrize("options, words", [
    ({"task": "sorting"}, ["no such task", "programs | addition | copy"]),
    ({"curriculum": "hard"}, ["no such curriculum", "baseline | naive | mix | combined"]),
    ({"task": "copy"}, ["nesting is too large for copy", "nesting ≤ 1", "--nesting 1"]),
    ({"length": 16}, ["length is too large", "length ≤ 15"]),
    ({"examples": 100}, ["no whole number of pools", "12"]),
    ({"pool": 0}, ["pool is too small"]),
    ({"unroll": -1}, ["unroll is too small"]),
    ({"clip": 0.0}, ["clip > 0"]),
])  # fmt: skip
def test_options_that_cannot_be_meant(options, words):
    with pytest.raises(OptionError) as caught:
        ProgramsConfig(**{**SMALL, **options})
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_a_name_for_the_folder():
    assert ProgramsConfig().title == "gf-gru2x96"
    assert ProgramsConfig(task="addition", nesting=1, reverse=True, feedback="none").title == "addition-gru2x96-reverse"
    assert ProgramsConfig(preset="laptop-gf-lstm").title == "laptop-gf-lstm"


def test_a_run_of_another_experiment_is_no_solver(tmp_path):
    (tmp_path / "config.json").write_text('{"experiment": "charlm"}')
    with pytest.raises(CheckpointError, match=r"not a model that answers[\s\S]*programs[\s\S]*charlm"):
        load_solver(tmp_path)
    task = make()
    with pytest.raises(CheckpointError, match="problems are others"):
        task.restore({}, {**task.state()[1], "config": {}})
