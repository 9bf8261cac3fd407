"""Layers that read a grid, such as an image: a cell of two dimensions goes over it, from one corner or from all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigate import ops
from minigate.backend import array_module
from minigate.bptt import arrays_over_grid, raster, wavefront
from minigate.cells import Cell
from minigate.cells.boundary import check_method
from minigate.errors import DTypeError, OptionError, ShapeError, explain
from minigate.module import Module
from minigate.tensor import Tensor, as_tensor

Array = Any
Direction = tuple[int, int]

#: How i and j go, and where they begin: upper left, upper right, lower left, lower right.
DIRECTIONS: tuple[Direction, ...] = ((1, 1), (1, -1), (-1, 1), (-1, -1))


class Grid(Module):
    """One sweep of a cell of two dimensions over a grid: a position is read after its two predecessors.

    **Equations**: (y_ij, state_ij) = cell.step(x_ij, (state_{i−1,j}, state_{i,j−1})), zeros outside the grid.
    ``direction=(1, 1)`` begins in the upper left corner and goes down and to the right. With −1 in the first place it
    goes up, and the row before is the one below; with −1 in the second it goes left, and the column before is the one
    to the right.

    **Shapes**: x (I, J, N, D), I rows down and J columns across → y (I, J, N, output_size). y_ij depends on the x of
    the rectangle between the corner of the beginning and (i, j), and on no other.

    **Source**: Graves, Fernández & Schmidhuber (2007). ``method="bptt"`` is by hand, a diagonal of the grid at a time;
    ``method="tape"`` is the composed definition, a position at a time in raster order. Both agree to rounding.

    **Errors**: :class:`ShapeError`, :class:`DTypeError`, :class:`OptionError`, all at the door.
    """

    takes = "grids"

    def __init__(self, cell: Cell, *, method: str | None = None, direction: Direction = (1, 1)) -> None:
        super().__init__()
        if not isinstance(cell, Cell) or cell.dimensions != 2:
            sequential = isinstance(cell, Cell)
            raise OptionError(
                explain(
                    "the layer sends a cell of two dimensions over a grid",
                    where="Grid",
                    expected="a cell with two predecessors, such as mg.cells.MDLSTM(D, H)",
                    got=repr(cell),
                    slip="a cell for sequences" if sequential else "the class instead of an object of it"
                    if isinstance(cell, type) else "",
                    remedy="mg.layers.Recurrent(cell)" if sequential else "",
                )
            )  # fmt: skip
        self.method = check_method("Grid", cell, method)
        if not isinstance(direction, (tuple, list)) or tuple(direction) not in DIRECTIONS:
            raise OptionError(
                explain(
                    "how do i and j go?",
                    where="Grid",
                    expected="direction=(1, 1), (1, -1), (-1, 1) or (-1, -1)",
                    got=repr(direction),
                )
            )
        self.child("", cell)  # no level of its own, as in Recurrent
        self.cell = cell
        self.direction = tuple(direction)

    @property
    def D(self) -> int:
        """The input size."""
        return self.cell.D

    @property
    def output_size(self) -> int:
        """The length of y_ij along its last axis."""
        return self.cell.output_size

    def forward(self, x: Any) -> Tensor:
        """Go over the grid.

        **Shapes**: x (I, J, N, D) → y (I, J, N, output_size).
        """
        x = self._enter(x)
        sweep = wavefront if self.method == "bptt" else raster
        return self._turn(sweep(self.cell, self._turn(x)))

    def trace(self, x: Any) -> dict[str, Array]:
        """Every named array over the grid that the forward pass by hand leaves: states and gates, by name.

        **Shapes**: x as in a call → name → (I, J, N, H), each number where its position is in x.
        """
        if not self.cell.written_by_hand:
            raise OptionError(
                explain(
                    "a composed cell leaves no trace", where=type(self.cell).__name__, slip="step alone keeps no arrays"
                )
            )
        found = arrays_over_grid(self.cell, self._turn(self._enter(x)).data)
        return {name: self._turn(Tensor(array)).data for name, array in found.items()}

    def _turn(self, grid: Tensor) -> Tensor:
        """Turn a grid round along the axes on which the sweep begins at the end; doing it twice undoes it."""
        axes = tuple(axis for axis, towards in enumerate(self.direction) if towards < 0)
        return ops.flip(grid, axis=axes) if axes else grid

    def _enter(self, x: Any) -> Tensor:
        x, name, D = as_tensor(x), type(self.cell).__name__, self.cell.D
        if x.dtype.kind != "f":
            raise DTypeError(
                explain(
                    "x has no numbers to compute with",
                    where=name,
                    expected="floating x (I, J, N, D)",
                    got=str(x.dtype),
                    remedy='x.astype("float32")',
                )
            )
        if x.ndim != 4 or x.shape[-1] != D:
            raise ShapeError(_wrong_shape(name, tuple(x.shape), D))
        array_module(x.data, *(p.data for p in self.cell.parameters()[:1]))  # one library, or a clear error
        return x

    def __repr__(self) -> str:
        return f"Grid({self.cell!r}, method={self.method!r}, direction={self.direction})"


def _wrong_shape(name: str, shape: tuple[int, ...], D: int) -> str:
    slip, remedy = "", ""
    if len(shape) == 3 and shape[-1] == D:
        slip = "one image, or a batch of sequences?"
        remedy = "x[:, :, None] for one image (I, J, D); x[None] for sequences (T, N, D), a grid one row high"
    elif len(shape) == 4 and shape[1] == D:
        slip, remedy = "images (N, C, Y, X), the batch and the channels first?", "x.transpose(2, 3, 0, 1)"
    elif len(shape) == 4:
        slip, remedy = "the cell was made for another input size", f"a cell with D={shape[-1]}"
    return explain(
        "wrong shape", where=name, expected=f"x of shape (I, J, N, D={D})", got=str(shape), slip=slip, remedy=remedy
    )


class FourDirections(Module):
    """Four sweeps over one grid, one from each corner, side by side: every position knows the whole grid.

    **Equations**: y_ij = [y⁰_ij, y¹_ij, y²_ij, y³_ij]; sweep 0 begins upper left, 1 upper right, 2 lower left, 3 lower
    right, each a :class:`Grid` with a cell of its own. The four rectangles that end at (i, j) are all of the grid.

    **Shapes**: x (I, J, N, D) → y (I, J, N, 4H), or the sum of four output sizes.

    **Source**: the multi-directional networks of Graves, Fernández & Schmidhuber (2007), in two dimensions. The sweeps
    share nothing; names are "directions.0.…" to "directions.3.…".

    **Errors**: :class:`OptionError` unless there are four different cells of one input size; those of :class:`Grid`.
    """

    takes = "grids"

    def __init__(self, cells: Sequence[Cell], *, method: str | None = None) -> None:
        super().__init__()
        many = isinstance(cells, (list, tuple))
        if not many or len(cells) != 4 or len({id(cell) for cell in cells}) != 4:
            raise OptionError(
                explain(
                    "a cell for each corner, with weights of its own",
                    where="FourDirections",
                    expected="four cells",
                    got=f"{len(cells)}, {len({id(cell) for cell in cells})} of them different" if many else repr(cells),
                    remedy="FourDirections([MDLSTM(D, H, seed=k) for k in range(4)])",
                )
            )
        self.directions = [
            Grid(cell, method=method, direction=towards) for cell, towards in zip(cells, DIRECTIONS, strict=True)
        ]
        for k, direction in enumerate(self.directions):
            if direction.D != self.D:
                raise OptionError(
                    explain(
                        "all directions read the same x",
                        where="FourDirections",
                        expected=f"cells with D={self.D}",
                        got=repr(direction.cell),
                    )
                )
            self.child(f"directions.{k}", direction)

    @property
    def D(self) -> int:
        """The input size."""
        return self.directions[0].D

    @property
    def output_size(self) -> int:
        """The length of y_ij along its last axis: all directions together."""
        return sum(direction.output_size for direction in self.directions)

    def forward(self, x: Any) -> Tensor:
        """Go over the grid from every corner.

        **Shapes**: x (I, J, N, D) → y (I, J, N, output_size).
        """
        x = as_tensor(x)
        return ops.concat([direction(x) for direction in self.directions], axis=-1)

    def __repr__(self) -> str:
        return "FourDirections([" + ", ".join(repr(direction.cell) for direction in self.directions) + "])"
