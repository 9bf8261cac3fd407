"""A data set into its folder, by download or from disk; what is there stays, what is damaged is replaced."""

import hashlib
import io
import zipfile

import pytest

from minigate.data import download as downloading
from minigate.data.cache import data_folder, is_confirmed, state
from minigate.data.catalogue import CATALOGUE, DataSet, File, Packed
from minigate.data.fetch import fetch, verify
from minigate.errors import DataError, OptionError


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def zipped(name, content):
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return raw.getvalue()


ONE, TWO, TEXT = b"the first file\n" * 50, b"the second\n" * 9000, b"what the archive holds\n" * 300
ZIP = zipped("text", TEXT)


@pytest.fixture
def small(server, home, monkeypatch):
    """Two data sets, ``pair`` of two files at two addresses each, and ``text``, which travels in an archive."""

    def at(name, content):
        server.files |= {f"/near/{name}": content, f"/far/{name}": content}
        return File(
            name, sha256(content), len(content), tuple(f"{server.address}/{place}/{name}" for place in ("near", "far"))
        )

    pair = DataSet("pair", "two files", "tests", "nobody", files=(at("one.bin", ONE), at("two.bin", TWO)))
    archive = at("text.zip", ZIP)
    packed = Packed("text.zip", archive.sha256, archive.size)
    text = DataSet(
        "text", "a text", "tests", "nobody", files=(File("text", sha256(TEXT), len(TEXT), archive.addresses, packed),)
    )
    for item in (pair, text):
        monkeypatch.setitem(CATALOGUE, item.name, item)
    return server


def names(name):
    return sorted(path.name for path in data_folder(name).iterdir())


def get(name, source=None, **options):
    said = []
    fetch(name, source, say=said.append, **options)
    return said


def found(name):
    return {file.name: how for file, how in verify(name)}


def test_every_file_comes_and_stays(small):
    said = get("pair")
    assert (data_folder("pair") / "one.bin").read_bytes() == ONE
    assert (data_folder("pair") / "two.bin").read_bytes() == TWO
    assert all(line.endswith("verified") for line in said)
    assert names("pair") == ["one.bin", "one.bin.sha256", "two.bin", "two.bin.sha256"]
    before = list(small.asked)
    assert all("there, and verified" in line for line in get("pair"))
    assert small.asked == before
    get("pair", force=True)
    assert len(small.asked) == 2 * len(before)


def test_an_archive_is_unpacked_and_not_kept(small):
    get("text")
    assert (data_folder("text") / "text").read_bytes() == TEXT
    assert names("text") == ["text", "text.sha256"]


def test_an_archive_that_is_there_whole_is_only_unpacked(small):
    data_folder("text").mkdir(parents=True)
    (data_folder("text") / "text.zip").write_bytes(ZIP)
    get("text")
    assert small.asked == []
    assert names("text") == ["text", "text.sha256"]


def test_what_is_damaged_is_found_by_its_checksum_and_replaced(small):
    get("pair")
    path = data_folder("pair") / "one.bin"
    path.write_bytes(ONE[:-1] + b"?")
    assert [state(CATALOGUE["pair"], file) for file in CATALOGUE["pair"].files] == ["not verified", "verified"]
    assert found("pair") == {"one.bin": "damaged", "two.bin": "ok"}
    said = get("pair")
    assert "is damaged" in said[0]
    assert path.read_bytes() == ONE
    assert found("pair") == {"one.bin": "ok", "two.bin": "ok"}


def test_damage_that_keeps_the_date_is_found_by_verify_alone(small):
    get("pair")
    path = data_folder("pair") / "one.bin"
    note = path.with_name("one.bin.sha256")
    path.write_bytes(ONE[:-1] + b"?")
    note.touch()
    assert is_confirmed(path, sha256(ONE))
    assert found("pair")["one.bin"] == "damaged"
    assert not is_confirmed(path, sha256(ONE))


def test_a_note_says_what_sha256sum_reads(small):
    get("pair")
    assert (data_folder("pair") / "one.bin.sha256").read_text() == f"{sha256(ONE)}  one.bin\n"


def test_what_is_missing_is_said(small):
    assert found("pair") == {"one.bin": "missing", "two.bin": "missing"}
    get("pair")
    (data_folder("pair") / "two.bin").unlink()
    assert found("pair") == {"one.bin": "ok", "two.bin": "missing"}


def test_without_a_network_the_message_says_what_was_tried_and_what_to_do(small):
    small.files.clear()
    with pytest.raises(DataError) as caught:
        get("pair")
    text, place = str(caught.value), data_folder("pair") / "one.bin"
    assert text.startswith("pair: one.bin could not be fetched")
    for address in CATALOGUE["pair"].files[0].addresses:
        assert f"{address}\n    said: HTTP 404 Not Found" in text
    assert f"put in its place, {place}" in text
    assert "with two.bin beside it, --from FOLDER takes all of them" in text
    assert text.endswith("type: minigate data fetch pair --from PATH/one.bin")
    assert state(CATALOGUE["pair"], CATALOGUE["pair"].files[0]) == "missing"


def test_what_has_come_is_said_and_gone_on_with(small, monkeypatch):
    small.manners |= {"/near/text.zip": "stuck", "/far/text.zip": 404}
    monkeypatch.setattr(downloading, "PAUSES", ())
    with pytest.raises(DataError, match=f"{len(ZIP) // 2} bytes of it are kept"):
        get("text")
    assert state(CATALOGUE["text"], CATALOGUE["text"].files[0]) == "partial"
    small.manners.clear()
    get("text")
    assert small.asked[-1] == ("/near/text.zip", f"bytes={len(ZIP) // 2}-")


def test_a_disk_without_room_is_said_before_anything_is_fetched(small, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 1000}))
    with pytest.raises(DataError, match=r"the disk is full: .*: expected 0\.1 MB free, got 0\.0 MB free"):
        get("pair", force=True)
    assert small.asked == [("/near/one.bin", "")]  # that one has room


# ---- from disk ---------------------------------------------------------------------------------------------


def test_a_folder_gives_the_files_of_the_right_names(small, tmp_path):
    (tmp_path / "in" / "pair").mkdir(parents=True)
    (tmp_path / "in" / "one.bin").write_bytes(ONE)
    (tmp_path / "in" / "pair" / "two.bin").write_bytes(TWO)
    get("pair", tmp_path / "in")
    assert small.asked == []
    assert found("pair") == {"one.bin": "ok", "two.bin": "ok"}
    assert (tmp_path / "in" / "one.bin").read_bytes() == ONE  # copied, not moved


def test_a_file_goes_by_what_is_in_it(small, tmp_path):
    (tmp_path / "download (3)").write_bytes(TWO)
    get("pair", tmp_path / "download (3)")
    assert names("pair") == ["two.bin", "two.bin.sha256"]


@pytest.mark.parametrize("content", [ZIP, TEXT])
def test_an_archive_or_what_it_holds(small, tmp_path, content):
    (tmp_path / "it").write_bytes(content)
    get("text", tmp_path / "it")
    assert names("text") == ["text", "text.sha256"]
    assert (tmp_path / "it").read_bytes() == content


def test_what_does_not_belong_is_refused_and_nothing_of_it_taken(small, tmp_path):
    (tmp_path / "one.bin").write_bytes(ONE[:-1])
    for source in (tmp_path, tmp_path / "one.bin"):
        with pytest.raises(DataError, match="is no file of pair") as caught:
            get("pair", source)
        assert f"{len(ONE) - 1:,} bytes" in str(caught.value)
        assert sha256(ONE)[:8] in str(caught.value)
    assert not data_folder("pair").exists()


def test_what_is_missing_in_a_folder_is_named(small, tmp_path):
    (tmp_path / "one.bin").write_bytes(ONE)
    with pytest.raises(DataError, match=r"two\.bin not found in"):
        get("pair", tmp_path)
    assert found("pair") == {"one.bin": "ok", "two.bin": "missing"}
    with pytest.raises(DataError, match="no such file or folder"):
        get("pair", tmp_path / "nowhere")


def test_names_and_what_is_on_board(small):
    with pytest.raises(OptionError, match="type: pair"):
        fetch("pear")
    assert get("pydoc") == ["pydoc comes with Python: nothing to fetch"]
    assert found("pydoc") == {}


# ---- the catalogue itself ----------------------------------------------------------------------------------


def test_the_catalogue_is_complete_and_in_form():
    assert list(CATALOGUE) == ["pydoc", "digits", "shakespeare", "enwik8", "mnist", "cifar10", "svhn"]
    everything = [file for item in CATALOGUE.values() for file in item.files]
    for file in everything:
        for each in (file, file.fetched):
            assert len(each.sha256) == 64
            assert not set(each.sha256) - set("0123456789abcdef")
            assert each.size > 0
        assert file.addresses
        assert all(address.startswith("http") for address in file.addresses)
        assert all(address.endswith("/" + file.fetched.name) for address in file.addresses)
    assert len({file.sha256 for file in everything}) == len(everything) == 10
