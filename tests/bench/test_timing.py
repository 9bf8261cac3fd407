"""The clock is read when the work is done, also where a GPU takes orders and carries them out later."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from minigate.backend import selection
from minigate.bench.timing import in_turns


def test_what_is_timed_is_done_before_the_clock_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    stream = SimpleNamespace(synchronize=lambda: order.append("wait"))
    gpu = SimpleNamespace(cuda=SimpleNamespace(get_current_stream=lambda: stream))
    monkeypatch.setattr(selection, "current", lambda: gpu)
    in_turns({"one": lambda: order.append("call")}, rounds=1, calls=2, uncounted=1, quiet=True)
    assert order == ["call", "call", *["wait", "call", "wait"] * 2]  # to begin with, uncounted, and twice on the clock
