"""``minigate paper``: the list, one paper as text and as JSON, an unknown name, an installation without tests."""

from __future__ import annotations

import io
import json
import re
import sys

import pytest

from minigate.cli import main, paper
from minigate.learn import witnesses
from minigate.learn.bibliography import PAPERS


def test_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["paper"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"^gf-rnn +Chung et al\. \(2015\) +GatedFeedback", out, re.MULTILINE)
    assert all(len(line) <= paper.WIDTH for line in out.splitlines()) and out.endswith("minigate paper NAME\n")
    assert main(["paper", "--json"]) == 0
    assert [row["key"] for row in json.loads(capsys.readouterr().out)] == [each.key for each in PAPERS]


def test_one_paper_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["paper", "gru"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Cho, van Merriënboer, Gulcehre, Bahdanau, Bougares, Schwenk & Bengio (2014)\nLearning ")
    assert re.search(r"^cells\.GRU  minigate/cells/gru\.py:\d+$", out, re.MULTILINE)
    assert re.search(r"^  h_t = \(1 − z_t\) ⊙ h_\{t−1\} \+ z_t ⊙ h̃_t\n +h  minigate/cells/gru\.py:\d+$", out, re.M)
    assert re.search(r"candidate  minigate/cells/gru\.py:\d+   option reset$", out, re.MULTILINE)
    for piece in ("by hand   step_forward", "options   reset='after'", "tests     number for number against gru_after",
                  "tests/cells/test_gru.py:",
                  "of every entry of the registry (GRU-after, GRU-before, GRU-recurrent-bias)",
                  "lessons   08 The GRU and its two reset orders  lessons/08_gru.ipynb", "source    Cho et al. (2014)"):
        assert piece in out, piece
    assert "``" not in out and "\u00a0" not in out
    assert paper._wrapped("in :class:`~minigate.train.run.Run`, not :class:`GRU`", "") == ["in Run, not GRU"]


def test_one_paper_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["paper", "Cho", "et al.", "(2014)", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    gru = found["followed_by"][0]
    assert (found["key"], gru["name"], gru["file"]) == ("gru", "cells.GRU", "minigate/cells/gru.py")
    assert gru["equations"][0]["computed_at"][0].keys() == {"name", "file", "line"}
    assert gru["lessons"][0]["file"] == "08_gru.ipynb"


def test_who_else_names_it_and_what_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    main(["paper", "gf-rnn"])
    out = capsys.readouterr().out
    assert "also named by\n" in out
    assert '      "after" is the form of Chung et al. (ICML 2015), section 2, and of most frameworks;' in out
    text = paper.layout({"authors": "A & B", "year": 2031, "title": "T", "where": "W", "followed_by": [],
                         "named_by": [], "tests_found": False})  # fmt: skip
    assert "nothing in this version of minigate names it" in text
    assert "the tests are in the source tree of minigate" in text


def test_without_the_tests(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(witnesses, "has_tests", lambda: False)
    assert main(["paper", "rnn"]) == 0
    out = capsys.readouterr().out
    assert "tests     " not in out and out.endswith("in the source tree of minigate and not with this installation\n")


def test_a_terminal_that_lacks_a_sign_gets_a_question_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    monkeypatch.setattr(sys, "stdout", out)
    assert main(["paper", "rnn"]) == 0
    out.flush()
    assert b"h_t = tanh(x_t W + h_{t?1} U + b)" in out.buffer.getvalue()  # type: ignore[attr-defined]


def test_an_unknown_name_is_typed_wrongly(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["paper", "highwy"]) == 2
    err = capsys.readouterr().err
    assert err.startswith("minigate paper: no paper is called 'highwy'") and "type: minigate paper highway" in err
