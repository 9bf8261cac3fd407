"""The exercises of lesson 21: find the line, a small cell, its way back by hand, and what its weights meet."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import numpy as np

import minigate as mg
from minigate.bptt import input_share, loop
from minigate.learn import Case, Exercise, Output, Verdict, Wrong, agrees_with, difference, is_value, wrong
from minigate.module.initialisers import glorot, orthogonal, zeros
from minigate.tensor import reverse

# ---- 21.where ------------------------------------------------------------------------------------------


def _file(thing: Any) -> str:
    """The file that something stands in, as the lesson writes it: ``bptt/loop.py``."""
    path = Path(inspect.getsourcefile(thing) or "").resolve()
    return path.relative_to(Path(mg.__file__).resolve().parent).as_posix()


# The answers are asked of the package, so that they are right wherever its pieces move.
WHERE = {
    "x W + b of all gates, for many steps at once": _file(input_share.project),
    "z = σ(a_z)": _file(mg.gates.Sigmoid),
    "h_t, from z, the candidate and h_prev": _file(mg.cells.GRU),
    "the loop over t, on the way back": _file(loop.backward_through_time),
    "dU.update, one product for all steps": _file(loop.product_gradients),
    "dW.update, one product for all steps": _file(input_share.input_gradients),
    "added to the weight's grad": _file(reverse.run),
}
WHY_WHERE = {
    "x W + b of all gates, for many steps at once": "it is done outside the steps, and the same for every cell",
    "z = σ(a_z)": "a cell does not know which gate it has: gate= chooses it",
    "h_t, from z, the candidate and h_prev": "this line is the paper's, and the paper is one file",
    "the loop over t, on the way back": "it is written once for all cells",
    "dU.update, one product for all steps": "it stands where the loop ends; the cell only names operand and gradient",
    "dW.update, one product for all steps": "the weight of the input is the business of whoever made x W + b",
    "added to the weight's grad": "only the tape knows whose gradient is whose",
}
WHERE_WRONG = (
    Wrong(WHERE | {"z = σ(a_z)": _file(mg.cells.GRU)},
          expect=("6 of 7 predictions are right", "a cell does not know which gate it has")),
    Wrong(WHERE | {"dW.update, one product for all steps": _file(loop.product_gradients)},
          expect=("the business of whoever made x W + b",)),
    Wrong(WHERE | {"the loop over t, on the way back": _file(mg.cells.GRU),
                   "dU.update, one product for all steps": _file(mg.cells.GRU)},
          expect=("5 of 7", "written once for all cells", "the cell only names operand and gradient")),
    Wrong(WHERE | {"added to the weight's grad": _file(loop.backward_through_time)},
          expect=("only the tape knows whose gradient is whose",)),
)  # fmt: skip

# ---- 21.step: the cell -----------------------------------------------------------------------------------


class KeepParameters(mg.cells.Cell):
    """The weights of a cell with one gate: it keeps a share k of its state, and adds what comes in."""

    blocks = ("content", "keep")

    def __init__(self, D, H, *, seed=None, dtype=None):
        super().__init__(D, H)
        rng = mg.backend.generator(seed)
        for block in self.blocks:
            self.parameter(f"W.{block}", glorot(rng, (D, H)), dtype)
            self.parameter(f"b.{block}", zeros(rng, (H,)), dtype)
        self.parameter("U.keep", orthogonal(rng, (H, H)), dtype)


SHARED = (KeepParameters,)


def step(self, x_t, state):
    """k = σ(x_t W_k + h_prev U_k + b_k), h = tanh(k ⊙ h_prev + x_t W_c + b_c). → y_t, (h,)"""
    (h_prev,) = state
    k = mg.ops.sigmoid(self.input_share(x_t, "keep") + h_prev @ self["U.keep"])
    h = mg.ops.tanh(k * h_prev + self.input_share(x_t, "content"))
    return h, (h,)


def _cell() -> KeepParameters:
    cell, rng = KeepParameters(2, 4, seed=0, dtype="float64"), np.random.default_rng(4)
    cell.load_state_dict({name: rng.normal(size=array.shape) for name, array in cell.state_dict().items()})
    return cell


def step_cases() -> list[Case]:
    """Random numbers, and a first step that starts from zeros."""
    rng, cell = np.random.default_rng(5), _cell()
    x_t, h_prev = rng.normal(size=(3, 2)), rng.uniform(-1, 1, size=(3, 4))
    first = Case("a first step: h_prev is 0", (cell, x_t, np.zeros((3, 4))))
    return [Case("N=3, D=2, H=4, random", (cell, x_t, h_prev)), first]


def _on_arrays(attempt: Any) -> Any:
    """A step, asked with arrays: what it returns, y and the one state, as arrays."""

    def run(cell: Any, x_t: Any, h_prev: Any) -> Any:
        y, (h,) = attempt(cell, mg.Tensor(x_t), (mg.Tensor(h_prev),))
        return y, h

    return run


def judge_step(attempt: Any) -> Verdict:
    """The right form, then the right numbers, then a tape that leads back to every weight."""
    if not callable(attempt):
        return wrong(f"this is {type(attempt).__name__}, expected a function: pass step itself, without calling it")
    cell, x_t, h_prev = step_cases()[0].args
    found = attempt(cell, mg.Tensor(x_t), (mg.Tensor(h_prev),))
    if not (isinstance(found, tuple) and len(found) == 2 and isinstance(found[1], tuple) and len(found[1]) == 1):
        return wrong("step returns two things, y_t and the state, and the state is a tuple, also of one: h, (h,)")
    plain = agrees_with(
        _on_arrays(step), step_cases, outputs=STEP_OUTPUTS,
        slips=tuple(Wrong(_on_arrays(each.attempt), slip=each.slip) for each in STEP_WRONG if each.slip),
        praise="y, the state, and the gradient of all five weights",
    )  # fmt: skip
    verdict = plain(_on_arrays(attempt))
    if not verdict.passed:
        return verdict
    expected, got = (_gradients(each, cell, x_t, h_prev) for each in (step, attempt))
    for name, gradient in expected.items():
        text = "is missing" if got.get(name) is None else difference("it", gradient, got[name])
        if text:
            slip = "the tape is cut: stay with Tensors, mg.ops and the operators, and out of .data"
            return wrong(f"the numbers are right, but the gradient of {name}: {text}", slip=slip)
    return verdict


def _gradients(attempt: Any, cell: KeepParameters, x_t: Any, h_prev: Any) -> dict[str, Any]:
    for parameter in cell.parameters():
        parameter.zero_grad()
    y, _ = attempt(cell, mg.Tensor(x_t), (mg.Tensor(h_prev),))
    if getattr(y, "requires_grad", False):
        y.backward(np.random.default_rng(6).normal(size=(3, 4)))
    return {name: None if p.grad is None else p.grad.data.copy() for name, p in cell.named_parameters()}


def _keeps_all(self, x_t, state):
    (h_prev,) = state
    h = mg.ops.tanh(h_prev + self.input_share(x_t, "content"))
    return h, (h,)


def _blends(self, x_t, state):
    (h_prev,) = state
    k = mg.ops.sigmoid(self.input_share(x_t, "keep") + h_prev @ self["U.keep"])
    h = mg.ops.tanh(k * h_prev + (1.0 - k) * self.input_share(x_t, "content"))
    return h, (h,)


def _outside_of_tanh(self, x_t, state):
    (h_prev,) = state
    k = mg.ops.sigmoid(self.input_share(x_t, "keep") + h_prev @ self["U.keep"])
    h = k * h_prev + mg.ops.tanh(self.input_share(x_t, "content"))
    return h, (h,)


def _no_past_in_the_gate(self, x_t, state):
    (h_prev,) = state
    h = mg.ops.tanh(mg.ops.sigmoid(self.input_share(x_t, "keep")) * h_prev + self.input_share(x_t, "content"))
    return h, (h,)


def _blocks_exchanged(self, x_t, state):
    (h_prev,) = state
    k = mg.ops.sigmoid(self.input_share(x_t, "content") + h_prev @ self["U.keep"])
    h = mg.ops.tanh(k * h_prev + self.input_share(x_t, "keep"))
    return h, (h,)


def _state_without_a_tuple(self, x_t, state):
    h, _ = step(self, x_t, state)
    return h, h


def _tape_cut(self, x_t, state):
    (h_prev,) = state
    a = self.input_share(x_t, "keep").data + h_prev.data @ self["U.keep"].data
    h = mg.ops.tanh(mg.Tensor(0.5 * np.tanh(0.5 * a) + 0.5) * h_prev + self.input_share(x_t, "content"))
    return h, (h,)


STEP_OUTPUTS = (Output("y_t", ("n", "unit")), Output("h", ("n", "unit")))
STEP_WRONG = (
    Wrong(_keeps_all, slip="k is not there: all of h_prev is kept", expect=("y_t differs",)),
    Wrong(_blends, slip="1 − k on what comes in: that is the GRU's mixture; here it is added whole"),
    Wrong(_outside_of_tanh, slip="k ⊙ h_prev stands outside of tanh; inside of it the state stays bounded"),
    Wrong(_no_past_in_the_gate, slip="the gate does not see the state: h_prev @ U.keep is missing in it"),
    Wrong(_blocks_exchanged, slip="the blocks are exchanged: W.keep and b.keep belong to the gate"),
    Wrong(_state_without_a_tuple, expect=("the state is a tuple, also of one",)),
    Wrong(_tape_cut, expect=("the numbers are right, but the gradient of W.keep: is missing", "the tape is cut")),
)

# ---- 21.step_backward ----------------------------------------------------------------------------------------


def keep_backward(dh, h_prev, h, k, U):
    """From dh to the gradients of both pre-activations and of h_prev. All (N, H), U (H, H)."""
    da_content = dh * (1.0 - h**2)
    dk = da_content * h_prev
    da_keep = dk * k * (1.0 - k)
    dh_prev = da_content * k + da_keep @ U.T  # the old state is used twice: kept, and looked at by the gate
    return da_content, da_keep, dh_prev


BACKWARD_OUTPUTS = tuple(Output(name, ("n", "unit")) for name in ("da_content", "da_keep", "dh_prev"))


def backward_cases() -> list[Case]:
    """Random numbers; a batch of one; a gradient that reaches one unit only."""
    rng, cases = np.random.default_rng(7), []
    for label, N in (("N=3, H=4, random", 3), ("a batch of one, N=1", 1), ("dh is 0 but for unit 2", 3)):
        h_prev, h, dh = (rng.uniform(-1, 1, size=(N, 4)) for _ in range(3))
        if "unit 2" in label:
            dh[:, [0, 1, 3]] = 0.0
        cases.append(Case(label, (dh, h_prev, h, rng.uniform(0.1, 0.9, size=(N, 4)), rng.normal(size=(4, 4)))))
    return cases


def _gate_is_a_constant(dh, h_prev, h, k, U):
    da_content, da_keep, _ = keep_backward(dh, h_prev, h, k, U)
    return da_content, da_keep, da_content * k


def _only_through_the_gate(dh, h_prev, h, k, U):
    da_content, da_keep, _ = keep_backward(dh, h_prev, h, k, U)
    return da_content, da_keep, da_keep @ U.T


def _no_slope_of_tanh(dh, h_prev, h, k, U):
    da_keep = dh * h_prev * k * (1.0 - k)
    return dh, da_keep, dh * k + da_keep @ U.T


def _no_slope_of_sigma(dh, h_prev, h, k, U):
    da_content = dh * (1.0 - h**2)
    da_keep = da_content * h_prev
    return da_content, da_keep, da_content * k + da_keep @ U.T


def _slope_of_tanh_for_the_gate(dh, h_prev, h, k, U):
    da_content = dh * (1.0 - h**2)
    da_keep = da_content * h_prev * (1.0 - k**2)
    return da_content, da_keep, da_content * k + da_keep @ U.T


def _gate_without_what_it_multiplies(dh, h_prev, h, k, U):
    da_content = dh * (1.0 - h**2)
    da_keep = da_content * k * (1.0 - k)
    return da_content, da_keep, da_content * k + da_keep @ U.T


def _not_transposed(dh, h_prev, h, k, U):
    da_content, da_keep, _ = keep_backward(dh, h_prev, h, k, U)
    return da_content, da_keep, da_content * k + da_keep @ U


BACKWARD_WRONG = (
    Wrong(_gate_is_a_constant, slip="the gate's way back is missing: k was made from h_prev too, da_keep @ U.T",
          expect=("dh_prev differs",)),
    Wrong(_only_through_the_gate, slip="the straight way is missing: k ⊙ h_prev hands da_content ⊙ k back"),
    Wrong(_no_slope_of_tanh, slip="the slope of tanh is missing: da_content = dh ⊙ (1 − h²)",
          expect=("da_content differs",)),
    Wrong(_no_slope_of_sigma, slip="the slope of σ is missing: k (1 − k)", expect=("da_keep differs",)),
    Wrong(_slope_of_tanh_for_the_gate, slip="1 − k² is the slope of tanh; that of σ is k (1 − k)"),
    Wrong(_gate_without_what_it_multiplies, slip="dk is da_content times what k was multiplied with, h_prev"),
    Wrong(_not_transposed, slip="da_keep @ U instead of da_keep @ U.T; U is square, so the shapes cannot tell"),
)  # fmt: skip

# ---- 21.products -----------------------------------------------------------------------------------------------


def _products(cell: Any, weight: str) -> tuple[str, str]:
    operand, gradient = cell.products[weight]
    return operand, gradient


PRODUCTS = {
    "Keep: U.keep": ("h_prev", "da_keep"),
    "LSTM: U.forget": _products(mg.cells.LSTM(2, 4), "U.forget"),
    'GRU(reset="after"): U.candidate': _products(mg.cells.GRU(2, 4, reset="after"), "U.candidate"),
    'GRU(reset="before"): U.candidate': _products(mg.cells.GRU(2, 4, reset="before"), "U.candidate"),
}
WHY_PRODUCTS = {
    "Keep: U.keep": "what stands at the left of the @ in step, and the gradient of what came out",
    "LSTM: U.forget": "it reads the old h, not c, and what comes out is the gate's pre-activation",
    'GRU(reset="after"): U.candidate': "h U stands inside of r ⊙ (…): its gradient has the factor r, and its own name",
    'GRU(reset="before"): U.candidate': "here U meets r ⊙ h_prev, which the trace keeps under a name of its own",
}
PRODUCTS_WRONG = (
    Wrong(PRODUCTS | {'GRU(reset="after"): U.candidate': ("h_prev", "da_candidate")},
          expect=("3 of 4 predictions are right", "its gradient has the factor r")),
    Wrong(PRODUCTS | {'GRU(reset="before"): U.candidate': ("h_prev", "da_candidate")}, expect=("U meets r ⊙ h_prev",)),
    Wrong(PRODUCTS | {"Keep: U.keep": ("da_keep", "h_prev")}, expect=("at the left of the @ in step",)),
    Wrong(PRODUCTS | {"LSTM: U.forget": ("c_prev", "da_forget")}, expect=("it reads the old h, not c",)),
)  # fmt: skip

EXERCISES = (
    Exercise(
        id="21.where",
        title="Find the line",
        minutes=7,
        difficulty=2,
        kind="predict",
        name="where",
        answer=WHERE,
        judge=is_value(WHERE, why=WHY_WHERE),
        hints=(
            "For each: is it the same for every cell, or is it in this paper alone? Does it know about time?",
            "What one paper says is in cells/, what a gate is in gates/, what is once per sequence in bptt/. The list "
            "of calls above names modules in the order of the journey.",
            "bptt/input_share.py has both what x W + b is made by and its gradients; bptt/loop.py the loop and the "
            "recurrent products; tensor/reverse.py the sum into grad.",
        ),
        wrong=WHERE_WRONG,
    ),
    Exercise(
        id="21.products",
        title="What meets what",
        minutes=5,
        difficulty=2,
        kind="predict",
        name="meets",
        answer=PRODUCTS,
        judge=is_value(PRODUCTS, why=WHY_PRODUCTS),
        hints=(
            "dU = operandᵀ @ da: the operand is at the left of the @ in the forward pass, da the product's gradient.",
            "Three of the four weights meet h_prev. With the reset before, U meets something else, r ⊙ h_prev.",
            "With the reset after, h U is multiplied by r before it joins the rest, so that its gradient is "
            "r ⊙ da_candidate: the trace calls it da_recurrent. Before: ('reset_h', 'da_candidate').",
        ),
        wrong=PRODUCTS_WRONG,
    ),
    Exercise(
        id="21.step",
        title="A cell of twenty lines",
        minutes=7,
        difficulty=2,
        kind="forward",
        answer=step,
        judge=judge_step,
        hints=(
            "self.input_share(x_t, block) is x_t W + b of a block. What else does the gate see?",
            "The gate: mg.ops.sigmoid of its input share plus h_prev @ self['U.keep']. The new state: mg.ops.tanh of "
            "the kept part plus the input share of content.",
            "k = mg.ops.sigmoid(self.input_share(x_t, 'keep') + h_prev @ self['U.keep']); h = mg.ops.tanh(k * h_prev + "
            "self.input_share(x_t, 'content')); return h, (h,)",
        ),
        wrong=STEP_WRONG,
    ),
    Exercise(
        id="21.step_backward",
        title="Its way back, by hand",
        minutes=10,
        difficulty=3,
        kind="backward",
        answer=keep_backward,
        judge=agrees_with(keep_backward, backward_cases, outputs=BACKWARD_OUTPUTS, slips=BACKWARD_WRONG),
        hints=(
            "Go through the two equations from the last to the first. In how many places is h_prev used?",
            "da_content = dh ⊙ (slope of tanh). From k ⊙ h_prev one gradient goes to k and one to h_prev; that of k "
            "goes on through the slope of σ, and through U to h_prev again.",
            "da_keep = da_content * h_prev * k * (1 − k); dh_prev = da_content * k + da_keep @ U.T",
        ),
        wrong=BACKWARD_WRONG,
    ),
)
