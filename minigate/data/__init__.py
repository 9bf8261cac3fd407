"""What the networks learn from, on the host: texts, problems with answers, and the download of every data set.

In reading order: ``text`` (characters or bytes, in three parts), ``vocabulary`` (as numbers), ``reader`` (as
streams), ``repeats`` (what can be known by heart), ``catalogue`` (what can be fetched), ``cache`` (where it is kept,
and whether it is whole), ``download`` (one file from the network), ``fetch`` (a data set, from there or from disk),
``corpora`` (a text by its name).

Then problems with answers: ``symbols`` (an alphabet that is known beforehand), ``pair_task`` (what a task is),
``program_tokens`` and ``program_parser`` (a program is read and run), ``programs``, ``addition`` and ``copying`` (the
tasks), ``pairs`` (in parts and batches).

Then images with labels: ``labelled`` (what they are, whatever their file), ``digits`` (on board), ``idx`` and
``mnist``, ``cifar10``, ``svhn`` (from their files), ``images`` (by their name), ``sequences`` (row by row, or pixel by
pixel), ``augment`` (a little different each time).
"""

from minigate.data.addition import Addition
from minigate.data.augment import augment
from minigate.data.copying import Copy
from minigate.data.corpora import TEXTS, read
from minigate.data.images import read_images
from minigate.data.labelled import Images, Labelled
from minigate.data.pair_task import PairTask, answer_symbols, read_symbols
from minigate.data.pairs import PARTS, TASKS, PairBatch, batch_random, collate, draw_pair, draw_pairs, split_part
from minigate.data.program_parser import canonical, evaluate
from minigate.data.program_tokens import to_python
from minigate.data.programs import Programs
from minigate.data.reader import StreamReader, Window
from minigate.data.repeats import overlap
from minigate.data.sequences import ORDERS, as_images, as_sequences
from minigate.data.symbols import Symbols
from minigate.data.text import Split, Text, pydoc, read_text, split
from minigate.data.vocabulary import UNKNOWN, Vocabulary

__all__ = [
    "ORDERS",
    "PARTS",
    "TASKS",
    "TEXTS",
    "UNKNOWN",
    "Addition",
    "Copy",
    "Images",
    "Labelled",
    "PairBatch",
    "PairTask",
    "Programs",
    "Split",
    "StreamReader",
    "Symbols",
    "Text",
    "Vocabulary",
    "Window",
    "answer_symbols",
    "as_images",
    "as_sequences",
    "augment",
    "batch_random",
    "canonical",
    "collate",
    "draw_pair",
    "draw_pairs",
    "evaluate",
    "overlap",
    "pydoc",
    "read",
    "read_images",
    "read_symbols",
    "read_text",
    "split",
    "split_part",
    "to_python",
]
