"""A kernel expansion, KAF(s) = Σ_i α_i κ(s, d_i): a function of one number that each unit learns for itself.

It lies inside a flexible gate, and is all there is to a kernel activation function. The dictionary d is fixed, uniform
around zero; the mixing coefficients α are trained, a set for every unit. This file has the recipe and its definition
in differentiable operations. By hand there are two ways to the same sum, element by element for any kernel
(:mod:`~minigate.gates.element_by_element`), and outward from the middle for Gaussians, with two exponentials for all
of them (:mod:`~minigate.gates.outward`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from minigate import ops
from minigate.backend import array_module
from minigate.errors import OptionError, explain
from minigate.gates.element_by_element import ElementByElement
from minigate.gates.kaf_initialisation import Init, check_init, mixing_coefficients
from minigate.gates.kernels import bandwidth, kernel_named
from minigate.gates.outward import Outward, within_range
from minigate.module.arguments import check_flags, check_number, is_size
from minigate.tensor import Tensor

Array = Any

#: Beyond ±FAR the sum is what it is there: at ∞ a kernel that grows would be ∞, and a sum of them ∞ − ∞.
FAR = 1e6

#: Numbers in a block: so few that a dozen arrays of them, one for each kernel, stay in a cache of 2 MB.
BLOCK = 1 << 14


class KernelExpansion:
    """The recipe of a kernel expansion; like a gate it holds no arrays, they come as ``p``.

    **Shapes**: s (…, H); p["alpha"] (H, K), and where γ is trained p["log_gamma"] (H,).
    """

    def __init__(
        self, where: str, kernel: str, elements: int, reach: float, gamma: Any, train_gamma: bool, init: Init,
        epsilon: float, deviation: float,
    ) -> None:  # fmt: skip
        self.where, self.kernel = where, kernel_named(where, kernel)
        check_flags(where, train_gamma=train_gamma)
        _check_dictionary(where, elements, reach)
        self.K, self.reach = int(elements), float(reach)
        self.spacing = 2.0 * self.reach / (self.K - 1)
        if self.kernel.has_bandwidth:
            self.gamma = bandwidth(where, "paper" if gamma is None else gamma, self.spacing)
        elif gamma is not None or train_gamma:
            raise OptionError(
                explain(
                    f'kernel="{kernel}" has no bandwidth',
                    where=where,
                    expected="no gamma, and train_gamma=False",
                    got="train_gamma=True" if train_gamma else f"gamma={gamma!r}",
                    remedy=f'{where}(kernel="{kernel}"), or kernel="gaussian"',
                )
            )
        else:
            self.gamma = 1.0
        check_init(where, init, self.kernel)
        self.train_gamma, self.initial = train_gamma, init
        ridge, spread = "the ridge ε keeps (K + ε I) regular", "deviation is that of the random coefficients"
        self.epsilon = check_number(where, "epsilon", epsilon, above=0.0, what=ridge)
        self.deviation = check_number(where, "deviation", deviation, above=0.0, what=spread)
        self.m = self.K // 2
        self.middle = -self.reach + self.m * self.spacing

    @property
    def dictionary(self) -> list[float]:
        """d_1 … d_K, from −reach to reach."""
        return [-self.reach + i * self.spacing for i in range(self.K)]

    def init(self, size: int, rng: Any) -> dict[str, Array]:
        """α as ``init`` says, and where it is trained ln γ, which keeps γ positive.

        **Shapes**: alpha (H, K), log_gamma (H,).
        """
        zeros = 0.0 * rng.random(size)
        xp = array_module(zeros)
        d = xp.linspace(-self.reach, self.reach, self.K)
        found = {
            "alpha": mixing_coefficients(
                self.where, self.kernel, self.gamma, d, self.initial, self.epsilon, self.deviation, size, rng
            )
        }
        return found | ({"log_gamma": zeros + xp.log(self.gamma)} if self.train_gamma else {})

    def compose(self, s: Tensor, p: Mapping[str, Tensor]) -> Tensor:
        """KAF(s), the definition: every κ(s, d_i), then their sum.

        The α of a regression are large and of alternating sign, and no d_i may be off by a rounding of its own: s − d_i
        is counted in steps from the middle element, of which there are whole numbers.

        **Shapes**: s (…, H) → (…, H), by way of (…, H, K).
        """
        j = array_module(s.data).arange(self.K, dtype=s.dtype) - self.m
        v = (ops.clip(s, -FAR, FAR) - self.middle) * (1.0 / self.spacing)
        x = (ops.expand_dims(v, -1) - j) * self.spacing
        gamma = ops.expand_dims(ops.exp(p["log_gamma"]), -1) if self.train_gamma else self.gamma
        return ops.sum(self.kernel.compose(x, gamma) * p["alpha"], axis=-1)

    # ---- by hand, on arrays ----------------------------------------------------------------------

    def by_hand(self, xp: Any, parameters: Sequence[Mapping[str, Array]]) -> Outward | ElementByElement:
        """The sum made ready for these parameters: those of one set of units, or of G that lie plane by plane.

        **Shapes**: s is to be (…, H), or for G > 1 (…, G, N, H).
        """
        alone = len(parameters) == 1
        columns = [p["alpha"].T for p in parameters]
        alpha = columns[0] if alone else xp.stack(columns, axis=1)[:, :, None]
        gamma: Any = self.gamma
        if self.train_gamma:
            of_units = [xp.exp(p["log_gamma"]) for p in parameters]
            gamma = of_units[0] if alone else xp.stack(of_units)[:, None]
        if self.kernel.has_bandwidth and within_range(xp, self.K, self.spacing, gamma, alpha.dtype):
            return Outward(xp, self.middle, self.spacing, alpha, gamma)
        return ElementByElement(self.kernel, self.middle, self.spacing, alpha, gamma, FAR)

    def parameter_gradients(
        self, xp: Any, p: Mapping[str, Array], blocks: Iterable[tuple[Array, Array]]
    ) -> dict[str, Array]:
        """dα and d ln γ, from blocks of s and of e = d loss / d KAF(s).

        **Shapes**: each s and e (…, H) → alpha (H, K), log_gamma (H,).
        """
        return self.by_hand(xp, [p]).parameter_gradients(xp, blocks, self.train_gamma)


def blocks(s: Array, together: bool) -> Iterator[tuple[slice, ...]]:
    """Indices that cut s into pieces of some BLOCK numbers, along its rows and along its first axis.

    **Shapes**: s (…, N, H); where gates are ``together`` (…, G, N, H), of which G stays whole.
    """
    if s.ndim == 1 or s.size <= BLOCK:
        yield ()
        return
    N, whole = s.shape[-2], 3 if together else 2
    free = s.ndim > whole
    first = len(s) if free else 1
    rows = max(1, BLOCK * N * first // s.size)
    steps = max(1, rows // N)
    between = (slice(None),) * (s.ndim - 2 - free)
    for t in range(0, first, steps):
        for n in range(0, N, rows):
            yield (*([slice(t, t + steps)] if free else []), *between, slice(n, n + rows))


def _check_dictionary(where: str, elements: Any, reach: Any) -> None:
    if not is_size(elements, least=2):
        raise OptionError(
            explain(
                "the dictionary has too few elements",
                where=where,
                expected="elements = K ≥ 2, a whole number: with one there is no spacing",
                got=repr(elements),
                remedy=f"{where}(elements=10)",
            )
        )
    is_number = isinstance(reach, (int, float)) and not isinstance(reach, bool)
    if not (is_number and 0.0 < reach < float("inf")):
        raise OptionError(
            explain(
                "the dictionary goes from −reach to reach",
                where=where,
                expected="a number reach > 0",
                got=repr(reach),
                slip="a range (low, high); it is uniform around zero" if isinstance(reach, (tuple, list)) else "",
                remedy=f"{where}(reach=4.0)",
            )
        )
