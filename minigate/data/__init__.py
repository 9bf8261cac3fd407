"""What the networks learn from, on the host: text so far."""

from minigate.data.reader import StreamReader, Window
from minigate.data.text import Split, Text, overlap, pydoc, read_text, split
from minigate.data.vocabulary import UNKNOWN, Vocabulary

__all__ = ["UNKNOWN", "Split", "StreamReader", "Text", "Vocabulary", "Window", "overlap", "pydoc", "read_text", "split"]
