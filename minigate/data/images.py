"""Images with labels, by name: ``read_images("digits")``, which is on board, ``"mnist"``, ``"cifar10"``, ``"svhn"``.

A new data set is a function from a folder to :class:`Images`, and a line in ``READERS``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from minigate.data.cifar10 import read_cifar10
from minigate.data.digits import read_digits
from minigate.data.labelled import Images
from minigate.data.mnist import read_mnist
from minigate.data.svhn import read_svhn
from minigate.errors import OptionError, explain

#: Name → how to read it, from a folder or from where minigate keeps it.
READERS: dict[str, Callable[[Path | None], Images]] = {
    "digits": read_digits,
    "mnist": read_mnist,
    "cifar10": read_cifar10,
    "svhn": read_svhn,
    "svhn-extra": partial(read_svhn, extra=True),
}


def read_images(name: str = "digits", folder: str | Path | None = None) -> Images:
    """The images of this name; ``folder`` is where their files lie, if minigate has not fetched them.

    What the files hold is compared with the checksum of the data set: other images in a ``folder`` of your own, in the
    same format, are read too, and their description says that they are others. The digits come with scikit-learn.

    **Errors**: :class:`OptionError` for an unknown name, and a ``folder`` where none is read; :class:`DataError` for
    files that are missing, damaged, of another format, or do not belong together.
    """
    if name not in READERS:
        expected = " | ".join(READERS)
        raise OptionError(explain("no such images", where="read_images", expected=expected, got=repr(name)))
    return READERS[name](None if folder is None else Path(folder).expanduser())
