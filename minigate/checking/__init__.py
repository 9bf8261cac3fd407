"""Gradient checking: is the derivative that was written the derivative of what was computed?

In reading order: ``numeric`` (differences with an error bar), ``complex_step`` (a derivative without a difference),
``cotangents`` (which mixture of outputs), ``subject`` (what is checked), ``copies`` (on whose arrays), ``probes``
(the comparison), ``report`` and ``verdict`` (what follows from it), ``second_order`` (the same for the gradient's own
gradient); where it fails: ``localise``, ``patterns``, ``diagnosis``; what is promised besides a derivative: ``trial``,
``difference``, ``contract``, ``keepsakes``, ``array_contract``, ``sequence_contract``; for cells: ``sequence``,
``held_fixed``, ``slips``, ``bisection``, ``cell_diagnosis``, ``cell_contract``, ``cell``; for gates:
``gate_contract``, ``gate_trial``, ``profile``, ``gate``; for everything else ``plain_report``, ``example``,
``layer_contract``, ``function`` and ``vjp``, with the words of ``naming``; ``layout`` (how a report reads).
``returns`` looks at what methods hand back before anything is compared; ``evidence`` and ``pictures`` draw. Around it:
``kinds`` and ``assertion``; for somebody's own file ``loading``, ``inventory``, ``making``, ``outcome``, with
``frames`` and ``hints`` for what goes wrong in it, and ``starters`` to begin from.
"""

from minigate.checking.assertion import assert_gradients
from minigate.checking.cell import check_cell
from minigate.checking.function import check, check_layer
from minigate.checking.gate import check_gate
from minigate.checking.report import Entry, Finding, Report, Score, Stage
from minigate.checking.vjp import check_vjp

__all__ = [
    "Entry",
    "Finding",
    "Report",
    "Score",
    "Stage",
    "assert_gradients",
    "check",
    "check_cell",
    "check_gate",
    "check_layer",
    "check_vjp",
]
