"""Convolution and pooling once more, one number at a time, in plain Python.

Nothing here is shared with minigate: an image is a list of maps, a map a list of rows. LeCun, Bottou, Bengio & Haffner
(1998), section II, with every map reading all maps below it, and a maximum where they take a mean.
"""

from __future__ import annotations

Image = list[list[list[float]]]  # [c][y][x]


def convolution(W: list[Image], b: list[float], x: Image, stride: tuple[int, int], padding: tuple[int, int]) -> Image:
    """y[k][i][j] = b_k + Σ W[k][c][u][v] x[c][i·sy + u − py][j·sx + v − px], wherever there is such an x."""
    Y, X = len(x[0]), len(x[0][0])
    maps = []
    for window, bias in zip(W, b):
        ky, kx = len(window[0]), len(window[0][0])
        rows, columns = places(Y, ky, stride[0], padding[0]), places(X, kx, stride[1], padding[1])
        y = [[bias] * columns for _ in range(rows)]
        for i in range(rows):
            for j in range(columns):
                for c, part in enumerate(window):
                    for u, row in enumerate(part):
                        for v, weight in enumerate(row):
                            down, across = i * stride[0] + u - padding[0], j * stride[1] + v - padding[1]
                            if 0 <= down < Y and 0 <= across < X:
                                y[i][j] += weight * x[c][down][across]
        maps.append(y)
    return maps


def pooling(x: Image, size: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]) -> Image:
    """y[c][i][j] = the largest x[c][i·sy + u − py][j·sx + v − px] that there is."""
    maps = []
    for part in x:
        Y, X = len(part), len(part[0])
        y = []
        for i in range(places(Y, size[0], stride[0], padding[0])):
            top = i * stride[0] - padding[0]
            row = []
            for j in range(places(X, size[1], stride[1], padding[1])):
                left = j * stride[1] - padding[1]
                seen = [part[down][across] for down in range(max(0, top), min(Y, top + size[0]))
                        for across in range(max(0, left), min(X, left + size[1]))]  # fmt: skip
                row.append(max(seen))
            y.append(row)
        maps.append(y)
    return maps


def places(length: int, size: int, stride: int, padding: int) -> int:
    """How many places a window has along one axis: as many as fit, counted one by one."""
    count = 0
    while count * stride + size <= length + 2 * padding:
        count += 1
    return count
