"""Mutants of the MD-LSTM and of the wave over a grid: one line of the backward pass with another in its place."""

from __future__ import annotations

import sys

import minigate as mg
from tests.checking.mutants.mutant import Mutant
from tests.checking.mutants.subjects import OfLayer

MDLSTM = mg.cells.MDLSTM
WAVE = sys.modules["minigate.bptt.wavefront"]

SUBJECTS = {"md-lstm": OfLayer(lambda: mg.layers.Grid(MDLSTM(1, 2, seed=0, dtype="float64")))}


def backward(name: str, line: str, instead: str, kind: str = "", says: str = "", wrong: str = "") -> Mutant:
    return Mutant(f"md-lstm: {name}", "md-lstm", MDLSTM, "step_backward", line, instead, kind, says, wrong)


def wave(name: str, line: str, instead: str, kind: str = "", says: str = "", wrong: str = "") -> Mutant:
    return Mutant(f"wave: {name}", "md-lstm", WAVE, "backward_along_diagonals", line, instead, kind, says, wrong)


MUTANTS = [
    # ---- the cell ----------------------------------------------------------------------------
    backward("dy forgotten", "dh += dy_t", "pass", "zero", "every number is 0"),
    backward("the output gate did not look at c",
             'dc += xp.multiply(da_o, weights["V_output"], out=product)', "pass"),
    backward("tanh c squared missing", "dh -= xp.multiply(do, tanh_c, out=product)", "pass"),
    backward("df of one predecessor with c of the other",
             "xp.multiply(dc, c_row, out=df_row)", "xp.multiply(dc, c_column, out=df_row)"),
    backward("df with the new c", "xp.multiply(dc, c_column, out=df_column)", "xp.multiply(dc, c, out=df_column)"),
    backward("slopes one gate off", "slope[:3]", "slope[1:]"),
    backward("the input gate did not look at c", "dc_side += peeks[0]", "pass"),
    backward("the forget gates did not look at c", "dc_side += peeks[1]", "pass"),
    backward("the peepholes of the other side", 'weights[f"V_{side}"]', 'weights["V_row"]'),
    backward("dV_output with c of before", '"pnh,pnh->h", da_o, c)', '"pnh,pnh->h", da_o, c_row)', wrong="dV.output"),
    backward("dh handed to the wrong predecessor", "dh_row, dh_column =", "dh_column, dh_row ="),
    Mutant("md-lstm: one of two shares of the input peephole", "md-lstm", MDLSTM, "other_gradients",
           "di_row + di_column", "di_row", wrong="dV.input"),
    # ---- the wave ----------------------------------------------------------------------------
    wave("a second successor overwrites the first", "d[1 : n + 1] += in_column", "d[1 : n + 1] = in_column"),
    wave("nothing from the successor to the right", "d[1 : n + 1] += in_column", "pass"),
    wave("what was left of the diagonal before stays", "d[n] = 0.0", "pass"),
    wave("row and column change places",
         "zip(d_before, found, found[len(d_before) :])", "zip(d_before, found[2:], found)"),
    wave("one place off", "d[diagonal.own] for d", "d[: diagonal.n] for d"),
    wave("dx in diagonal order", "dx[diagonals.rank]", "dx.reshape(*diagonals.rank.shape, *dx.shape[1:])", "places",
         "the right numbers in the wrong places", "dx"),
]  # fmt: skip
