"""What a configuration of an experiment is: a frozen dataclass whose fields know their line of ``--help``."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from numbers import Integral, Real
from typing import Any, TypeVar

from minigate.errors import OptionError, explain

Config = TypeVar("Config", bound=type)
Presets = Mapping[str, Mapping[str, Any]]

#: The kind of a field, by its default: what it is called, and what is one.
_KINDS: dict[type, tuple[str, tuple[type, ...]]] = {
    bool: ("True or False", (bool,)),
    int: ("a whole number", (int, Integral)),
    float: ("a number", (float, Real)),
    str: ("text", (str,)),
}


def option(default: Any, text: str, choices: Sequence[str] = ()) -> Any:
    """A field of a configuration with the line that ``--help`` shows for it."""
    return field(default=default, metadata={"help": text, "choices": tuple(choices)})


def with_presets(presets: Presets) -> Callable[[Config], Config]:
    """Let a configuration that names a preset begin with its values: what is given beside the name counts more.

    It is the one way in which presets are applied, so ``CharLMConfig(preset="gf-gru")`` and ``--preset gf-gru`` are
    the same.

    **Errors**: :class:`OptionError` for a name that no preset has.
    """

    def decorate(config: Config) -> Config:
        own = config.__init__  # type: ignore[misc]

        @functools.wraps(own)
        def __init__(self: Any, **options: Any) -> None:
            preset = options.get("preset", "")
            if preset != "" and not (isinstance(preset, str) and preset in presets):
                raise OptionError(
                    explain("no such preset", where=config.__name__, expected=", ".join(presets), got=repr(preset))
                )
            own(self, **{**presets.get(preset, {}), **options})

        config.__init__ = __init__  # type: ignore[misc]
        return config

    return decorate


def check_configuration(config: Any, where: str, at_least: Mapping[str, float]) -> None:
    """Raise unless every value is of its kind and range.

    A choice is one of its choices, and a number that stands in ``at_least`` is as large as it says there.

    **Errors**: :class:`OptionError` naming the field.
    """
    for name, item in config.__dataclass_fields__.items():
        kind, value = type(item.default), getattr(config, name)
        told, fitting = _KINDS[kind]
        if not isinstance(value, fitting) or (isinstance(value, bool) and kind is not bool):
            remedy = f'{name}="{value}"' if kind is str else f"{name}={item.default!r}, which is the default"
            raise OptionError(explain(f"{name} is {told}", where=where, got=repr(value), remedy=remedy))
        if type(value) not in (kind, int):  # a number of NumPy's, which JSON does not know
            object.__setattr__(config, name, kind(value))
    for name, least in at_least.items():
        value = getattr(config, name)
        if not value >= least:
            raise OptionError(
                explain(f"{name} is too small", where=where, expected=f"{name} ≥ {least:g}", got=str(value))
            )
    for item in config.__dataclass_fields__.values():
        choices, value = item.metadata["choices"], getattr(config, item.name)
        if choices and value not in (item.default, *choices):
            raise OptionError(
                explain(f"no such {item.name}", where=where, expected=" | ".join(choices), got=repr(value))
            )
