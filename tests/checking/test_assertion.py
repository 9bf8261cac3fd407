"""A check as an assertion in somebody's test: what it takes, and what pytest shows of a failure."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import traceback

import numpy
import pytest

import minigate as mg
from minigate.checking import assert_gradients
from minigate.errors import DTypeError, GradientMismatch, OptionError
from tests.sources import ROOT

X = numpy.array([[1.0, -0.5], [0.25, 2.0]])


def forward(x):
    return numpy.tanh(x)


def backward(dy, x):
    return dy * (1.0 - numpy.tanh(x) ** 2)


class Raises(mg.cells.RNN):
    def step(self, x_t, state):
        return self.further(x_t, state)

    def further(self, x_t, state):
        return mg.ops.tanh(x_t @ self["V"]), state


class NoTuple(mg.cells.RNN):
    def step(self, x_t, state):
        return state[0]


def test_a_pair_of_functions_is_checked_as_a_vjp():
    assert assert_gradients((forward, backward), X).coverage["gradients"] == ["x"]
    with pytest.raises(GradientMismatch, match="check_vjp"):
        assert_gradients((forward, lambda dy, x: dy), X)


def test_what_it_does_not_know_is_told():
    with pytest.raises(OptionError, match="expected a gate, cell or layer, a function, a pair .* or a report, got 3"):
        assert_gradients(3)
    with pytest.raises(OptionError, match="check of a gate: no such option: expected H, contracts, order, seed, got T"):
        assert_gradients(mg.gates.Sigmoid, T=(1,))


def lines_in(error):
    return [frame.name for frame in traceback.extract_tb(error.__traceback__)][1:]


def test_an_exception_comes_through_without_the_frames_of_minigate(monkeypatch):
    with pytest.raises(mg.errors.StateDictError) as caught:
        assert_gradients(Raises)
    assert lines_in(caught.value) == ["assert_gradients", "step", "further"]
    with pytest.raises(DTypeError) as caught:
        assert_gradients(NoTuple)
    assert lines_in(caught.value) == ["assert_gradients"]
    monkeypatch.setenv("MINIGATE_DEBUG", "1")
    with pytest.raises(mg.errors.StateDictError) as caught:
        assert_gradients(Raises)
    assert "check_cell" in lines_in(caught.value)


SHOWN = """\
import minigate as mg
from minigate import assert_gradients

class Doubled(mg.gates.Sigmoid):
    def slope(self, xp, s, g, p):
        return 2.0 * g * (1.0 - g)

def test_doubled():
    assert_gradients(Doubled)
"""


def test_pytest_shows_the_line_and_the_report_and_nothing_of_minigate(tmp_path):
    (tmp_path / "test_it.py").write_text(SHOWN)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), "test_it.py"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 1
    assert ">       assert_gradients(Doubled)" in done.stdout and "test_it.py:9: GradientMismatch" in done.stdout
    assert re.search(r"^E +slope \.+ FAIL", done.stdout, flags=re.MULTILINE)
    assert "constant factor 2.000000" in done.stdout
    assert "checking/" not in done.stdout and done.stdout.count("test_it.py:") == 2
