"""The ways through time, each written once for all cells."""

from minigate.bptt.full import full
from minigate.bptt.loop import backward_through_time, forward_through_time
from minigate.bptt.tape import tape

__all__ = ["backward_through_time", "forward_through_time", "full", "tape"]
