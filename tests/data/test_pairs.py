"""Problems in parts and batches: what a test holds never occurs in training, and every batch can be made again."""

import textwrap
import zlib
from collections import Counter
from random import Random

import numpy
import pytest

from minigate.data import (
    PARTS,
    TASKS,
    Addition,
    Copy,
    PairTask,
    Programs,
    answer_symbols,
    collate,
    draw_pair,
    draw_pairs,
    pairs,
    read_symbols,
    split_part,
)
from minigate.errors import DataError, OptionError

OPTIONS = [(reverse, double) for reverse in (False, True) for double in (False, True)]


def make(name, reverse=False, double=False):
    return TASKS[name](reverse=reverse, double=double)


def a_level(random):
    return 1 + int(random.random() * 3), 1


@pytest.mark.parametrize("name", TASKS)
def test_the_part_follows_from_the_text_alone(name):
    task, seen = make(name), Counter()
    for part in PARTS:
        for source, answer in draw_pairs(task, 0, part, 0, 300, lambda random: (4, 1)):
            assert split_part(source) == part
            assert zlib.crc32(source.encode()) % 3 == PARTS.index(part)
            assert answer.endswith(".")
            seen[part] += 1
    assert seen == {"train": 300, "valid": 300, "test": 300}


def test_a_third_of_the_programs_is_in_each_part():
    random = Random("thirds")
    parts = Counter(split_part(Programs().draw(random, 4, 3)[0]) for _ in range(6000))
    assert all(abs(parts[part] - 2000) < 5 * (6000 * 2 / 9) ** 0.5 for part in PARTS), parts


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("name", TASKS)
def test_at_the_easiest_level_no_part_is_empty(name, options):
    """There are ten rows of one digit, and a hundred sums of two; harder levels have more."""
    task, random = make(name, *options), Random("small")
    for part in PARTS:
        found = {draw_pair(task, random, part, 1) for _ in range(60)}
        assert found
    every = {task.draw(random, 1)[0] for _ in range(3000)}
    assert {split_part(source) for source in every} == set(PARTS)


def test_a_part_without_problems_is_an_error_and_no_endless_search():
    class OnlyOne(PairTask):
        name, difficulty = "only-one", "there is only one"
        inputs, outputs = read_symbols("1", name), answer_symbols("1", name)

        def pose(self, random, length, nesting):
            return "1", "1"

    (part,) = {split_part("1@")}
    assert draw_pair(OnlyOne(), Random(0), part, 1) == ("1@", "1.")
    other = next(each for each in PARTS if each != part)
    with pytest.raises(DataError) as caught:
        draw_pair(OnlyOne(), Random(0), other, 1)
    assert f"only-one: no problem of length 1 and nesting 1 belongs to the part {other}" in str(caught.value)
    assert "likely slip: there are so few different problems" in str(caught.value)
    with pytest.raises(OptionError, match=r"expected train \| valid \| test, got 'validation'"):
        draw_pair(OnlyOne(), Random(0), "validation", 1)


@pytest.mark.parametrize("name", TASKS)
def test_a_batch_follows_from_seed_part_and_index(name):
    def batch(seed=1, part="train", index=5):
        return draw_pairs(make(name), seed, part, index, 20, a_level)

    assert batch() == batch()
    assert batch(seed=2) != batch() != batch(index=6)
    assert not set(batch()) & set(batch(part="test"))


def test_this_is_drawn_from_this_seed_everywhere():
    assert draw_pairs(Programs(), 7, "valid", 3, 4, lambda random: (2, 2)) == [
        ("print((16 if (24 if 24>84 else 8)>43 else 48))@", "48."),
        ("print((7+9))@", "16."),
        ("e=61#for x in range(7):e+=40#print(e)@", "341."),
        ("h=57;#print(((h+4)-80))@", "-19."),
    ]


@pytest.mark.parametrize("name", TASKS)
def test_collated_pairs_come_back(name):
    task = make(name)
    drawn = draw_pairs(task, 3, "train", 0, 9, a_level)
    batch = collate(task, drawn)
    T, S = max(len(source) for source, _ in drawn), max(len(answer) for _, answer in drawn)
    assert batch.source.shape == (T, 9)
    assert batch.inputs.shape == batch.targets.shape == batch.target_mask.shape == (S, 9)
    assert {array.dtype for array in (batch.source, batch.inputs, batch.targets)} == {numpy.dtype("int64")}
    assert batch.count == sum(len(answer) for _, answer in drawn)
    for n, (source, answer) in enumerate(drawn):
        valid, counted = batch.source_mask[:, n], batch.target_mask[:, n]
        assert task.inputs.decode(batch.source[valid, n]) == source
        assert task.outputs.decode(batch.targets[counted, n]) == answer
        assert task.outputs.decode(batch.inputs[counted, n]) == "@" + answer[:-1]
        assert valid[: len(source)].all() and not valid[len(source) :].any()  # padded at the end
        assert not batch.source[~valid, n].any() and not batch.targets[~counted, n].any()


def test_no_mask_where_nothing_is_padded():
    batch = collate(Copy(), [("123@", "123."), ("456@", "456.")])
    assert batch.source_mask is None
    assert batch.target_mask.all()
    assert batch.source.tolist() == [[1, 4], [2, 5], [3, 6], [10, 10]]
    assert batch.inputs.tolist() == [[12 - 1, 12 - 1], [2, 5], [3, 6], [4, 7]]  # of ".0123456789@", the last begins
    assert batch.targets.tolist() == [[2, 5], [3, 6], [4, 7], [0, 0]]


def test_what_cannot_be_collated_is_named():
    with pytest.raises(DataError) as caught:
        collate(Addition(), [("print(1+2)@", "3."), ("print(1*2)@", "2.")])
    assert str(caught.value) == (
        "collate, pair 1: '*', character 8 of 'print(1*2)@', is not a symbol that addition reads: "
        "expected one of the 19: ()+0123456789@inprt, got U+002A"
    )
    with pytest.raises(DataError, match=r"collate, pair 0: '-', character 2 of '@-3\.', is not a symbol that addition"):
        collate(Addition(), [("print(1+2)@", "-3.")])
    with pytest.raises(DataError, match=r"collate, pair 1: an empty text: got \('', '3.'\)"):
        collate(Copy(), [("1@", "1."), ("", "3.")])
    with pytest.raises(DataError, match="no pairs to make a batch of"):
        collate(Copy(), [])


def test_the_new_task_of_the_docstring_works_and_takes_one_file(monkeypatch):
    monkeypatch.setitem(TASKS, "backwards", None)  # and takes it out again afterwards
    example = pairs.__doc__.partition("::\n")[2].partition("\n\nAll that follows")[0]
    exec(textwrap.dedent(example), {})
    task = TASKS["backwards"](reverse=True)
    drawn = draw_pairs(task, 0, "test", 0, 30, lambda random: (6, 1))
    assert all(source[:-1] == answer[:-1] for source, answer in drawn)
    assert collate(task, drawn).targets.shape == (7, 30)
