"""The examples to start from: each passes as it is written, and each slip that it warns of is caught."""

from __future__ import annotations

import pytest

from minigate.checking.starters import STARTERS, write_starter
from minigate.cli import main
from minigate.errors import OptionError

# What it says, what somebody makes of it, and a piece of what the check says then.
SLIPS = {
    "gate": [
        ('return p["k"] * g * (1.0 - g)', "return g * (1.0 - g)", "slope"),
        ('"k": (da * s).sum(axis=leading)', '"k": da * s', "the sum over all leading axes is missing"),
        ('"m": da.sum(axis=leading)', '"m": -da.sum(axis=leading)', "dm: the sign"),
        ("needs_input = True", "needs_input = False", "needs_input is False"),
        ('g = xp.multiply(s, p["k"], out=out)', 'g = s * p["k"]', "out="),
        ('        g += p["m"]\n', "", "forward = compose"),
    ],
    "cell": [
        ("dh = dstate[0] + dy_t", "dh = dstate[0]", "FAIL"),
        ("dh = dstate[0] + dy_t", "dh = dy_t", "FAIL"),
        (" + da_z @ U.T,)", ",)", "FAIL"),
        ("da_z @ U.T", "da_z @ U", "FAIL"),
        ('("h_prev", "da_update")', '("h", "da_update")', "dU.update"),
        ("z * (1.0 - c * c)", "(1.0 - c * c)", "candidate"),
        ("        return h, (h,)\n", "        return h, h\n", "the state is a tuple, also where it is a single array"),
    ],
    "layer": [
        ("dv @ V.T + da @ W.T", "dv @ V.T", "dx"),
        ("dv.sum(axis=0)]", "dv[0]]", "db"),
        ("rows.T @ dv, rows.T @ da", "rows.T @ da, rows.T @ dv", "the gradient of"),
    ],
    "vjp": [
        ("ds = y * (dy - (dy * y).sum(axis=1, keepdims=True))", "ds = dy * y * (1 - y)", "dx"),
        ("axis=1, keepdims=True))\n    return", "axis=0, keepdims=True))\n    return", "dx"),
        ("return ds @ W.T, x.T @ ds", "return ds @ W.T, None", "every number is 0"),
    ],
}


@pytest.mark.parametrize("kind", STARTERS)
def test_an_example_is_written_and_passes(kind, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    name = f"my_{kind}.py"
    assert main(["check", "--new", kind, name]) == 0
    assert capsys.readouterr().out == f"{name} is written. Next:\n  minigate check {name}\n"
    text = (tmp_path / name).read_text(encoding="utf-8")
    assert 30 <= len(text.splitlines()) <= 70 and max(map(len, text.splitlines())) <= 120
    assert f"minigate check {name}" in text and "common slip" in text and "{" + "{" not in text
    for seed in ("0", "1", "2"):
        assert main(["check", name, "--quiet", "--seed", seed]) == 0
    assert main(["check", "--new", kind, name]) == 2
    assert (tmp_path / name).read_text(encoding="utf-8") == text


@pytest.mark.parametrize(
    ("kind", "right", "wrong", "piece"), [(kind, *slip) for kind, slips in SLIPS.items() for slip in slips]
)
def test_a_slip_in_it_is_caught(kind, right, wrong, piece, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    file = write_starter(kind, "mine.py")
    text = file.read_text(encoding="utf-8")
    assert text.count(right) == 1
    file.write_text(text.replace(right, wrong), encoding="utf-8")
    assert main(["check", "mine.py"]) == 1
    assert piece in capsys.readouterr().out


def test_it_is_never_written_where_it_does_not_belong(tmp_path):
    for kind, name in (("door", "x.py"), ("gate", "x"), ("gate", "no/x.py"), ("gate", "")):
        with pytest.raises(OptionError):
            write_starter(kind, tmp_path / name)
    assert list(tmp_path.iterdir()) == []
