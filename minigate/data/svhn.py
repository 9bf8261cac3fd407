"""SVHN: house numbers, one digit in the middle of each image, 32×32 pixels in colour, in MATLAB's files.

In each file ``X`` has the pixels, (32, 32, 3, N), and ``y`` the digits, (N, 1), with 10 for the digit 0. SciPy reads
them. Beside the 73,257 images to learn from and the 26,032 to be tested on there are 531,131 easier ones, the extra
part: "svhn" leaves them out, and "svhn-extra" learns from them first.
"""

from __future__ import annotations

from pathlib import Path

import numpy

from minigate.data.cache import data_folder, is_original
from minigate.data.catalogue import CATALOGUE, File
from minigate.data.digits import DIGITS
from minigate.data.labelled import Images, Labelled, checked, contents, share_of
from minigate.errors import DataError, explain

FILES = {file.name.split("_")[0]: file for file in CATALOGUE["svhn"].files}


def read_svhn(folder: Path | None = None, extra: bool = False) -> Images:
    """The images in ``train_32x32.mat`` and ``test_32x32.mat``; the last 1/12 of the training part, 6,105, is held out.

    With ``extra``, what is in ``extra_32x32.mat`` comes before the training part, so that what is held out, now 1/12 of
    the whole, is of the harder kind as far as it goes.

    **Errors**: :class:`DataError` without SciPy, for files that are missing, damaged or of another format, and without
    a ``folder`` for other files than SVHN's.
    """
    names = ("extra", "train", "test") if extra else ("train", "test")
    place = data_folder("svhn") if folder is None else folder
    paths = [_file(place, FILES[name], folder is None) for name in names]
    original = all(whole for _, whole in paths)
    *first, test = (_read(path) for path, _ in paths)
    train = first[0] if not extra else Labelled(
        numpy.concatenate([part.pixels for part in first]), numpy.concatenate([part.labels for part in first])
    )  # fmt: skip
    what = f"{' + '.join(f'{len(part):,}' for part in (*first, test))} images of {train.size}"
    if original:
        name, known = "svhn-extra" if extra else "svhn", f"SVHN, {what}, checksums confirmed"
    else:
        name, known = "images like svhn", f"{what} in SVHN's format, in {place}: not SVHN, by their checksums"
    return Images(name, known, contents(train, test), train, test, 255, DIGITS, share_of(train, 12))


def _file(folder: Path, file: File, fetched: bool) -> tuple[Path, bool]:
    """Where the file is, and whether it is the original."""
    path = folder / file.name
    if not path.is_file():
        raise DataError(
            explain(f"there is no {file.name}", where="svhn", expected=f"it in {folder}",
                    remedy=f"minigate data fetch svhn    ({CATALOGUE['svhn'].size / 1e6:,.1f} MB), or --folder with "
                    "the folder that you have it in")
        )  # fmt: skip
    original = is_original(path, file.sha256)
    if fetched and not original:
        raise DataError(
            explain("this is no file of SVHN", where=str(path), expected=f"SHA-256 {file.sha256[:8]}…", got="another",
                    remedy="minigate data fetch svhn --force; or name the folder, to have it as it is")
        )  # fmt: skip
    return path, original


def _read(path: Path) -> Labelled:
    try:
        from scipy.io import loadmat
    except ImportError:
        raise DataError(
            explain("MATLAB's files are read by SciPy, which is not installed", where="svhn",
                    remedy='pip install scipy    (it comes with "minigate[lessons]" as well)')
        ) from None  # fmt: skip
    try:
        found = loadmat(path, variable_names=["X", "y"])
    except Exception as problem:  # of a damaged file SciPy says what it stumbled over, in a dozen kinds of exception
        what = f"{path.name} cannot be read as a file of MATLAB ({problem})"
        slip = "a download that was cut off, or a file of version 7.3, which is another format"
        raise DataError(explain(what, where=str(path.parent), slip=slip)) from problem
    missing = [key for key in ("X", "y") if key not in found]
    if missing:
        raise DataError(
            explain(f"{path.name} has no {' and no '.join(missing)}", where=str(path.parent),
                    expected="X (Y, X, 3, N), pixels, and y (N, 1), digits",
                    slip="the file of the full numbers, format 1, which has boxes; format 2 is read, cropped digits")
        )  # fmt: skip
    pixels, labels = found["X"], found["y"].reshape(-1)
    whole = labels.dtype.kind in "iuf" and numpy.isfinite(labels).all() and not (labels % 1).any()
    if pixels.ndim != 4 or pixels.shape[2] != 3 or pixels.dtype != numpy.uint8 or not whole:
        raise DataError(
            explain(f"{path.name} has something else in X or y", where=str(path.parent),
                    expected="X (Y, X, 3, N) of unsigned bytes, and y (N, 1), whole numbers",
                    got=f"X {pixels.shape} {pixels.dtype}, y {found['y'].shape} {labels.dtype}")
        )  # fmt: skip
    part = checked(str(path), numpy.ascontiguousarray(pixels.transpose(3, 2, 0, 1)), labels, 10, first=1)
    return Labelled(part.pixels, part.labels % 10)
