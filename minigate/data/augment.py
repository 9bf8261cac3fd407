"""The same images, a little different each time they are seen: mirrored, or moved by a few pixels.

What is drawn is drawn on the host, from the generator that is handed in: the same generator, the same bytes.
"""

from __future__ import annotations

from typing import Any

from minigate.errors import OptionError, ShapeError, explain

Array = Any


def augment(pixels: Array, rng: Any, *, flip: bool = False, shift: int = 0) -> Array:
    """A copy in which every image is flipped, moved, both, or neither, as chance has it.

    With ``flip``, one image in four is mirrored left to right, one in four upside down, and half of them stay. With
    ``shift``, one in four moves that many pixels to the left, one in four to the right; then one in four up and one
    in four down, independently. What leaves the image is gone, and zeros come in at the other side.

    **Shapes**: pixels (N, C, Y, X) → the same, of the same dtype. ``rng`` is a NumPy generator, of which N numbers are
    drawn for ``flip`` and 2·N for ``shift``.

    **Source**: Visin et al. (2015) flip and shift their images; the shares above, zeros, and a shift of 2 pixels are
    their procedure as we understand it.

    **Errors**: :class:`ShapeError` for what are no images; :class:`OptionError` for a shift that leaves nothing.
    """
    if pixels.ndim != 4:
        raise ShapeError(
            explain("no images", where="augment", expected="pixels (N, C, Y, X)", got=str(tuple(pixels.shape)),
                    slip="one image, or images without an axis of channels" if pixels.ndim == 3 else "",
                    remedy="pixels[None], or pixels[:, None]" if pixels.ndim == 3 else "")
        )  # fmt: skip
    N, _, Y, X = pixels.shape
    if not 0 <= shift < min(Y, X):
        expected = f"0 … {min(Y, X) - 1}, for images of {Y}×{X}"
        raise OptionError(explain("the shift leaves nothing", where="augment", expected=expected, got=str(shift)))
    out = pixels.copy()
    if flip:
        quarter = _quarters(rng, N)
        for which, axis in ((quarter == 0, 3), (quarter == 1, 2)):  # left to right, upside down
            out[which] = _along(out[which], axis, slice(None, None, -1))
    if shift:
        for axis in (3, 2):  # across, then down
            quarter = _quarters(rng, N)
            for which, kept, freed, filled in (
                (quarter == 0, slice(shift, None), slice(0, -shift), slice(-shift, None)),  # to the left, or up
                (quarter == 1, slice(0, -shift), slice(shift, None), slice(0, shift)),  # to the right, or down
            ):
                moved = out[which]  # a copy
                _along(moved, axis, freed)[...] = _along(out[which], axis, kept)
                _along(moved, axis, filled)[...] = 0
                out[which] = moved
    return out


def _quarters(rng: Any, N: int) -> Array:
    """A number from 0 to 3 for each image."""
    return rng.integers(0, 4, N)


def _along(images: Array, axis: int, part: slice) -> Array:
    """A part of the images along one axis: a view."""
    return images[(slice(None),) * axis + (part,)]
