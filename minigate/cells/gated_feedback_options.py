"""What a Gated-Feedback cell can be asked for, and what it says when it cannot."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minigate.cells.cell import is_size
from minigate.errors import OptionError, explain

#: The three units: their states, and their gates in the order in which they lie side by side.
UNITS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "tanh": (("h",), ()),
    "lstm": (("h", "c"), ("input", "forget", "output")),
    "gru": (("h",), ("update", "reset")),
}

#: Option → what it decides, and its values with their meanings.
CHOICES: dict[str, tuple[str, dict[Any, str]]] = {
    "unit": ("what is a layer made of?", {"tanh": "", "lstm": "", "gru": ""}),
    "gates": (
        "what are the global gates?",
        {"learned": "", "open": "g = 1", "stack": "g = 1 from a layer to itself, else 0"},
    ),
    "gate_input": (
        "what do the global gates read at t?",
        {"below": "the layer below, as printed", "all_parents": "and x, as in the author's code"},
    ),
    "gate_bias": ("do the global gates have a bias?", {True: "", False: ""}),
    "skip_input": ("does every layer read x?", {True: "", False: ""}),
    "unit_gates": (
        "whose past do the gates of a unit see?",
        {"all": "that of all layers", "own": "their own layer's", None: "all; own in a stack"},
    ),
    "peephole": ("what do the gates see of the cell state?", {"none": "", "diagonal": "each unit its own c"}),
    "reset": ("where does the reset gate act?", {"after": "h U, then r ⊙", "before": "r ⊙ h, then U"}),
    "init": ("how do the weights begin?", {"glorot": "as in the other cells", "author": "as in the author's code"}),
}


#: What the paper prints, or needs for its numbers of parameters, where it is an option: the defaults.
PRINTED: dict[str, Any] = {
    "gates": "learned", "gate_input": "below", "gate_bias": False, "skip_input": True, "unit_gates": "all",
    "peephole": "none", "reset": "after", "init": "glorot",
}  # fmt: skip


def sizes_of(H: Any) -> tuple[int, ...]:
    """The size of every layer; a single number is a single layer.

    **Errors**: :class:`OptionError` unless they are whole numbers ≥ 1, and at least one.
    """
    sizes = tuple(H) if isinstance(H, Iterable) and not isinstance(H, str) else (H,)
    if sizes and all(is_size(size) for size in sizes):
        return tuple(int(size) for size in sizes)
    raise OptionError(
        explain(
            "H has the hidden size of every layer, from the bottom up",
            where="GatedFeedback",
            expected="whole numbers H_j >= 1, at least one",
            got=repr(H),
            remedy="GatedFeedback(D=28, H=[100, 100, 100])",
        )
    )


def check_options(sizes: tuple[int, ...], **options: Any) -> None:
    """Raise where an option has a value that is none of its own, or one that means nothing beside the others.

    **Errors**: :class:`OptionError`.
    """
    for name, value in options.items():
        question, choices = CHOICES[name]
        if not any(value is choice or (type(value) is str and value == choice) for choice in choices):
            told = " or ".join(repr(c) + (f" ({meaning})" if meaning else "") for c, meaning in choices.items())
            raise OptionError(explain(question, where="GatedFeedback", expected=f"{name}={told}", got=repr(value)))
    unit, gates = options["unit"], options["gates"]
    if options["peephole"] != "none" and unit != "lstm":
        _meaningless("peepholes look at c, which only the LSTM has", "peephole='diagonal'", f"unit={unit!r}")
    if options["reset"] != "after" and unit != "gru":
        _meaningless("only the GRU has a reset gate", "reset='before'", f"unit={unit!r}")
    if gates == "stack" and options["unit_gates"] == "all":
        _meaningless("in a stack a layer sees no past but its own", "unit_gates='all'", "gates='stack'")
    if options["reset"] == "before" and gates != "stack" and len(set(sizes)) > 1:
        raise OptionError(
            explain(
                "with the reset before the product, r of a layer multiplies the states of all layers",
                where="GatedFeedback",
                expected="layers of one size",
                got=f"H={list(sizes)}",
                remedy='reset="after", or one size for all layers',
            )
        )


def _meaningless(told: str, option: str, beside: str) -> None:
    raise OptionError(explain(told, where="GatedFeedback", got=f"{option} with {beside}"))
