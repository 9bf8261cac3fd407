"""``minigate check``: what a user with a file of their own sees, types right and types wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from minigate.cli import main
from tests.sources import ROOT

GATES = """\
import minigate as mg
from minigate.gates import HardSigmoid

class Soft(mg.gates.Gate):
    def compose(self, s, p):
        return mg.ops.sigmoid(s)

class Doubled(Soft):
    def slope(self, xp, s, g, p):
        return 2.0 * g * (1.0 - g)

class Flat(mg.gates.Gate):
    def compose(self, s, p):
        return mg.ops.clip(s, 0.3, 0.3)

class Steep(mg.gates.Gate):
    def __init__(self, k):
        self.k = k
    def compose(self, s, p):
        return mg.ops.sigmoid(self.k * s)

number = 3
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gates.py").write_text(GATES, encoding="utf-8")


def check(*words: str) -> int:
    return main(["check", *words])


def written(name: str, text: str) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, encoding="utf-8")
    return name


# ---- verdicts ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "code", "verdict"),
    [("gates.py:Soft", 0, "PASS"), ("gates.py:Doubled", 1, "FAIL"), ("gates.py:Flat", 3, "INCONCLUSIVE"),
     ("gates.py::Soft", 0, "PASS"), ("gates.py:HardSigmoid", 0, "PASS")],
)  # fmt: skip
def test_the_exit_code_is_the_verdict(target: str, code: int, verdict: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(target) == code
    out, err = capsys.readouterr()
    assert out.startswith(f"minigate check {target.replace('::', ':')}") and out.split()[-1] == verdict and err == ""


def test_all_that_a_file_defines_and_the_worst_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert check("gates.py") == 2
    out, err = capsys.readouterr()
    told = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line.startswith("gates.py:")}
    assert {name: words[0] for name, words in told.items()} == {
        "gates.py:Soft": "PASS", "gates.py:Doubled": "FAIL", "gates.py:Flat": "INCONCLUSIVE", "gates.py:Steep": "NOT",
    }  # fmt: skip
    assert err == (
        "minigate check: gates.py:Steep: it cannot be made without more arguments: "
        "expected arguments D, H, seed, dtype, or defaults, got Steep needs k\n"
        "  likely slip: say in the file how to make one\n  type: gate = Steep(k=…)\n"
    )


def test_failed_is_worse_than_inconclusive(capsys: pytest.CaptureFixture[str]) -> None:
    assert check("gates.py:Flat", "gates.py:Doubled", "gates.py:Soft", "--quiet") == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines] == ["INCONCLUSIVE", "FAIL", "PASS"]
    assert "constant factor 2.000000" in lines[1] and "no output changes with it" in lines[0]


def test_one_that_is_made_in_the_file_covers_its_class(capsys: pytest.CaptureFixture[str]) -> None:
    written("made.py", GATES.partition("class Doubled")[0] + "class Steep" + GATES.partition("class Steep")[2] +
            "steep = Steep(3.0)\n_hidden = Steep(-1.0)\nagain = steep\n")  # fmt: skip
    assert check("made.py", "--quiet") == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [["made.py:Soft", "PASS"], ["made.py:steep", "PASS"],
                     ["made.py:Steep", "PART", "checked", "in", "steep"]]  # fmt: skip
    assert check("made.py:_hidden", "--quiet") == 0


def test_sizes_lengths_and_seed_go_through(capsys: pytest.CaptureFixture[str]) -> None:
    written("cells.py", "import minigate as mg\ndef make(D, H):\n    return mg.cells.RNN(D, H, seed=1)\n")
    assert check("cells.py", "--T", "1,3", "--N", "2", "--D", "3", "--H", "5", "--seed", "7", "--full") == 0
    out = capsys.readouterr().out
    assert "RNN(D=3, H=5)" in out and "T = 1, 3, N = 2" in out and "seed 7" in out


def test_list_checks_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    written("mixed.py", GATES + "steep = Steep(3.0)\ndef forward(x): return x\ndef backward(dy, x): return dy\n")
    assert check("mixed.py", "--list") == 0
    assert capsys.readouterr().out.splitlines() == [
        "mixed.py",
        "  line 4     gate     Soft      class",
        "  line 8     gate     Doubled   class",
        "  line 12    gate     Flat      class",
        "  line 16    gate     Steep     class",
        "  line 23    gate     steep     Steep(k=3.0)",
        "  line 24    vjp      forward   checked with backward, line 25",
    ]


# ---- what is written ---------------------------------------------------------------------------


def test_json_on_stdout_is_alone_there(capsys: pytest.CaptureFixture[str]) -> None:
    written("chatty.py", "print('mine')\n" + GATES)
    assert check("chatty.py:Doubled", "gates.py:nothing", "--json", "-") == 2
    out, err = capsys.readouterr()
    read = json.loads(out)
    assert "mine" in err and read["exit code"] == 2
    first, second = read["checked"]
    assert first["target"] == "chatty.py:Doubled" and first["kind"] == "gate" and first["line"] == 9
    assert first["verdict"] == first["report"]["verdict"] == "FAIL"
    assert first["report"]["residuals"][0]["gradient"] == "s" and "got" not in first["report"]["residuals"][0]
    assert second["verdict"] == "NOT CHECKED" and second["report"] is None and "there is no 'nothing'" in second["text"]


def test_json_and_pictures_go_to_files(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MPLBACKEND", "tkagg")  # wants a window; nothing here may ask for one
    assert check("gates.py:Doubled", "gates.py:Soft", "--json", "found.json", "--plots", "pictures") == 1
    out = capsys.readouterr().out
    wrong, right = Path("pictures/gates.Doubled/ds.png"), Path("pictures/gates.Soft/deviations.png")
    for picture in (wrong, right):
        assert picture.read_bytes().startswith(b"\x89PNG") and f"drawn:   {picture}" in out
    read = json.loads(Path("found.json").read_text(encoding="utf-8"))
    assert [each["report"]["pictures"] for each in read["checked"]] == [[str(wrong)], [str(right)]]


# ---- typed wrongly -----------------------------------------------------------------------------

WRONG = {
    "no file": ([], "no file to check: expected FILE or FILE:Name\n  type: minigate check my_gate.py, or"),
    "no file for it": (["--new", "cell"], "no file to check: expected FILE or FILE:Name\n  type: minigate check --new"),
    "missing": (["gate.py"], "there is no file gate.py\n  likely slip: did you mean gates.py?"),
    "missing folder": (["no/gate.py"], "there is no file no/gate.py\n  likely slip: there is no folder no"),
    "a folder": (["."], ". is a folder: expected a Python file, got a folder with gates.py\n  type: minigate"),
    "a notebook": (["nb.ipynb"], "nb.ipynb is no Python file: expected a name that ends in .py\n  likely slip: in"),
    "no such name": (["gates.py:Sofd"], "gates.py: there is no 'Sofd' in it: expected Soft, Doubled, Flat, Steep\n  "
                                        "likely slip: did you mean Soft?"),
    "no gate": (["gates.py:number"], "gates.py: nothing that can be checked: expected Soft | Doubled | Flat | Steep, "
                                     "got number, of type int"),
    "T": (["gates.py", "--T", "1,x"], "--T: lengths of time are whole numbers from 1 on: expected 1,2,5, got 1,x"),
    "H": (["gates.py", "--H", "0"], "--H: too small: expected ≥ 1, got 0"),
    "json": (["gates.py", "--json", "no/x.json"], "--json: no/x.json cannot be written: expected a file, in a folder"),
    "plots": (["gates.py", "--plots", "gates.py"], "--plots: gates.py is a file: expected a folder"),
    "list": (["gates.py", "--list", "--json", "-"], "--list checks nothing, and --json holds reports"),
    "kind": (["x.py", "--new", "door"], "--new: no such example: expected gate | cell | layer | vjp, got door"),
    "there already": (["gates.py", "--new", "gate"], "--new: gates.py is there already, and is left as it is"),
    "no .py": (["mine", "--new", "gate"], "--new: the example is a Python file: expected a name that ends in .py"),
    "no folder": (["no/x.py", "--new", "gate"], "--new: no/x.py cannot be written: No such file or directory"),
    "two": (["a.py", "b.py", "--new", "gate"], "--new: one example at a time: got a.py b.py"),
}  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="the texts hold paths")
@pytest.mark.parametrize("what", WRONG)
def test_what_is_typed_wrongly_is_told(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    written("nb.ipynb", "{}")
    words, text = WRONG[what]
    assert check(*words) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(f"minigate check: {text}"), err
    assert Path("gates.py").read_text(encoding="utf-8") == GATES


def test_a_missing_gpu_is_no_verdict(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)
    assert check("gates.py:Soft", "--backend", "numpy") == 0
    code = check("gates.py:Soft", "--backend", "cupy")
    assert code == 2 and "--backend cupy: " in capsys.readouterr().err


# ---- a file that breaks ------------------------------------------------------------------------

LOADING = {
    "syntax": ("x = 1\nclass A\n    y = 2\n", ["the file does not run: SyntaxError: ", "  line 2: class A"]),
    "import": ("import numpyy\n", ["ModuleNotFoundError: No module named 'numpyy'", "  line 1: import numpyy",
                                   "numpyy is not installed for"]),
    "beside": ("import gates\n", ["gates lies beside the file", 'PYTHONPATH="', "  line 1: import gates"]),
    "relative": ("from .x import y\n", ["attempted relative import", "without the package around it"]),
    "exits": ("import sys\ndef go():\n    sys.exit('no')\ngo()\n", ["SystemExit: no", "  line 4: go()",
                                                                   "  in go, line 3: sys.exit('no')", "__main__"]),
    "name": ("import math\nmat.pi\n", ["NameError: name 'mat' is not defined", "  line 2: mat.pi"]),
    "endless": ("def f(n):\n    return f(n)\nf(0)\n", ["RecursionError", "  in f, line 2: return f(n)"]),
    "empty": ("from minigate.gates import Sigmoid\n", ["nothing in it can be checked", "minigate check x.py:Sigm"]),
    "no Gate": ("class A:\n    def compose(self, s, p): pass\n", ["A has a compose, but is no mg.gates.Gate",
                                                                     "type: class A(mg.gates.Gate):"]),
    "a function": ("def f(x): return x\n", ["a function on Tensors is checked by its name", "minigate check x.py:f"]),
    "nothing": ("x = 1\n", ["nothing in it can be checked", "minigate check --new gate my_gate.py"]),
}  # fmt: skip


@pytest.mark.parametrize("what", LOADING)
def test_a_file_that_does_not_run_shows_its_own_lines(what: str, capsys: pytest.CaptureFixture[str]) -> None:
    text, pieces = LOADING[what]
    assert check(written("x.py", text)) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("minigate check: x.py: ")
    for piece in pieces:
        assert piece in err, err
    assert "minigate/" not in err and "frozen" not in err and len(err.splitlines()) <= 6


def test_one_broken_file_does_not_keep_the_next_from_running(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(written("x.py", "import numpyy\n"), "gates.py:Soft", "gates.py:Nope", "--quiet") == 2
    assert [line.split()[:2] for line in capsys.readouterr().out.splitlines()] == [
        ["x.py", "NOT"], ["gates.py:Soft", "PASS"], ["gates.py:Nope", "NOT"],
    ]  # fmt: skip


RAISING = """\
import numpy as np
import minigate as mg

class Raises(mg.gates.Gate):
    def compose(self, s, p):
        return self.inner(s)

    def inner(self, s):
        return np.exp(s)
"""


def test_an_exception_in_the_code_under_check_shows_its_own_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(written("x.py", RAISING)) == 1
    assert capsys.readouterr().out == (
        "x.py:Raises: it stopped with TypeError: operand 'Tensor' does not support ufuncs (__array_ufunc__=None)\n"
        "  in compose, line 6: return self.inner(s)\n"
        "  in inner, line 9: return np.exp(s)\n"
        "  likely slip: a function of NumPy was given a Tensor\n"
        "  type: mg.ops.exp, mg.ops.tanh, … in step, compose and forward\n"
        "  FAIL\n\n"
    )
    assert check("--debug", "x.py") == 1
    assert "Traceback" in (err := capsys.readouterr().err) and "returns.py" in err


def test_sys_exit_in_the_code_under_check_is_no_way_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert check(written("x.py", RAISING.replace("np.exp(s)", "exit(0)"))) == 1
    assert "SystemExit: 0" in capsys.readouterr().out


def test_a_file_named_like_a_module_of_python_hides_nothing() -> None:
    for name in ("random.py", "bisect.py"):
        written(name, f"import {name[:-3]}, bisect, random\nrandom.seed(3), bisect.bisect([1], 1)\n{GATES}")
    command = [sys.executable, "-P", "-m", "minigate", "check", "random.py:Soft", "bisect.py:Soft"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0 and done.stdout.count("PASS") == 4, done.stderr


def test_the_second_derivatives_are_asked_for_by_order(capsys):
    assert check("gates.py:Soft", "--order", "2") == 0
    assert "second order ................ ok   the tape, twice" in capsys.readouterr().out
    assert check("gates.py:Soft", "--order", "3") == 2
    assert "--order: no such order: expected 1 or 2, got 3" in capsys.readouterr().err
