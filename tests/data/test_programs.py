"""Generated programs: the rules they follow, the symbols they are made of, and that Python prints what they answer."""

import re
from collections import Counter
from random import Random

import pytest

from minigate.data import Programs, evaluate, to_python
from minigate.data.program_parser import canonical
from minigate.data.programs import OPERATIONS, compose
from minigate.errors import OptionError

LEVELS = [(1, 1), (1, 3), (4, 2), (4, 3), (6, 4), (10, 5), (15, 10)]
PINNED = [
    ("print((1*3))@", "3."),
    ("print((3*(4 if 3>2 else (1*2))))@", "12."),
    ("print((15*7475))@", "112125."),
    ("a=3661;#print(((a-(7260 if 3134<8197 else 4782))+1942))@", "-1657."),
    ("g=136947;#print((965509+((g-886795)+950146)))@", "1165807."),
]


def programs(length, nesting, count=400, seed=0):
    random = Random(f"programs {seed}")
    return [compose(random, length, nesting) for _ in range(count)]


def printed_by_python(script):
    """What Python prints, run with nothing but print and range."""
    printed = []
    exec(to_python(script), {"__builtins__": {}, "print": printed.append, "range": range})
    (value,) = printed
    return value


@pytest.mark.parametrize(("length", "nesting"), LEVELS)
def test_python_prints_the_answer_and_so_does_the_evaluator(length, nesting):
    for script, value in programs(length, nesting, count=400 if nesting < 5 else 200):
        assert printed_by_python(script) == value, script
        assert evaluate(script) == value, script


def test_the_symbols_are_those_that_occur_41_and_13():
    read, answered = set(), set()
    for length, nesting in LEVELS:
        for _ in range(2):
            random = Random(length)
            for _ in range(200):
                source, answer = Programs().draw(random, length, nesting)
                read |= set(source)
                answered |= set(answer)
    assert read == set(Programs.inputs.characters)
    assert answered | {"@"} == set(Programs.outputs.characters)
    assert "@" not in answered  # it begins an answer, and is never predicted
    assert (len(Programs.inputs), len(Programs.outputs)) == (41, 13)
    kinds = Counter("digit" if c.isdigit() else "letter" if c.isalpha() else "sign" for c in read)
    assert kinds == {"digit": 10, "letter": 18, "sign": 13}


def test_these_are_drawn_from_this_seed_everywhere():
    drawn = [Programs().draw(Random(f"pinned {k}"), *level) for k, level in enumerate(LEVELS[:5])]
    assert drawn == PINNED


@pytest.mark.parametrize("length", [1, 3, 10])
def test_numbers_factors_and_turns_stay_within_their_bounds(length):
    numbers, factors, turns = set(), set(), set()
    for script, _ in programs(length, 1, count=6000):
        for turn in re.findall(r"range\((\d+)\)", script):
            turns.add(int(turn))
        factor = re.fullmatch(r"print\(\((\d+)\*(\d+)\)\)", script)
        if factor:
            factors |= {int(min(factor.groups(), key=int))}
        else:
            numbers |= set(map(int, re.findall(r"\d+", re.sub(r"range\(\d+\)", "", script))))
    assert turns == set(range(1, 4 * length + 1))
    assert max(factors) <= 4 * length
    assert 1 <= min(numbers) <= max(numbers) <= 10**length
    if length == 1:
        assert numbers == set(range(1, 11))  # ten itself is one of them


def kind_of(script):
    """Which operation wrote a program of nesting 1."""
    if "for" in script:
        return "loop"
    if ";" in script:
        return "assignment"
    if "if" in script:
        return "conditional"
    if "*" in script:
        return "product"
    return "sum" if re.search("[+-]", script) else "identity"


def test_the_six_operations_are_equally_likely_and_so_are_their_forms():
    count = 12_000
    scripts = [script for script, _ in programs(3, 1, count)]
    kinds = Counter(map(kind_of, scripts))
    assert set(kinds) == {operation.__name__ for operation in OPERATIONS}
    deviation = (count / 6 * 5 / 6) ** 0.5
    assert all(abs(times - count / 6) < 5 * deviation for times in kinds.values()), kinds
    for kind, form in [("sum", "+"), ("assignment", "+"), ("loop", "+="), ("conditional", "<")]:
        share = sum(form in script for script in scripts if kind_of(script) == kind) / kinds[kind]
        assert 0.44 < share < 0.56, (kind, share)


def test_the_result_so_far_takes_each_role_equally_often():
    """Of a conditional around a product, it is the value, each side of the condition, or the other value."""
    operand, roles = r"(\d+|\(\d+\*\d+\))", Counter()
    form = re.compile(rf"print\(\({operand} if {operand}[<>]{operand} else {operand}\)\)")
    for script, _ in programs(2, 2, count=15_000):
        found = form.fullmatch(script)
        if found and "*" in script:
            roles[["*" in each for each in found.groups()].index(True)] += 1
    total = sum(roles.values())
    assert total > 300
    assert set(roles) == {0, 1, 2, 3}
    assert all(abs(times - total / 4) < 5 * (total * 3 / 16) ** 0.5 for times in roles.values()), roles


def test_every_variable_is_new_and_any_may_come_first():
    first = set()
    for script, _ in programs(2, 10, count=300):
        names = re.findall(r"(?:^|#)([a-j])=", script)
        assert len(names) == len(set(names))
        first |= set(names[:1])
    assert first == set("abcdefghij")


def test_the_form_of_a_script():
    for script, _ in programs(3, 3):
        *before, last = script.split("#")
        assert re.fullmatch(r"print\(.*\)", last)
        for line, after in zip(before, [*before[1:], last]):
            loop = re.fullmatch(r"for x in range\(\d+\):([a-j])[+-]=.+", line)
            assert loop or re.fullmatch(r"[a-j]=[^;]+" + ("" if after.startswith("for") else ";"), line), script
        assert canonical(script) == script + "@"


def test_the_difficulty_is_checked():
    for length, nesting in [(0, 1), (16, 1), (1, 0), (1, 11)]:
        with pytest.raises(OptionError, match=rf"expected length 1 … 15, nesting 1 … 10, got length {length}"):
            Programs().draw(Random(0), length, nesting)
