"""Weights from and to PyTorch: the same numbers under other names, in another order, and one gate turned round.

PyTorch keeps the gates of a cell below one another in one weight and multiplies from the left; minigate gives each
its name and multiplies from the right. The rows of ``weight_ih``, ``weight_hh`` and both biases are, from the top,

==============  ==============  ==========================================================
``nn.RNN``      h               W, U, b: no blocks
``nn.LSTM``     i, f, g, o      blocks input, forget, candidate, output
``nn.GRU``      r, z, n         blocks reset, update (with the sign turned), candidate
==============  ==============  ==========================================================

- **z**: PyTorch's GRU writes h = z ⊙ h_prev + (1 − z) ⊙ n, minigate h = (1 − z) ⊙ h_prev + z ⊙ h̃. Their z is 1
  minus ours, and 1 − σ(a) = σ(−a): the weights of that gate have the other sign, and so have their gradients.
- **Two biases**: one is added to x W and one to h U. They stand in the same sum, so that of *weights* only their
  sum counts, while the *gradient* of each is that of the sum: gradients are taken from one of them, never added.
  The GRU's candidate is another matter: its second bias stands inside of the reset, r ⊙ (h U + b_hn). It is
  ``b.recurrent`` of a ``GRU(D, H, recurrent_bias=True)``.
- **Names**: ``_l0``, ``_l1`` are ``layers.0.``, ``layers.1.`` of a Stack, and nothing where there is one layer only;
  ``_l0``, ``_l0_reverse`` are ``forward.``, ``backward.`` of a Bidirectional.

Two things cannot be seen from weights: whether an ``nn.RNN`` is one of tanh (as minigate's is) or of relu, and whether
a GRU of minigate resets after the product (as PyTorch's does) or before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy

from minigate.convert.names import (
    BLOCKS,
    OURS,
    THEIRS,
    Parts,
    by_place,
    check_tower,
    dotted,
    extent,
    kind_of_blocks,
    kind_of_rows,
    our_prefix,
    require,
    their_name,
)
from minigate.errors import OptionError, ShapeError, StateDictError, explain

Array = Any

#: The gate that PyTorch writes as 1 minus ours.
TURNED = "update"


def from_torch(
    state_dict: Mapping[str, Any], *, what: str = "weights", recurrent_bias: bool | None = None
) -> dict[str, Array]:
    """The weights of PyTorch's RNN, LSTM or GRU, or of its cells of these names, by minigate's names.

    ``what="gradients"`` takes the gradients of these weights, under the same names. ``recurrent_bias``: does a GRU
    keep its ``b.recurrent``? Left out, it does where that is not zero.

    >>> theirs = {"weight_ih_l0": numpy.ones((12, 2)), "weight_hh_l0": numpy.ones((12, 4))}  # nn.GRU(2, 4, bias=False)
    >>> {name: array.shape for name, array in from_torch(theirs).items() if name.endswith("update")}
    {'W.update': (2, 4), 'U.update': (4, 4), 'b.update': (4,)}

    **Shapes**: weight_ih (G·H, D), weight_hh (G·H, H), bias (G·H,) → W.<block> (D, H), U.<block> (H, H),
    b.<block> (H,), host arrays with memory of their own. Biases that are not there are 0, their gradients left out.

    **Errors**: :class:`StateDictError` for names that are missing or no recurrent layer's, and for projections
    (``proj_size``), which no cell of minigate has; :class:`ShapeError`; :class:`OptionError` for another ``what``, and
    where a recurrent bias would be lost.
    """
    _check_what("from_torch", what)
    places = by_place("from_torch", THEIRS, state_dict)
    biased = any("bias_ih" in parts or "bias_hh" in parts for parts in places.values())
    parts_of_each = ("weight_ih", "weight_hh", "bias_ih", "bias_hh") if biased else ("weight_ih", "weight_hh")
    cell = not any("_l" in name for name in state_dict)
    require("from_torch", places, parts_of_each, lambda place, part: part if cell else their_name(place, part))
    kind = kind_of_rows(places)
    check_tower("from_torch", places)
    keep = _keeps_recurrent_bias(kind, places.values(), what, recurrent_bias)
    whole = extent(places)
    return {
        our_prefix(place, whole) + name: array
        for place, parts in places.items()
        for name, array in _to_ours(kind, parts, what, keep).items()
    }


def to_torch(state_dict: Mapping[str, Any], *, what: str = "weights") -> dict[str, Array]:
    """The weights of an RNN, LSTM or GRU, or of a Stack or Bidirectional of these, by PyTorch's names.

    The names are those of the layers, with ``_l0`` (``nn.GRUCell`` has them without). To load them::

        layer.load_state_dict({name: torch.from_numpy(array) for name, array in mg.convert.to_torch(weights).items()})

    ``bias_ih`` is b; ``bias_hh`` is 0, but for ``b.recurrent``. With ``what="gradients"`` both have the gradient of b;
    for the GRU's candidate that of the second one is not the same, and not known without ``b.recurrent``.

    **Shapes**: W.<block> (D, H), U.<block> (H, H), b.<block> (H,) → weight_ih (G·H, D), weight_hh (G·H, H),
    bias_ih and bias_hh (G·H,), host arrays with memory of their own.

    **Errors**: :class:`StateDictError` for names that are missing, or that PyTorch has nothing for: peepholes,
    parameters of gates; :class:`ShapeError`, also for a Stack of different sizes; :class:`OptionError`.
    """
    _check_what("to_torch", what)
    places = by_place("to_torch", OURS, state_dict)
    kind = kind_of_blocks(places)
    present = {part for parts in places.values() for part in parts}
    parts_of_each = [symbol + dotted(block) for block in BLOCKS[kind] for symbol in "WUb"]
    if not any(part.startswith("b") for part in present):  # the gradients of a layer without biases
        parts_of_each = [part for part in parts_of_each if not part.startswith("b")]
    parts_of_each += ["b.recurrent"] if "b.recurrent" in present else []
    whole = extent(places)
    require("to_torch", places, parts_of_each, lambda place, part: our_prefix(place, whole) + part)
    theirs = {place: _to_theirs(kind, our_prefix(place, whole), parts, what) for place, parts in places.items()}
    check_tower("to_torch", theirs)
    return {their_name(place, part): array for place, parts in theirs.items() for part, array in parts.items()}


# ---- one direction of one layer ----------------------------------------------------------------


def _to_ours(kind: str, parts: Parts, what: str, keep: bool) -> Parts:
    found: Parts = {}
    rows = {name: numpy.split(array, len(BLOCKS[kind])) for name, array in parts.items()}
    for k, block in enumerate(BLOCKS[kind]):
        dot, sign = dotted(block), _sign(block)
        found["W" + dot] = (sign * rows["weight_ih"][k]).T.copy()
        found["U" + dot] = (sign * rows["weight_hh"][k]).T.copy()
        if "bias_ih" not in rows:
            found |= {} if what == "gradients" else {"b" + dot: numpy.zeros_like(found["U" + dot][0])}
        elif what == "gradients" or (kind == "GRU" and block == "candidate"):
            found["b" + dot] = sign * rows["bias_ih"][k]
        else:
            found["b" + dot] = sign * (rows["bias_ih"][k] + rows["bias_hh"][k])
    if keep:
        found["b.recurrent"] = rows["bias_hh"][-1].copy() if "bias_hh" in rows else numpy.zeros_like(found["b.update"])
    return found


def _to_theirs(kind: str, prefix: str, parts: Parts, what: str) -> Parts:
    first = dotted(BLOCKS[kind][0])
    D, H = parts["W" + first].shape[0], parts["W" + first].shape[-1]
    for name, array in parts.items():
        expected = {"W": (D, H), "U": (H, H), "b": (H,)}[name[0]]
        if array.shape != expected:
            told = {"expected": str(expected), "got": str(array.shape)}
            raise ShapeError(explain(f"wrong shape of {prefix}{name}", where="to_torch", **told))

    def packed(symbol: str) -> Array:
        return numpy.concatenate([_sign(block) * parts[symbol + dotted(block)].T for block in BLOCKS[kind]])

    found = {"weight_ih": packed("W"), "weight_hh": packed("U")}
    if "b" + first not in parts:
        return found
    found["bias_ih"] = packed("b")
    found["bias_hh"] = found["bias_ih"].copy() if what == "gradients" else numpy.zeros_like(found["bias_ih"])
    if "b.recurrent" in parts:
        found["bias_hh"][2 * H :] = parts["b.recurrent"]
    elif kind == "GRU" and what == "gradients":
        raise StateDictError(
            explain(
                "the gradient of the candidate's second bias is not among these",
                where="to_torch",
                slip="it stands inside of the reset, so that its gradient is not that of b.candidate",
                remedy="GRU(D, H, recurrent_bias=True), where it is that of b.recurrent",
            )
        )
    return found


def _sign(block: str) -> int:
    return -1 if block == TURNED else 1


# ---- options -----------------------------------------------------------------------------------


def _keeps_recurrent_bias(kind: str, every: Iterable[Parts], what: str, asked: bool | None) -> bool:
    """Is there to be a ``b.recurrent``? One that is not 0 is never dropped from weights without a word."""
    if kind != "GRU":
        if asked:
            raise OptionError(
                explain("only a GRU has a recurrent bias", where="from_torch", got=f"the weights of an nn.{kind}")
            )
        return False
    inside = [numpy.split(parts["bias_hh"], 3)[-1] for parts in every if "bias_hh" in parts]
    there = any(bool(array.any()) for array in inside)
    if there and asked is False and what == "weights":
        raise OptionError(
            explain(
                "the candidate's bias inside of the reset, b_hn, is not 0 and would be lost",
                where="from_torch",
                got="recurrent_bias=False",
                remedy="from_torch(weights, recurrent_bias=True), for a GRU(D, H, recurrent_bias=True)",
            )
        )
    if what == "gradients" and not inside:
        return False
    return there if asked is None else asked


def _check_what(where: str, what: str) -> None:
    if what not in ("weights", "gradients"):
        raise OptionError(
            explain(
                "are these weights or their gradients?",
                where=where,
                expected='what="weights" or what="gradients"',
                got=repr(what),
            )
        )
