"""What a lesson prints and shows fits a small screen, broken between words; nothing of it is lost."""

from __future__ import annotations

import inspect
import json

import pytest

import minigate as mg
from minigate.learn import folded, lessons, show
from minigate.learn.fold import PRINTED, SHOWN, folded_source


def test_long_lines_are_broken_between_words() -> None:
    sentence = "the gradient of every weight has the shape of that weight, " * 4
    text = f"90.halve: not right yet\n  likely slip: {sentence}\n  dx[n=0, unit=1]"
    lines = folded(text).splitlines()
    assert max(map(len, lines)) <= PRINTED
    assert folded(text).split() == text.split()
    assert lines[2].startswith("      ") and lines[-1] == "  dx[n=0, unit=1]"


def test_an_error_is_folded_as_it_is() -> None:
    error = mg.errors.ShapeError("GRU: " + "expected x (T, N, D=8), got (32, 8), " * 5 + "\n  type: x[None]")
    assert max(map(len, folded(error).splitlines())) <= PRINTED
    assert folded(error).endswith("\n  type: x[None]")


@pytest.mark.parametrize("text", ["", "one line", "\n\n", "  a\n\n  b", "x" * 200])
def test_what_fits_or_has_no_blank_stays_as_it_is(text: str) -> None:
    assert folded(text) == "\n".join(text.splitlines())
    assert folded_source(text) == text


CODE = '''\
def step(self, first_argument: Tensor, second_argument: Tensor, third_argument: Array | None = None) -> Tensor:
    """The first sentence of a docstring that is longer than the page is wide, so that a word is left over.

    A paragraph of two lines, of which the first is longer than the page is wide: its last words go to the
    front of the second.

    - a point of a list that is longer than the page is wide goes on under its first word, not under the dash
    - and the next one is a point of its own

    **Shapes**: x (T, N, D) or tokens (T, N); cotangent as y; state and mask (T, N) as in a call of the layer.
    """
    # a comment of its own line that is longer than the page is wide stays a comment on both of its lines here
    step = FIRST_STEP * max(1, size) ** -0.25  # a direction that moves many numbers moves their sums further
    return self.first_function(first_argument, second_argument) + self.second_function(third_argument, step)
'''

FOLDED = '''\
def step(self, first_argument: Tensor, second_argument: Tensor,
        third_argument: Array | None = None) -> Tensor:
    """The first sentence of a docstring that is longer than the page is wide, so that a word is
    left over.

    A paragraph of two lines, of which the first is longer than the page is wide: its last words
    go to the front of the second.

    - a point of a list that is longer than the page is wide goes on under its first word, not
      under the dash
    - and the next one is a point of its own

    **Shapes**: x (T, N, D) or tokens (T, N); cotangent as y; state and mask (T, N) as in a call
    of the layer.
    """
    # a comment of its own line that is longer than the page is wide stays a comment on both of
    # its lines here
    # a direction that moves many numbers moves their sums further
    step = FIRST_STEP * max(1, size) ** -0.25
    return self.first_function(first_argument, second_argument) +
            self.second_function(third_argument, step)
'''


def test_source_is_folded_as_what_it_is() -> None:
    assert folded_source(CODE) == FOLDED


def test_a_docstring_that_ends_takes_no_code_along() -> None:
    long = "the gradient of every weight has the shape of that weight, and so has its moment. " * 2
    ends = f'def f(x):\n    """One line.\n\n    {long.strip()}"""\n    return x'
    assert folded_source(ends).endswith('"""\n    return x')
    assert folded_source(f'    """{long}"""').count("\n") == 1


def words(text: str) -> list[str]:
    return sorted(word for word in text.split() if word != "#")


@pytest.mark.parametrize("thing", [mg.gradient_flow, mg.cells.LSTM, mg.ops.conv2d, mg.check_gate])
def test_no_word_of_the_package_is_lost(thing: object) -> None:
    shown = folded_source(inspect.getsource(inspect.unwrap(thing)))  # type: ignore[arg-type]
    assert words(shown) == words(inspect.getsource(inspect.unwrap(thing)))  # type: ignore[arg-type]
    assert max(map(len, shown.splitlines())) <= SHOWN


def test_the_page_is_folded_and_what_is_printed_is_the_file() -> None:
    source = show(mg.gradient_flow)
    assert max(map(len, source._repr_markdown_().splitlines())) <= SHOWN < max(map(len, repr(source).splitlines()))


@pytest.mark.parametrize("lesson", lessons(), ids=lambda lesson: lesson.number)
def test_no_lesson_shows_a_source_too_wide_for_the_page(lesson: mg.learn.Lesson) -> None:
    for cell in json.loads(lesson.path.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", ()):
            for line in output.get("data", {}).get("text/markdown", ()):
                assert len(line.rstrip("\n")) <= SHOWN, line
