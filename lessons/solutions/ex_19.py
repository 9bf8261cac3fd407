"""The exercises of lesson 19: a function for every array library, one product for all steps, and what dominates."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

import minigate as mg
from minigate.learn import Case, Exercise, Output, Verdict, Wrong, agrees_with, difference, is_value, right, wrong


def host(value):
    """What stands behind an array that lives elsewhere; numbers as they are; an array of NumPy is refused."""
    if isinstance(value, np.ndarray):
        raise TypeError("an array of NumPy among arrays that live elsewhere")
    if isinstance(value, (tuple, list)):
        return type(value)(map(host, value))
    return value.behind if isinstance(value, Elsewhere) else value


def lifted(function):
    """A function of NumPy as one on arrays that live elsewhere."""

    def call(*args, **options):
        result = function(*map(host, args), **{name: host(value) for name, value in options.items()})
        return Elsewhere(result) if isinstance(result, np.ndarray) else result

    return call


class Elsewhere:
    """An array that computes with its own kind and never becomes one of NumPy by itself, as CuPy's do."""

    __array_ufunc__ = None  # np.tanh(x) is an error, and so is an array of NumPy plus this one

    def __init__(self, behind):
        self.behind = behind

    def __array__(self, *args, **options):
        raise TypeError("implicit conversion to an array of NumPy: mg.asnumpy(x) says that it is meant")

    def __getattr__(self, name):
        if name.startswith("__"):  # or NumPy would find __array_interface__, and read the memory behind
            raise AttributeError(name)
        value = getattr(self.behind, name)
        return lifted(value) if callable(value) else Elsewhere(value) if isinstance(value, np.ndarray) else value

    def __setitem__(self, place, value):
        self.behind[host(place)] = host(value)

    __len__, __getitem__, __neg__ = lifted(len), lifted(operator.getitem), lifted(operator.neg)
    __add__, __radd__ = lifted(operator.add), lifted(lambda x, y: y + x)
    __sub__, __rsub__ = lifted(operator.sub), lifted(lambda x, y: y - x)
    __mul__, __rmul__ = lifted(operator.mul), lifted(lambda x, y: y * x)
    __truediv__, __rtruediv__ = lifted(operator.truediv), lifted(lambda x, y: y / x)
    __pow__, __matmul__, __rmatmul__ = lifted(operator.pow), lifted(operator.matmul), lifted(lambda x, y: y @ x)
    __iadd__, __isub__ = lifted(operator.iadd), lifted(operator.isub)
    __imul__, __itruediv__ = lifted(operator.imul), lifted(operator.itruediv)
    __lt__, __gt__, __invert__ = lifted(operator.lt), lifted(operator.gt), lifted(operator.invert)


class Module:
    """The library of arrays that live elsewhere: NumPy's names, on arrays of that kind alone."""

    def __getattr__(self, name):
        value = getattr(np, name)
        return lifted(value) if callable(value) and not isinstance(value, type) else value


SHARED = (host, lifted, Elsewhere, Module)
mg.backend.register_array_type(Elsewhere, Module(), name="elsewhere, in the check", to_host=host, from_host=Elsewhere)

PLACE = ("t", "n", "unit")


def _drawn(seed: int, *shapes: tuple[int, ...], dtype: str = "float64") -> tuple[Any, ...]:
    rng = np.random.default_rng(seed)
    return tuple(rng.normal(size=shape).astype(dtype) for shape in shapes)


# ---- 19.clean --------------------------------------------------------------------------------------------


def rnn_states(x, h0, W, U):
    """h[t] = tanh(x[t] W + h[t − 1] U), in the library and the dtype of x. x (T, N, D), h0 (N, H) → h (T, N, H)."""
    xp = mg.backend.array_module(x, h0, W, U)
    h, h_prev = xp.empty((len(x), *h0.shape), dtype=x.dtype), h0
    for t in range(len(x)):
        h_prev = xp.tanh(x[t] @ W + h_prev @ U)
        h[t] = h_prev
    return h


def clean_cases() -> list[Case]:
    """Two sizes, in float64, on NumPy."""
    return [Case(label, _drawn(seed, (T, N, 2), (N, 4), (2, 4), (4, 4)))
            for seed, (label, T, N) in enumerate((("T=5, N=3", 5, 3), ("one step, N=1", 1, 1)))]  # fmt: skip


def clean_judge(attempt: Any) -> Verdict:
    """The numbers on NumPy; float32 stays float32; then the same arrays from elsewhere, and where the result is."""
    verdict = agrees_with(rnn_states, clean_cases, outputs=(Output("h", PLACE),), slips=CLEAN_WRONG)(attempt)
    if not verdict.passed:
        return verdict
    single = _drawn(0, (5, 3, 2), (3, 4), (2, 4), (4, 4), dtype="float32")
    if (got := attempt(*single)).dtype != np.float32:
        return wrong(f"float32 went in, and {got.dtype} came out", case="float32",
                     slip="a new array without a dtype is float64: dtype=x.dtype")  # fmt: skip
    case = "arrays that live elsewhere"
    try:
        found = attempt(*map(Elsewhere, single))
    except TypeError as error:
        error.add_note(f"case: {case}")
        raise
    if not isinstance(found, Elsewhere):
        return wrong(f"the result is an array of {type(found).__module__.split('.')[0]}", case=case,
                     slip="what comes from elsewhere stays there: make new arrays with xp, bring none home")
    text = difference("h", rnn_states(*single), found.behind, axes=PLACE, tolerance=1e-5)
    return wrong(text, case=case) if text else right("on NumPy and elsewhere")


def _tanh_of_numpy(x, h0, W, U):
    h, h_prev = [], h0
    for t in range(len(x)):
        h_prev = np.tanh(x[t] @ W + h_prev @ U)
        h.append(h_prev)
    return np.stack(h)


def _made_by_numpy(x, h0, W, U):
    xp = mg.backend.array_module(x)
    h, h_prev = np.empty((len(x), *h0.shape), dtype=x.dtype), h0
    for t in range(len(x)):
        h_prev = h[t] = xp.tanh(x[t] @ W + h_prev @ U)
    return h


def _brought_home(x, h0, W, U):
    return rnn_states(*map(mg.asnumpy, (x, h0, W, U)))


def _no_dtype(x, h0, W, U):
    xp = mg.backend.array_module(x)
    h, h_prev = xp.empty((len(x), *h0.shape)), h0
    for t in range(len(x)):
        h_prev = xp.tanh(x[t] @ W + h_prev @ U)
        h[t] = h_prev
    return h


def _no_past(x, h0, W, U):
    xp = mg.backend.array_module(x)
    return xp.tanh(x @ W + h0 @ U)


CLEAN_WRONG = (
    Wrong(_tanh_of_numpy, expect=("your code raised TypeError", "elsewhere", "np.tanh")),
    Wrong(_made_by_numpy, expect=("your code raised TypeError", "arrays that live elsewhere", "implicit conversion")),
    Wrong(_brought_home, expect=("the result is an array of numpy", "bring none home")),
    Wrong(_no_dtype, expect=("float32 went in, and float64 came out", "dtype=x.dtype")),
    Wrong(_no_past, slip="every step reads h0; it should read the state of the step before", expect=("T=5, N=3",)),
)  # fmt: skip

# ---- 19.input_share --------------------------------------------------------------------------------------


def input_share(x, W, b):
    """x[t] W + b for all steps in one product. x (T, N, D), W (D, G·H), b (G·H,) → (T, N, G·H)."""
    T, N, D = x.shape
    share = x.reshape(T * N, D) @ W + b
    return share.reshape(T, N, -1)


def share_cases() -> list[Case]:
    """Two lengths; time and batch of different sizes, so that they cannot be mixed up."""
    return [Case(label, _drawn(seed, (T, N, 2), (2, 12), (12,)))
            for seed, (label, T, N) in enumerate((("T=5, N=3", 5, 3), ("one step, T=1", 1, 3)))]  # fmt: skip


class Counted(np.ndarray):
    """An array that counts the matrix products made with it."""

    products = 0

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """Do it with plain arrays, count a product, and go on with the result."""
        Counted.products += ufunc is np.matmul
        plain = [each.view(np.ndarray) if isinstance(each, Counted) else each for each in inputs]
        if "out" in options:
            options["out"] = tuple(each.view(np.ndarray) for each in options["out"])
        return np.asarray(getattr(ufunc, method)(*plain, **options)).view(Counted)


def products_of(attempt: Any, *shapes: tuple[int, ...]) -> int:
    """How many matrix products a function makes."""
    Counted.products = 0
    attempt(*(np.ones(shape).view(Counted) for shape in shapes))
    return Counted.products


def share_judge(attempt: Any) -> Verdict:
    """The numbers, and the number of products."""
    verdict = agrees_with(input_share, share_cases, outputs=(Output("share", ("t", "n", "column")),),
                          slips=SHARE_WRONG)(attempt)  # fmt: skip
    made = products_of(attempt, (20, 3, 2), (2, 12), (12,)) if verdict.passed else 1
    if made > 1:
        return wrong(f"right numbers, in {made} products for 20 steps",
                     slip="one product for each step; as one matrix of T · N rows, x needs a single one")  # fmt: skip
    return verdict


def _step_after_step(x, W, b):
    return np.stack([x_t @ W + b for x_t in x])


def _no_bias(x, W, b):
    return input_share(x, W, 0.0 * b)


def _left_flat(x, W, b):
    return x.reshape(-1, x.shape[-1]) @ W + b


def _batch_first(x, W, b):
    T, N, D = x.shape
    return input_share(x.swapaxes(0, 1).reshape(T, N, D), W, b)


SHARE_WRONG = (
    Wrong(_step_after_step, expect=("in 20 products for 20 steps", "T · N rows")),
    Wrong(_no_bias, slip="the bias is missing; it is added once, to all rows", expect=("share differs",)),
    Wrong(_left_flat, expect=("share has shape (15, 12), expected", "T=5, N=3")),
    Wrong(_batch_first, slip="time and batch have changed places: rows go in and come out in the same order"),
)  # fmt: skip

# ---- 19.input_gradients ----------------------------------------------------------------------------------


def input_gradients(da, x, W):
    """From da, the gradient of x[t] W + b at all steps (T, N, G·H), to dx, dW, db, after the loop."""
    T, N, D = x.shape
    rows = da.reshape(T * N, -1)
    dW = x.reshape(T * N, D).T @ rows
    db = rows.sum(axis=0)
    dx = (rows @ W.T).reshape(T, N, D)
    return dx, dW, db


GRADIENT_OUTPUTS = (Output("dx", ("t", "n", "d")), Output("dW", ("d", "column")), Output("db", ("column",)))


def gradient_cases() -> list[Case]:
    """As for the forward pass; and a gradient that reaches the last step alone."""
    cases = [Case(label, _drawn(seed, (T, N, 12), (T, N, 2), (2, 12)))
             for seed, (label, T, N) in enumerate((("T=5, N=3", 5, 3), ("one step, T=1", 1, 3)))]  # fmt: skip
    da, x, W = _drawn(2, (5, 3, 12), (5, 3, 2), (2, 12))
    da[:-1] = 0.0
    return [*cases, Case("da is 0 but at the last step", (da, x, W))]


def gradient_judge(attempt: Any) -> Verdict:
    """The numbers, and the number of products."""
    verdict = agrees_with(input_gradients, gradient_cases, outputs=GRADIENT_OUTPUTS, slips=GRADIENT_WRONG)(attempt)
    made = products_of(attempt, (20, 3, 12), (20, 3, 2), (2, 12)) if verdict.passed else 2
    if made > 2:
        return wrong(f"right numbers, in {made} products for 20 steps",
                     slip="a product for each step; two are enough, one for dW and one for dx")  # fmt: skip
    return verdict


def _inside_the_loop(da, x, W):
    dW = 0.0
    for da_t, x_t in zip(da, x):
        dW = dW + x_t.T @ da_t
    return (da.reshape(-1, W.shape[1]) @ W.T).reshape(x.shape), dW, da.sum(axis=(0, 1))


def _last_step(da, x, W):
    dx, _, db = input_gradients(da, x, W)
    return dx, x[-1].T @ da[-1], db


def _mean_of_steps(da, x, W):
    dx, dW, db = input_gradients(da, x, W)
    return dx, dW / len(x), db / len(x)


def _db_by_step(da, x, W):
    dx, dW, _ = input_gradients(da, x, W)
    return dx, dW, da.sum(axis=1)


def _dW_turned(da, x, W):
    dx, dW, db = input_gradients(da, x, W)
    return dx, dW.T, db


GRADIENT_WRONG = (
    Wrong(_inside_the_loop, expect=("in 21 products for 20 steps", "one for dW")),
    Wrong(_last_step, slip="only the last step has a share in dW; W was used at every step", expect=("dW differs",)),
    Wrong(_mean_of_steps, slip="the shares of the steps add up; a mean belongs in the loss, if anywhere",
          expect=("dW differs", "times what it should be")),
    Wrong(_db_by_step, expect=("db has shape (5, 12), expected", "T=5, N=3")),
    Wrong(_dW_turned, expect=("dW has shape (12, 2), expected", "the other way round")),
)  # fmt: skip

# ---- 19.dominates: predict -------------------------------------------------------------------------------

DOMINATES = {
    "operations of (32, 256) @ (256, 768)": 12_582_912,
    "operations per byte of (1, H) @ (H, 3H), float32, H large": 0.5,
    "the same with 4 rows instead of 1": 2.0,
    "operations per byte of h += a, float32": 1 / 12,
    "GRU, N = 1, H = 8: calls, products or arithmetic?": "calls",
    "GRU, N = 64, H = 1024: calls, products or arithmetic?": "products",
}
_KEYS = tuple(DOMINATES)
WHY_DOMINATES = {
    _KEYS[0]: "a multiplication and an addition for each of rows × inner × columns",
    _KEYS[1]: "each of the 3 H² weights is read, 4 bytes, and used in one multiplication and one addition",
    _KEYS[2]: "every weight is still read once; how often is it used?",
    _KEYS[3]: "one addition; two numbers of 4 bytes read, one written",
    _KEYS[4]: "what does a product of eight numbers cost, beside the call that makes it?",
    _KEYS[5]: "products grow with H², arithmetic with H, calls not at all",
}
DOMINATES_WRONG = (
    Wrong(DOMINATES | {_KEYS[0]: 6_291_456}, expect=("5 of 6", "and an addition")),
    Wrong(DOMINATES | {_KEYS[1]: 2.0, _KEYS[2]: 0.5}, expect=("4 of 6", "4 bytes", "how often is it used")),
    Wrong(DOMINATES | {_KEYS[3]: 1.0}, expect=("5 of 6", "one written")),
    Wrong(DOMINATES | {_KEYS[4]: "products", _KEYS[5]: "calls"}, expect=("4 of 6", "calls not at all")),
)

# ---- the exercises ---------------------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="19.clean",
        title="One function for every library",
        minutes=8,
        difficulty=2,
        kind="build",
        answer=rnn_states,
        judge=clean_judge,
        hints=(
            "Ask the arrays first which library they belong to, and take everything from it that has a name there.",
            "xp = mg.backend.array_module(x, h0, W, U). Operators (@, +) and slices need no xp; tanh and the new array "
            "for the result do, and the new array needs the dtype of x.",
            "h = xp.empty((len(x), *h0.shape), dtype=x.dtype); in the loop h_prev = xp.tanh(x[t] @ W + h_prev @ U) and "
            "h[t] = h_prev",
        ),
        wrong=CLEAN_WRONG,
    ),
    Exercise(
        id="19.dominates",
        title="Which part is the largest?",
        minutes=6,
        difficulty=2,
        kind="predict",
        name="dominates",
        answer=DOMINATES,
        judge=is_value(DOMINATES, why=WHY_DOMINATES, tolerance=1e-3),
        hints=(
            "Operations: 2 · rows · inner · columns. Bytes: 4 for every number that is read or written once.",
            "(1, H) @ (H, 3H): 2 · H · 3H operations, and 3 H² numbers to be read; the vectors beside it do not count.",
            "½; with four rows the same weights are used four times; an addition moves twelve bytes. A call costs the "
            "same at every size, a product grows with H².",
        ),
        wrong=DOMINATES_WRONG,
    ),
    Exercise(
        id="19.input_share",
        title="The input's share, before the loop",
        minutes=5,
        difficulty=1,
        kind="forward",
        answer=input_share,
        judge=share_judge,
        hints=(
            "x[t] @ W does the same to every row, whatever its step: let all rows of all steps stand in one matrix.",
            "x.reshape(T * N, D) has T · N rows. After the product, back to (T, N, G·H).",
            "return (x.reshape(T * N, D) @ W + b).reshape(T, N, -1)",
        ),
        wrong=SHARE_WRONG,
    ),
    Exercise(
        id="19.input_gradients",
        title="Its gradients, after the loop",
        minutes=6,
        difficulty=2,
        kind="backward",
        answer=input_gradients,
        judge=gradient_judge,
        hints=(
            "dW is a sum over all steps and all sequences of x times da. A matrix product sums over its inner axis.",
            "With T · N rows in both, x.T @ da sums over all of them at once. dx has a product of its own, db a sum.",
            "rows = da.reshape(T * N, -1); dW = x.reshape(T * N, D).T @ rows; db = rows.sum(axis=0); "
            "dx = (rows @ W.T).reshape(T, N, D)",
        ),
        wrong=GRADIENT_WRONG,
    ),
)  # fmt: skip
