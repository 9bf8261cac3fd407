"""Mutants of the sLSTM: a line of its backward pass gone wrong, above all where m is concerned."""

from __future__ import annotations

from minigate.cells import SLSTM
from tests.checking.mutants.mutant import Mutant
from tests.checking.mutants.subjects import OfCell
from tests.contracts.example_gates import ParametricSigmoid

SUBJECTS = {
    "slstm": OfCell(lambda: SLSTM(2, 4, seed=0, dtype="float64")),
    "slstm-k": OfCell(lambda: SLSTM(2, 4, seed=0, dtype="float64", gate=ParametricSigmoid())),
}

MUTANTS = [
    Mutant("slstm: m taken for a constant by c", "slstm", SLSTM, "step_backward",
           'dm -= xp.multiply(dc, trace["c"][t], out=work[0])', "pass",
           "gate", "blocks input, forget; right: all of candidate"),
    Mutant("slstm: m taken for a constant by n", "slstm", SLSTM, "step_backward",
           'dm -= xp.multiply(dn, trace["n"][t], out=work[1])', "pass",
           "gate", "blocks input, forget; right: all of candidate"),
    Mutant("slstm: dm does not reach the gates", "slstm", SLSTM, "step_backward",
           'blocks[1:3] += xp.multiply(dm, trace["from dm"][k], out=work)', "pass",
           "gate", "blocks input, forget; right: all of candidate"),
    Mutant("slstm: dm handed back as it came", "slstm", SLSTM, "step_backward",
           "dm[...] = blocks[2]", "pass", "state", "only dm0"),
    Mutant("slstm: dm through the slope of the forget gate", "slstm", SLSTM, "step_backward",
           "return dh, dc, dn, dm", "dm[...] = blocks[2]; return dh, dc, dn, dm", "state", "only dm0"),
    Mutant("slstm: the two sides of the maximum change places", "slstm", SLSTM, "factors",
           "xp.subtract(1.0, from_dm[:, 1], out=from_dm[:, 0])",
           "from_dm[:, 0] = from_dm[:, 1]; from_dm[:, 1] = 1.0 - from_dm[:, 0]",
           "gate", "blocks input, forget; right: all of candidate"),
    Mutant("slstm: the normaliser left out of the gates", "slstm", SLSTM, "step_backward",
           'blocks[1:3] += xp.multiply(dn, trace["from dn"][k], out=work)', "pass",
           "gate", "blocks input, forget; right: all of candidate"),
    Mutant("slstm: dn gets nothing from h", "slstm", SLSTM, "step_backward",
           "dn += work[1]", "pass", "gate", "blocks input, forget; right: all of candidate"),
    Mutant("slstm: dn with the sign of dc", "slstm", SLSTM, "factors",
           "xp.negative(from_dh[:, 2], out=from_dh[:, 2])", "pass",
           "gate", "blocks input, forget; right: all of candidate"),
    Mutant("slstm: the slope of the forget gate, not of its logarithm", "slstm", SLSTM, "factors",
           "xp.negative(slope, out=slope)", "slope *= -1.0; slope *= 1.0 - slope", "gate",
           "in the block forget alone"),
    Mutant("slstm: no sign for n", "slstm", SLSTM, "factors",
           'xp.sign(trace["n_prev"][steps], out=trace["dn/dn_prev"][:B])',
           'xp.abs(xp.sign(trace["n_prev"][steps]), out=trace["dn/dn_prev"][:B])', "gate",
           "in the block forget alone"),
    Mutant("slstm: dc carried with i", "slstm", SLSTM, "step_backward",
           'dc *= trace["forget"][t]', 'dc *= trace["input"][t]', "state", "only dc0"),
    Mutant("slstm: ln f' with c_t", "slstm", SLSTM, "factors",
           'xp.multiply(f, trace["c_prev"][steps], out=from_dc[:, 2])',
           'xp.multiply(f, trace["c"][steps], out=from_dc[:, 2])', "gate", "in the block forget alone"),
    Mutant("slstm: da_o with c in place of c/n", "slstm", SLSTM, "factors",
           "xp.multiply(self.gate_slopes(trace, steps)[:, 0], mean, out=from_dh[:, 0])",
           'xp.multiply(self.gate_slopes(trace, steps)[:, 0], trace["c"][steps], out=from_dh[:, 0])',
           "gate", "in the block output alone"),
    Mutant("slstm: the output gate's parameters get c", "slstm-k", SLSTM, "other_gradients",
           'trace["dh"] * trace["c/n"]', 'trace["dh"] * trace["c"]', "gate parameters", "doutput.gate.k"),
]  # fmt: skip
