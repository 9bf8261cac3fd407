"""How a gradient becomes a step: SGD with momentum, RMSProp in Graves' form, Adam.

Every optimiser walks its parameters and asks :meth:`Optimiser.change` for the change of each, computed from
the gradient and a few *slots*: arrays that remember something about the past gradients, one set per
parameter. Nothing is allocated after the first step; all arithmetic goes through ``out=`` into arrays that
are kept, and the result is written with ``Tensor.assign``, which tells the tape that the value has changed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

import numpy

from minigate import backend
from minigate.backend import array_module
from minigate.errors import OptionError, StateDictError, explain
from minigate.module import Module
from minigate.tensor import Tensor
from minigate.train.trainable import trainable

Array = Any


class Optimiser:
    """What all optimisers share: the parameters by name, the slots, saving and loading.

    ``parameters`` is a Module (its parameter names name the slots) or a list of Tensors. The learning rate
    is an attribute: a schedule sets ``optimiser.learning_rate`` before each step.

    **Errors**: :class:`OptionError` for no parameters, for what is none (a list of Tensors has leaves that require a
    gradient, each once), or for an option out of its range.
    """

    slots: tuple[str, ...] = ()

    def __init__(self, parameters: Module | Iterable[Tensor], learning_rate: float) -> None:
        self.parameters = trainable(parameters, type(self).__name__)
        if not self.parameters:
            raise OptionError(
                explain(
                    "there is nothing to optimise",
                    where=type(self).__name__,
                    expected="at least one parameter",
                    slip="an iterator that was used up before?",
                    remedy="the model itself, or model.parameters()",
                )
            )
        self.learning_rate = self._within("learning_rate", learning_rate, 0.0, math.inf)
        self.steps = 0
        self._slots: dict[str, dict[str, Array]] = {}
        self._scratch: dict[str, tuple[Array, Array]] = {}
        for name, parameter in self.parameters.items():
            xp = array_module(parameter.data)
            self._slots[name] = {slot: xp.zeros_like(parameter.data) for slot in self.slots}
            self._scratch[name] = (xp.empty_like(parameter.data), xp.empty_like(parameter.data))

    def change(self, xp: Any, g: Array, slots: dict[str, Array], out: Array, work: Array) -> None:
        """Write the change of one parameter into ``out``, given its gradient ``g``; ``work`` is free to use.

        **Shapes**: all those of the parameter.
        """
        raise NotImplementedError(f"{type(self).__name__}.change")

    def step(self) -> None:
        """Move every parameter that has a gradient; one without stays as it is, and so do its slots."""
        self.steps += 1
        for name, parameter in self.parameters.items():
            if parameter.grad is None:
                continue
            xp = array_module(parameter.data)
            out, work = self._scratch[name]
            self.change(xp, parameter.grad.data, self._slots[name], out, work)
            xp.add(parameter.data, out, out=out)
            parameter.assign(out)

    def zero_grad(self) -> None:
        """Forget the gradients (they accumulate until then)."""
        for parameter in self.parameters.values():
            parameter.grad = None

    def state_dict(self) -> dict[str, Array]:
        """Host copies of all that the next step depends on besides parameters and gradients.

        **Shapes**: ``steps`` int64 (), ``learning_rate`` float64 (), and ``<slot>.<parameter>`` as the parameter.
        """
        host = array_module()
        state = {"steps": host.array(self.steps, dtype="int64")}
        state["learning_rate"] = host.array(self.learning_rate, dtype="float64")
        for name, slots in self._slots.items():
            for slot, array in slots.items():
                state[f"{slot}.{name}"] = backend.asnumpy(array).copy()
        return state

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Continue from what :meth:`state_dict` has saved; all or nothing.

        **Shapes**: as in :meth:`state_dict`.
        **Errors**: :class:`StateDictError` listing missing, unexpected and mis-shaped names.
        """
        own: dict[str, Array] = {f"{s}.{name}": a for name, slots in self._slots.items() for s, a in slots.items()}
        expected = {"steps": (), "learning_rate": ()} | {name: tuple(array.shape) for name, array in own.items()}
        wrong = [f"missing: {name}" for name in expected if name not in state]
        wrong += [f"unexpected: {name}" for name in state if name not in expected]
        wrong += [
            f"mis-shaped: {name}: expected {shape}, got {tuple(state[name].shape)}"
            for name, shape in expected.items()
            if name in state and tuple(state[name].shape) != shape
        ]
        if wrong:
            head = f"{type(self).__name__}.load_state_dict: this is the state of other parameters or another optimiser"
            raise StateDictError("\n  ".join([head, *wrong]))
        for name, array in own.items():
            array[...] = backend.asarray(state[name], dtype=array.dtype, like=array)
        self.steps, self.learning_rate = int(state["steps"]), float(state["learning_rate"])

    def _within(self, name: str, value: float, low: float, high: float) -> float:
        if not (isinstance(value, Real) and low <= value < high):
            raise OptionError(
                explain(
                    f"{name} is out of range",
                    where=type(self).__name__,
                    expected=f"{low:g} ≤ {name} < {high:g}",
                    got=repr(value),
                )
            )
        return float(value)


class SGD(Optimiser):
    """Gradient descent, with momentum or with Nesterov's look-ahead.

    **Equations**: v ← m·v + g; p ← p − lr·v, or with Nesterov p ← p − lr·(g + m·v). At m = 0 both are p − lr·g.

    **Shapes**: v as p.

    **Source**: Polyak (1964); Nesterov (1983) in the form of Sutskever et al. (2013), re-centred so that p is
    where the gradient is taken.

    **Errors**: :class:`OptionError` for momentum outside [0, 1) and for Nesterov without momentum.
    """

    slots = ("velocity",)

    def __init__(
        self,
        parameters: Module | Iterable[Tensor],
        learning_rate: float = 0.1,
        momentum: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        self.momentum = self._within("momentum", momentum, 0.0, 1.0)
        self.nesterov = nesterov
        if nesterov and momentum == 0:
            raise OptionError(
                explain(
                    "Nesterov's step looks ahead along the momentum, and there is none",
                    where="SGD",
                    remedy="SGD(parameters, learning_rate, momentum=0.9, nesterov=True)",
                )
            )
        super().__init__(parameters, learning_rate)

    def change(self, xp: Any, g: Array, slots: dict[str, Array], out: Array, work: Array) -> None:
        """v ← m·v + g, and the step along it.

        **Shapes**: all those of the parameter.
        """
        v = slots["velocity"]
        xp.multiply(v, self.momentum, out=v)
        xp.add(v, g, out=v)
        if self.nesterov:
            xp.multiply(v, self.momentum, out=work)
            xp.add(work, g, out=work)
            xp.multiply(work, -self.learning_rate, out=out)
        else:
            xp.multiply(v, -self.learning_rate, out=out)


class RMSProp(Optimiser):
    """Gradient descent scaled by the recent *standard deviation* of each gradient, with momentum.

    The square of the average is taken off the average of the square, so that a gradient that is always the
    same takes large steps, and one that only changes its sign takes small ones.

    **Equations**: n ← d·n + (1 − d)·g²; a ← d·a + (1 − d)·g; v ← m·v − lr·g / √(n − a² + ε); p ← p + v.

    **Shapes**: n, a, v as p.

    **Source**: Graves (2013), eq. 38–41: d = 0.95, m = 0.9, ε = 1e-4; the optimiser of Chung et al. (2015) in
    their author's code. Frameworks that have a "centred" RMSProp add ε outside the root and multiply the
    learning rate after the momentum.

    **Errors**: :class:`OptionError` for a decay or momentum outside [0, 1).
    """

    slots = ("mean_square", "mean", "velocity")

    def __init__(
        self,
        parameters: Module | Iterable[Tensor],
        learning_rate: float = 1e-3,
        decay: float = 0.95,
        momentum: float = 0.9,
        epsilon: float = 1e-4,
    ) -> None:
        self.decay = self._within("decay", decay, 0.0, 1.0)
        self.momentum = self._within("momentum", momentum, 0.0, 1.0)
        self.epsilon = self._within("epsilon", epsilon, 0.0, math.inf)
        super().__init__(parameters, learning_rate)

    def change(self, xp: Any, g: Array, slots: dict[str, Array], out: Array, work: Array) -> None:
        """The three running values, and the velocity as the change.

        **Shapes**: all those of the parameter.
        """
        n, a, v = slots["mean_square"], slots["mean"], slots["velocity"]
        xp.multiply(g, g, out=work)
        _average(xp, n, work, self.decay, out)
        _average(xp, a, g, self.decay, work)
        xp.multiply(a, a, out=work)
        xp.subtract(n, work, out=work)
        # n − a² is a variance: never negative, but rounding can take it below zero by more than ε when ε is tiny
        xp.maximum(work, 0.0, out=work)
        xp.add(work, self.epsilon, out=work)
        xp.sqrt(work, out=work)
        xp.divide(g, work, out=out)
        xp.multiply(out, -self.learning_rate, out=out)
        xp.multiply(v, self.momentum, out=v)
        xp.add(v, out, out=v)
        out[...] = v


class Adam(Optimiser):
    """Gradient descent along the average gradient, scaled by its root mean square; both start unbiased.

    **Equations**: m ← β₁·m + (1 − β₁)·g; n ← β₂·n + (1 − β₂)·g²;
    p ← p − lr·(m / (1 − β₁ᵗ)) / (√(n / (1 − β₂ᵗ)) + ε), t counting the gradients of p from 1.

    **Shapes**: m, n as p; t int64 ().

    **Source**: Kingma & Ba (2015), algorithm 1. A parameter that had no gradient in some steps has a t of its own, as
    its averages have: with the t of the others its first steps would be too short.

    **Errors**: :class:`OptionError` for a β outside [0, 1).
    """

    slots = ("mean", "mean_square")

    def __init__(
        self,
        parameters: Module | Iterable[Tensor],
        learning_rate: float = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
    ) -> None:
        self.beta1 = self._within("beta1", beta1, 0.0, 1.0)
        self.beta2 = self._within("beta2", beta2, 0.0, 1.0)
        self.epsilon = self._within("epsilon", epsilon, 0.0, math.inf)
        super().__init__(parameters, learning_rate)
        for slots in self._slots.values():
            slots["t"] = numpy.zeros((), dtype="int64")

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Continue from what :meth:`state_dict` has saved; where no t is, it is that of all steps.

        **Shapes**: as in :meth:`state_dict`.
        **Errors**: :class:`StateDictError` listing missing, unexpected and mis-shaped names.
        """
        older = {f"t.{name}": state["steps"] for name in self._slots} if "steps" in state else {}
        super().load_state_dict(older | dict(state))

    def change(self, xp: Any, g: Array, slots: dict[str, Array], out: Array, work: Array) -> None:
        """Both averages, unbiased, and the step. The scalars are put together first: they cost nothing.

        **Shapes**: all those of the parameter.
        """
        m, n = slots["mean"], slots["mean_square"]
        slots["t"] += 1
        t = int(slots["t"])
        _average(xp, m, g, self.beta1, work)
        xp.multiply(g, g, out=work)
        _average(xp, n, work, self.beta2, out)
        xp.multiply(n, 1.0 / (1.0 - self.beta2**t), out=work)
        xp.sqrt(work, out=work)
        xp.add(work, self.epsilon, out=work)
        xp.divide(m, work, out=out)
        xp.multiply(out, -self.learning_rate / (1.0 - self.beta1**t), out=out)


def _average(xp: Any, average: Array, value: Array, decay: float, work: Array) -> None:
    """average ← decay·average + (1 − decay)·value, in place; ``work`` may not be ``value``."""
    xp.multiply(average, decay, out=average)
    xp.multiply(value, 1.0 - decay, out=work)
    xp.add(average, work, out=average)
