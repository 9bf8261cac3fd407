"""One problem of somebody's own: what is read, what is answered and how surely, and what is right."""

import math

import pytest

from minigate.data import TASKS
from minigate.errors import CheckpointError, DataError, OptionError
from minigate.train import ProgramsConfig, predict
from minigate.train.program_model import build


def solver(**options):
    config = ProgramsConfig(**{"layers": 1, "hidden": 5, "feedback": "none", "cell": "lstm", **options})
    return build(config), TASKS[config.task](reverse=config.reverse, double=config.double)


def test_a_program_is_read_as_the_generator_writes_it_and_its_answer_stands_beside_it():
    found = predict(solver(), "a = 5\nfor x in range(3): a += 2\nprint(a)")
    assert found.problem == "a=5#for x in range(3):a+=2#print(a)@"
    assert found.right == "11."
    assert len(found.symbols) == len(found.answer)
    assert [place[0][0] for place in found.symbols] == list(found.answer)
    assert all(place[0][1] >= place[1][1] >= place[2][1] for place in found.symbols)
    assert found.log_probability == pytest.approx(sum(math.log(place[0][1]) for place in found.symbols), rel=1e-4)
    assert found.others == []


def test_a_search_gives_other_answers_too():
    found = predict(solver(), "print(1)", width=4)
    logs = [found.log_probability, *(log for _, log in found.others)]
    assert len(found.others) == 3
    assert logs == sorted(logs, reverse=True)
    assert len({found.answer, *(text for text, _ in found.others)}) == 4


@pytest.mark.parametrize("options, typed, read, right", [
    ({"task": "addition", "nesting": 1}, "12+34", "print(12+34)@", "46."),
    ({"task": "addition", "nesting": 1, "reverse": True}, " print(12 + 34)@ ", ")43+21(tnirp@", "46."),
    ({"task": "copy", "nesting": 1, "double": True}, "807\n", "807807@", "807."),
])  # fmt: skip
def test_the_other_tasks(options, typed, read, right):
    found = predict(solver(**options), typed)
    assert (found.problem, found.right) == (read, right)


@pytest.mark.parametrize("options, typed, words", [
    ({}, "import os", ["line 1"]),
    ({}, "print(1/2)", ["nothing is divided"]),
    ({"task": "addition", "nesting": 1}, "12*34", ["not a sum of two whole numbers", "print(12+34)"]),
    ({"task": "copy", "nesting": 1}, "12a", ["'a'", "a symbol that copy reads"]),
])  # fmt: skip
def test_what_is_no_problem_of_the_task(options, typed, words):
    with pytest.raises(DataError) as caught:
        predict(solver(**options), typed)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_no_run_and_no_path(tmp_path):
    with pytest.raises(CheckpointError, match="there is no folder"):
        predict(tmp_path / "nothing", "print(1)")
    with pytest.raises(OptionError, match="width ≥ 1"):
        predict(solver(), "print(1)", width=0)
