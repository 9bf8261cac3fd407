"""What the networks learn from, on the host: texts so far, and the download of every data set.

In reading order: ``text`` (characters or bytes, in three parts), ``vocabulary`` (as numbers), ``reader`` (as
streams), ``repeats`` (what can be known by heart), ``catalogue`` (what can be fetched), ``cache`` (where it is kept,
and whether it is whole), ``download`` (one file from the network), ``fetch`` (a data set, from there or from disk),
``corpora`` (a text by its name).
"""

from minigate.data.corpora import TEXTS, read
from minigate.data.reader import StreamReader, Window
from minigate.data.repeats import overlap
from minigate.data.text import Split, Text, pydoc, read_text, split
from minigate.data.vocabulary import UNKNOWN, Vocabulary

__all__ = [
    "TEXTS",
    "UNKNOWN",
    "Split",
    "StreamReader",
    "Text",
    "Vocabulary",
    "Window",
    "overlap",
    "pydoc",
    "read",
    "read_text",
    "split",
]
