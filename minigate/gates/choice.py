"""Which gate stands where: what ``gate=`` means, and whose the parameters of a gate are.

Whatever has gates gives each a name. ``gate=`` is one :class:`Gate` for all of them, or one by name, and where
nothing is said the owner's default, mostly the logistic function. The module that holds the gate owns its
parameters, as ``<name>.gate.<parameter>``, so that one recipe can stand in many places.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minigate.errors import OptionError, explain
from minigate.gates.gate import Gate
from minigate.gates.sigmoid import Sigmoid
from minigate.module import Module
from minigate.tensor import Tensor

GateOption = Gate | Mapping[str, Gate] | None


def choose_gates(owner: str, gate: GateOption, names: tuple[str, ...], default: Gate | None = None) -> dict[str, Gate]:
    """The gate at every name, from what was given as ``gate=``; ``default``, a sigmoid, where nothing was.

    **Errors**: :class:`OptionError` for what is no gate, and for a name that is none of ``names``.
    """
    default = default or Sigmoid()
    if gate is None:
        gate = default
    if isinstance(gate, Gate):
        return dict.fromkeys(names, gate)
    chosen: dict[str, Any] = dict(gate) if isinstance(gate, Mapping) else {"gate": gate}
    for name, value in chosen.items():
        if not isinstance(value, Gate):
            is_class = isinstance(value, type) and issubclass(value, Gate)
            raise OptionError(
                explain(
                    "gate= takes a Gate, or one Gate per name",
                    where=owner,
                    expected=f"mg.gates.{default!r}, or {{" + ", ".join(f"{n!r}: gate" for n in names) + "}",
                    got=repr(value),
                    slip="the class instead of an object of it" if is_class else "",
                    remedy=f"gate={value.__name__}()" if is_class else "",
                )
            )
        if name not in names:
            raise OptionError(
                explain(
                    f"there is no gate {name!r}", where=owner, expected=f"one of {', '.join(names)}", got=repr(name)
                )
            )
    return {name: chosen.get(name, default) for name in names}


def draw_gate_parameters(module: Module, gates: Mapping[str, Gate], size: int, rng: Any, dtype: Any) -> None:
    """Register the parameters of gates of ``size`` units as parameters of ``module``."""
    for name, gate in gates.items():
        for parameter, array in gate.init(size, rng).items():
            module.parameter(f"{name}.gate.{parameter}", array, dtype)


def gate_parameters(module: Module, name: str) -> dict[str, Tensor]:
    """The parameters of the gate ``name`` of ``module``, by their own names.

    **Shapes**: each as the gate's ``init`` returned it.
    """
    prefix = f"{name}.gate."
    return {full[len(prefix) :]: p for full, p in module._parameters.items() if full.startswith(prefix)}
