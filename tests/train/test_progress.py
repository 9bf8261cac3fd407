"""What someone watching sees: how far, how fast, how long still; and nothing where nobody watches."""

import io
import sys

from minigate.train.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_it_shows_speed_loss_and_what_is_left_of_the_smaller_budget(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "120")
    with Progress(100, 10, budget=90.0, unit="characters", quiet=False) as progress:
        progress.bar.mininterval = 0.0
        for step in (11, 12):
            progress.update(step, loss=1.25, speed=12345.6, seconds=30.0, spent=20.0)
    assert "12/100 updates" in terminal.getvalue()
    assert "1:00 left, 12,346 characters/s, loss 1.250" in terminal.getvalue()  # 90 s of budget, 30 s used


def test_without_a_budget_it_goes_by_the_updates_of_this_process(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "120")
    with Progress(100, 50, budget=float("inf"), unit="characters", quiet=False) as progress:
        progress.bar.mininterval = 0.0
        progress.update(60, loss=1.0, speed=1.0, seconds=500.0, spent=20.0)
    assert "1:20 left" in terminal.getvalue()  # 40 updates at 2 s each


def test_it_is_silent_where_nobody_watches(monkeypatch):
    quiet, pipe = Terminal(), io.StringIO()
    for stream, told in ((quiet, True), (pipe, False)):
        monkeypatch.setattr(sys, "stderr", stream)
        with Progress(3, 0, 60.0, "characters", quiet=told) as progress:
            progress.update(1, 1.0, 1.0, 1.0, 1.0)
        assert stream.getvalue() == ""


def test_lines_are_printed_past_the_bar(monkeypatch, capsys):
    with Progress(3, 0, 60.0, "characters", quiet=True) as progress:
        progress.tell(lambda: print("a line"))
    assert capsys.readouterr().out == "a line\n"
