"""The colours of the course: one gate, one colour, in every figure of every lesson.

The colours are told apart by people with the common kinds of colour blindness and, being of different
lightness, mostly in grey print too; they are those of Okabe and Ito with two darker ones added. Lines
that stand for a direction of travel keep their own: forward is ink, backward is vermilion, and no
gate has either.
"""

from __future__ import annotations

INK = "#1A1A1A"  # forward values, text, axes
FORWARD = INK
BACKWARD = "#D55E00"  # gradients, wherever they flow
PAPER = "#FFFFFF"
GREY = "#8C8C8C"  # what is there but not the point
PALE = "#E6E6E6"  # fills behind numbers
MISTAKE = "#A0005A"  # a number that is wrong on purpose

GATES = {
    "input": "#0072B2",  # LSTM i
    "forget": "#E69F00",  # LSTM f
    "output": "#009E73",  # LSTM o
    "candidate": "#CC79A7",  # the new content of every cell (c̃, h̃)
    "update": "#56B4E9",  # GRU z
    "reset": "#882255",  # GRU r
    "global": "#332288",  # Gated-Feedback g
    "transform": "#999933",  # Highway
    "state": INK,  # what is carried: h, c
}

SERIES = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#882255", "#332288", "#999933")

GATE_MAP = "viridis"  # 0 … 1, always drawn over the full range
SIGNED_MAP = "PuOr_r"  # symmetric about 0
MAGNITUDE_MAP = "magma"  # from 0 up


def gate_colour(name: str) -> str:
    """The colour of a gate by its name; a part before the last dot is ignored (``layers.0.update``).

    A gate that the course does not know gets one of the other colours, the same for the same name.
    """
    known = GATES.get(name.rsplit(".", 1)[-1])
    return known or SERIES[sum(name.encode()) % len(SERIES)]
