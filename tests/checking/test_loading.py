"""A file is loaded by its path, and nothing else is disturbed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from minigate.checking.inventory import inventory, pick
from minigate.checking.loading import load, split_target
from minigate.errors import OptionError


@pytest.mark.parametrize(
    ("text", "file", "name"),
    [
        ("my_gate.py", "my_gate.py", ""),
        ("my_gate.py:Soft", "my_gate.py", "Soft"),
        ("my_gate.py::Soft", "my_gate.py", "Soft"),
        ("a/b c/my_gate.py:Soft", "a/b c/my_gate.py", "Soft"),
        (r"C:\x\my_gate.py", r"C:\x\my_gate.py", ""),
        (r"C:\x\my_gate.py:Soft", r"C:\x\my_gate.py", "Soft"),
        ("C:my_gate.py", "C:my_gate.py", ""),
        ("my_gate.py:", "my_gate.py", ""),
    ],
)
def test_a_name_follows_the_last_colon(text, file, name):
    assert split_target(text) == (Path(file), name)


def test_a_file_whose_name_holds_a_colon_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        Path("odd:name").write_text("")
    except OSError:
        pytest.skip("no such names here")
    assert split_target("odd:name") == (Path("odd:name"), "")


def test_nothing_else_is_disturbed(tmp_path):
    import random

    file = tmp_path / "random.py"
    file.write_text("import sys\nthere = list(sys.path)\n")
    path, names = list(sys.path), set(sys.modules)
    module = load(file)
    assert module.there == path == sys.path and sys.modules["random"] is random
    assert {name for name in set(sys.modules) - names} == {"_checked_random"}
    assert not (tmp_path / "__pycache__").exists()
    file.write_text("1 / 0")
    with pytest.raises(OptionError, match="line 1: 1 / 0"):
        load(file)
    assert "_checked_random" not in sys.modules


def test_what_stands_in_the_file_now_is_loaded(tmp_path):
    file = tmp_path / "mine.py"
    for value in range(3):  # the same size within the same second: a compiled copy would look valid
        file.write_text(f"x = {value}")
        assert load(file).x == value


def test_an_interruption_says_where_it_was(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text("x = 1\nraise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt) as stopped:
        load(file)
    assert stopped.value.__notes__ == ["while mine.py was being loaded\n  line 2: raise KeyboardInterrupt"]


HOLDS = """\
from __future__ import annotations
from dataclasses import dataclass
import minigate as mg
from minigate.cells import GRU
import minigate.gates as g

@dataclass
class Steep(mg.gates.Gate):
    k: float = 2.0
    def compose(self, s, p):
        return mg.ops.sigmoid(self.k * s)

class _Mine(Steep):
    pass

if True:
    try:
        cell: GRU = GRU(2, 3)
    except ImportError:
        pass
one, other = Steep(1.0), mg.layers.Linear(2, 3)
same = one

def softmax_forward(x): return x
def softmax_backward(dy, x): return dy
def forward(x): return x
def make_cell_of(D, H): return GRU(D, H)
def make_data(n): return n
def loss(x): return x
"""


def test_what_the_file_itself_defines_is_found_with_its_line(tmp_path):
    file = tmp_path / "holds.py"
    file.write_text(HOLDS)
    module = load(file)
    found = [(item.line, item.kind, item.name) for item in inventory(module)]
    assert found == [(8, "gate", "Steep"), (18, "cell", "cell"), (21, "gate", "one"), (21, "layer", "other"),
                     (24, "vjp", "softmax_forward"), (27, "maker", "make_cell_of")]  # fmt: skip
    for name, kind in (("GRU", "cell"), ("_Mine", "gate"), ("loss", "function"), ("softmax_backward", "vjp")):
        assert pick(module, name).kind == kind
    for name in ("mg", "annotations", "nope"):
        with pytest.raises(OptionError):
            pick(module, name)
