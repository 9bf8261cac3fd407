"""The MD-LSTM of two dimensions once more, one number at a time, in plain Python and in raster order.

Weights are the papers', which write W x: ``w["W.input"][j][d]`` belongs to unit j and input d. A recurrent weight has
for every unit first the H numbers that meet the h above, then the H that meet the h to the left.
"""

from __future__ import annotations

import math

from tests.cells.restatements import Numbers, Weights, dot, sigma

State = tuple[Numbers, Numbers]
Grid = list[list[State]]


def md_lstm(w: Weights, x: Numbers, above: State, left: State) -> State:
    """One position: h and c from x and from h, c of its two predecessors. Graves, Fernández & Schmidhuber (2007)."""
    (h_above, c_above), (h_left, c_left) = above, left
    h, c = [], []
    for j in range(len(h_above)):

        def pre(block: str, j: int = j) -> float:
            return dot(w[f"W.{block}"][j], x) + dot(w[f"U.{block}"][j], h_above + h_left) + w[f"b.{block}"][j]

        if "V.input" in w:
            seen = w["V.input"][j] * (c_above[j] + c_left[j])
        else:
            seen = w["V.input_row"][j] * c_above[j] + w["V.input_column"][j] * c_left[j]
        i = sigma(pre("input") + seen)
        f_above = sigma(pre("forget_row") + w["V.forget_row"][j] * c_above[j])
        f_left = sigma(pre("forget_column") + w["V.forget_column"][j] * c_left[j])
        c.append(i * math.tanh(pre("candidate")) + f_above * c_above[j] + f_left * c_left[j])
        o = sigma(pre("output") + w["V.output"][j] * c[j])
        h.append(o * math.tanh(c[j]))
    return h, c


def over_image(w: Weights, image: list[list[Numbers]]) -> Grid:
    """Every position of one image, from the upper left corner: h and c."""
    nothing = [0.0] * len(w["b.input"])
    found: Grid = []
    for i, row in enumerate(image):
        found.append([])
        for j, x in enumerate(row):
            above = found[i - 1][j] if i > 0 else (nothing, nothing)
            left = found[i][j - 1] if j > 0 else (nothing, nothing)
            found[i].append(md_lstm(w, x, above, left))
    return found
