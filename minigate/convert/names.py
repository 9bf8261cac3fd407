"""Which weight is which: the names of both sides taken apart, and what is missing, strange or misshapen told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from minigate.backend import asnumpy
from minigate.errors import ShapeError, StateDictError, explain

Array = Any
Place = tuple[int, bool]  # the layer, and whether it is the direction that reads from the end
Parts = dict[str, Array]  # what stands at one place, by its name there

#: Kind → its blocks, in the order of PyTorch's rows.
BLOCKS = {"RNN": ("",), "LSTM": ("input", "forget", "candidate", "output"), "GRU": ("reset", "update", "candidate")}

THEIRS = re.compile(r"(?P<part>(?:weight|bias)_(?:ih|hh))(?:_l(?P<layer>\d+)(?P<back>_reverse)?)?")
OURS = re.compile(r"(?:layers\.(?P<layer>\d+)\.)?(?:forward\.|(?P<back>backward\.))?(?P<part>[WUb](?:\.\w+)?)")
EXPECTED = {
    THEIRS: "those of nn.RNN, nn.LSTM or nn.GRU: weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, …",
    OURS: "those of an RNN, LSTM or GRU: W.<block>, U.<block>, b.<block>",
}

#: What a name that is not converted has in it, and why it is not.
REASONS = {
    "weight_hr": "an LSTM with proj_size, whose h is a projection of o ⊙ tanh(c): no cell of minigate has that",
    ".gate.": "a gate with parameters, which no gate of PyTorch's layers has",
    "V.": "peepholes, which PyTorch's LSTM has not",
}


def dotted(block: str) -> str:
    """The block as the end of a name; an RNN has none."""
    return f".{block}" if block else ""


def their_name(place: Place, part: str) -> str:
    """The name in a layer of PyTorch."""
    return f"{part}_l{place[0]}" + ("_reverse" if place[1] else "")


def our_prefix(place: Place, whole: tuple[int, bool]) -> str:
    """What stands before the names of one place, in a model of that many layers and with or without both directions."""
    layers, both = whole
    direction = ("backward." if place[1] else "forward.") if both else ""
    return (f"layers.{place[0]}." if layers > 1 else "") + direction


def extent(places: Iterable[Place]) -> tuple[int, bool]:
    """How many layers there are, and whether they read in both directions."""
    return 1 + max(layer for layer, _ in places), any(back for _, back in places)


def by_place(where: str, pattern: re.Pattern[str], state_dict: Mapping[str, Any]) -> dict[Place, Parts]:
    """Every array, on the host, by its place and its name there.

    **Errors**: :class:`StateDictError` for what is no dict, for names that do not belong, and for None.
    """
    if not isinstance(state_dict, Mapping):
        is_layer = hasattr(state_dict, "state_dict")
        raise StateDictError(
            explain(
                "arrays by name are converted",
                where=where,
                expected="a dict, as from state_dict()",
                got=type(state_dict).__name__,
                slip="the layer itself" if is_layer else "",
                remedy=f"{where}(layer.state_dict())" if is_layer else "",
            )
        )
    places: dict[Place, Parts] = {}
    strange: list[str] = []
    for name, value in state_dict.items():
        match = pattern.fullmatch(name)
        if match is None:
            strange.append(name)
            continue
        parts = places.setdefault((int(match["layer"] or 0), match["back"] is not None), {})
        if match["part"] in parts:
            strange.append(name)  # weight_ih beside weight_ih_l0: which one is it?
        parts[match["part"]] = _on_the_host(where, name, value)
    if strange or not places:
        raise StateDictError(_strangers(where, pattern, strange))
    return dict(sorted(places.items()))


def _on_the_host(where: str, name: str, value: Any) -> Array:
    if value is None:
        raise StateDictError(
            explain(f"{name} is None", where=where, slip="a weight whose gradient has not been computed yet")
        )
    return value.detach().cpu().numpy() if hasattr(value, "cpu") else asnumpy(value)


def _strangers(where: str, pattern: re.Pattern[str], names: list[str]) -> str:
    shown = ", ".join(names[:4]) + (", …" if len(names) > 4 else "")
    slip = next((reason for piece, reason in REASONS.items() if any(piece in name for name in names)), "")
    inside = next((name for name in names if any(pattern.fullmatch(end) for end in _ends(name))), "")
    prefix = remedy = ""
    if inside and not slip:
        prefix = next(inside[: -len(end)] for end in _ends(inside) if pattern.fullmatch(end))
        slip = f"a layer inside of a larger model, under {prefix!r}"
        remedy = f"{where}({{k.removeprefix({prefix!r}): v for k, v in d.items() if k.startswith({prefix!r})}})"
    return explain(
        "these names are not a recurrent layer's",
        where=where,
        expected=EXPECTED[pattern],
        got=shown or "an empty dict",
        slip=slip,
        remedy=remedy,
    )


def _ends(name: str) -> list[str]:
    """What is left of a name without its first part, its first two, …, the longest first."""
    parts = name.split(".")
    return [".".join(parts[k:]) for k in range(1, len(parts))]


def require(
    where: str, places: Mapping[Place, Parts], parts: Iterable[str], name_of: Callable[[Place, str], str]
) -> None:
    """Raise unless every layer and direction has all of ``parts``.

    **Errors**: :class:`StateDictError` naming all that are missing.
    """
    layers, both = extent(places)
    every = [(layer, back) for layer in range(layers) for back in ((False, True) if both else (False,))]
    missing = [name_of(place, part) for place in every for part in parts if part not in places.get(place, {})]
    if missing:
        raise StateDictError(explain(f"missing: {', '.join(missing)}", where=where))


def kind_of_rows(places: Mapping[Place, Parts]) -> str:
    """RNN, LSTM or GRU: as many rows as blocks in ``weight_hh`` (G·H, H).

    **Errors**: :class:`ShapeError` for a shape that fits none, or not to the others.
    """
    G = {kind: len(blocks) for kind, blocks in BLOCKS.items()}
    first = next(iter(places.values()))["weight_hh"]
    H = first.shape[-1] if first.ndim == 2 else 0
    kind = next((kind for kind in G if first.shape == (G[kind] * H, H)), "")
    if not kind or not H:
        raise ShapeError(
            explain(
                "weight_hh has the shape of no cell",
                where="from_torch",
                expected="(G·H, H) with G = 1 for nn.RNN, 3 for nn.GRU, 4 for nn.LSTM",
                got=str(tuple(first.shape)),
            )
        )
    rows = G[kind] * H
    for place, parts in places.items():
        D = parts["weight_ih"].shape[-1]
        for part, array in parts.items():
            expected = {"weight_ih": (rows, D), "weight_hh": (rows, H)}.get(part, (rows,))
            if array.shape != expected:
                raise ShapeError(
                    explain(
                        f"wrong shape of {their_name(place, part)}",
                        where="from_torch",
                        expected=f"{expected} in an nn.{kind} with H={H}",
                        got=str(tuple(array.shape)),
                    )
                )
    return kind


def kind_of_blocks(places: Mapping[Place, Parts]) -> str:
    """RNN, LSTM or GRU, by the names of the blocks.

    **Errors**: :class:`StateDictError` where they are those of another cell, or of two.
    """
    blocks = {part[2:] for parts in places.values() for part in parts if part != "b.recurrent"}
    bias_inside = any("b.recurrent" in parts for parts in places.values())
    kind = next((kind for kind, own in BLOCKS.items() if set(own) == blocks), "")
    if not kind or (bias_inside and kind != "GRU"):
        raise StateDictError(
            explain(
                "PyTorch has no layer with these blocks",
                where="to_torch",
                expected="; ".join(f"{name}: {', '.join(own)}" for name, own in BLOCKS.items() if name != "RNN"),
                got=", ".join(sorted(blocks | ({"recurrent"} if bias_inside else set()))) or "none",
                slip="a coupled LSTM: it has no input gate of its own" if blocks == COUPLED else "",
            )
        )
    return kind


COUPLED = {"candidate", "forget", "output"}


def check_tower(where: str, theirs: Mapping[Place, Parts]) -> None:
    """Raise unless every layer has the same H, and reads all that the layer below it says.

    **Errors**: :class:`ShapeError`.
    """
    H = next(iter(theirs.values()))["weight_hh"].shape[1]
    _, both = extent(theirs)
    D = theirs[0, False]["weight_ih"].shape[1]
    for place, parts in theirs.items():
        expected = (D, H) if place[0] == 0 else (2 * H if both else H, H)
        found = parts["weight_ih"].shape[1], parts["weight_hh"].shape[1]
        if found != expected:
            raise ShapeError(
                explain(
                    f"layer {place[0]} does not fit: PyTorch's layers have one hidden size, and read the layer below",
                    where=where,
                    expected=f"D={expected[0]}, H={expected[1]}",
                    got=f"D={found[0]}, H={found[1]}",
                )
            )
