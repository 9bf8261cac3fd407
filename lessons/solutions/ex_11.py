"""The exercises of lesson 11: a layer with global reset gates, its way back, and a plain stack found inside of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigate.learn import Case, Exercise, Output, Verdict, Wrong, agrees_with, difference, is_value, right, wrong

LAYERS = (slice(0, 4), slice(4, 10), slice(10, 15))  # where the states of the three layers lie in h_star
BELOW = (2, 4, 6)  # what each layer reads from below: D, H_1, H_2


def sigmoid(a):
    """1 / (1 + e^−a), in the form that cannot overflow."""
    return 0.5 * np.tanh(0.5 * a) + 0.5


SHARED = (sigmoid,)

# ---- 11.layer_step ----------------------------------------------------------------------------------


def layer_step(below, h_star, p, layers):
    """One layer of gated feedback with tanh units: its gates g (N, L), the gated past s (N, H_j), its new state h."""
    g = sigmoid(below @ p["w"] + h_star @ p["u"])
    s = np.zeros((len(below), len(p["b"])))
    for i, own in enumerate(layers):
        s += g[:, i : i + 1] * (h_star[:, own] @ p["U"][own])
    h = np.tanh(below @ p["W"] + s + p["b"])
    return g, s, h


def layer_weights(rng: np.random.Generator, j: int) -> dict[str, Any]:
    """Random weights of layer j, the layers counted from 0."""
    own, below = LAYERS[j], BELOW[j]
    H, total, L = own.stop - own.start, LAYERS[-1].stop, len(LAYERS)
    shapes = {"W": (below, H), "U": (total, H), "b": (H,), "w": (below, L), "u": (total, L)}
    return {name: 0.6 * rng.normal(size=shape) for name, shape in shapes.items()}


def step_cases() -> list[Case]:
    """Each of the three layers; and a past of zeros."""
    rng = np.random.default_rng(0)
    cases = []
    for j, label in enumerate(("layer 1 of 3, which reads x_t", "layer 2 of 3", "layer 3 of 3")):
        below, h_star = rng.uniform(-1, 1, size=(7, BELOW[j])), rng.uniform(-1, 1, size=(7, 15))
        cases.append(Case(label, (below, h_star, layer_weights(rng, j), LAYERS)))
    below, _, p, _ = cases[1].args
    return [*cases, Case("layer 2 of 3, a past of zeros", (below, np.zeros((7, 15)), p, LAYERS))]


STEP_OUTPUTS = (Output("g", ("n", "from layer")), Output("s", ("n", "unit")), Output("h", ("n", "unit")))


def _finished(g, below, h_star, p, layers):
    """s and h from some gates: every mistake in the gates alone is one call of it."""
    s = sum(g[:, i : i + 1] * (h_star[:, own] @ p["U"][own]) for i, own in enumerate(layers))
    return g, s, np.tanh(below @ p["W"] + s + p["b"])


def _no_sigmoid(below, h_star, p, layers):
    return _finished(below @ p["w"] + h_star @ p["u"], below, h_star, p, layers)


def _blind_to_the_past(below, h_star, p, layers):
    return _finished(sigmoid(below @ p["w"]), below, h_star, p, layers)


def _blind_to_below(below, h_star, p, layers):
    return _finished(sigmoid(h_star @ p["u"]), below, h_star, p, layers)


def _two_sigmoids(below, h_star, p, layers):
    return _finished(sigmoid(below @ p["w"]) + sigmoid(h_star @ p["u"]), below, h_star, p, layers)


def _gates_not_used(below, h_star, p, layers):
    g, _, _ = layer_step(below, h_star, p, layers)
    s = h_star @ p["U"]
    return g, s, np.tanh(below @ p["W"] + s + p["b"])


def _one_for_all(below, h_star, p, layers):
    g, _, _ = layer_step(below, h_star, p, layers)
    s = g[:, :1] * (h_star @ p["U"])
    return g, s, np.tanh(below @ p["W"] + s + p["b"])


def _columns_reversed(below, h_star, p, layers):
    g, _, _ = layer_step(below, h_star, p, layers)
    _, s, h = _finished(g[:, ::-1], below, h_star, p, layers)
    return g, s, h


def _below_in_the_sum(below, h_star, p, layers):
    g, s, _ = layer_step(below, h_star, p, layers)
    return g, s, np.tanh(g.sum(axis=1, keepdims=True) * (below @ p["W"]) + s + p["b"])


def _past_outside_of_tanh(below, h_star, p, layers):
    g, s, _ = layer_step(below, h_star, p, layers)
    return g, s, np.tanh(below @ p["W"] + p["b"]) + s


def _no_bias(below, h_star, p, layers):
    g, s, _ = layer_step(below, h_star, p, layers)
    return g, s, np.tanh(below @ p["W"] + s)


STEP_WRONG = (
    Wrong(_no_sigmoid, slip="σ is missing: without it g is any number, and no gate", expect=("g differs",)),
    Wrong(_blind_to_the_past, slip="g does not look at h_star: the term h_star @ u is missing", expect=("g differs",)),
    Wrong(_blind_to_below, slip="g does not look at what comes from below: the term below @ w is missing"),
    Wrong(_two_sigmoids, slip="σ is taken of each part; it belongs around their sum"),
    Wrong(_gates_not_used, slip="g is made, and not used: in s every source is multiplied by its g",
          expect=("s differs",)),
    Wrong(_one_for_all, slip="the g of source 0 for all sources: each has its own, column i of g"),
    Wrong(_columns_reversed, slip="the sources in the opposite order: column i of g belongs to layers[i]"),
    Wrong(_below_in_the_sum, slip="what comes from below stands in the sum over i; no g touches it",
          expect=("h differs",)),
    Wrong(_past_outside_of_tanh, slip="s stands outside of tanh; tanh is around the whole sum"),
    Wrong(_no_bias, slip="the bias b is missing", expect=("h differs",)),
)

# ---- 11.pair_backward -------------------------------------------------------------------------------


def pair_backward(ds, h_i, g, U):
    """Back through g ⊙ (h_i U), g = σ(a_g), to da_g (N, 1), dh_i, dU. ds (N, H_j), h_i (N, H_i), g (N, 1)."""
    h_U = h_i @ U
    dg = (ds * h_U).sum(axis=1, keepdims=True)  # one number met all units: all of their gradients are its own
    da_g = dg * g * (1.0 - g)
    dh_U = ds * g
    dh_i = dh_U @ U.T
    dU = h_i.T @ dh_U
    return da_g, dh_i, dU


PAIR_OUTPUTS = (
    Output("da_g", ("n", "gate")),
    Output("dh_i", ("n", "from unit")),
    Output("dU", ("from unit", "to unit")),
)


def pair_cases() -> list[Case]:
    """From 4 units to 6; a batch of one; a gradient that reaches one unit only; a layer that hears itself."""
    rng = np.random.default_rng(1)
    cases = []
    for label, N, start, end in (
        ("N=7, from 4 units to 6", 7, 4, 6),
        ("a batch of one, from 5 units to 4", 1, 5, 4),
        ("N=7, ds is 0 but for unit 2", 7, 4, 6),
        ("N=7, from 5 units to the same 5", 7, 5, 5),
    ):
        ds = rng.normal(size=(N, end))
        if "unit 2" in label:
            ds[:, [0, 1, 3, 4, 5]] = 0.0
        h_i, g = rng.uniform(-1, 1, size=(N, start)), rng.uniform(0.1, 0.9, size=(N, 1))
        cases.append(Case(label, (ds, h_i, g, rng.normal(size=(start, end)))))
    return cases


def _not_summed(ds, h_i, g, U):
    da_g, dh_i, dU = pair_backward(ds, h_i, g, U)
    return ds * (h_i @ U) * g * (1.0 - g), dh_i, dU


def _mean_over_units(ds, h_i, g, U):
    da_g, dh_i, dU = pair_backward(ds, h_i, g, U)
    return da_g / ds.shape[1], dh_i, dU


def _summed_over_the_batch(ds, h_i, g, U):
    da_g, dh_i, dU = pair_backward(ds, h_i, g, U)
    return (ds * (h_i @ U)).sum() * g * (1.0 - g), dh_i, dU


def _no_slope(ds, h_i, g, U):
    _, dh_i, dU = pair_backward(ds, h_i, g, U)
    return (ds * (h_i @ U)).sum(axis=1, keepdims=True), dh_i, dU


def _g_in_dg(ds, h_i, g, U):
    da_g, dh_i, dU = pair_backward(ds, h_i, g, U)
    return da_g * g, dh_i, dU


def _slope_of_tanh(ds, h_i, g, U):
    _, dh_i, dU = pair_backward(ds, h_i, g, U)
    return (ds * (h_i @ U)).sum(axis=1, keepdims=True) * (1.0 - g**2), dh_i, dU


def _sum_of_ds(ds, h_i, g, U):
    _, dh_i, dU = pair_backward(ds, h_i, g, U)
    return ds.sum(axis=1, keepdims=True) * g * (1.0 - g), dh_i, dU


def _dh_past_the_gate(ds, h_i, g, U):
    da_g, _, dU = pair_backward(ds, h_i, g, U)
    return da_g, ds @ U.T, dU


def _dU_past_the_gate(ds, h_i, g, U):
    da_g, dh_i, _ = pair_backward(ds, h_i, g, U)
    return da_g, dh_i, h_i.T @ ds


def _flat_gate(ds, h_i, g, U):
    da_g, dh_i, dU = pair_backward(ds, h_i, g, U)
    return da_g[:, 0], dh_i, dU


PAIR_WRONG = (
    Wrong(_not_summed,
          expect=("da_g has shape (7, 6), expected (n=7, gate=1)",)),
    Wrong(_mean_over_units, slip="the mean over the units; every unit counts in full: a sum", expect=("da_g differs",)),
    Wrong(_summed_over_the_batch,
          slip="summed over the batch as well; every sequence has a g of its own, and only the units share it"),
    Wrong(_no_slope, slip="this is dg; the slope of σ is missing: da_g = dg · g · (1 − g)"),
    Wrong(_g_in_dg, slip="one g too many: dg is ds times what the gate multiplied, and that is h_i U without g"),
    Wrong(_slope_of_tanh, slip="the slope of tanh, 1 − g²; that of σ is g (1 − g)"),
    Wrong(_sum_of_ds, slip="dg is the sum of ds times what the gate multiplied, h_i U; that factor is missing"),
    Wrong(_dh_past_the_gate, slip="dh_i without g: h_i reached s through the gate, and its gradient comes back so",
          expect=("dh_i differs",)),
    Wrong(_dU_past_the_gate, slip="dU without g: h_i U was multiplied by g on the way forward", expect=("dU differs",)),
    Wrong(_flat_gate, expect=("da_g has shape (7,), expected (n=7, gate=1)",)),
)  # fmt: skip

# ---- 11.layer_backward ------------------------------------------------------------------------------


def layer_backward(dh, below, h_star, g, h, p, layers):
    """From dh (N, H_j) to dbelow, dh_star, dW, db, dU, dw, du of one layer."""
    da = dh * (1.0 - h**2)
    da_g, dh_star, dU = np.zeros_like(g), np.zeros_like(h_star), np.zeros_like(p["U"])
    for i, own in enumerate(layers):
        da_g[:, i : i + 1], dh_star[:, own], dU[own] = pair_backward(da, h_star[:, own], g[:, i : i + 1], p["U"][own])
    dh_star += da_g @ p["u"].T  # the gates have read the past as well,
    dbelow = da @ p["W"].T + da_g @ p["w"].T  # and what comes from below
    dW, db = below.T @ da, da.sum(axis=0)
    dw, du = below.T @ da_g, h_star.T @ da_g
    return dbelow, dh_star, dW, db, dU, dw, du


LAYER_OUTPUTS = (
    Output("dbelow", ("n", "unit below")),
    Output("dh_star", ("n", "unit of all layers")),
    Output("dW", ("unit below", "unit")),
    Output("db", ("unit",)),
    Output("dU", ("unit of all layers", "unit")),
    Output("dw", ("unit below", "from layer")),
    Output("du", ("unit of all layers", "from layer")),
)


def layer_cases() -> list[Case]:
    """Each of the three layers, after a step."""
    rng = np.random.default_rng(2)
    cases = []
    for case in step_cases()[:3]:
        below, h_star, p, layers = case.args
        g, _, h = layer_step(below, h_star, p, layers)
        cases.append(Case(case.label, (rng.normal(size=h.shape), below, h_star, g, h, p, layers)))
    return cases


def _gradients(ds, dh, below, h_star, g, h, p, layers, hands_below=True, hands_back=True):
    """The pass back with some of it left out or made of something else."""
    da = dh * (1.0 - h**2)
    pairs = [pair_backward(ds, h_star[:, own], g[:, i : i + 1], p["U"][own]) for i, own in enumerate(layers)]
    da_g, dh_star, dU = (np.concatenate(part, axis=axis) for part, axis in zip(zip(*pairs), (1, 1, 0)))
    dbelow = da @ p["W"].T + hands_below * (da_g @ p["w"].T)
    dh_star = dh_star + hands_back * (da_g @ p["u"].T)
    return dbelow, dh_star, below.T @ da, da.sum(axis=0), dU, below.T @ da_g, h_star.T @ da_g


def _nothing_below(dh, below, h_star, g, h, p, layers):
    return _gradients(dh * (1.0 - h**2), dh, below, h_star, g, h, p, layers, hands_below=False)


def _nothing_back(dh, below, h_star, g, h, p, layers):
    return _gradients(dh * (1.0 - h**2), dh, below, h_star, g, h, p, layers, hands_back=False)


def _gates_are_constants(dh, below, h_star, g, h, p, layers):
    return _gradients(dh * (1.0 - h**2), dh, below, h_star, g, h, p, layers, hands_below=False, hands_back=False)


def _past_around_tanh(dh, below, h_star, g, h, p, layers):
    return _gradients(dh, dh, below, h_star, g, h, p, layers)


def _no_tanh(dh, below, h_star, g, h, p, layers):
    return _gradients(dh, dh, below, h_star, g, np.zeros_like(h), p, layers)


def _below_through_the_gates(dh, below, h_star, g, h, p, layers):
    dbelow, *others = layer_backward(dh, below, h_star, g, h, p, layers)
    da = dh * (1.0 - h**2)
    return dbelow + (g.sum(axis=1, keepdims=True) - 1.0) * (da @ p["W"].T), *others


def _dw_from_the_candidate(dh, below, h_star, g, h, p, layers):
    *others, dw, du = layer_backward(dh, below, h_star, g, h, p, layers)
    return *others, below.T @ g, h_star.T @ g


def _swapped(dh, below, h_star, g, h, p, layers):
    dbelow, dh_star, *others = layer_backward(dh, below, h_star, g, h, p, layers)
    return dh_star, dbelow, *others


LAYER_WRONG = (
    Wrong(_nothing_below,
          slip="the gates have read what comes from below, too: + da_g @ w.T is missing in dbelow",
          expect=("dbelow differs",)),
    Wrong(_nothing_back,
          slip="the gates have read all states of the step before, too: + da_g @ u.T is missing in dh_star",
          expect=("dh_star differs",)),
    Wrong(_gates_are_constants,
          slip="the gates are treated as constants: + da_g @ w.T is missing in dbelow, + da_g @ u.T in dh_star"),
    Wrong(_past_around_tanh, slip="s goes through the same tanh as the rest: its gradient is da, not dh",
          expect=("differs",)),
    Wrong(_no_tanh, slip="the slope of tanh is missing: da = dh · (1 − h²)"),
    Wrong(_below_through_the_gates,
          slip="what comes from below is multiplied by g on the way back; forward, no g touches it"),
    Wrong(_dw_from_the_candidate, slip="dw and du are made with g; what belongs there is da_g, the gradient",
          expect=("dw differs",)),
    Wrong(_swapped, expect=("dbelow has shape (7, 15), expected (n=7, unit below=2)",)),
)  # fmt: skip

# ---- 11.stack_inside: a plain stack, found in a gated-feedback layer ------------------------------------


def stack_inside(W, U, b, j, layers):
    """Weights p for layer_step that make layer j a plain stack's: h = tanh(below W + h^j_{t−1} U + b)."""
    L, total = len(layers), layers[-1].stop
    p = {"W": W, "b": b, "w": np.zeros((len(W), L)), "u": np.zeros((total, L))}
    p["U"] = np.zeros((total, len(b)))
    p["U"][layers[j]] = 2.0 * U  # every g is σ(0) = ½
    return p


def judge_stack(attempt: Any) -> Verdict:
    """Right where the gated layer with these weights gives what the plain one gives."""
    rng = np.random.default_rng(4)
    for j in range(len(LAYERS)):
        H, case = LAYERS[j].stop - LAYERS[j].start, f"layer {j + 1} of 3 (j={j})"
        W, U, b = rng.normal(size=(BELOW[j], H)), rng.normal(size=(H, H)), rng.normal(size=H)
        p = attempt(W, U, b, j, LAYERS)
        shapes = {name: array.shape for name, array in layer_weights(rng, j).items()}
        if not isinstance(p, dict) or set(shapes) - set(p):
            got = f"a {type(p).__name__}" if not isinstance(p, dict) else ", ".join(map(str, p))
            return wrong(f"expected a dictionary with {', '.join(shapes)}; got {got}", case=case)
        for name, shape in shapes.items():
            if np.shape(p[name]) != shape:
                return wrong(f"p[{name!r}] has shape {np.shape(p[name])}, expected {shape}", case=case)
        below, h_star = rng.normal(size=(7, BELOW[j])), rng.uniform(-1, 1, size=(7, 15))
        g, s, h = layer_step(below, h_star, p, LAYERS)
        text = difference("h", np.tanh(below @ W + h_star[:, LAYERS[j]] @ U + b), h, axes=("n", "unit"))
        if text:
            return wrong(text, case=case, slip=_why_no_stack(g, s, h_star, U, j))
    return right("layers 1, 2 and 3 of a stack")


def _why_no_stack(g: Any, s: Any, h_star: Any, U: Any, j: int) -> str:
    own = h_star[:, LAYERS[j]] @ U
    if np.ptp(g[:, j]) > 1e-9:
        return "the gate from the layer to itself still varies; with which w and u does it read nothing?"
    if np.allclose(s, g[:, j : j + 1] * own):
        return f"the gate is at {g[0, j]:g} and not at 1: what has to become of U, so that their product is U?"
    if not np.allclose(s, own):
        return "s should be h^j_{t−1} U alone: only the rows layers[j] of p[\"U\"] may differ from 0"
    return "s is as it should be; W and b go in as they are"


def _not_doubled(W, U, b, j, layers):
    p = stack_inside(W, U, b, j, layers)
    return p | {"U": 0.5 * p["U"]}


def _first_layers_rows(W, U, b, j, layers):
    p = stack_inside(W, U, b, j, layers)
    p["U"] = np.zeros_like(p["U"])
    p["U"][: len(U)] = 2.0 * U
    return p


def _gate_that_reads(W, U, b, j, layers):
    p = stack_inside(W, U, b, j, layers)
    return p | {"u": 100.0 * np.ones_like(p["u"]), "U": 0.5 * p["U"]}


def _own_U_only(W, U, b, j, layers):
    return stack_inside(W, U, b, j, layers) | {"U": 2.0 * U}


def _three_arrays(W, U, b, j, layers):
    return W, U, b


STACK_WRONG = (
    Wrong(_not_doubled, expect=("layer 1 of 3", "the gate is at 0.5 and not at 1")),
    Wrong(_first_layers_rows, expect=("layer 2 of 3", 'only the rows layers[j] of p["U"]')),
    Wrong(_gate_that_reads, expect=("from the layer to itself still varies",)),
    Wrong(_own_U_only, expect=("p['U'] has shape (4, 4), expected (15, 4)",)),
    Wrong(_three_arrays, expect=("expected a dictionary with W, U, b, w, u; got a tuple",)),
)

# ---- 11.caught: predict -----------------------------------------------------------------------------

CAUGHT = {"A": "count", "B": "bounds", "C": "no past", "D": "same step", "seen by the gradient check": 0}
WHY = {
    "A": "a number for each unit needs a column of w and u for each unit",
    "B": "what can a g be that no σ has squashed, once its weights are large?",
    "C": "with a past of zeros all that is left should be tanh(below W + b), whatever g is",
    "D": "the layer below has a new state before layer j has its turn: change x_t, and what should change in g?",
    "seen by the gradient check": "it compares each program with its own derivative, and knows no paper",
}
CAUGHT_WRONG = (
    Wrong(CAUGHT | {"A": "bounds"}, expect=("4 of 5", "'A': 'bounds'", "a column of w and u")),
    Wrong(CAUGHT | {"B": "no past", "C": "bounds"}, expect=("3 of 5", "squashed", "a past of zeros")),
    Wrong(CAUGHT | {"D": "no past"}, expect=("4 of 5", "change x_t")),
    Wrong(CAUGHT | {"seen by the gradient check": 4}, expect=("4 of 5", "knows no paper")),
)

# ---- the exercises ---------------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="11.layer_step",
        title="A layer that listens to all layers",
        minutes=8,
        difficulty=2,
        kind="forward",
        answer=layer_step,
        judge=agrees_with(layer_step, step_cases, outputs=STEP_OUTPUTS, slips=STEP_WRONG,
                          praise="three layers, and a past of zeros: 4 of 4"),
        hints=(
            "Three lines of the equations, three names: g, s, h. Which of them looks at below, which at h_star?",
            "Column i of g is for source i, whose state is h_star[:, layers[i]] and whose weight is "
            "p[\"U\"][layers[i]]. To stretch a column over the units it has to stay (N, 1).",
            "g = sigmoid(below @ p[\"w\"] + h_star @ …); s += g[:, i : i + 1] * (h_star[:, own] @ p[\"U\"][own]) for "
            "each own in layers; h = np.tanh(below @ p[\"W\"] + s + …)",
        ),
        wrong=STEP_WRONG,
    ),
    Exercise(
        id="11.pair_backward",
        title="Back through a gate that is one number",
        minutes=7,
        difficulty=2,
        kind="backward",
        answer=pair_backward,
        judge=agrees_with(pair_backward, pair_cases, outputs=PAIR_OUTPUTS, slips=PAIR_WRONG,
                          praise="da_g, dh_i, dU in 4 of 4 cases"),
        hints=(
            "Forward, g was stretched over the units. What did lesson 00 say about the way back of a stretched number?",
            "dg is the sum over the units of ds times what g multiplied, and keeps its axis; then the slope g (1 − g). "
            "The product h_i U gets ds times g, and goes on as every product does.",
            "dg = (ds * (h_i @ U)).sum(axis=1, keepdims=True); dh_U = ds * g; dh_i = dh_U @ U.T; dU = h_i.T @ …",
        ),
        wrong=PAIR_WRONG,
    ),
    Exercise(
        id="11.layer_backward",
        title="What a layer hands on",
        minutes=10,
        difficulty=3,
        kind="backward",
        answer=layer_backward,
        judge=agrees_with(layer_backward, layer_cases, outputs=LAYER_OUTPUTS, slips=LAYER_WRONG,
                          praise="seven gradients in each of three layers"),
        hints=(
            "First da; it is also ds, for s is one term of the sum inside tanh. Then each source with pair_backward.",
            "With all da_g there: the gates are a small layer of their own, which read below with w and h_star with "
            "u. They owe both a share, beside what comes back through W and U.",
            'dbelow = da @ p["W"].T + da_g @ p["w"].T; dh_star += da_g @ …; dw = below.T @ da_g; du = h_star.T @ da_g',
        ),
        wrong=LAYER_WRONG,
    ),
    Exercise(
        id="11.stack_inside",
        title="Find the plain stack",
        minutes=5,
        difficulty=2,
        kind="build",
        answer=stack_inside,
        judge=judge_stack,
        hints=(
            "Layer j may hear its own past only, and at a strength that never changes.",
            "w = 0 and u = 0 hold every g at σ(0). The rows of U that belong to other layers are 0 as well.",
            'p["U"] = np.zeros((total, len(b))); p["U"][layers[j]] = … * U, so that ½ · … is 1',
        ),
        wrong=STACK_WRONG,
    ),
    Exercise(
        id="11.caught",
        title="Which test sees which mistake?",
        minutes=5,
        difficulty=2,
        kind="predict",
        name="caught",
        answer=CAUGHT,
        judge=is_value(CAUGHT, why=WHY),
        hints=(
            "Each of the four tests sees exactly one of the four mistakes.",
            "Ask for each what it changes: the number of weights, the size of g, what is left without a past, or when "
            "g learns of the new input.",
            "A needs more weights; B has no σ; C gates the input; D is one step late. And a gradient check compares a "
            "program with itself.",
        ),
        wrong=CAUGHT_WRONG,
    ),
)
