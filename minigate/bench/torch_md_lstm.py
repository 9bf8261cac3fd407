"""The opponent of the MD-LSTM, which PyTorch has not: the same cell as one would write it there, pixel by pixel.

A module in the usual style, in raster order: in the loop one linear map of both predecessors' h, the gates cut from
it, the peepholes. Two things are better than usual, to be fair to the opponent: x is mapped once before the loop, and
its positions are taken apart by ``unbind``, since every ``share[i, j]`` would get a gradient as large as the image.
"""

from __future__ import annotations

from typing import Any

import numpy

from minigate.backend import asnumpy
from minigate.cells import MDLSTM

Array = Any


def pixel_by_pixel(torch: Any, cell: MDLSTM) -> Any:
    """A ``torch.nn.Module`` with the weights of ``cell``: x (I, J, N, D) → y (I, J, N, H), both Tensors of PyTorch.

    The gates have to be sigmoids. Positions are read in raster order, from the upper left corner.
    """

    class PixelByPixel(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            H = cell.H
            dtype = getattr(torch, str(cell["b.input"].dtype))
            self.of_x = torch.nn.Linear(cell.D, 5 * H, dtype=dtype)
            self.of_h = torch.nn.Linear(2 * H, 5 * H, bias=False, dtype=dtype)
            one = cell.input_peepholes == 1
            self.names = ["input", "input"] if one else ["input_row", "input_column"]
            self.names += ["forget_row", "forget_column", "output"]
            self.V = torch.nn.ParameterDict({name: torch.zeros(H, dtype=dtype) for name in self.names})
            with torch.no_grad():
                self.of_x.weight.copy_(torch.from_numpy(_packed(cell, "W").T.copy()))
                self.of_x.bias.copy_(torch.from_numpy(_packed(cell, "b")))
                self.of_h.weight.copy_(torch.from_numpy(_packed(cell, "U").T.copy()))
                for name in self.V:
                    self.V[name].copy_(torch.from_numpy(asnumpy(cell[f"V.{name}"].data)))

        def forward(self, x: Any) -> Any:
            I, J, N, _ = x.shape
            V_i_row, V_i_column, V_row, V_column, V_o = (self.V[name] for name in self.names)
            zero = x.new_zeros(N, cell.H)
            h_above, c_above = [zero] * J, [zero] * J
            y = []
            for row in self.of_x(x).unbind():
                h_left, c_left = zero, zero
                for j, share in enumerate(row.unbind()):
                    a = share + self.of_h(torch.cat([h_above[j], h_left], dim=-1))
                    candidate, a_i, a_row, a_column, a_o = a.chunk(5, dim=-1)
                    in_ = torch.sigmoid(a_i + V_i_row * c_above[j] + V_i_column * c_left)
                    f_row = torch.sigmoid(a_row + V_row * c_above[j])
                    f_column = torch.sigmoid(a_column + V_column * c_left)
                    c = in_ * torch.tanh(candidate) + f_row * c_above[j] + f_column * c_left
                    h = torch.sigmoid(a_o + V_o * c) * torch.tanh(c)
                    h_above[j], c_above[j], h_left, c_left = h, c, h, c
                    y.append(h)
            return torch.stack(y).reshape(I, J, N, cell.H)

    return PixelByPixel()


def _packed(cell: MDLSTM, symbol: str) -> Array:
    """One symbol of all blocks, side by side."""
    return numpy.concatenate([asnumpy(cell[f"{symbol}.{block}"].data) for block in cell.blocks], axis=-1)
