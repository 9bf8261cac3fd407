"""Four sweeps of recurrent cells over a grid of patches: after them every position has read the whole grid.

A cell reads lines. A grid has two kinds of them, and each can be read from both of its ends::

        vertical                    horizontal
      forward   backward          forward   backward
       │ │ │     ▲ ▲ ▲            ──────▶    ◀──────
       │ │ │     │ │ │            ──────▶    ◀──────
       ▼ ▼ ▼     │ │ │            ──────▶    ◀──────

Down the columns, row i is the time, and all columns of all images are sequences of one batch: J·N of them, read at
once. Along the rows, column j is the time and I·N sequences are the batch. Between the two halves the grid is turned
over once, so that what was batch becomes time; everything else is a view of the same numbers.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from minigate import ops
from minigate.backend import array_module, generator
from minigate.cells import GRU, Cell
from minigate.errors import DTypeError, OptionError, ShapeError, explain
from minigate.layers.bidirectional import Bidirectional
from minigate.layers.recurrent import Recurrent
from minigate.module import Module
from minigate.module.arguments import check_choice, check_flags, check_sizes
from minigate.ops.convolution import Pair, pair
from minigate.tensor import Tensor, as_tensor

Array = Any
ORDERS = ("vertical-first", "horizontal-first")


class Sweeps(Module):
    """One layer φ of a ReNet: patches, two sweeps along one axis, and two sweeps over their result along the other.

    **Equations**, with x_ij the patch in row i and column j, all its numbers as one vector:

    - vertical: zF_ij = f_VF(x_ij, zF_{i−1,j}), i = 1 … I; zR_ij = f_VR(x_ij, zR_{i+1,j}), i = I … 1;
      v_ij = [zF_ij, zR_ij]
    - horizontal: hF_ij = f_HF(v_ij, hF_{i,j−1}), j = 1 … J; hR_ij = f_HR(v_ij, hR_{i,j+1}), j = J … 1;
      y_ij = [hF_ij, hR_ij]

    v_ij depends on all of column j and on nothing else, y_ij on every patch of the grid.

    **Shapes**: x (Y, X, N, D) → y (I, J, N, 2H), with ``patch`` = (h, w): I = ⌈Y / h⌉, J = ⌈X / w⌉. A patch is
    (h, w, D), flattened in this order. Where h does not divide Y, or w X, rows of zeros are added below, or columns of
    zeros on the right. With ``parallel`` y is (I, J, N, 4H).

    **Options**: ``cell(D, H, seed=…, dtype=…, **options)`` makes each of the four cells, so ``gate=``, ``reset=`` or
    ``peephole=`` go straight to them. ``order="horizontal-first"`` reads the rows first, and the columns over their
    result. ``parallel=True`` lets both halves read the patches, y = [first half, second half]: then y_ij depends on
    column j and row i alone.

    **Source**: Visin et al. (2015), eqs. 1–3, the columns first; the later code of the authors, for ReSeg, has the
    rows first, and the parallel halves as an option. All four cells have weights of their own and begin with zeros.

    **Errors**: :class:`ShapeError` for what is no grid of D numbers; :class:`DTypeError` for whole numbers;
    :class:`OptionError` for another order, a patch below one, and what :class:`Recurrent` refuses.
    """

    takes = "grids"

    def __init__(
        self,
        D: int,
        H: int,
        *,
        patch: Pair = 1,
        cell: Callable[..., Cell] = GRU,
        order: str = "vertical-first",
        parallel: bool = False,
        method: str | None = None,
        seed: Any = None,
        dtype: Any = None,
        **options: Any,
    ) -> None:
        super().__init__()
        (self.D,) = check_sizes("Sweeps", D=D)
        check_flags("Sweeps", parallel=parallel)
        _check_cell(cell, options)
        self.order = check_choice("Sweeps", "which halves are swept first?", ORDERS, order=order)
        self.H, self.parallel = H, parallel
        self.patch = pair("patch", patch, 1)
        h, w = self.patch
        rng = generator(seed)

        def both_ways(size: int) -> Bidirectional:
            made = [cell(size, H, seed=int(rng.integers(2**32)), dtype=dtype, **options) for _ in range(2)]
            return Bidirectional(*(Recurrent(each, method=method) for each in made))

        first, second = ("vertical", "horizontal") if order == "vertical-first" else ("horizontal", "vertical")
        one = both_ways(h * w * D)
        other = both_ways(h * w * D if parallel else one.output_size)
        #: "vertical" and "horizontal", in the order in which they are swept.
        self.halves = {first: one, second: other}
        for name, half in self.halves.items():
            self.child(name, half)

    @property
    def output_size(self) -> int:
        """The length of y_ij along its last axis."""
        first, second = (half.output_size for half in self.halves.values())
        return first + second if self.parallel else second

    def forward(self, x: Any) -> Tensor:
        """All four sweeps.

        **Shapes**: x (Y, X, N, D) → y (I, J, N, output_size).
        """
        first, second = self._both_halves(x)
        return ops.concat([first, second], axis=-1) if self.parallel else second

    def sweeps(self, x: Any) -> dict[str, Tensor]:
        """What each sweep leaves at each position, in the order in which they are made.

        **Shapes**: x (Y, X, N, D) → "vertical.forward", "vertical.backward", "horizontal.forward",
        "horizontal.backward" → (I, J, N, H).
        """
        found: dict[str, Tensor] = {}
        for (name, half), whole in zip(self.halves.items(), self._both_halves(x), strict=True):
            parts = ops.split(whole, [layer.output_size for layer in half.directions], axis=-1)
            found |= {f"{name}.{way}": part for way, part in zip(("forward", "backward"), parts, strict=True)}
        return found

    def output_of(self, swept: Mapping[str, Tensor]) -> Tensor:
        """y, from what :meth:`sweeps` returned: the second half read the first, unless they are parallel.

        **Shapes**: each (I, J, N, H) → (I, J, N, output_size).
        """
        _, second = self.halves
        return ops.concat([h for name, h in swept.items() if self.parallel or name.startswith(second)], axis=-1)

    def _both_halves(self, x: Any) -> tuple[Tensor, Tensor]:
        """**Shapes**: x (Y, X, N, D) → each (I, J, N, 2H)."""
        read = to_patches(self._enter(x), self.patch)
        sweep = {"vertical": self._down_the_columns, "horizontal": self._along_the_rows}
        one, other = (sweep[name] for name in self.halves)
        first = one(read)
        return first, other(read if self.parallel else first)

    def _down_the_columns(self, x: Tensor) -> Tensor:
        """Row i is the time; columns and images are the batch, side by side in memory already.

        **Shapes**: x (I, J, N, D) → (I, J·N, D) → (I, J·N, 2H) → (I, J, N, 2H).
        """
        I, J, N, D = x.shape
        v, _ = self.halves["vertical"](ops.reshape(x, (I, J * N, D)))  # turns the backward sweep back itself
        return ops.reshape(v, (I, J, N, v.shape[-1]))

    def _along_the_rows(self, x: Tensor) -> Tensor:
        """Column j is the time; rows and images are the batch: the one time that numbers have to be moved.

        **Shapes**: x (I, J, N, D) → (J, I, N, D) → (J, I·N, D) → (J, I·N, 2H) → (J, I, N, 2H) → (I, J, N, 2H).
        """
        I, J, N, D = x.shape
        h, _ = self.halves["horizontal"](ops.reshape(ops.swapaxes(x, 0, 1), (J, I * N, D)))
        return ops.swapaxes(ops.reshape(h, (J, I, N, h.shape[-1])), 0, 1)

    def _enter(self, x: Any) -> Tensor:
        x = as_tensor(x)
        if x.dtype.kind != "f":
            raise DTypeError(
                explain("x has no numbers to compute with", where="Sweeps", expected="floating x", got=str(x.dtype),
                        slip="pixels as bytes", remedy="x / numpy.float32(255)")
            )  # fmt: skip
        if x.ndim != 4 or x.shape[-1] != self.D:
            slip, remedy = self._what_it_is(tuple(x.shape))
            raise ShapeError(
                explain("wrong shape", where="Sweeps", expected=f"x of shape (Y, X, N, D={self.D})",
                        got=str(tuple(x.shape)), slip=slip, remedy=remedy)
            )  # fmt: skip
        array_module(x.data, *(p.data for p in self.parameters()[:1]))  # one library, or a clear error
        return x

    def _what_it_is(self, shape: tuple[int, ...]) -> tuple[str, str]:
        """A slip, and what to type; empty where nothing is likely."""
        if len(shape) == 3 and shape[-1] == self.D:
            return "one image without a batch", "x[:, :, None]"
        if len(shape) == 4 and shape[1] == self.D:
            return "images (N, C, Y, X), the batch and the channels first", "x.transpose(2, 3, 0, 1)"
        if len(shape) == 4:
            return "the layer was made for another number of channels", f"Sweeps(D={shape[-1]}, …)"
        return "", ""

    def __repr__(self) -> str:
        cell = next(iter(self.halves.values())).directions[0].cell
        return f"Sweeps({cell!r}, patch={self.patch}, order={self.order!r}, parallel={self.parallel})"


def to_patches(x: Tensor, patch: tuple[int, int]) -> Tensor:
    """Cut a grid into patches that lie side by side, each one vector; what is missing at the edges is zeros.

    **Equations**: p_ij = [x_{h i + u, w j + v} for u < h, v < w], in this order.

    **Shapes**: x (Y, X, N, D) → (⌈Y / h⌉, ⌈X / w⌉, N, h·w·D).
    """
    (h, w), (Y, X, N, D) = patch, x.shape
    I, J = -(-Y // h), -(-X // w)
    if (I * h, J * w) != (Y, X):
        x = ops.pad(x, ((0, I * h - Y), (0, J * w - X), (0, 0), (0, 0)))
    if patch == (1, 1):
        return x
    cut = ops.reshape(x, (I, h, J, w, N, D))  # a view, as the next line: the numbers move once, in the last
    beside = ops.transpose(cut, (0, 2, 4, 1, 3, 5))
    return ops.reshape(beside, (I, J, N, h * w * D))


def _check_cell(cell: Any, options: Iterable[str]) -> None:
    """Raise unless this makes cells, and takes these options besides seed= and dtype=."""
    if isinstance(cell, Cell) or not callable(cell):
        raise OptionError(
            explain("there are four cells, each with weights of its own", where="Sweeps",
                    expected="what makes one, such as cell=mg.cells.GRU", got=repr(cell),
                    slip="one cell, already made" if isinstance(cell, Cell) else "")
        )  # fmt: skip
    parameters = inspect.signature(cell).parameters
    unknown = [name for name in ("seed", "dtype", *options) if name not in parameters]
    if unknown and not any(own.kind is own.VAR_KEYWORD for own in parameters.values()):
        known = [name for name, own in parameters.items() if own.default is not own.empty]
        raise OptionError(
            explain(f"{getattr(cell, '__name__', cell)} is made without {unknown[0]}=", where="Sweeps",
                    expected=f"cell(D, H, seed=…, dtype=…), with options among {', '.join(known)}",
                    got=", ".join(f"{name}=" for name in options) or "no further options")
        )  # fmt: skip
