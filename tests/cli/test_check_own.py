"""``minigate check`` on what somebody else wrote: what to type instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from minigate.cli import main

GATE = """\
import minigate as mg

class Mine(mg.gates.Gate):
    def compose(self, s, p):
        return LINE
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def check(text: str) -> int:
    Path("x.py").write_text(text, encoding="utf-8")
    return main(["check", "x.py"])


HINTS = {
    "an if": ("mg.ops.sigmoid(s) if s > 0 else s", "  likely slip: an if, max(…) or min(…) on a whole array"),
    "max": ("max(0.0, s)", "  type: mg.ops.where(condition, a, b), mg.ops.maximum(a, b)"),
}


@pytest.mark.parametrize("what", HINTS)
def test_what_to_type_instead(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    line, text = HINTS[what]
    assert check(GATE.replace("LINE", line)) == 1
    assert text in capsys.readouterr().out


def test_a_class_with_arguments_of_its_own_names_is_made_with_them(capsys: pytest.CaptureFixture[str]) -> None:
    text = "class C(mg.cells.RNN):\n    def __init__(self, n_in, n_out): super().__init__(n_in, n_out)\n"
    assert check("import minigate as mg\n" + text) == 2
    assert "type: def make(D, H): return C(n_in=…, n_out=…)" in capsys.readouterr().err


def test_a_layer_that_mixes_the_batch_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    text = "class L(mg.layers.Linear):\n    def forward(self, x): return x - mg.ops.mean(x, axis=1, keepdims=True)\n"
    assert check("import minigate as mg\n" + text) == 1
    assert "batch independent ........... FAIL" in capsys.readouterr().out
