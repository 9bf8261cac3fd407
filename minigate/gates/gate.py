"""The gate: the unit of extension of minigate.

A gate is an elementwise map from a pre-activation s to a number that says how much passes. Every
gated cell computes ``s = x W + h U + b`` by itself and then asks its gate for ``g``. To change what
a gate *is* (the logistic function, a piecewise line, a learned mixture of kernels) one class is
written, and every cell can use it.

A :class:`Gate` is a recipe and holds no arrays: the cell owns the parameters ``p``, one set for each
of its gates. ``compose`` alone makes a gate complete; the tape differentiates it. The three methods
below it are the same thing by hand, on arrays, and make it fast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from minigate.backend import array_module
from minigate.module.arguments import check_number
from minigate.tensor import Tensor, enable_grad, grad, no_grad

Array = Any
Generator = Any  # numpy.random.Generator


class Gate:
    """An elementwise map s → g with parameters of its own; leading axes free, the last is the unit.

    **Equations**: g = gate(s; p).

    **Shapes**: s and g (…, H); each parameter in p as :meth:`init` returns it, one set per gate.

    **Source**: the object of that name in the library Lasagne is the ancestor: there the nonlinearity was
    a function, here it is trained too.

    **Errors**: a gate without ``compose`` raises ``TypeError`` when it is used.
    """

    #: What every value of the gate lies in; the checks hold the gate to it.
    bounded: tuple[float, float] = (0.0, 1.0)

    #: Does ``slope`` or ``param_gradients`` read ``s``? If not, no pre-activation is kept over time.
    needs_input: bool = True

    #: Is most of the slope's work done once g is computed? Then a cell hands ``forward`` an array ``slope=`` for it,
    #: and does not call ``slope``.
    slope_with_forward: bool = False

    def init(self, size: int, rng: Generator) -> dict[str, Array]:
        """The parameters of one gate of ``size`` units, as host arrays by name (none, unless overridden).

        **Shapes**: free; name what belongs to a unit along the first axis.
        """
        return {}

    def compose(self, s: Tensor, p: Mapping[str, Tensor]) -> Tensor:
        """The definition of the gate, in differentiable operations.

        **Shapes**: s (…, H) → g (…, H).
        """
        raise TypeError(f"{type(self).__name__} is not a gate yet: write compose(self, s, p) in minigate.ops")

    # ---- by hand, on arrays; these defaults go through the tape ---------------------------------

    def prepare(self, xp: Any, parameters: Sequence[Mapping[str, Array]]) -> Mapping[str, Any] | None:
        """What ``forward`` and ``slope`` get as ``p`` through a whole sequence, made once before it.

        ``parameters`` are those of one gate, or of G > 1 neighbours in a cell that are all this gate. A gate that can
        do them all in one call returns what it needs for that, and gets s as (…, G, N, H); ``None`` means one by one.
        Unless overridden, the parameters of one gate are handed on as they are, and several gates run together only if
        they have none. ``forward`` also has to work on the parameters themselves, with no ``prepare`` before it.

        **Shapes**: each as :meth:`init` returns it.
        """
        return None if len(parameters) > 1 and any(parameters) else parameters[0]

    def forward(self, xp: Any, s: Array, p: Mapping[str, Array], out: Array | None = None) -> Array:
        """g, into ``out`` where one is given (``out`` may be ``s`` itself).

        **Shapes**: s (…, H) → g (…, H).
        """
        with no_grad():
            g = self.compose(Tensor(s), {name: Tensor(array) for name, array in p.items()}).data
        if out is None:
            return g
        out[...] = g
        return out

    def slope(self, xp: Any, s: Array, g: Array, p: Mapping[str, Array]) -> Array:
        """dg/ds, for a block of time steps at once, before the backward loop comes to it.

        The map is elementwise, so a cotangent of ones reads off every slope separately.

        **Shapes**: s, g (…, H) → (…, H), a new array.
        """
        s_ = Tensor(s, requires_grad=True)
        with enable_grad():  # a backward by hand runs without a tape of its own
            g_ = self.compose(s_, {name: Tensor(array) for name, array in p.items()})
        if not g_.requires_grad:  # the gate does not depend on s
            return xp.zeros_like(g)
        return grad([g_], [s_], [Tensor(xp.ones_like(g))])[0].data

    def param_gradients(
        self, xp: Any, dg: Array, s: Array, g: Array, p: Mapping[str, Array]
    ) -> dict[str, Array]:
        """d loss / dp for all time steps at once, from ``dg`` = d loss / dg, after the backward loop.

        **Shapes**: dg, s, g (…, H) → by name, each of the shape of its parameter.
        """
        if not p:
            return {}
        p_ = {name: Tensor(array, requires_grad=True) for name, array in p.items()}
        with enable_grad():
            g_ = self.compose(Tensor(s), p_)
        if not g_.requires_grad:  # the gate does not depend on its parameters
            return {name: xp.zeros_like(array) for name, array in p.items()}
        gradients = grad([g_], list(p_.values()), [Tensor(dg)], unused="zero")
        return {name: gradient.data for name, gradient in zip(p_, gradients, strict=True)}

    def __repr__(self) -> str:
        options = ", ".join(f"{name}={value!r}" for name, value in sorted(vars(self).items()))
        return f"{type(self).__name__}({options})"


class Constant(Gate):
    """A gate that is always ``value``, whatever comes in: exactly 0 is closed, exactly 1 is open.

    It turns one cell into another (a GRU with z = 1 and r = 1 is the tanh RNN), which is how the
    tests hold cells to each other.

    **Equations**: g = value; dg/ds = 0.

    **Shapes**: s (…, H) → g (…, H).

    **Source**: none; a device for reductions and ablations (the Gated-Feedback paper's "g ≡ 1").

    **Errors**: :class:`OptionError` for what is no finite number.
    """

    needs_input = False

    def __init__(self, value: float) -> None:
        self.value = check_number("Constant", "value", value)
        self.bounded = (self.value, self.value)

    def __repr__(self) -> str:
        return f"Constant({self.value!r})"

    def compose(self, s: Tensor, p: Mapping[str, Tensor]) -> Tensor:
        """**Shapes**: s (…, H) → g (…, H), a constant of the tape."""
        xp = array_module(s.data)
        return Tensor(xp.full_like(s.data, self.value))

    def forward(self, xp: Any, s: Array, p: Mapping[str, Array], out: Array | None = None) -> Array:
        """**Shapes**: s (…, H) → g (…, H)."""
        g = xp.empty_like(s) if out is None else out
        g[...] = self.value
        return g

    def slope(self, xp: Any, s: Array, g: Array, p: Mapping[str, Array]) -> Array:
        """**Shapes**: g (…, H) → zeros (…, H)."""
        return xp.zeros_like(g)
