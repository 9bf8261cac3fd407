"""Figures made for learning: plain arrays in; the axes, and the arrays that were drawn, out.

In reading order: ``palette`` (one gate, one colour), ``figure`` (size and style), then one file for each
kind of picture. matplotlib is imported when something is drawn, not before.
"""

from minigate.plot.confusion import confusion_map
from minigate.plot.difficulty import accuracy_map
from minigate.plot.feedback import global_gates
from minigate.plot.figure import blank, new_axes, off_screen
from minigate.plot.gate_shapes import distance_from_logistic, gate_shapes, kernel_fit, random_gates, units_moved
from minigate.plot.gates import gate_maps
from minigate.plot.gradient_flow import gradient_bias, gradient_flow
from minigate.plot.hand_over import hand_over
from minigate.plot.heatmap import heat_map
from minigate.plot.images import image_sheet
from minigate.plot.learning import learning_curves
from minigate.plot.length import cost_of_length
from minigate.plot.lines import curves
from minigate.plot.memory import gated_memory
from minigate.plot.nudges import error_by_nudge
from minigate.plot.palette import (
    BACKWARD,
    FORWARD,
    GATE_MAP,
    GATES,
    GREY,
    INK,
    MAGNITUDE_MAP,
    MISTAKE,
    PALE,
    SERIES,
    SIGNED_MAP,
    gate_colour,
)
from minigate.plot.prerequisites import prerequisites
from minigate.plot.raster import clockwork_raster
from minigate.plot.residuals import deviations, residual_curve, residual_map, residual_size
from minigate.plot.roofline import roofline
from minigate.plot.saturation import saturation
from minigate.plot.scan import scan_rounds
from minigate.plot.shapes import broadcast_there_and_back, sequence_sheets, shape_flow
from minigate.plot.step import step_diagram
from minigate.plot.sweeps import feature_maps, receptive_fields, sweep_frames
from minigate.plot.tape import draw_tape
from minigate.plot.terms import surviving_terms
from minigate.plot.unrolled import unrolled
from minigate.plot.wavefront import wavefront

__all__ = [
    "BACKWARD",
    "FORWARD",
    "GATES",
    "GATE_MAP",
    "GREY",
    "INK",
    "MAGNITUDE_MAP",
    "MISTAKE",
    "PALE",
    "SERIES",
    "SIGNED_MAP",
    "accuracy_map",
    "blank",
    "broadcast_there_and_back",
    "clockwork_raster",
    "confusion_map",
    "cost_of_length",
    "curves",
    "deviations",
    "distance_from_logistic",
    "draw_tape",
    "error_by_nudge",
    "feature_maps",
    "gate_colour",
    "gate_maps",
    "gate_shapes",
    "gated_memory",
    "global_gates",
    "gradient_bias",
    "gradient_flow",
    "hand_over",
    "heat_map",
    "image_sheet",
    "kernel_fit",
    "learning_curves",
    "new_axes",
    "off_screen",
    "prerequisites",
    "random_gates",
    "receptive_fields",
    "residual_curve",
    "residual_map",
    "residual_size",
    "roofline",
    "saturation",
    "scan_rounds",
    "sequence_sheets",
    "shape_flow",
    "step_diagram",
    "surviving_terms",
    "sweep_frames",
    "units_moved",
    "unrolled",
    "wavefront",
]
