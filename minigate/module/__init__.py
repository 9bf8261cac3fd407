"""The parameter tree, how weights begin, and what a constructor may be given."""

from minigate.module import initialisers
from minigate.module.module import Module
from minigate.module.parameter import Parameter

__all__ = ["Module", "Parameter", "initialisers"]
