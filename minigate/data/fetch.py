"""A data set from the catalogue into the folder: by download, or from files that are on disk already.

Whichever way a file comes, it is compared with its checksum first and given its name last.
"""

from __future__ import annotations

import contextlib
import difflib
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from minigate.data.cache import checksum, confirm, is_confirmed, kept_at, part_of
from minigate.data.catalogue import CATALOGUE, DataSet, File, Packed
from minigate.data.download import NotFetched, Say, download, full, install, writing
from minigate.errors import DataError, OptionError, explain


def known(name: str) -> DataSet:
    """The data set of this name.

    **Errors**: :class:`OptionError` for any other, with the name that comes nearest.
    """
    if name not in CATALOGUE:
        near = difflib.get_close_matches(name, CATALOGUE, 1)
        raise OptionError(
            explain(
                "no such data set",
                expected=" | ".join(CATALOGUE),
                got=repr(name),
                remedy=near[0] if near else "minigate data list",
            )
        )
    return CATALOGUE[name]


def fetch(
    name: str, source: str | Path | None = None, *, force: bool = False, quiet: bool = False, say: Say = print
) -> list[Path]:
    """Have every file of a data set in its folder, whole; returns where they are.

    What is there and right stays, unless ``force``. With ``source``, a folder or a file, nothing is downloaded.
    ``say`` is called with a line for each file; progress bars go to stderr, where that is a terminal and not
    ``quiet``.

    **Errors**: :class:`OptionError` for an unknown name; :class:`DataError` where a file cannot be had, is another
    one, or does not fit on the disk.
    """
    item = known(name)
    if not item.files:
        say(f"{name} comes with {item.comes_with}: nothing to fetch")
        return []
    wanted = [file for file in item.files if force or not _is_there(item, file, say)]
    if source is not None:
        _import(item, wanted, Path(source).expanduser(), say)
    else:
        for file in wanted:
            _download(item, file, force, quiet, say)
    return [kept_at(item, file) for file in item.files]


def _is_there(item: DataSet, file: File, say: Say) -> bool:
    path = kept_at(item, file)
    if not path.is_file():
        return False
    if not is_confirmed(path, file.sha256) and not confirm(path, file.sha256):
        say(f"{path} is damaged (another checksum): a whole one will replace it")
        return False
    say(f"{path}: there, and verified")
    return True


def _download(item: DataSet, file: File, force: bool, quiet: bool, say: Say) -> None:
    path, coming = kept_at(item, file), file.fetched
    target = path.with_name(coming.name)
    if not (file.packed and not force and target.is_file() and confirm(target, coming.sha256)):
        _needs_room(file, target)
        try:
            with _bar(coming, _come_so_far(target), quiet) as (reached, tell):
                download(file.addresses, target, coming.sha256, coming.size, reached=reached, say=tell)
        except NotFetched as problem:
            raise NotFetched(_by_other_means(item, file, problem), problem.answers) from None
    if file.packed:
        _unpack(target, file, path)
        target.unlink()
        target.with_name(target.name + ".sha256").unlink(missing_ok=True)
    say(f"{path}: {file.size:,} bytes, verified")


def _needs_room(file: File, target: Path) -> None:
    with writing(target):
        needed = file.fetched.size - _come_so_far(target) + (file.size if file.packed else 0)
        free = shutil.disk_usage(target.parent).free
    if free < needed:
        raise DataError(full(target, needed))


def _by_other_means(item: DataSet, file: File, problem: NotFetched) -> str:
    """What was tried, what is kept, and how a file that comes in another way gets to its place."""
    target = kept_at(item, file).with_name(file.fetched.name)
    there = _come_so_far(target)
    kept = f"\n  {there:,} bytes of it are kept, and the same command goes on there" if there else ""
    others = [each.fetched.name for each in item.files if each is not file]
    along = f"\n  with {', '.join(others)} beside it, --from FOLDER takes all of them" if others else ""
    return explain(
        f"{problem}{kept}\n  another way: download it in a browser, or on another machine, and have it checked and put "
        f"in its place, {kept_at(item, file)}{along}",
        where=item.name,
        remedy=f"minigate data fetch {item.name} --from PATH/{file.fetched.name}",
    )


def _come_so_far(target: Path) -> int:
    return part_of(target).stat().st_size if part_of(target).is_file() else 0


@contextlib.contextmanager
def _bar(coming: File | Packed, there: int, quiet: bool) -> Iterator[tuple[Callable[[int], None], Say]]:
    """A progress bar on stderr, silent when that is not a terminal, and a way to write lines above it."""
    from tqdm import tqdm

    def tell(line: str) -> None:
        with bar.external_write_mode(file=sys.stderr):
            print(line, file=sys.stderr, flush=True)

    columns, lines = shutil.get_terminal_size()  # a terminal that does not know its size counts as 80 by 24
    with tqdm(
        total=coming.size, initial=there, desc=coming.name, unit="B", unit_scale=True, ncols=min(columns, 100),
        nrows=lines, disable=quiet or not sys.stderr.isatty(), leave=False, file=sys.stderr,
    ) as bar:  # fmt: skip
        yield (lambda position: bar.update(position - bar.n) and None), tell


def _unpack(archive: Path, file: File, path: Path) -> None:
    """Take the file out of its archive.

    **Errors**: :class:`DataError` where it is not what it should be, or the disk does not take it.
    """
    copy = _copy_of(path)
    try:
        with writing(copy), zipfile.ZipFile(archive) as packed, packed.open(file.name) as raw, copy.open("wb") as out:
            shutil.copyfileobj(raw, out, 2**20)
        _adopt(copy, file, path)
    finally:
        copy.unlink(missing_ok=True)


def _copy_of(path: Path) -> Path:
    """Where a copy lies until it is known to be right: beside the part of a download, which it leaves alone."""
    return path.with_name(path.name + ".copy")


def _adopt(copy: Path, file: File, path: Path) -> None:
    """A copy becomes the file, if it is that; what a download has left of it is not needed any more.

    **Errors**: :class:`DataError` where its checksum is another.
    """
    found = checksum(copy)
    if found != file.sha256:
        raise DataError(
            explain(f"what was written to {copy} is not {file.name}", expected=f"SHA-256 {file.sha256}", got=found)
        )
    install(copy, path, file.sha256)
    part_of(path.with_name(file.fetched.name)).unlink(missing_ok=True)


# ---- from files that are on disk already -------------------------------------------------------------------


def _import(item: DataSet, wanted: list[File], source: Path, say: Say) -> None:
    """Copy what belongs to the data set: one file whatever its name, or from a folder those with the right names."""
    if not source.exists():
        raise DataError(explain(f"{source}: no such file or folder", where="--from", remedy="a path that exists"))
    found = _in_folder(item, wanted, source) if source.is_dir() else [(_belongs(item, source), source)]
    for file, at in found:
        if file not in wanted:  # a single file that is there already
            continue
        path = kept_at(item, file)
        with writing(path):
            if file.packed and checksum(at) == file.packed.sha256:
                _unpack(at, file, path)
            else:
                _copy(at, file, path)
        say(f"{path}: {file.size:,} bytes, verified")
    missing = [file.fetched.name for file in wanted if file not in [each for each, _ in found]]
    if missing and source.is_dir():
        raise DataError(
            explain(
                f"{', '.join(missing)} not found in {source}",
                where=item.name,
                expected=", ".join(file.fetched.name for file in item.files),
                remedy=f"minigate data fetch {item.name} --from FILE, which goes by what is in it and not by its name",
            )
        )


def _in_folder(item: DataSet, wanted: list[File], folder: Path) -> list[tuple[File, Path]]:
    """The files of the data set in a folder, or in a folder of its name in that one."""
    found = []
    for file in wanted:
        named = [inner / name for inner in (folder, folder / item.name) for name in (file.name, file.fetched.name)]
        there = [place for place in named if place.is_file()]
        right = [place for place in there if _file_of(item, checksum(place)) == file]
        if there and not right:
            raise _another(item, there[0], [file])
        found += [(file, place) for place in right[:1]]
    return found


def _belongs(item: DataSet, source: Path) -> File:
    file = _file_of(item, checksum(source))
    if file is None:
        raise _another(item, source, list(item.files))
    return file


def _file_of(item: DataSet, found: str) -> File | None:
    return next((file for file in item.files if found in (file.sha256, file.fetched.sha256)), None)


def _another(item: DataSet, source: Path, files: list[File]) -> DataError:
    return DataError(
        explain(
            f"{source} is no file of {item.name}; nothing of it was taken",
            where="--from",
            expected=" or ".join(f"{file.fetched.name} (SHA-256 {file.fetched.sha256[:8]}…)" for file in files),
            got=f"{source.stat().st_size:,} bytes with SHA-256 {checksum(source)[:8]}…",
            slip="a download that was cut short, a page instead of a file, or another version",
        )
    )


def _copy(source: Path, file: File, path: Path) -> None:
    copy = _copy_of(path)
    try:
        shutil.copyfile(source, copy)
        _adopt(copy, file, path)
    finally:
        copy.unlink(missing_ok=True)


# ---- is what is there still whole? -------------------------------------------------------------------------


def verify(name: str) -> Iterator[tuple[File, str]]:
    """Read every file of a data set again, and say of each whether it is ``"ok"``, ``"damaged"`` or ``"missing"``.

    **Errors**: :class:`OptionError` for an unknown name.
    """
    item = known(name)
    for file in item.files:
        path = kept_at(item, file)
        if not path.is_file():
            yield file, "missing"
        else:
            yield file, "ok" if confirm(path, file.sha256) else "damaged"
