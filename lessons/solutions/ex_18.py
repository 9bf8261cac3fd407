"""The exercises of lesson 18: a weight drawn to −1, 0 and 1, a product in logarithms, and what it cannot know."""

from __future__ import annotations

import numpy as np

from minigate.learn import Case, Exercise, Output, Wrong, agrees_with, is_value


def sigmoid(a):
    """1 / (1 + e^−a), in the form that cannot overflow."""
    return 0.5 * np.tanh(0.5 * a) + 0.5


SHARED = (sigmoid,)

# ---- 18.nac_forward --------------------------------------------------------------------------------------


def nac_forward(x, W_hat, M_hat):
    """a = x W with W = tanh(Ŵ) ⊙ σ(M̂). x (N, D), W_hat and M_hat (D, H) → a (N, H)."""
    W = np.tanh(W_hat) * sigmoid(M_hat)
    return x @ W


def nac_cases() -> list[Case]:
    """Random numbers, and weights that are as good as −1, 0 and 1."""
    rng = np.random.default_rng(0)
    x, W_hat, M_hat = rng.normal(size=(3, 2)), rng.normal(size=(2, 4)), rng.normal(size=(2, 4))
    at_rest = np.array([[20.0, -20.0, 20.0], [20.0, 20.0, 0.0]]), np.array([[20.0, 20.0, -20.0], [20.0, -20.0, 20.0]])
    return [
        Case("N=3, D=2, H=4, random", (x, W_hat, M_hat)),
        Case("every weight as good as −1, 0 or 1", (x, *at_rest)),
    ]


def _plain_linear(x, W_hat, M_hat):
    return x @ W_hat


def _no_sigma(x, W_hat, M_hat):
    return x @ np.tanh(W_hat)


def _added(x, W_hat, M_hat):
    return x @ (np.tanh(W_hat) + sigmoid(M_hat))


def _swapped(x, W_hat, M_hat):
    return x @ (np.tanh(M_hat) * sigmoid(W_hat))


def _gated_by_x(x, W_hat, M_hat):
    return (x @ np.tanh(W_hat)) * sigmoid(x @ M_hat)


def _weight_first(x, W_hat, M_hat):
    return (np.tanh(W_hat) * sigmoid(M_hat)) @ x


NAC_WRONG = (
    Wrong(_plain_linear, slip="this is a plain linear map with Ŵ: nothing draws its weights anywhere",
          expect=("a differs",)),
    Wrong(_no_sigma, slip="σ(M̂) is missing: tanh(Ŵ) alone rests at −1 and 1, and never at 0", expect=("a differs",)),
    Wrong(_added, slip="the two factors are added; W is their product"),
    Wrong(_swapped, slip="Ŵ and M̂ have changed places: tanh takes Ŵ and gives the sign, σ takes M̂"),
    Wrong(_gated_by_x, slip="σ(M̂) is taken for a gate that reads x; it is a part of the weight, the same for every x"),
    Wrong(_weight_first, expect=("your code raised ValueError", "@ x")),
)  # fmt: skip

# ---- 18.nac_backward -------------------------------------------------------------------------------------


def nac_backward(da, x, W_hat, M_hat):
    """From da, the gradient of a = x (tanh(Ŵ) ⊙ σ(M̂)), to dx, dW_hat, dM_hat. da (N, H)."""
    tanh, sigma = np.tanh(W_hat), sigmoid(M_hat)
    dx = da @ (tanh * sigma).T
    dW = x.T @ da
    dW_hat = dW * sigma * (1.0 - tanh**2)
    dM_hat = dW * tanh * sigma * (1.0 - sigma)
    return dx, dW_hat, dM_hat


BACK_OUTPUTS = (Output("dx", ("n", "d")), Output("dW_hat", ("d", "unit")), Output("dM_hat", ("d", "unit")))


def nac_backward_cases() -> list[Case]:
    """Random numbers, a batch of one, and a gradient that reaches one unit alone."""
    rng = np.random.default_rng(1)
    cases = []
    for label, N in (("N=3, D=2, H=4, random", 3), ("a batch of one, N=1", 1), ("da is 0 but for unit 2", 3)):
        da, x = rng.normal(size=(N, 4)), rng.normal(size=(N, 2))
        if "unit 2" in label:
            da[:, [0, 1, 3]] = 0.0
        cases.append(Case(label, (da, x, rng.normal(size=(2, 4)), rng.normal(size=(2, 4)))))
    return cases


def _back(da, x, W_hat, M_hat, of_W=None, of_M=None, W=None):
    """The way back with one thing changed."""
    tanh, sigma = np.tanh(W_hat), sigmoid(M_hat)
    dW = x.T @ da
    first = of_W(dW, tanh, sigma) if of_W else dW * sigma * (1.0 - tanh**2)
    second = of_M(dW, tanh, sigma) if of_M else dW * tanh * sigma * (1.0 - sigma)
    return da @ (tanh * sigma if W is None else W).T, first, second


def _without_sigma(*given):
    return _back(*given, of_W=lambda dW, tanh, sigma: dW * (1.0 - tanh**2))


def _without_tanh(*given):
    return _back(*given, of_M=lambda dW, tanh, sigma: dW * sigma * (1.0 - sigma))


def _without_slopes(*given):
    return _back(*given, of_W=lambda dW, tanh, sigma: dW * sigma, of_M=lambda dW, tanh, sigma: dW * tanh)


def _slope_of_tanh_twice(*given):
    return _back(*given, of_M=lambda dW, tanh, sigma: dW * tanh * (1.0 - sigma**2))


def _slope_at_W(*given):
    return _back(*given, of_W=lambda dW, tanh, sigma: dW * sigma * (1.0 - (tanh * sigma) ** 2))


def _x_through_W_hat(da, x, W_hat, M_hat):
    return _back(da, x, W_hat, M_hat, W=W_hat)


def _not_turned(da, x, W_hat, M_hat):
    return da @ (np.tanh(W_hat) * sigmoid(M_hat)), *_back(da, x, W_hat, M_hat)[1:]


NAC_BACK_WRONG = (
    Wrong(_without_sigma, slip="dŴ has lost σ(M̂): in a product each factor scales the other's gradient",
          expect=("dW_hat differs",)),
    Wrong(_without_tanh, slip="dM̂ has lost tanh(Ŵ): in a product each factor scales the other's gradient",
          expect=("dM_hat differs",)),
    Wrong(_without_slopes, slip="these are the gradients of tanh(Ŵ) and of σ(M̂); Ŵ and M̂ still lie a slope away",
          expect=("dW_hat differs",)),
    Wrong(_slope_of_tanh_twice, slip="1 − σ² is the slope of tanh; that of σ is σ (1 − σ)", expect=("dM_hat differs",)),
    Wrong(_slope_at_W, slip="the slope of tanh is made with tanh(Ŵ), not with the whole weight W",
          expect=("dW_hat differs",)),
    Wrong(_x_through_W_hat, slip="x met W, not Ŵ, and its gradient comes back through W", expect=("dx differs",)),
    Wrong(_not_turned, expect=("your code raised ValueError",)),
)  # fmt: skip

# ---- 18.product ------------------------------------------------------------------------------------------


def product_forward(x, W, epsilon=1e-7):
    """m = exp(log(|x| + ε) W), the product over d of (|x_d| + ε)^W_d. x (N, D), W (D, H) → m (N, H)."""
    logarithms = np.log(np.abs(x) + epsilon)
    return np.exp(logarithms @ W)


def product_cases() -> list[Case]:
    """Positive numbers, numbers of both signs, and a zero."""
    rng = np.random.default_rng(2)
    x, W = rng.uniform(0.5, 3.0, size=(3, 2)), rng.uniform(-1, 1, size=(2, 4))
    signs = np.array([[1.0, -1.0], [-1.0, -1.0], [-1.0, 1.0]])
    with_zero = x.copy()
    with_zero[1, 0] = 0.0
    return [
        Case("positive numbers, ε=0.1", (x, W, 0.1)),
        Case("numbers of both signs, ε=0.001", (x * signs, W, 1e-3)),
        Case("x[1, 0] is 0, ε=0.001", (with_zero, W, 1e-3)),
    ]


def _sum_instead(x, W, epsilon):
    return x @ W


def _no_exp(x, W, epsilon):
    return np.log(np.abs(x) + epsilon) @ W


def _no_epsilon(x, W, epsilon):
    return np.exp(np.log(np.abs(x)) @ W)


def _no_abs(x, W, epsilon):
    return np.exp(np.log(x + epsilon) @ W)


def _epsilon_inside(x, W, epsilon):
    return np.exp(np.log(np.abs(x + epsilon)) @ W)


def _with_the_sign(x, W, epsilon):
    return product_forward(x, W, epsilon) * np.sign(x).prod(axis=1, keepdims=True)


def _largest_of_both(x, W, epsilon):
    return np.exp(np.log(np.maximum(np.abs(x), epsilon)) @ W)


PRODUCT_WRONG = (
    Wrong(_sum_instead, slip="this is the sum x W; the logarithms are missing", expect=("positive numbers",)),
    Wrong(_no_exp, slip="this is log m: the way back from logarithms, exp, is missing", expect=("positive numbers",)),
    Wrong(_no_epsilon, slip="ε is missing: log 0 is −∞", expect=("m differs", "positive numbers")),
    Wrong(_no_abs, slip="log of a negative number is none: |x| comes first", expect=("m is not finite", "both signs")),
    Wrong(_epsilon_inside, slip="|x + ε| is 0 at x = −ε; what is never 0 is |x| + ε", expect=("both signs",)),
    Wrong(_with_the_sign, slip="this gives the sign back, which would be better; the paper's unit does not, and what "
          "follows depends on it", expect=("both signs",)),
    Wrong(_largest_of_both, slip="ε is added to |x|, for every x; a maximum has no slope below ε"),
)  # fmt: skip

# ---- 18.product_backward ---------------------------------------------------------------------------------


def product_backward(dm, x, W, m, epsilon=1e-7):
    """From dm, the gradient of m = exp(log(|x| + ε) W), to dx, dW. dm and m (N, H)."""
    size = np.abs(x) + epsilon
    de = dm * m  # e = log(|x| + ε) W, and the slope of exp is exp itself
    dW = np.log(size).T @ de
    dx = (de @ W.T) / size * np.sign(x)
    return dx, dW


PRODUCT_BACK_OUTPUTS = (Output("dx", ("n", "d")), Output("dW", ("d", "unit")))


def product_backward_cases() -> list[Case]:
    """The numbers of the forward pass without the zero, where |x| has no slope; random dm."""
    cases = []
    for seed, case in enumerate(product_cases()[:2]):
        x, W, epsilon = case.args
        m = product_forward(x, W, epsilon)
        dm = np.random.default_rng(seed + 50).normal(size=m.shape)
        cases.append(Case(case.label, (dm, x, W, m, epsilon)))
    return cases


def _exp_has_a_slope(dm, x, W, m, epsilon):
    size = np.abs(x) + epsilon
    return (dm @ W.T) / size * np.sign(x), np.log(size).T @ dm


def _sign_forgotten(dm, x, W, m, epsilon):
    size = np.abs(x) + epsilon
    return ((dm * m) @ W.T) / size, np.log(size).T @ (dm * m)


def _met_x(dm, x, W, m, epsilon):
    dx, _ = product_backward(dm, x, W, m, epsilon)
    return dx, x.T @ (dm * m)


def _log_not_undone(dm, x, W, m, epsilon):
    _, dW = product_backward(dm, x, W, m, epsilon)
    return (dm * m) @ W.T, dW


def _divided_by_x(dm, x, W, m, epsilon):
    _, dW = product_backward(dm, x, W, m, epsilon)
    return ((dm * m) @ W.T) / x, dW


def _times_the_logarithm(dm, x, W, m, epsilon):
    _, dW = product_backward(dm, x, W, m, epsilon)
    return ((dm * m) @ W.T) * np.log(np.abs(x) + epsilon), dW


PRODUCT_BACK_WRONG = (
    Wrong(_exp_has_a_slope, slip="exp is passed without its slope, which is m itself: de = dm ⊙ m",
          expect=("dx differs",)),
    Wrong(_sign_forgotten, slip="the slope of |x| is −1 where x is negative: sign(x)", expect=("dx differs",)),
    Wrong(_met_x, slip="W met the logarithms, not x: dW is made with log(|x| + ε)", expect=("dW differs",)),
    Wrong(_log_not_undone, slip="this is the gradient of the logarithms; log has the slope 1 / (|x| + ε)"),
    Wrong(_divided_by_x, slip="the logarithm was taken of |x| + ε, so its slope is 1 / (|x| + ε) and not 1 / |x|",
          expect=("dx differs",)),
    Wrong(_times_the_logarithm, slip="the slope of log is one over its argument, not the logarithm"),
)  # fmt: skip

# ---- 18.limits: predict ----------------------------------------------------------------------------------

LIMITS = {
    "m for x = (-2, 3), W = (1, 1)": 6.0,
    "m for x = (4, 0), W = (1, -1), ε = 1e-7": 4e7,
    "g(-x) where g(x) = 0.9": 0.1,
    "tanh network, x doubled again and again: grows or levels off?": "levels off",
    "√x₀ by the product: the weight of x₀": 0.5,
    "is that weight one that W is drawn to? yes or no": "no",
}
_KEYS = tuple(LIMITS)
WHY_LIMITS = {
    _KEYS[0]: "the logarithm is taken of |x|",
    _KEYS[1]: "a weight of −1 divides, here by |0| + ε",
    _KEYS[2]: "g = σ(x G) without a bias: what is σ(−a)?",
    _KEYS[3]: "every tanh of it comes to −1 or 1, and stays there",
    _KEYS[4]: "m = |x₀|^W, and a root is a power",
    _KEYS[5]: "where is W = tanh(Ŵ) ⊙ σ(M̂) flat?",
}
LIMITS_WRONG = (
    Wrong(LIMITS | {_KEYS[0]: -6.0}, expect=("5 of 6", "taken of |x|")),
    Wrong(LIMITS | {_KEYS[1]: 0.0, _KEYS[2]: 0.9}, expect=("4 of 6", "divides", "without a bias")),
    Wrong(LIMITS | {_KEYS[3]: "grows"}, expect=("5 of 6", "comes to −1 or 1")),
    Wrong(LIMITS | {_KEYS[4]: 2.0, _KEYS[5]: "yes"}, expect=("4 of 6", "a root is a power", "flat")),
)

# ---- the exercises ---------------------------------------------------------------------------------------

EXERCISES = (
    Exercise(
        id="18.nac_forward",
        title="A weight of two factors",
        minutes=4,
        difficulty=1,
        kind="forward",
        answer=nac_forward,
        judge=agrees_with(nac_forward, nac_cases, outputs=(Output("a", ("n", "unit")),), slips=NAC_WRONG),
        hints=(
            "Two lines: first the weight W from its two factors, then the linear map.",
            "W is made element by element of np.tanh(W_hat) and sigmoid(M_hat); x meets it as x @ W.",
            "W = np.tanh(W_hat) * sigmoid(M_hat); return x @ W",
        ),
        wrong=NAC_WRONG,
    ),
    Exercise(
        id="18.nac_backward",
        title="Back through the two factors",
        minutes=8,
        difficulty=2,
        kind="backward",
        answer=nac_backward,
        judge=agrees_with(nac_backward, nac_backward_cases, outputs=BACK_OUTPUTS, slips=NAC_BACK_WRONG,
                          praise="dx, dW_hat, dM_hat in 3 of 3 cases"),
        hints=(
            "From the last line to the first: the matrix product gives dx and dW, as in every linear map. Then W is a "
            "product of two factors, each with a slope.",
            "dW = x.T @ da. The factor tanh(Ŵ) gets dW · σ(M̂), the factor σ(M̂) gets dW · tanh(Ŵ).",
            "dW_hat = dW * sigma * (1 − tanh²); dM_hat = dW * tanh * sigma * (1 − sigma); dx = da @ W.T",
        ),
        wrong=NAC_BACK_WRONG,
    ),
    Exercise(
        id="18.product",
        title="A product, by adding logarithms",
        minutes=4,
        difficulty=1,
        kind="forward",
        answer=product_forward,
        judge=agrees_with(product_forward, product_cases, outputs=(Output("m", ("n", "unit")),), slips=PRODUCT_WRONG),
        hints=(
            "Take logarithms, let the linear map add them, come back.",
            "The logarithm is that of |x| + ε, so that it exists for every x; the way back is exp.",
            "return np.exp(np.log(np.abs(x) + epsilon) @ W)",
        ),
        wrong=PRODUCT_WRONG,
    ),
    Exercise(
        id="18.product_backward",
        title="Back out of the logarithms",
        minutes=8,
        difficulty=3,
        kind="backward",
        answer=product_backward,
        judge=agrees_with(product_backward, product_backward_cases, outputs=PRODUCT_BACK_OUTPUTS,
                          slips=PRODUCT_BACK_WRONG, praise="dx and dW in 2 of 2 cases"),
        hints=(
            "Four things were done to x: |·|, log, @ W, exp. Undo them from the last to the first, and name the "
            "exponent e.",
            "exp is its own slope: de = dm · m. The product gives dW, with the logarithms, and their gradient is "
            "de @ W.T. Then the slopes of log and of |·|.",
            "size = np.abs(x) + epsilon; de = dm * m; dW = np.log(size).T @ de; dx = (de @ W.T) / size * np.sign(x)",
        ),
        wrong=PRODUCT_BACK_WRONG,
    ),
    Exercise(
        id="18.limits",
        title="What it cannot know",
        minutes=5,
        difficulty=2,
        kind="predict",
        name="limits",
        answer=LIMITS,
        judge=is_value(LIMITS, why=WHY_LIMITS, tolerance=1e-3),
        hints=(
            "Put the numbers into the equations; |x| + ε is |x| to all digits that count, but for x = 0.",
            "m = |x_0|^W_0 · |x_1|^W_1, and σ(−a) = 1 − σ(a).",
            "4 / ε is 4e7; √x₀ is x₀ to the power of ½; W is flat near −1, 0 and 1.",
        ),
        wrong=LIMITS_WRONG,
    ),
)  # fmt: skip
