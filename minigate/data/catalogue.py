"""Every data set that minigate can fetch: its files, their checksums, and the addresses to ask, in order.

A file counts as what it is called only if its SHA-256 is the one given here; sizes are there to say how long
a download will take. What comes with Python or with scikit-learn is listed too, with no files.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Packed:
    """The zip archive in which a file travels: it is fetched, checked, and unpacked into the file itself."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class File:
    """One file as it is kept; ``packed`` where the addresses lead to an archive that holds it."""

    name: str
    sha256: str
    size: int
    addresses: tuple[str, ...]
    packed: Packed | None = None

    @property
    def fetched(self) -> File | Packed:
        """What the addresses lead to: the file, or the archive that holds it."""
        return self.packed or self


@dataclass(frozen=True)
class DataSet:
    """A name, what it is and what for, who made it, and its files (none for what is on board)."""

    name: str
    what: str
    purpose: str
    citation: str
    licence: str = ""  # only where it is certain
    files: tuple[File, ...] = ()
    comes_with: str = ""  # what has to be installed, where there is nothing to fetch

    @property
    def size(self) -> int:
        """Bytes to fetch."""
        return sum(file.fetched.size for file in self.files)


def _mirrored(name: str, sha256: str, size: int, *folders: str) -> File:
    return File(name, sha256, size, tuple(f"{folder}/{name}" for folder in folders))


_MNIST = ("https://ossci-datasets.s3.amazonaws.com/mnist", "https://storage.googleapis.com/cvdf-datasets/mnist")
_SVHN = "http://ufldl.stanford.edu/housenumbers"

CATALOGUE = {
    item.name: item
    for item in (
        DataSet(
            "pydoc",
            "Python's own documentation, text",
            "character models, offline",
            "The Python Software Foundation, The Python Language Reference",
            "Python Software Foundation License",
            comes_with="Python",
        ),
        DataSet(
            "digits",
            "1,797 handwritten digits, 8×8",
            "images, offline",
            "E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, 1998",
            comes_with="scikit-learn",
        ),
        DataSet(
            "shakespeare",
            "tiny shakespeare, 1.1 MB of plays, text",
            "character models",
            "A. Karpathy, char-rnn, 2015",
            files=(
                File(
                    "input.txt",
                    "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
                    1_115_394,
                    ("https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",),
                ),
            ),
        ),
        DataSet(
            "enwik8",
            "the first 10^8 bytes of a Wikipedia dump",
            "character models: Gated Feedback",
            "M. Mahoney, Large Text Compression Benchmark, 2006; M. Hutter, the Hutter Prize",
            "GNU Free Documentation License",
            files=(
                File(
                    "enwik8",
                    "2b49720ec4d78c3c9fabaee6e4179a5e997302b3a70029f30f2d582218c024a8",
                    10**8,
                    ("http://mattmahoney.net/dc/enwik8.zip",),
                    Packed(
                        "enwik8.zip", "547994d9980ebed1288380d652999f38a14fe291a6247c157c3d33d4932534bc", 36_445_475
                    ),
                ),
            ),
        ),
        DataSet(
            "mnist",
            "70,000 handwritten digits, 28×28",
            "images: ReNet, flexible gates",
            "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-based learning applied to document recognition, 1998",
            files=(
                _mirrored(
                    "train-images-idx3-ubyte.gz",
                    "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
                    9_912_422,
                    *_MNIST,
                ),
                _mirrored(
                    "train-labels-idx1-ubyte.gz",
                    "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
                    28_881,
                    *_MNIST,
                ),
                _mirrored(
                    "t10k-images-idx3-ubyte.gz",
                    "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
                    1_648_877,
                    *_MNIST,
                ),
                _mirrored(
                    "t10k-labels-idx1-ubyte.gz",
                    "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
                    4_542,
                    *_MNIST,
                ),
            ),
        ),
        DataSet(
            "cifar10",
            "60,000 small photographs, 32×32, 10 classes",
            "images: ReNet",
            "A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
            files=(
                _mirrored(
                    "cifar-10-binary.tar.gz",
                    "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
                    170_052_171,
                    "https://www.cs.toronto.edu/~kriz",
                ),
            ),
        ),
        DataSet(
            "svhn",
            "630,420 house numbers, 32×32, 10 classes",
            "images: ReNet",
            "Y. Netzer, T. Wang, A. Coates, A. Bissacco, B. Wu, A. Y. Ng, Reading Digits in Natural Images with "
            "Unsupervised Feature Learning, 2011",
            "for non-commercial use only",
            files=(
                _mirrored(
                    "train_32x32.mat",
                    "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8",
                    182_040_794,
                    _SVHN,
                ),
                _mirrored(
                    "test_32x32.mat",
                    "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b",
                    64_275_384,
                    _SVHN,
                ),
                _mirrored(
                    "extra_32x32.mat",
                    "a133a4beb38a00fcdda90c9489e0c04f900b660ce8a316a5e854838379a71eb3",
                    1_329_278_602,
                    _SVHN,
                ),
            ),
        ),
    )
}
