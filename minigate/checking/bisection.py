"""What the shortest sequence that fails says about the slip.

With a random initial state one step already goes through every equation of a cell: what is wrong there is a
derivative within the step, and the set of wrong gradients is nearly its fingerprint. What is right for one
step and wrong for two is the way from a step to the one before it, or the sum over steps. What is right
without a mask and wrong with one is the handling of the mask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from minigate.checking.report import Finding
from minigate.checking.verdict import several


def block_of(name: str, blocks: Sequence[str], cell: str) -> str:
    """The gate or other block that a parameter belongs to: ``"W.update"`` and ``"update.gate.alpha"`` to update.

    Of several layers, ``"layers.1.W.update"`` to layers.1.update.
    """
    parts = name.split(".")
    own = [block for block in blocks if block and set(block.split(".")) <= set(parts)]
    if own:
        return max(own, key=len)
    return parts[-1] if len(parts) > 1 else cell


def in_words(names: Sequence[str], blocks: Mapping[str, str], every: Sequence[str]) -> str:
    """Gradients in short: ``everything``, ``all of update``, and single names; ``every`` is all there are.

    >>> blocks = {"W.update": "update", "b.update": "update", "W.reset": "reset", "b.reset": "reset"}
    >>> in_words(["W.update", "b.update", "b.reset", "x"], blocks, [*blocks, "x", "h0"])
    'all of update, db.reset, dx'
    """
    if not names:
        return "none"
    if set(names) >= set(every):
        return "everything"
    whole = {block for block in blocks.values() if {n for n, own in blocks.items() if own == block} <= set(names)}
    whole = {block for block in whole if sum(own == block for own in blocks.values()) > 1}
    return several(dict.fromkeys(f"all of {blocks[n]}" if blocks.get(n) in whole else f"d{n}" for n in names), 9)


def conclude(
    T: int, masked: bool, wrong: Sequence[str], right: Sequence[str], blocks: Mapping[str, str], states: Sequence[str]
) -> Finding:
    """What follows from the shortest failing sequence: ``T`` steps, and these wrong and right gradients.

    ``blocks``: parameter → its gate or block; ``states``: the names of the initial states' gradients.
    """
    every = [*wrong, *right]
    kind, text, advice = _conclude(T, masked, list(wrong), list(right), blocks, states)
    text = text.format(wrong=in_words(wrong, blocks, every), right=in_words(right, blocks, every))
    return Finding(kind, text, tuple(wrong), advice)


def _conclude(
    T: int, masked: bool, wrong: list[str], right: list[str], blocks: Mapping[str, str], states: Sequence[str]
) -> tuple[str, str, str]:
    if masked:
        return (
            "mask",
            f"right without a mask, wrong with one (from T={T} on)",
            "where the mask is False: y = 0 and its dy is ignored, the state is held and its gradient passes on",
        )
    if T == 1:
        return _within_a_step(wrong, right, blocks, states)
    if all(name in blocks for name in wrong):
        return (
            "time sum",
            f"right up to T={T - 1}; at T={T} wrong in {{wrong}}, while the gradients that are carried are right: "
            "the sum over time steps",
            "`+=` over all steps, or one product over all of time",
        )
    if T == 2:
        return (
            "carry",
            "right for one step, wrong for two ({wrong}): the gradient that goes from step t + 1 to step t",
            "dh and dc at step t are what step t + 1 handed back, plus dy[t]",
        )
    return (
        "window",
        f"right up to T={T - 1}, wrong at T={T}: the way back is cut or bent somewhere in the middle",
        "the window of a truncation, an index over time, or the border of a block of steps",
    )


def _within_a_step(
    wrong: list[str], right: list[str], blocks: Mapping[str, str], states: Sequence[str]
) -> tuple[str, str, str]:
    """One step fails: which equation of it, to judge by the company that the wrong gradients keep."""
    weights = [name for name in wrong if name in blocks]
    ends = [name for name in wrong if name not in blocks]
    first = "wrong from the first step on"
    if not right:
        return (
            "entry",
            f"everything is {first}: what comes in at the output, before it is shared out",
            "dy and the gradient of the final state add up; then the derivative of the last equation",
        )
    if not weights and set(ends) <= set(states):
        return (
            "state",
            f"{first}, and only {{wrong}}: a way from the step back into the state before it",
            "every place where the old state is used adds to its gradient; is one missing?",
        )
    if not weights:
        return (
            "input",
            f"{first}, and only {{wrong}}: the product with the input weights, or its order",
            "dx = da @ Wᵀ, summed over all blocks, in the order of time",
        )
    if not ends and all(".gate." in name for name in weights):
        return (
            "gate parameters",
            f"{first}, and only {{wrong}}: the gradient of a gate's own parameters",
            "param_gradients of the gate, and the dg that the cell hands to it",
        )
    if not ends:
        return (
            "product",
            f"{first}, and only {{wrong}}; what goes on to x and to the old state is right, so it is the product "
            "or sum that makes these gradients",
            "the operand is what this weight was multiplied with on the way forward",
        )
    names = list(dict.fromkeys(blocks[name] for name in weights))
    if len(names) == 1:
        return (
            "gate",
            f"{first}, in the block {names[0]} alone: its local derivative",
            f"da of {names[0]}: the slope of its nonlinearity times what its value was multiplied with",
        )
    return (
        "gate",
        f"{first}, in the blocks {several(names)}; right: {{right}}",
        "look for what these blocks share and the others do not",
    )
