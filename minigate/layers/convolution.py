"""Layers that look at an image through a window: the same weights at every place, or the largest number.

What they compute, and its gradient, is written in :mod:`minigate.ops.convolution`; here are the weights, and the door.
"""

from __future__ import annotations

import math
from typing import Any

from minigate import ops
from minigate.backend import generator
from minigate.errors import DTypeError, OptionError, ShapeError, explain
from minigate.module import Module, initialisers
from minigate.module.arguments import check_flags, check_sizes
from minigate.ops.convolution import Pair, pair
from minigate.tensor import Tensor, as_tensor

Array = Any


class Conv2d(Module):
    """K maps of an image: what K small windows find in it, wherever they are put.

    **Equations**: y[n, k, i, j] = Σ_{c,u,v} W[k, c, u, v] · x[n, c, i·sy + u − py, j·sx + v − px] + b[k], zeros around
    the image. Backward, with P the patches of x as a matrix: dW = dy Pᵀ, dx = the patches Wᵀ dy, overlapped and added,
    db[k] = Σ_{n,i,j} dy[n, k, i, j].

    **Shapes**: x (N, C, Y, X) → y (N, K, Y', X') with Y' = (Y + 2·py − ky) // sy + 1, and X' likewise; "W"
    (K, C, ky, kx), "b" (K,). ``size``, ``stride`` and ``padding`` are one number, or (down, across). A window of odd
    size with ``padding=size // 2`` keeps Y and X.

    **Source**: LeCun, Bottou, Bengio & Haffner (1998), section II: local fields, shared weights. Every map reads all
    maps below it (in LeNet-5, C3 does not), and there is no activation in the layer. W begins as Glorot & Bengio (2010)
    have it, eq. 16, a window taking for what comes in and goes out; b begins at zero.

    **Errors**: :class:`ShapeError` for what are no images with C channels, or images smaller than the window;
    :class:`DTypeError` for pixels that are whole numbers; :class:`OptionError` for sizes below one.
    """

    takes = "images"

    def __init__(
        self,
        C: int,
        K: int,
        size: Pair,
        *,
        stride: Pair = 1,
        padding: Pair = 0,
        bias: bool = True,
        seed: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.C, self.K = check_sizes("Conv2d", C=C, K=K)
        check_flags("Conv2d", bias=bias)
        self.bias = bias
        self.size, self.stride = pair("size", size, 1), pair("stride", stride, 1)
        self.padding = pair("padding", padding, 0)
        rng, window = generator(seed), self.size[0] * self.size[1]
        limit = math.sqrt(6.0 / ((C + K) * window))
        self.parameter("W", initialisers.uniform(rng, (K, C, *self.size), limit), dtype)
        if bias:
            self.parameter("b", initialisers.zeros(rng, (K,)), dtype)

    def forward(self, x: Tensor | Array) -> Tensor:
        """Look through every window at every place.

        **Shapes**: x (N, C, Y, X) → (N, K, Y', X').

        **Errors**: :class:`ShapeError`, :class:`DTypeError`.
        """
        x = as_images("Conv2d", x, self.C, self.size, self.padding)
        y = ops.conv2d(x, self["W"], stride=self.stride, padding=self.padding)
        return y + ops.reshape(self["b"], (self.K, 1, 1)) if self.bias else y

    def __repr__(self) -> str:
        options = f", stride={self.stride}, padding={self.padding}{'' if self.bias else ', bias=False'}"
        return f"Conv2d(C={self.C}, K={self.K}, {self.size}{options})"


class MaxPool2d(Module):
    """The largest number of every window: a map that is smaller, and does not mind a small shift.

    **Equations**: y[n, c, i, j] = max_{u,v} x[n, c, i·sy + u − py, j·sx + v − px], nothing around the image ever being
    the largest; dx = Σ over the windows of dy · [x = y] / (how many are equal).

    **Shapes**: x (N, C, Y, X) → y (N, C, Y', X') with Y' = (Y + 2·py − ky) // sy + 1, and X' likewise; no parameters.
    ``stride`` is ``size`` where it is left out: windows side by side, and what is left over at the end in none.

    **Source**: it stands where LeCun et al. (1998) have subsampling (S2, S4), a mean with a factor and a bias for every
    map. Numbers that tie share the gradient, as in :func:`minigate.ops.max`; others give it to the first of them.

    **Errors**: :class:`ShapeError` for what are no images, or images smaller than the window; :class:`DTypeError` for
    pixels that are whole numbers; :class:`OptionError` for sizes below one, or a padding as wide as the window.
    """

    takes = "images"

    def __init__(self, size: Pair, stride: Pair | None = None, padding: Pair = 0) -> None:
        super().__init__()
        self.size, self.padding = pair("size", size, 1), pair("padding", padding, 0)
        self.stride = self.size if stride is None else pair("stride", stride, 1)
        if any(p >= k for p, k in zip(self.padding, self.size, strict=True)):
            raise OptionError(
                explain("windows would lie in the padding alone", where="MaxPool2d",
                        expected=f"padding below size {self.size}", got=str(self.padding))
            )  # fmt: skip

    def forward(self, x: Tensor | Array) -> Tensor:
        """Keep the largest number of every window.

        **Shapes**: x (N, C, Y, X) → (N, C, Y', X').

        **Errors**: :class:`ShapeError`, :class:`DTypeError`.
        """
        x = as_images("MaxPool2d", x, None, self.size, self.padding)
        return ops.max_pool2d(x, self.size, self.stride, self.padding)

    def __repr__(self) -> str:
        return f"MaxPool2d({self.size}, stride={self.stride}, padding={self.padding})"


def as_images(
    where: str, x: Any, C: int | None, size: tuple[int, int] = (0, 0), padding: tuple[int, int] = (0, 0)
) -> Tensor:
    """Images, or words about what they are instead; C is None where any number of channels will do.

    **Errors**: :class:`DTypeError` for whole numbers, :class:`ShapeError` for other axes than (N, C, Y, X), and for Y
    or X below ``size``, with the padding on both sides.
    """
    x = as_tensor(x)
    shape = tuple(x.shape)
    if x.dtype.kind != "f":
        raise DTypeError(
            explain("x has no numbers to compute with", where=where, expected="floating x (N, C, Y, X)",
                    got=str(x.dtype), slip="pixels as they are stored",
                    remedy='x.astype("float32") / 255, or what their largest value is')
        )  # fmt: skip
    if len(shape) != 4 or (C is not None and shape[1] != C):
        slip, remedy = _what_they_are(where, shape, C)
        channels = "C" if C is None else f"C={C}"
        raise ShapeError(
            explain("wrong shape", where=where, expected=f"images x of shape (N, {channels}, Y, X)",
                    got=str(shape), slip=slip, remedy=remedy)
        )  # fmt: skip
    short = [max(0, k - n) for n, k in zip((n + 2 * p for n, p in zip(shape[2:], padding)), size)]
    if any(short):
        needed = tuple(p + -(-more // 2) for p, more in zip(padding, short, strict=True))
        remedy = f"padding={needed}, or a smaller size" if where == "Conv2d" else "a smaller size"
        raise ShapeError(
            explain("the image is smaller than the window", where=where,
                    expected=f"Y and X, with the padding {padding}, of at least {size}", got=str(shape),
                    slip="more layers than the image is large: each makes it smaller", remedy=remedy)
        )  # fmt: skip
    return x


def _what_they_are(where: str, shape: tuple[int, ...], C: int | None) -> tuple[str, str]:
    """A slip, and what to type; empty where nothing is likely."""
    if len(shape) == 3 and C == 1 and shape[0] != 1:
        return "images without an axis of channels", "x[:, None]"
    if len(shape) == 3 and C in (None, shape[0]):
        return "one image, without an axis for the batch", "x[None]"
    if len(shape) == 2:
        return "one image (Y, X), without axes for the batch and the channels", "x[None, None]"
    if len(shape) == 4 and shape[3] == C:
        return ("the channels last: images (N, Y, X, C), or a grid (I, J, N, C)",
                "x.transpose(0, 3, 1, 2), or (2, 3, 0, 1) for a grid")  # fmt: skip
    if len(shape) == 4:
        return "the layer was made for another number of channels", f"{where}(C={shape[1]}, …)"
    return "", ""
