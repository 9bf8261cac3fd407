"""What a configuration of an experiment is: a frozen dataclass whose fields know their line of ``--help``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any

from minigate.errors import OptionError, explain


def option(default: Any, text: str, choices: Sequence[str] = ()) -> Any:
    """A field of a configuration with the line that ``--help`` shows for it."""
    return field(default=default, metadata={"help": text, "choices": tuple(choices)})


def check_configuration(config: Any, where: str, at_least: Mapping[str, float]) -> None:
    """Raise unless every choice is one of its choices and every number of ``at_least`` is as large as it says.

    **Errors**: :class:`OptionError` naming the field.
    """
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
