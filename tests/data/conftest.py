"""What the tests of downloads share: a server on this machine, a folder of their own, and small data sets."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from minigate.data import download
from tests.file_server import FileServer


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for data."""
    monkeypatch.setenv("MINIGATE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    """A server that is asked without a proxy, without pauses, and that nobody waits long for."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(download, "PAUSES", (0.0, 0.0, 0.0))
    monkeypatch.setattr(download, "TIMEOUT", 0.5)
    with FileServer() as running:
        yield running
