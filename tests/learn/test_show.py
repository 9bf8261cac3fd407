"""``show`` prints the package's own source, with its file."""

from __future__ import annotations

import pytest

import minigate as mg
from minigate.errors import OptionError
from minigate.learn import show


def test_a_function_with_its_file() -> None:
    text = repr(show(show))
    assert text.startswith("# minigate/learn/show.py\ndef show(")
    assert show(show)._repr_markdown_().count("```") == 2


def test_an_operation_with_its_rules() -> None:
    text = repr(show(mg.ops.multiply))
    assert "return a * b" in text and '@multiply.rule("a"' in text and "return dout * b" in text


def test_a_class_without_its_body() -> None:
    text = repr(show(mg.gates.Sigmoid, body=False))
    assert text.endswith('"""') and "def compose" not in text


def test_a_method_loses_its_indentation() -> None:
    assert "\ndef slope(" in repr(show(mg.gates.Sigmoid.slope))


def test_what_has_no_source() -> None:
    with pytest.raises(OptionError, match="there is no Python source to show"):
        show(len)
