"""The paper's table: every row can be made, has the size that it says, and learns."""

import pytest

from minigate.data import Text
from minigate.errors import OptionError
from minigate.train import PRESETS, CharLM, CharLMConfig, CharModel, parameter_count, run_experiment
from minigate.train.charlm_presets import preset_table
from tests.train.conftest import WORDS

TABLE_1 = {
    "single-tanh": (1, 1000), "stacked-tanh": (3, 390), "gf-tanh": (3, 303),
    "single-gru": (1, 540), "stacked-gru": (3, 228), "gf-gru": (3, 165), "gf-gru-l": (3, 228),
    "single-lstm": (1, 456), "stacked-lstm": (3, 191), "gf-lstm": (3, 140), "gf-lstm-l": (3, 191),
    "gf-lstm-large": (5, 700),
}  # fmt: skip
MILLIONS = {  # what these sizes come to with 205 symbols: within a unit, single, stacked and gf are about equal
    "single-tanh": 1.411, "stacked-tanh": 1.242, "gf-tanh": 1.394, "single-gru": 1.319, "stacked-gru": 1.343,
    "gf-gru": 1.312, "gf-gru-l": 2.287, "single-lstm": 1.301, "stacked-lstm": 1.319, "gf-lstm": 1.300,
}  # fmt: skip


def test_the_sizes_are_those_of_the_paper():
    assert {name: (row["layers"], row["hidden"]) for name, row in PRESETS.items() if name in TABLE_1} == TABLE_1
    assert all(row["symbols"] == 205 and row["reset_every"] == 100 for row in PRESETS.values())
    assert {row["learning_rate"] for name, row in PRESETS.items() if "tanh" in name} == {5e-5}


@pytest.mark.parametrize("name", MILLIONS)
def test_the_numbers_of_parameters_are_those_that_the_sizes_imply(name):
    row = PRESETS[name]
    count = parameter_count(205, row["cell"], row["layers"], row["hidden"], row["feedback"])
    assert count / 1e6 == pytest.approx(MILLIONS[name], abs=0.0005)
    assert f"{count:,}" in preset_table()


@pytest.mark.parametrize("name, gate_input", [
    (name, gate_input) for name, row in PRESETS.items() for gate_input in ("below", "all_parents")
    if gate_input == "below" or row["feedback"] != "open"  # gates that are open read nothing
])  # fmt: skip
def test_the_count_is_that_of_the_model(name, gate_input):
    row = PRESETS[name]
    wiring = {"layers": row["layers"], "feedback": row["feedback"], "gate_input": gate_input}
    model = CharModel(11, row["cell"], 5, **wiring)
    assert sum(p.size for p in model.parameters()) == parameter_count(11, row["cell"], hidden=5, **wiring)
    assert model.linear["W"].shape == (row["layers"] * 5, 11)


@pytest.mark.parametrize("name", PRESETS)
def test_every_row_learns(name):
    small = {"hidden": 6, "batch": 4, "length": 10, "symbols": 60, "learning_rate": 0.003}
    task = CharLM(CharLMConfig(**{**PRESETS[name], **small}), Text(WORDS.encode() * 12, "test", "a test"))
    optimiser = task.optimiser()
    before = task.evaluate("valid")
    for _ in range(60):
        optimiser.zero_grad()
        task.loss().backward()
        optimiser.step()
    assert task.evaluate("valid") < before - 0.3


def test_a_preset_is_resolved_and_what_is_given_beside_it_counts(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text(WORDS * 12)
    options = {"preset": "gf-gru", "text": str(path), "hidden": 4, "batch": 3, "length": 5, "updates": 2}
    _, run = run_experiment("charlm", options, out=tmp_path / "run")
    config = run.config["config"]
    assert (config["preset"], config["hidden"], config["layers"], config["feedback"]) == ("gf-gru", 4, 3, "gated")
    assert (config["optimiser"], config["epsilon"], config["init"], config["schedule"]) == (
        "rmsprop", 1e-8, "author", "constant",
    )  # fmt: skip
    assert run.config["parameters"] == parameter_count(205, "gru", 3, 4, "gated")
    ended, _ = run_experiment("charlm", {"preset": "gf-gru", "hidden": 4}, resume=run.folder)
    assert ended == "finished"
    with pytest.raises(OptionError, match="no such preset: expected single-tanh"):
        run_experiment("charlm", {"preset": "gf-grru"})
