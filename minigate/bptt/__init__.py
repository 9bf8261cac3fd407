"""The ways through time, each written once for all cells."""

from minigate.bptt.full import full
from minigate.bptt.gradient_bias import GradientBias, gradient_bias
from minigate.bptt.gradient_flow import GradientFlow, gradient_flow
from minigate.bptt.loop import backward_through_time, forward_through_time
from minigate.bptt.raster import raster
from minigate.bptt.scan import log_scan, scan, step_by_step
from minigate.bptt.tape import tape
from minigate.bptt.wavefront import arrays_over_grid, backward_along_diagonals, forward_along_diagonals, wavefront
from minigate.bptt.windows import Windows, checkpointed, truncated, windowed

__all__ = [
    "GradientBias",
    "GradientFlow",
    "Windows",
    "arrays_over_grid",
    "backward_along_diagonals",
    "backward_through_time",
    "checkpointed",
    "forward_along_diagonals",
    "forward_through_time",
    "full",
    "raster",
    "gradient_bias",
    "gradient_flow",
    "log_scan",
    "scan",
    "step_by_step",
    "tape",
    "truncated",
    "wavefront",
    "windowed",
]
