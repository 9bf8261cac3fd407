"""Wrong forward passes whose derivative is right: step and step_forward and step_backward, all wrong in the same way.

The check of gradients passes them, and has to: it knows no other definition than the one that it is given. What
catches them is a second oracle, one of the tests that say what the function should be: a restatement of the paper's
equations number by number, numbers worked by hand, a reduction to something simpler, or an invariant. Each names the
test that does.
"""

from __future__ import annotations

import sys
from functools import partial

import numpy

import minigate as mg
from minigate import ops
from minigate.cells import (
    GRU,
    LSTM,
    MDLSTM,
    RNN,
    SGU,
    SLSTM,
    Cell,
    ClockworkRNN,
    LeakyRNN,
    MinGRU,
    MinLSTM,
)
from minigate.checking import check_layer
from minigate.gates import KAF, Constant, HardSigmoid, Sigmoid, kaf_initialisation, kernels
from minigate.gates.kernel_expansion import KernelExpansion
from minigate.layers import NAC, NALU, BatchNorm, Bidirectional, Highway, LayerNorm, Linear
from tests.cells import (
    test_by_hand,
    test_leaky,
    test_lstm,
    test_md_lstm,
    test_reductions,
    test_scanned,
    test_slstm,
)
from tests.checking.mutants import convolution, gates, kaf, layers, md_lstm, operations, sweeps
from tests.checking.mutants.mutant import Change, Value
from tests.checking.mutants.second_oracle import by_cell, cut, hand, restated, step
from tests.contracts.subjects import HOST
from tests.gates import test_each_gate, test_kaf
from tests.layers import (
    test_batch_norm,
    test_bidirectional,
    test_embedding,
    test_highway,
    test_linear,
    test_nalu,
    test_rowwise,
)
from tests.ops import test_conventions

SHARE, NALU_FILE = sys.modules["minigate.bptt.input_share"], sys.modules["minigate.layers.nalu"]
CLOCK, NORMALISATION, SLSTM_FILE = (
    sys.modules[f"minigate.cells.{name}"] for name in ("clock", "normalisation", "slstm")
)


def random() -> numpy.random.Generator:
    return numpy.random.default_rng(20180917)


LOGISTIC = "h *= 0.5; xp.tanh(h, out=h); h *= 0.5; h += 0.5"
TAKEN = partial(test_scanned.test_a_cell_that_takes_nothing_holds_its_state, HOST, "bptt", MinGRU, "linear")

CONSISTENT = [
    # ---- cells, by hand and composed ------------------------------------------------------------------
    hand("rnn: the logistic function", by_cell("RNN"), restated("RNN"),
         Change(RNN, "step", "ops.tanh(", "ops.sigmoid("),
         Change(RNN, "step_forward", "xp.tanh(h, out=h)", LOGISTIC),
         Change(RNN, "factors", "xp.subtract(1.0, slope, out=slope)", "xp.subtract(h, slope, out=slope)")),
    hand("every cell: the bias twice", by_cell("GRU-after"), restated("GRU-after"),
         Change(Cell, "input_share", 'x_W + self[f"b', 'x_W + 2.0 * self[f"b'),
         Change(SHARE, "packed_weight", "= cell[part.bias].data", "= 2.0 * cell[part.bias].data"),
         Change(SHARE, "input_gradients", "= db[own]", "= 2.0 * db[own]")),
    hand("gru: z is the share of the old", by_cell("GRU-after"),
         ("reduction", partial(test_reductions.test_a_gru_that_does_not_update_holds_its_state, HOST, "bptt",
         "after")),
         Change(GRU, "step", "(1.0 - z) * h_prev + z * candidate", "z * h_prev + (1.0 - z) * candidate"),
         Change(GRU, "step_forward", "xp.subtract(candidate, h_prev, out=h)", "xp.subtract(h_prev, candidate, out=h)"),
         Change(GRU, "step_forward", "h += h_prev", "h += candidate"),
         Change(GRU, "factors", "F[:, 0] *= z", "F[:, 0] *= 1.0 - z"),
         Change(GRU, "factors", "xp.subtract(candidate, h_prev, out=F[:, 1])",
                "xp.subtract(h_prev, candidate, out=F[:, 1])"),
         Change(GRU, "factors", "xp.subtract(1.0, z, out=keep)", "keep[...] = z")),
    hand("lstm: h without the tanh of c", by_cell("LSTM"), ("by hand", partial(test_by_hand.test_lstm, HOST, "bptt")),
         Change(LSTM, "step", "h = o * ops.tanh(c)", "h = o * c"),
         Change(LSTM, "step_forward", "xp.tanh(c, out=tanh_c)", "tanh_c[...] = c"),
         Change(LSTM, "factors", "xp.multiply(tanh_c, tanh_c, out=dc_dh)", "dc_dh[...] = 0.0")),
    hand("lstm: the forget gate begins closed", by_cell("LSTM"),
         ("invariant", test_by_hand.test_how_cells_begin),
         Change(LSTM, "_draw_weights", 'self.forget_bias if block == "forget" else 0.0', "0.0")),
    hand("coupled: takes in what it keeps", by_cell("LSTM-coupled"),
         ("reduction", partial(test_lstm.test_a_coupled_lstm_that_keeps_nothing_takes_all_in, HOST, "bptt", "none")),
         Change(LSTM, "step", "1.0 - f if self.coupled", "f if self.coupled"),
         Change(LSTM, "step_forward", "xp.subtract(1.0, f, out=i)", "i[...] = f"),
         Change(LSTM, "factors", "xp.subtract(c_prev, candidate, out=F[:, 1])",
         "xp.add(c_prev, candidate, out=F[:, 1])")),
    hand("clockwork: one step late", by_cell("Clockwork", (1, 2, 5)), restated("Clockwork"),
         Change(ClockworkRNN, "active", "t % period == 0", "(t + 1) % period == 0"),
         Change(ClockworkRNN, "begin", "Beat(-clock % period", "Beat(-(clock + 1) % period")),
    hand("leaky: what is left over goes to the slow units", by_cell("LeakyRNN"), restated("LeakyRNN"),
         Change(CLOCK, "equal_groups", "min(k + 1, left)", "max(0, k + 1 - count + left)")),
    hand("leaky: the rate 1/(1 + τ)", by_cell("LeakyRNN"),
         ("reduction", partial(test_leaky.test_with_time_constants_of_1_it_is_the_rnn_exactly, HOST, "bptt", False)),
         Change(LeakyRNN, "rate", "1.0 / tau", "1.0 / (1.0 + tau)")),
    hand("min-gru: z is the share of the old", by_cell("MinGRU"), ("reduction", TAKEN),
         Change(MinGRU, "step", "(1.0 - z) * h_prev + z * candidate", "z * h_prev + (1.0 - z) * candidate"),
         Change(MinGRU, "coefficients", "xp.subtract(1.0, z, out=keep)", "keep[...] = z"),
         Change(MinGRU, "coefficients", "xp.multiply(z,", "xp.multiply(1.0 - z,"),
         Change(MinGRU, "coefficients_backward", 'trace["update"][steps]', '1.0 - trace["update"][steps]'),
         Change(MinGRU, "coefficients_backward", "xp.subtract(dnew, dkeep,", "xp.subtract(dkeep, dnew,")),
    hand("min-lstm: shares of another whole", by_cell("MinLSTM"), restated("MinLSTM"),
         Change(MinLSTM, "step", "whole = f + i + 2.0 * least", "whole = f + i + 1.0"),
         Change(MinLSTM, "step", "(i + least) / whole * candidate", "(1.0 - (f + least) / whole) * candidate"),
         Change(MinLSTM, "coefficients", "whole += 2.0 * least", "whole += 1.0"),
         Change(MinLSTM, "coefficients_backward", "whole += 2.0 * least", "whole += 1.0")),
    hand("layer norm: another ε", by_cell("LSTM-layer-norm"), restated("LSTM-layer-norm"),
         Value(NORMALISATION, "EPSILON", 1e-2)),
    hand("sgu: the logistic function for softplus", by_cell("SGU"), restated("SGU"),
         Change(SGU, "out", "ops.softplus(", "ops.sigmoid("),
         Change(SGU, "out_forward", "z_out += xp.maximum(z_g_h, 0.0, out=work)",
                "z_out[...] = 1.0 / (1.0 + xp.exp(-z_g_h))"),
         Change(SGU, "out_slope", "trace.xp.negative(slope, out=slope)", "slope[...] = z_out * (1.0 - z_out)")),
    hand("slstm: nothing stored, and e^m of it", by_cell("SLSTM"),
         ("invariant", partial(test_slstm.test_where_n_is_0_nothing_is_stored, HOST, "bptt", 5.0, 1e3)),
         Value(SLSTM_FILE, "LOG_NOTHING", 0.0)),
    hand("slstm: h without the normaliser", by_cell("SLSTM"),
         ("invariant", partial(test_slstm.test_another_stabiliser_is_the_same_memory, HOST, "bptt", False, "SLSTM")),
         Change(SLSTM, "step", "o * (c / n)", "o * c"),
         Change(SLSTM, "step_forward", 'mean = xp.multiply(c, inverse_n, out=trace["c/n"][t])',
                'mean = trace["c/n"][t]; mean[...] = c'),
         Change(SLSTM, "factors", 'xp.multiply(o, trace["1/n"][steps], out=from_dh[:, 1])', "from_dh[:, 1] = o"),
         Change(SLSTM, "factors", "xp.multiply(from_dh[:, 1], mean, out=from_dh[:, 2])", "from_dh[:, 2] = 0.0")),
    hand("md-lstm: the input gate sees a difference", md_lstm.SUBJECTS["md-lstm"].check,
         ("restatement", partial(test_md_lstm.test_it_is_its_restatement, HOST, "bptt", 1)),
         Change(MDLSTM, "step", "(c_row + c_column)", "(c_row - c_column)"),
         Change(MDLSTM, "begin", 'pair = [self["V.input" if',
         'pair = [(1.0 if side == "row" else -1.0) * self["V.input" if'),
         Change(MDLSTM, "other_gradients", "di_row + di_column", "di_row - di_column")),
    # ---- gates ----------------------------------------------------------------------------------------
    hand("sigmoid: twice as steep", gates.SUBJECTS["sigmoid"].check,
         ("by hand", test_each_gate.test_the_logistic_function_at_logarithms),
         Change(Sigmoid, "compose", "ops.sigmoid(s)", "ops.sigmoid(2.0 * s)"),
         Change(Sigmoid, "forward", "xp.multiply(s, 0.5,", "xp.multiply(s, 1.0,"),
         Change(Sigmoid, "slope", "dg_ds *= g", "dg_ds *= 2.0 * g")),
    hand("hard sigmoid: another slope", gates.SUBJECTS["hard sigmoid"].check,
         ("by hand", partial(test_each_gate.test_three_straight_lines, "fifth", (0.0, 1.0), (0.5, 0.7), (0.2, 0.2))),
         Value(HardSigmoid, "slopes", {"fifth": 0.25, "sixth": 1.0 / 6.0})),
    hand("hard sigmoid: not ½ at 0", gates.SUBJECTS["hard sigmoid"].check,
         ("by hand", partial(test_each_gate.test_three_straight_lines, "fifth", (0.0, 1.0), (0.5, 0.7), (0.2, 0.2))),
         Change(HardSigmoid, "compose", "+ 0.5", "+ 0.4"), Change(HardSigmoid, "forward", "g += 0.5", "g += 0.4")),
    hand("constant: shut for open", gates.SUBJECTS["constant"].check,
         ("by hand", partial(test_each_gate.test_a_constant_is_exactly_that, HOST, 0.7)),
         Change(Constant, "compose", "self.value", "1.0 - self.value"),
         Change(Constant, "forward", "self.value", "1.0 - self.value")),
    hand("kaf: no ½", kaf.SUBJECTS["kaf"].check,
         ("restatement", partial(test_kaf.is_its_restatement, HOST)),
         Change(KAF, "compose", "0.5 * self.expansion", "1.0 * self.expansion"), Change(KAF, "compose", "0.5 * s", "s"),
         Change(KAF, "forward", "z *= 0.25", "z *= 0.5"), Change(KAF, "forward", "dz_ds *= 0.5", "pass"),
         Change(KAF, "param_gradients", "e *= 0.5", "pass")),
    hand("kaf: Δ for Δ²", kaf.SUBJECTS["kaf"].check,
         ("restatement", partial(test_kaf.is_its_restatement, HOST)),
         Value(kernels, "BANDWIDTHS", {"paper": lambda spacing: 1.0 / (6.0 * spacing)})),
    hand("kaf: the rule of the code for that of the paper", kaf.SUBJECTS["kaf"].check,
         ("restatement", partial(test_kaf.is_its_restatement, HOST)),
         Value(kernels, "BANDWIDTHS", {"paper": kernels.BANDWIDTHS["code"]})),
    hand("kaf: a dictionary that is not around zero", kaf.SUBJECTS["kaf"].check,
         ("restatement", partial(test_kaf.is_its_restatement, HOST)),
         Change(KernelExpansion, "__init__", "self.middle = -self.reach", "self.middle = 0.25 - self.reach")),
    hand("kaf: begins as half of what it should", kaf.SUBJECTS["kaf"].check,
         ("invariant", test_kaf.begins_as_the_logistic_gate),
         Change(kaf_initialisation, "mixing_coefficients", "xp.linalg.solve(matrix + epsilon * xp.eye(K), f)",
                "xp.linalg.solve(matrix + epsilon * xp.eye(K), 0.5 * f)")),
    # ---- layers ---------------------------------------------------------------------------------------
    hand("norm: the variance of a sample", layers.SUBJECTS["norm"].check,
         ("restatement", partial(test_rowwise.test_a_layer_is_its_restatement, HOST, "LayerNorm", "hand")),
         Change(LayerNorm, "compose", "ops.mean(centred * centred, axis=-1, keepdims=True)",
                "ops.sum(centred * centred, axis=-1, keepdims=True) / (self.H - 1)"),
         Change(LayerNorm, "rows_forward", "xp.multiply(normed, normed).mean(axis=-1, keepdims=True)",
                "xp.multiply(normed, normed).sum(axis=-1, keepdims=True) / (self.H - 1)"),
         Change(LayerNorm, "rows_backward", "/ self.H", "/ (self.H - 1)")),
    hand("batch norm: the variance of a sample", layers.SUBJECTS["batch norm"].check,
         ("by hand", partial(test_batch_norm.test_numbers_by_hand, HOST, "hand")),
         Change(BatchNorm, "compose", "ops.mean(centred * centred, axis=0)",
                "ops.sum(centred * centred, axis=0) / (x.shape[0] - 1)"),
         Change(BatchNorm, "rows_forward", "xp.multiply(normed, normed).mean(axis=0)",
                "xp.multiply(normed, normed).sum(axis=0) / (len(x) - 1)"),
         Change(BatchNorm, "rows_backward", 'xp.multiply(normed, found["g"] / -M, out=dx)',
                'xp.multiply(normed, found["g"] / (1 - M), out=dx)')),
    hand("highway: shut for open", layers.SUBJECTS["highway"].check,
         ("reduction", partial(test_highway.test_with_the_gate_shut_it_is_the_identity, HOST, "hand", "tanh")),
         Change(Highway, "compose", "h * T + x * (1.0 - T)", "h * (1.0 - T) + x * T"),
         Change(Highway, "rows_forward", "y = 1.0 - T", "y = T.copy()"),
         Change(Highway, "rows_forward", "y += h * T", "y += h * (1.0 - T)"),
         Change(Highway, "rows_backward", "da_h *= T", "da_h *= 1.0 - T"),
         Change(Highway, "rows_backward", "dT = h - x", "dT = x - h"),
         Change(Highway, "rows_backward", "dx = 1.0 - T", "dx = T.copy()")),
    hand("nac: a sum of the two factors", layers.SUBJECTS["nac"].check,
         ("restatement", partial(test_rowwise.test_a_layer_is_its_restatement, HOST, "NAC", "hand")),
         Change(NAC, "compose", '["W_hat"]) * ops', '["W_hat"]) + ops'),
         Change(NALU_FILE, "weight", '"W": tanh * sigma', '"W": tanh + sigma'),
         Change(NALU_FILE, "weight_gradients", "dW * sigma * (1.0 - tanh * tanh)", "dW * (1.0 - tanh * tanh)"),
         Change(NALU_FILE, "weight_gradients", "dW * tanh * sigma *", "dW * sigma *")),
    hand("nalu: the branches change places", layers.SUBJECTS["nalu"].check,
         ("reduction", partial(test_nalu.test_with_the_gate_open_it_is_the_accumulator, HOST, "hand")),
         Change(NALU, "compose", "g * a + (1.0 - g) * m", "(1.0 - g) * a + g * m"),
         Change(NALU, "rows_forward", "y = 1.0 - g", "y = g.copy()"),
         Change(NALU, "rows_forward", "y += g * a", "y += (1.0 - g) * a"),
         Change(NALU, "rows_backward", "dg = a - m", "dg = m - a"),
         Change(NALU, "rows_backward", "de = 1.0 - g", "de = g.copy()"),
         Change(NALU, "rows_backward", "xp.multiply(dy, g,", "xp.multiply(dy, 1.0 - g,")),
    hand("linear: the bias taken off", lambda seed: check_layer(Linear(2, 4, seed=0), seed=seed, contracts=False),
         ("restatement", partial(test_linear.test_it_is_x_times_w_plus_b_at_every_position, HOST)),
         Change(Linear, "forward", 'y = y + self["b"]', 'y = y - self["b"]')),
    hand("bidirectional: the second reading stays turned round",
         lambda seed: check_layer(mg.layers.registry["Bidirectional"](), seed=seed, contracts=False),
         ("reduction", partial(test_bidirectional.test_each_direction_step_by_step, HOST, "bptt")),
         Change(Bidirectional, "forward", "ops.flip(y_turned, axis=0)", "y_turned")),
    # ---- operations, with their rules -----------------------------------------------------------------
    hand("tanh: twice as steep", operations.SUBJECTS["tanh"].check, restated("RNN", "tape"),
         Change(ops.tanh, "forward", "xp.tanh(a)", "xp.tanh(2.0 * a)"),
         Change(ops.tanh, "a", "return dout *", "return 2.0 * dout *")),
    hand("cross-entropy: a sum", operations.SUBJECTS["cross-entropy"].check,
         ("by hand", lambda: test_conventions.test_cross_entropy_is_the_mean_over_valid_positions(HOST, random())),
         Change(ops.softmax_cross_entropy, "forward", "surprise.mean()", "surprise.sum()"),
         Change(ops.softmax_cross_entropy, "logits", "_one_hot(logits, targets)) * (dout / n)",
                "_one_hot(logits, targets)) * dout")),
    *convolution.CONSISTENT,
    *sweeps.CONSISTENT,
    hand("embedding: the row before", operations.SUBJECTS["embedding"].check,
         ("reduction", partial(test_embedding.test_it_is_the_product_with_one_hot_vectors_there_and_back, HOST)),
         Change(ops.embedding, "forward", "return table[tokens]", "return table[tokens - 1]"),
         Change(ops.embedding, "table", "sum_rows(dout, tokens,",
         "sum_rows(dout, (tokens.data - 1) % table.shape[0],")),
    # ---- the windows of a truncation --------------------------------------------------------------------
    cut("truncated(2)", "_side_by_side", "(start, start, min", "(max(0, start - 1), start, min"),
    cut("windowed(2, 3)", "windowed", "k2 - k2 % k1", "k2"),
    # ---- one line of step --------------------------------------------------------------------------------
    step("gru: the reset twice", "GRU-before", "(r * h_prev) @", "(r * r * h_prev) @"),
    step("gru: the reset of the candidate by z", "GRU-after", 'recurrent = r * (h_prev @ self["U.candidate"])\n',
         'recurrent = r * z * (h_prev @ self["U.candidate"])\n'),
    step("lstm: input and forget gate change places", "LSTM", "f * c_prev + i * candidate",
         "i * c_prev + f * candidate"),
    step("peephole: the output gate sees the old c", "LSTM-peephole", "h_prev, c))", "h_prev, c_prev))"),
    step("coupled: 1 - f²", "LSTM-coupled", "1.0 - f if", "1.0 - f * f if"),
    step("lstm-norm: normalised together", "LSTM-layer-norm", "g_h * normalised(h_U)", "g_h * normalised(h_U + x_W)"),
    step("slstm: m of the input gate alone", "SLSTM", "ops.where(kept.data > log_i.data, kept, log_i)", "log_i"),
    step("sgu: the gate of h alone", "SGU", "self.out(z_g * h_prev)", "self.out(z_g * h_prev) * z_g"),
    step("clockwork: a group at rest is zero", "Clockwork", "new, h_prev)", "new, 0.5 * h_prev)"),
    step("min-lstm: not shared out", "MinLSTM", "(f + least) / whole * h_prev", "f * h_prev"),
    step("leaky: the rate of the other half", "LeakyRNN", "rate * candidate", "(1.0 - 0.5 * rate) * candidate"),
    # ---- what others take gated feedback for ------------------------------------------------------------
    step("gf: the gates of the sources in another order", "GatedFeedback-tanh",
         "g[:, i : i + 1]", "g[:, self.L - 1 - i : self.L - i]", "_from_the_past"),
    step("gf: gates without a sigmoid", "GatedFeedback-GRU",
         'return self.gate(f"layers.{j}.global", ops.concat(pre, axis=-1))', "return ops.concat(pre, axis=-1)",
         "_global_gate"),
    step("gf: the gate reads the layer below as it was", "GatedFeedback-tanh",
         "self.reads(below, ", "self.reads(now.h_prev[j - 1] if j else below, ", "_global_gate"),
    step("gf: g multiplies what comes from below as well", "GatedFeedback-LSTM",
         'ops.tanh(self._from_below(j, "candidate", below, now)',
         'ops.tanh(self._global_gate(j, below, now)[:, :1] * self._from_below(j, "candidate", below, now)', "_lstm"),
    step("gf: g multiplies what the gates of the unit see", "GatedFeedback-GRU",
         'seen @ self[f"layers.{j}.U.{name}"]',
         'self._global_gate(j, below, now)[:, :1] * (seen @ self[f"layers.{j}.U.{name}"])', "_unit_gate"),
    step("gf: z is the share of the old", "GatedFeedback-GRU-before",
         "(1.0 - z) * now.h_prev[j] + z * candidate", "z * now.h_prev[j] + (1.0 - z) * candidate", "_gru"),
]  # fmt: skip

#: Windows that leave an output out, or have one twice: no gradient is right, and a check ends in an error.
GAPS = [
    cut("truncated(2)", "_side_by_side", "range(0, T, length)", "range(0, T, length + 1)"),
    cut("windowed(1, 2)", "windowed", "end - k2", "end - k2 + 1"),
]
