"""From a paper to the lines that follow it: every name is known, every line is the right one, nothing is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from minigate.errors import OptionError
from minigate.learn import witnesses
from minigate.learn.bibliography import PAPERS, Paper, cited, unknown_citations
from minigate.learn.definitions import Definition, Place, definitions
from minigate.learn.paper import describe, find_paper, followers
from tests.sources import ROOT, offenders

#: In the table before the code that follows them.
AWAITED = {"renet", "lenet", "offline", "roofline"}
EVERY = [definition for definition in definitions() if definition.source]


def named(name: str) -> Definition:
    """The definition with this name, ``cells.GRU``."""
    package, _, last = name.partition(".")
    (found,) = [each for each in definitions() if (each.package, each.name) == (package, last)]
    return found


def line(place: Place) -> str:
    return (ROOT / place.file).read_text(encoding="utf-8").splitlines()[place.line - 1]


def test_every_citation_in_a_source_is_a_paper_of_the_table() -> None:
    found = [f"{each.place}: {text}" for each in EVERY for text in unknown_citations(each.source)]
    assert not found, offenders(found, "a paper that a Source names stands in minigate/learn/bibliography.py")


def test_every_paper_of_the_table_is_followed_or_named_somewhere() -> None:
    found = [paper.key for paper in PAPERS if not any(followers(paper)) and paper.key not in AWAITED]
    assert not found, offenders(found, "papers that no Source names")


def test_keys_and_citations_are_told_apart() -> None:
    keys = [paper.key for paper in PAPERS]
    assert len(set(keys)) == len(keys) and all(re.fullmatch(r"[a-z0-9-]+", key) for key in keys)
    for paper in PAPERS:
        for form in (paper.citation, f"{paper.authors} ({paper.year})", f"({paper.names[0]} {paper.year})"):
            if len(paper.names) == 1 or form != f"({paper.names[0]} {paper.year})":
                assert cited(f"as in {form}, section 2") == [paper], form


@pytest.mark.parametrize(
    "text, keys",
    [
        ("Gers, Schmidhuber & Cummins (2000); peepholes: Gers & Schmidhuber (2000)", ["forget-gate", "peepholes"]),
        ("Sutskever (2013); Nesterov (1983) in the form of Sutskever et al. (2013)",
         ["windows", "nesterov", "nesterov-form"]),
        ("Chung, Gulcehre, Cho & Bengio (ICML 2015), and Chung et al. (2014)", ["gf-rnn", "gated-units"]),
        ("backpropagation through time by hand (Werbos 1990)", ["bptt"]),
        ("Hochreiter & Schmidhuber (1992)", []),  # not the Schmidhuber (1992) that stands in the table
    ],
)  # fmt: skip
def test_citations_in_a_text(text: str, keys: list[str]) -> None:
    assert [paper.key for paper in cited(text)] == keys


def test_an_unknown_citation_is_seen() -> None:
    assert unknown_citations("as in Nobody et al. (2021) and in Elman (1990)") == ["Nobody et al. (2021)"]
    assert unknown_citations("Hochreiter & Schmidhuber (1992)") == ["Schmidhuber (1992)"]
    assert unknown_citations("the talk (May 2015, after the first version); Windows 2000; K = 2000") == []


def test_every_line_is_the_one_that_it_says() -> None:
    """Of a definition, of its derivation by hand, and of each of its equations."""
    found, looked_at = [], 0
    for definition in EVERY:
        places = [definition.place, *definition.by_hand]
        for place in places + [place for equation in definition.equations for place in equation.places]:
            text, looked_at = line(place), looked_at + 1
            name = re.escape(place.what)
            forms = rf"\s*(?:def|class) {name}\b|\s*return\b|.*\b{name}\b.* = " if place.line > 1 else '"""'
            if not re.match(forms, text):
                found.append(f"{place}: {place.what}: {text}")
    assert looked_at > 300 and not found, offenders(found, "lines that are not what they are said to be")


def test_the_equations_of_the_gru_meet_their_lines() -> None:
    gru = named("cells.GRU")
    by_text = {re.split(" = |, after", equation.text)[0]: equation for equation in gru.equations}
    assert list(by_text) == [
        "z_t", '``reset="after"``: h̃_t', '``reset="before"``: h̃_t', "``recurrent_bias=True``", "h_t"
    ]  # fmt: skip
    assert [place.what for place in by_text["z_t"].places] == ["z", "r"]
    assert line(by_text["z_t"].places[0]).strip().startswith('z = self.gate("update"')
    assert line(by_text["h_t"].places[0]).strip() == "h = (1.0 - z) * h_prev + z * candidate"
    assert by_text['``reset="after"``: h̃_t'].options == ("reset",)
    assert "reset='after'" in gru.options and "seed=None" not in gru.options
    assert [place.what for place in gru.by_hand] == ["step_forward", "factors", "step_backward", "other_gradients"]


def test_methods_come_from_where_they_are_written() -> None:
    feedback, dsgu, kaf = named("cells.GatedFeedback"), named("cells.DSGU"), named("gates.KAF")
    assert {place.file for place in feedback.by_hand} == {"minigate/cells/gated_feedback_by_hand.py"}
    by_row = {equation.text.split()[0]: equation.places for equation in feedback.equations}
    assert by_row["g^{i→j}"][0].what == "_global_gate" and [p.what for p in by_row["lstm"]] == ["candidate", "c", "h"]
    assert [line(place).strip() for place in by_row["gru"]][1] == "h = (1.0 - z) * now.h_prev[j] + z * candidate"
    assert dsgu.methods["out"].line > dsgu.place.line > dsgu.methods["step"].line
    assert [place.what for place in kaf.by_hand] == ["forward", "slope", "param_gradients"]


def test_every_class_of_the_registries_follows_a_paper_or_is_ours() -> None:
    known = {f"{each.package}.{each.name}": each for each in EVERY}
    found = [name for name in [*witnesses.registry_entries(), "cells.MDLSTM"]
             if name not in known
             or not (cited(known[name].source) or re.match(r"none|.*\bours\b", known[name].source))]  # fmt: skip
    assert not found, offenders(found, "classes whose Source names no paper and does not say that they are ours")


def test_tests_are_found_by_what_they_speak_of() -> None:
    own, walking = witnesses.tests_of(named("layers.KAF"))
    assert {place.file for place in own} >= {"tests/layers/test_kaf.py"}
    assert "tests/gates/test_kaf.py" not in {place.file for place in own}, "that is the gate of this name"
    own, walking = witnesses.tests_of(named("cells.GRU"))
    assert "test_the_recurrent_bias" in {place.what for place in own}
    assert {"tests/contracts/test_three_ways.py", "tests/cells/test_restatements.py"} <= {p.file for p in walking}
    for place in (*own, *walking):
        assert line(place).startswith(f"def {place.what}("), place


def test_restatements_are_found_by_the_registry() -> None:
    found = {name: witnesses.restatements_of(named(name)) for name in ("cells.GRU", "layers.Highway", "gates.KAF")}
    assert [place.what for place in found["cells.GRU"]] == ["gru_after", "gru_before", "gru_recurrent_bias"]
    assert [place.what for place in found["layers.Highway"]] == ["highway"] and found["gates.KAF"] == []
    assert found["cells.GRU"][2].file == "tests/cells/restate_gru.py"
    for place in (*found["cells.GRU"], *found["layers.Highway"]):
        assert line(place).startswith(f"def {place.what}("), place


def test_lessons_are_found_by_what_they_show() -> None:
    assert "08" in [lesson.number for lesson in witnesses.lessons_of(named("cells.GRU"))]
    assert "04" in [lesson.number for lesson in witnesses.lessons_of(named("bptt.gradient_flow"))]


@pytest.mark.parametrize(
    "name, key",
    [
        ("gf-rnn", "gf-rnn"), ("GF RNN", "gf-rnn"), ("GatedFeedback", "gf-rnn"), ("renet", "renet"), ("kaf", "kaf"),
        ("lstm", "lstm"), ("gru", "gru"), ("GRU", "gru"), ("clockwork", "clockwork"), ("ClockworkRNN", "clockwork"),
        ("md-lstm", "md-lstm"), ("MDLSTM", "md-lstm"), ("highway", "highway"), ("nalu", "nalu"), ("NAC", "nalu"),
        ("min-gru", "min-gru"), ("MinLSTM", "min-gru"), ("slstm", "slstm"), ("sgu", "sgu"), ("DSGU", "sgu"),
        ("truncated-bptt", "truncated-bptt"), ("seq2seq", "seq2seq"), ("Cho et al. (2014)", "gru"),
        ("cho 2014", "gru"), ("Koutnik et al. 2014", "clockwork"), ("El Hihi & Bengio (1995)", "time-scales"),
        ("Were RNNs All We Needed?", "min-gru"),
    ],
)  # fmt: skip
def test_the_names_of_a_paper(name: str, key: str) -> None:
    assert find_paper(name).key == key


def test_an_unknown_name_has_its_neighbours_named() -> None:
    with pytest.raises(OptionError, match=r"is called 'lstn'(.|\n)*did you mean lstm(.|\n)*type: minigate paper lstm"):
        find_paper("lstn")
    with pytest.raises(OptionError, match=r"did you mean renet\?"):
        find_paper("Visin")
    with pytest.raises(OptionError, match=r"type: minigate paper \(it lists them\)"):
        find_paper("§§§")


def test_everything_about_a_paper() -> None:
    found = describe(find_paper("gf-rnn"))
    first = found["followed_by"][0]
    assert first["name"] == "cells.GatedFeedback" and first["tests"] and first["tests_of_the_registry"]
    assert "GatedFeedback-LSTM" in first["registry"] and "unit='tanh'" in first["options"]
    assert "\n- ``gate_bias``" in first["source"], "the list after the paragraph belongs to the source"
    mentions = {other["name"]: other["as"] for other in found["named_by"]}
    assert mentions["cells.LSTM"] == "as in Chung et al. (2015), section 2."
    names = [each["name"] for each in describe(find_paper("seq2seq"))["followed_by"]]
    assert "layers.EncoderDecoder" in names, "the first clause of its source names two papers"


def test_a_paper_that_nothing_follows_yet() -> None:
    paper = Paper("nobody", "Nobody & Noone", 2031, "Nothing", "nowhere")
    assert describe(paper)["followed_by"] == describe(paper)["named_by"] == []


def test_without_tests_and_lessons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed wheel has no tests; an installation may have no lessons."""
    from minigate.learn import library

    monkeypatch.setattr(witnesses, "TESTS", tmp_path / "tests")
    monkeypatch.setattr(library, "_PACKAGE", tmp_path)
    (tmp_path / "tests").mkdir()  # somebody else's
    (tmp_path / "tests" / "test_theirs.py").write_text("this is not Python", encoding="utf-8")
    for read in (witnesses._all_tests, witnesses._taught):
        read.cache_clear()
    try:
        found = describe(find_paper("gru"))
    finally:
        monkeypatch.undo()
        for read in (witnesses._all_tests, witnesses._taught):
            read.cache_clear()
    assert found["tests_found"] is False
    assert found["followed_by"][0]["tests"] == found["followed_by"][0]["lessons"] == []
    assert found["followed_by"][0]["equations"]
