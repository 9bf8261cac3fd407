"""How layers are tied together, as options of an experiment: what each can be, and where it means something.

Where papers are silent, or text, talk and code differ, there is an option, under the name that the cells have for it.
One that the rest of the configuration has no use for is an error and not ignored: otherwise two runs that differ in it
would be the same run twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from minigate import cells
from minigate.errors import OptionError, explain
from minigate.module.arguments import is_size
from minigate.train.configuration import option

#: The cells that a recurrent part is made of; rnn is tanh.
CELLS = {"gru": cells.GRU, "lstm": cells.LSTM, "rnn": cells.RNN}
#: What ``feedback`` is called here → what the global gates of Gated-Feedback are.
FEEDBACK_GATES = {"gated": "learned", "open": "open"}
FEEDBACK = ("none", *FEEDBACK_GATES)

Chosen = Mapping[str, Any]


@dataclass(frozen=True)
class Tie:
    """One option: its values, the default first, its line of ``--help``, and what it means nothing without."""

    values: tuple[Any, ...]
    help: str
    needs: str
    fits: Callable[[Chosen], bool]


def _gated(chosen: Chosen) -> bool:
    return bool(chosen["feedback"] == "gated")


def _several(chosen: Chosen) -> bool:
    return bool(chosen["layers"] > 1)


WIRING: dict[str, Tie] = {
    "gate_input": Tie(
        ("below", "all_parents"), "what a feedback gate sees besides the states",
        "feedback gated, layers ≥ 2 and skip_input", lambda c: _gated(c) and _several(c) and c["skip_input"],
    ),
    "gate_bias": Tie((False, True), "feedback gates have a bias, as in the author's code", "feedback gated", _gated),
    "unit_gates": Tie(
        ("all", "own"), "with feedback: whose states the gates of gru and lstm see, all layers' or their own",
        "feedback gated or open, cell gru or lstm, layers ≥ 2",
        lambda c: c["feedback"] != "none" and c["cell"] != "rnn" and _several(c),
    ),
    "skip_input": Tie((True, False), "every layer reads the input, not the first alone", "layers ≥ 2", _several),
    "skip_output": Tie((True, False), "the softmax reads every layer, not the top one alone", "layers ≥ 2", _several),
    "peephole": Tie(
        ("none", "diagonal", "full"), "for lstm: what the gates see of c",
        "cell lstm, and for full feedback none",
        lambda c: c["cell"] == "lstm" and (c["peephole"] != "full" or c["feedback"] == "none"),
    ),
    "reset": Tie(("after", "before"), "for gru: is the state reset after or before its product?", "cell gru",
                 lambda c: bool(c["cell"] == "gru")),
}  # fmt: skip


def tie(name: str) -> Any:
    """A field of a configuration for this option."""
    values = WIRING[name].values
    return option(values[0], WIRING[name].help, () if isinstance(values[0], bool) else values)


def wiring_of(config: Any) -> dict[str, Any]:
    """The options of the wiring that a configuration has."""
    return {name: getattr(config, name) for name in WIRING}


def check_wiring(where: str, cell: str, layers: int, feedback: str, **wiring: Any) -> None:
    """Raise unless cell, layers and feedback are there, and each option is one of its values and of use beside them.

    **Errors**: :class:`OptionError` naming the option.
    """
    chosen = {"cell": cell, "layers": layers, "feedback": feedback, **wiring}
    known = {"cell": tuple(CELLS), "feedback": FEEDBACK} | {name: WIRING[name].values for name in wiring}
    for name, values in known.items():
        if type(chosen[name]) is not type(values[0]) or chosen[name] not in values:
            told = " | ".join(value if isinstance(value, str) else repr(value) for value in values)
            raise OptionError(explain(f"no such {name}", where=where, expected=told, got=repr(chosen[name])))
    if not is_size(layers):
        raise OptionError(
            explain("layers are counted", where=where, expected="a whole number L ≥ 1", got=repr(layers))
        )
    for name, value in wiring.items():
        if value != WIRING[name].values[0] and not WIRING[name].fits(chosen):
            beside = ", ".join(f"{other}={chosen[other]!r}" for other in ("cell", "layers", "feedback"))
            expected = f"{name}={value!r} with {WIRING[name].needs}"
            raise OptionError(explain(f"{name} means nothing here", where=where, expected=expected, got=beside))
