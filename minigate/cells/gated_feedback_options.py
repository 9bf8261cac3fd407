"""What a Gated-Feedback cell can be asked for, and what it says when it cannot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from minigate.errors import OptionError, ShapeError, explain
from minigate.module.arguments import check_choice, check_number, is_size

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


def check_options(sizes: tuple[int, ...], forget_bias: Any, **options: Any) -> None:
    """Raise where an option has a value that is none of its own, or one that means nothing beside the others.

    **Errors**: :class:`OptionError`.
    """
    for name, value in options.items():
        check_choice("GatedFeedback", *CHOICES[name], **{name: value})
    if forget_bias is not None:
        check_number("GatedFeedback", "forget_bias", forget_bias)
    options["forget_bias"], left_out = forget_bias, PRINTED | {"unit_gates": None, "forget_bias": None}
    unit, gates = options["unit"], options["gates"]
    for told, option, beside, meaningless in (
        ("peepholes look at c, which only the LSTM has", "peephole", "unit", unit != "lstm"),
        ("only the LSTM has a forget gate", "forget_bias", "unit", unit != "lstm"),
        ("only the GRU has a reset gate", "reset", "unit", unit != "gru"),
        ("a tanh unit has no gates", "unit_gates", "unit", unit == "tanh"),
        ("in a stack a layer sees no past but its own", "unit_gates", "gates",
         gates == "stack" and options["unit_gates"] == "all"),
        ("what is not learned has no bias", "gate_bias", "gates", gates != "learned"),
        ("what is not learned reads nothing", "gate_input", "gates", gates != "learned"),
        ("x is a parent of no layer above the first", "gate_input", "skip_input", not options["skip_input"]),
    ):  # fmt: skip
        if meaningless and options[option] != left_out[option]:
            got = f"{option}={options[option]!r} with {beside}={options[beside]!r}"
            raise OptionError(explain(told, where="GatedFeedback", got=got))
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


def check_width(y: Any, width: int) -> None:
    """Raise unless y has the states of all layers side by side.

    **Shapes**: y (…, ΣH).

    **Errors**: :class:`ShapeError`.
    """
    shape = tuple(getattr(y, "shape", ()))
    if not shape or shape[-1] != width:
        got = str(shape) if shape else type(y).__name__
        raise ShapeError(
            explain("wrong shape", where="GatedFeedback.split", expected=f"y of shape (…, ΣH={width})", got=got)
        )


def check_trace(trace: Any, names: Iterable[str]) -> None:
    """Raise unless the trace has all of these.

    **Errors**: :class:`OptionError`.
    """
    missing = [name for name in names if not isinstance(trace, Mapping) or name not in trace]
    if missing:
        raise OptionError(
            explain("this is no trace of the cell", where="GatedFeedback.global_gates", expected=", ".join(missing),
                    got=type(trace).__name__, remedy="Recurrent(cell).trace(x)")
        )  # fmt: skip
