"""``minigate data`` as someone types it: what is there, fetching, Ctrl-C, verifying, and exit codes."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from minigate import cli
from minigate.data.catalogue import CATALOGUE, DataSet, File
from tests.file_server import FileServer
from tests.sources import ROOT

CONTENT = bytes(range(256)) * 2000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def server(tmp_path, monkeypatch):
    """``small``, a data set of one file at one address of this machine, beside the real ones."""
    monkeypatch.setenv("MINIGATE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with FileServer() as running:
        running.files["/small.bin"] = CONTENT
        file = File("small.bin", SHA256, len(CONTENT), (f"{running.address}/small.bin",))
        monkeypatch.setitem(CATALOGUE, "small", DataSet("small", "small things", "tests", "nobody", "none", (file,)))
        yield running


@pytest.fixture
def typed(capsys):
    def run(*words):
        code = cli.main(["data", *words])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def kept(tmp_path) -> Path:
    return tmp_path / "home" / "data" / "small" / "small.bin"


def test_the_list_says_what_is_here(server, typed, kept):
    code, out, err = typed()
    assert (code, err) == (0, "")
    lines = {line.split()[0]: line for line in out.splitlines() if line}
    assert lines["pydoc"].endswith("yes, it comes with Python")
    assert lines["digits"].endswith("yes, it comes with scikit-learn")
    assert "1,575.6 MB" in lines["svhn"]
    assert lines["small"].endswith("0.5 MB  no")
    assert f"kept in {kept.parents[1]}" in out
    typed("fetch", "small")
    assert "yes, verified" in typed("list")[1]
    kept.write_bytes(CONTENT)
    os.utime(kept, (time.time() + 5, time.time() + 5))
    assert "not verified: minigate data verify small" in typed("list")[1]


def test_all_there_is_to_know_of_one(server, typed, kept):
    code, out, _ = typed("list", "small", "enwik8")
    assert code == 0
    for words in (SHA256, f"{kept}: missing", server.address, "512,000 bytes", "licence     none", "enwik8.zip"):
        assert words in out
    code, out, _ = typed("list", "--json")
    facts = {item["name"]: item for item in json.loads(out)}
    assert facts["small"]["files"][0]["kept at"] == str(kept)
    assert facts["small"]["files"][0]["state"] == "missing"
    assert facts["mnist"]["licence"] is None
    assert len(facts["mnist"]["files"]) == 4


def test_fetch_then_verify(server, typed, kept):
    assert typed("fetch", "small") == (0, f"{kept}: 512,000 bytes, verified\n", "")
    assert typed("fetch", "small") == (0, f"{kept}: there, and verified\n", "")
    assert typed("verify", "small") == (0, "ok        small/small.bin\n", "")
    kept.write_bytes(CONTENT[:-1] + b"?")
    code, out, err = typed("verify")
    assert code == 1
    assert "damaged   small/small.bin" in out
    assert "not here: shakespeare, enwik8, mnist, cifar10, svhn" in out
    assert err == "minigate data: not whole: small\n  type: minigate data fetch small\n"
    code, out, _ = typed("fetch", "small")
    assert code == 0
    assert "is damaged" in out
    assert kept.read_bytes() == CONTENT


def test_verify_says_what_is_missing(server, typed):
    code, out, err = typed("verify")
    assert (code, out, err) == (0, "not here: shakespeare, enwik8, mnist, cifar10, svhn, small\n", "")
    code, out, err = typed("verify", "small")
    assert (code, out) == (1, "missing   small/small.bin\n")
    assert "type: minigate data fetch small" in err


def test_one_that_cannot_be_had_keeps_no_other_from_coming(server, typed, kept, monkeypatch):
    file = File("gone.bin", SHA256, 7, (f"{server.address}/gone.bin",))
    monkeypatch.setitem(CATALOGUE, "gone", DataSet("gone", "nothing", "tests", "nobody", files=(file,)))
    code, out, err = typed("fetch", "gone", "small")
    assert code == 1
    assert out == f"{kept}: 512,000 bytes, verified\n"
    assert err.startswith("minigate data: gone: gone.bin could not be fetched\n")
    assert err.endswith("type: minigate data fetch gone --from PATH/gone.bin\n")
    assert typed("fetch", "gone")[2] == err


def test_from_a_file(server, typed, kept, tmp_path):
    (tmp_path / "mine").write_bytes(CONTENT)
    assert typed("fetch", "small", "--from", str(tmp_path / "mine")) == (0, f"{kept}: 512,000 bytes, verified\n", "")
    assert server.asked == []
    (tmp_path / "mine").write_bytes(CONTENT[1:])
    code, _, err = typed("fetch", "small", "--force", "--from", str(tmp_path / "mine"))
    assert code == 1
    assert "is no file of small; nothing of it was taken" in err
    assert kept.read_bytes() == CONTENT


@pytest.mark.parametrize("words", [["fetch"], ["fetch", "smal"], ["verify", "smal"], ["list", "smal"], ["get"]])
def test_typed_wrongly(server, typed, words):
    code, _, err = typed(*words)
    assert code == 2
    assert ("type: small" in err) == ("smal" in words)


@pytest.mark.parametrize("words", [[], ["list"], ["fetch"], ["verify"]])
def test_help_has_examples(typed, words):
    code, out, _ = typed(*words, "--help")
    assert code == 0
    assert "minigate data" in out.partition("example")[2]


FETCH = """\
import json, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from minigate.cli import main
from minigate.data.catalogue import CATALOGUE, DataSet, File
address, sha256, size = json.loads(sys.argv[1])
files = (File("small.bin", sha256, size, (address,)),)
CATALOGUE["small"] = DataSet("small", "small things", "tests", "nobody", files=files)
sys.exit(main(["data", "fetch", "small"]))
"""


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent to a group of processes there")
def test_ctrl_c_keeps_what_has_come_and_says_how_to_go_on(server, kept):
    server.manners["/small.bin"] = "slow"
    words = [sys.executable, "-c", FETCH, json.dumps([f"{server.address}/small.bin", SHA256, len(CONTENT)])]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        part, patience = kept.with_name("small.bin.part"), time.monotonic() + 60
        while not (part.is_file() and part.stat().st_size) and time.monotonic() < patience:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err == "\ninterrupted\nwhat has come is kept. To go on:\n  minigate data fetch small\n"
    assert not kept.exists()
    come = part.stat().st_size
    assert part.read_bytes() == CONTENT[:come]
    server.manners.clear()
    assert cli.main(["data", "fetch", "small"]) == 0
    assert server.asked[-1] == ("/small.bin", f"bytes={come}-")
    assert kept.read_bytes() == CONTENT
