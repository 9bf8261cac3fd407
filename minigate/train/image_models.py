"""What ReNet is measured against: LeNet-5, which has convolutions, and multi-dimensional LSTMs, which sweep in two
dimensions at once. Like ReNet each makes a feature map (I, J, N, ·) of images (N, C, Y, X).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from minigate import ops
from minigate.backend import generator
from minigate.cells import MDLSTM
from minigate.errors import OptionError, explain
from minigate.layers import Conv2d, Dropout, FourDirections, MaxPool2d
from minigate.layers.convolution import as_images
from minigate.layers.sweeps import to_patches
from minigate.module import Module
from minigate.tensor import Tensor, as_tensor

ROOM = 10  # pixels each way: a smaller map is given a margin before a window of 5 × 5 goes over it


class LeNet(Module):
    """The convolutional half of LeNet-5: twice a convolution of 5 × 5, a nonlinearity, and the largest of 2 × 2.

    **Equations**: y¹ = dropout(pool(relu(x ∗ W¹ + b¹))); y² = dropout(pool(relu(y¹ ∗ W² + b²))).

    **Shapes**: x (N, C, Y, X) with ``size`` = (Y, X) → y (I, J, N, K₂). The first convolution has a margin of 2, so
    that its map is as large as the image; the second has none where what it reads is 10 pixels or larger: for an
    image of 28 × 28 the maps are 28, 14, 10 and 5 pixels wide.

    **Source**: LeCun, Bottou, Bengio & Haffner (1998), fig. 2, C1 to S4, with 6 and 16 maps. Ours, as everybody's
    since: relu in the place of a scaled tanh, the largest of a window in the place of a trained mean, every map
    of the second convolution sees all of the first, a softmax at the end. What follows, 120 and 84 units, is in
    :class:`~minigate.train.image_classifier.ImageClassifier`.

    **Errors**: :class:`OptionError` for images of which so many convolutions leave nothing; those of the layers.
    """

    takes = "images"

    def __init__(
        self,
        C: int,
        size: tuple[int, int],
        channels: Sequence[int] = (6, 16),
        *,
        dropout: float = 0.0,
        seed: Any = None,
    ) -> None:
        super().__init__()
        rng, whole = generator(seed), size
        self.C, self.output_size = C, channels[-1]
        self.convolutions: list[Conv2d] = []
        for k, (before, after) in enumerate(pairwise((C, *channels))):
            margin = 2 if k == 0 or min(size) < ROOM else 0
            layer = Conv2d(before, after, 5, padding=margin, seed=int(rng.integers(2**32)))
            self.convolutions.append(self.child(f"convolutions.{k}", layer))  # type: ignore[arg-type]
            size = (size[0] - 4 + 2 * margin) // 2, (size[1] - 4 + 2 * margin) // 2
        if min(size) < 1:
            raise OptionError(
                explain("the convolutions leave nothing of the image", where="LeNet",
                        expected="a map of one pixel or more: each convolution halves it",
                        got=f"{len(channels)} convolutions of an image of {whole[0]}×{whole[1]}",
                        remedy="--channels with fewer numbers")
            )  # fmt: skip
        self.map_size = size
        self.pool = MaxPool2d(2)
        self.dropout = Dropout(dropout, seed=int(rng.integers(2**32)))

    def stages(self, x: Any) -> dict[str, Tensor]:
        """The maps after each pooling.

        **Shapes**: x (N, C, Y, X) → "convolution 1", "convolution 2" → (I, J, N, K).
        """
        found, y = {}, as_tensor(x)
        for k, layer in enumerate(self.convolutions):
            y = self.dropout(self.pool(ops.relu(layer(y))))
            found[f"convolution {k + 1}"] = ops.transpose(y, (2, 3, 0, 1))
        return found

    def forward(self, x: Any) -> Tensor:
        """**Shapes**: x (N, C, Y, X) → (I, J, N, K₂)."""
        return list(self.stages(x).values())[-1]


class MDLSTMNet(Module):
    """Layers of patches and of MD-LSTMs from all four corners, on top of one another.

    **Equations**: y⁰ = the image; yˡ = dropout([four sweeps of MD-LSTMs over the patches of yˡ⁻¹]).

    **Shapes**: x (N, C, Y, X) with ``size`` = (Y, X) → y (I, J, N, 4H_L); patches of (h, w) make a
    map of ⌈Y / h⌉ × ⌈X / w⌉.

    **Source**: Graves & Schmidhuber (2009), section 2, without the small feed-forward layers between theirs: the four
    directions are read by the next layer as they are, as a ReNet's two are.

    **Errors**: those of :class:`FourDirections`.
    """

    takes = "images"

    def __init__(
        self,
        C: int,
        size: tuple[int, int],
        H: Sequence[int],
        patch: Sequence[tuple[int, int]],
        *,
        dropout: float = 0.0,
        seed: Any = None,
        **options: Any,
    ) -> None:
        super().__init__()
        rng = generator(seed)
        self.C, self.patch = C, tuple(patch)
        Y, X = size
        self.layers: list[FourDirections] = []
        for j, (units, (h, w)) in enumerate(zip(H, self.patch, strict=True)):
            Y, X = -(-Y // h), -(-X // w)
            D = h * w * (self.layers[-1].output_size if self.layers else C)
            layer = FourDirections([MDLSTM(D, units, seed=int(rng.integers(2**32)), **options) for _ in range(4)])
            self.layers.append(layer)
            self.child(f"layers.{j}", layer)
        self.map_size, self.output_size = (Y, X), self.layers[-1].output_size
        self.dropout = Dropout(dropout, seed=int(rng.integers(2**32)))

    def stages(self, x: Any) -> dict[str, Tensor]:
        """The map of each layer.

        **Shapes**: x (N, C, Y, X) → "layer 1", … → (I, J, N, 4H).
        """
        found, y = {}, ops.transpose(as_images("MDLSTMNet", x, self.C), (2, 3, 0, 1))
        for j, layer in enumerate(self.layers):
            y = self.dropout(layer(to_patches(y, self.patch[j])))
            found[f"layer {j + 1}"] = y
        return found

    def forward(self, x: Any) -> Tensor:
        """**Shapes**: x (N, C, Y, X) → (I, J, N, 4H_L)."""
        return list(self.stages(x).values())[-1]
