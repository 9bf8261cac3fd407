"""ReNet: an image is read by recurrent cells alone, in four sweeps a layer, without convolution and without pooling.

A layer of :class:`Sweeps` makes a feature map that is a patch times smaller each way, and in which every position has
read the whole image. The next layer reads that map as if it were an image with 2H channels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minigate import ops
from minigate.backend import generator
from minigate.cells import GRU, Cell
from minigate.errors import OptionError, explain
from minigate.layers.convolution import as_images
from minigate.layers.dropout import Dropout
from minigate.layers.sweeps import Sweeps
from minigate.module import Module
from minigate.module.arguments import check_sizes
from minigate.ops.convolution import Pair
from minigate.tensor import Tensor


class ReNet(Module):
    """Layers of four sweeps on top of one another, from images to a feature map.

    **Equations**: y⁰ = the image, a vector of C numbers at each pixel; yˡ = dropout(φ_l(yˡ⁻¹)), l = 1 … L, with φ_l
    a :class:`Sweeps`: patches, two sweeps along the columns, two along the rows of their result.

    **Shapes**: x (N, C, Y, X) → y (I, J, N, 2H_L), with I = ⌈Y / h⌉ for one layer of patches (h, w), and ⌈I / h⌉
    again for each further one; J in the same way from X and w. ``H`` is the units of each sweep, a list of them for a
    layer each. ``patch`` is one number, or (down, across), for all layers, or a list with one of these for each.

    Names: "vertical.forward.W.update" and so on for a single ``H``, "layers.0.vertical.forward.W.update" for a list.

    **Source**: Visin et al. (2015), section 2, fig. 1, with GRUs. On MNIST they have two layers of 256 units and
    patches of 2 × 2; on CIFAR-10 three of 320 and on SVHN three of 256, as recalled and not checked against the paper,
    and so is ``dropout``, after every layer.
    Options: those of :class:`Sweeps`.

    **Errors**: :class:`ShapeError` for what are no images with C channels; :class:`DTypeError` for pixels that are
    whole numbers; :class:`OptionError` for sizes below one, no layers, and a list of patches of another length than
    that of ``H``; those of :class:`Sweeps` and :class:`Dropout`.
    """

    takes = "images"

    def __init__(
        self,
        C: int,
        H: int | Sequence[int],
        *,
        patch: Pair | list[Pair] = 2,
        dropout: float = 0.0,
        cell: Callable[..., Cell] = GRU,
        order: str = "vertical-first",
        parallel: bool = False,
        method: str | None = None,
        seed: Any = None,
        dtype: Any = None,
        **options: Any,
    ) -> None:
        super().__init__()
        alone = not isinstance(H, Sequence)
        units: list[Any] = [H] if alone else list(H)  # type: ignore[arg-type]
        patches = patch if isinstance(patch, list) else [patch] * len(units)
        (self.C,) = check_sizes("ReNet", C=C)
        if not units:
            raise OptionError(
                explain("there is nothing that reads", where="ReNet", expected="the units of one layer or more",
                        got=f"H={H!r}", remedy="ReNet(1, [256, 256], patch=2)")
            )  # fmt: skip
        if len(patches) != len(units):
            raise OptionError(
                explain("a list of patches has one for each layer", where="ReNet",
                        expected=f"as many patches as layers, {len(units)}", got=f"H={H!r} with patch={patch!r}",
                        slip="a list is one for each layer, a tuple is (down, across)",
                        remedy="ReNet(1, [256, 256], patch=(2, 2))")
            )  # fmt: skip
        self.dropout = Dropout(dropout).rate
        rng = generator(seed)
        shared = {"cell": cell, "order": order, "parallel": parallel, "method": method, "dtype": dtype, **options}
        self.layers: list[Sweeps] = []
        for j, (size, own) in enumerate(zip(units, patches, strict=True)):
            below = self.layers[-1].output_size if self.layers else self.C
            layer = Sweeps(below, size, patch=own, seed=int(rng.integers(2**32)), **shared)
            self.layers.append(self.child("" if alone else f"layers.{j}", layer))  # type: ignore[arg-type]
            if self.dropout:
                self.child(f"dropout.{j}", Dropout(dropout, seed=int(rng.integers(2**32))))

    @property
    def output_size(self) -> int:
        """The length of y_ij along its last axis."""
        return self.layers[-1].output_size

    def map_size(self, Y: int, X: int) -> tuple[int, int]:
        """I and J of the feature map of images with Y × X pixels."""
        for layer in self.layers:
            h, w = layer.patch
            Y, X = -(-Y // h), -(-X // w)
        return Y, X

    def forward(self, x: Any) -> Tensor:
        """From images to the feature map of the last layer.

        **Shapes**: x (N, C, Y, X) → (I, J, N, output_size).
        """
        y = self._as_grid(x)
        for j, layer in enumerate(self.layers):
            y = self._dropped(j, layer(y))
        return y

    def sweeps(self, x: Any) -> dict[str, Tensor]:
        """What each sweep of each layer leaves at each position, in the order in which they are made.

        **Shapes**: x (N, C, Y, X) → "[layers.<l>.]vertical.forward" and so on → (I_l, J_l, N, H_l).
        """
        found: dict[str, Tensor] = {}
        y = self._as_grid(x)
        for j, layer in enumerate(self.layers):
            path = "" if self._children.get("") is layer else f"layers.{j}."
            own = layer.sweeps(y)
            found |= {path + name: part for name, part in own.items()}
            y = self._dropped(j, layer.output_of(own))
        return found

    def _dropped(self, j: int, y: Tensor) -> Tensor:
        """**Shapes**: y (I, J, N, 2H) → the same."""
        return self._children[f"dropout.{j}"](y) if self.dropout else y

    def _as_grid(self, x: Any) -> Tensor:
        """A vector of C numbers at each pixel: (N, C, Y, X) → (Y, X, N, C), a view.

        **Errors**: :class:`ShapeError` for anything but images with C channels, :class:`DTypeError` for whole numbers.
        """
        return ops.transpose(as_images("ReNet", x, self.C), (2, 3, 0, 1))

    def __repr__(self) -> str:
        layers = ", ".join(repr(layer) for layer in self.layers)
        return f"ReNet(C={self.C}, [{layers}]{f', dropout={self.dropout:g}' if self.dropout else ''})"
