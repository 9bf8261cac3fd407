"""The parameter tree and how weights begin."""

from minigate.module import initialisers
from minigate.module.module import Module
from minigate.module.parameter import Parameter

__all__ = ["Module", "Parameter", "initialisers"]
