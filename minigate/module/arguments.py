"""What a constructor may be given: sizes, numbers, choices. Each kind is checked in one way, and told in one form.

Python takes True for a whole number, and int(2.5) is 2 without a word: here neither is a size.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import Any

from minigate.errors import OptionError, explain

#: The letters of the symbol table that are arguments; any other name is a count.
MEANINGS = {
    "C": "the number of channels",
    "D": "the input size",
    "H": "the hidden size",
    "K": "the number of outputs, or of symbols",
    "N": "the number of sequences",
}


def is_size(size: Any, least: int = 1) -> bool:
    """Is this a whole number, and not below ``least``?"""
    return isinstance(size, Integral) and not isinstance(size, bool) and int(size) >= least


def check_sizes(where: str, *, least: int = 1, remedy: str = "", **sizes: Any) -> list[int]:
    """The sizes as plain whole numbers, also where they are of NumPy, such as ``tokens.max() + 1``.

    **Errors**: :class:`OptionError` for one that is not whole, or below ``least``.
    """
    for name, size in sizes.items():
        if not is_size(size, least):
            what, expected = f"{name} is {MEANINGS.get(name, 'a count')}", f"a whole number {name} >= {least}"
            raise OptionError(explain(what, where=where, expected=expected, got=repr(size), remedy=remedy))
    return [int(size) for size in sizes.values()]


def check_number(
    where: str,
    name: str,
    value: Any,
    *,
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
    below: float | None = None,
    what: str = "",
    slip: str = "",
) -> float:
    """The number as a float; its bounds belong to it (``least``, ``most``) or do not (``above``, ``below``).

    **Errors**: :class:`OptionError` for what is no finite number, or lies outside.
    """
    number = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    inside = number and not (
        (least is not None and value < least)
        or (above is not None and value <= above)
        or (most is not None and value > most)
        or (below is not None and value >= below)
    )
    if not inside:
        lower = f"{least:g} ≤ " if least is not None else f"{above:g} < " if above is not None else ""
        upper = f" ≤ {most:g}" if most is not None else f" < {below:g}" if below is not None else ""
        if not upper:  # one bound is read from the name on: epsilon > 0
            lower, upper = "", f" ≥ {least:g}" if least is not None else f" > {above:g}" if above is not None else ""
        expected = f"a finite number {lower}{name}{upper}"
        what = what or f"{name} is {'out of range' if number else 'a number'}"
        raise OptionError(explain(what, where=where, expected=expected, got=repr(value), slip=slip if number else ""))
    return float(value)


def check_choice(where: str, question: str, choices: Iterable[Any], *, remedy: str = "", **option: Any) -> Any:
    """The value of the one ``option``, which is one of the choices; a mapping also has what each of them means.

    **Errors**: :class:`OptionError` for another value: 1 is not True, and an array is no choice.
    """
    ((name, value),) = option.items()
    if not any(_is(value, choice) for choice in choices):
        meanings = choices if isinstance(choices, Mapping) else {}
        told = (repr(choice) + (f" ({meanings[choice]})" if meanings.get(choice) else "") for choice in choices)
        expected = f"{name}={' or '.join(told)}"
        raise OptionError(explain(question, where=where, expected=expected, got=repr(value), remedy=remedy))
    return value


def check_flags(where: str, **flags: Any) -> None:
    """Raise unless each of these is True or False.

    **Errors**: :class:`OptionError`.
    """
    for name, value in flags.items():
        check_choice(where, f"{name} is yes or no", (True, False), **{name: value})


def _is(value: Any, choice: Any) -> bool:
    plain = isinstance(value, (str, int)) and isinstance(value, bool) == isinstance(choice, bool)
    return value is choice or (plain and value == choice)
