"""Classifying images that are read as images, and in training also as they would be a little to the side."""

from __future__ import annotations

from typing import Any

import numpy

from minigate.backend import generator
from minigate.data import Labelled, augment
from minigate.train.classifying import Classifying
from minigate.train.image_classifier import ImageClassifier, as_numbers, build_image_classifier
from minigate.train.images_config import ImagesConfig

Array = Any
VARIED = 1  # what tells the stream of the variations from that of the order of an epoch


class ClassifyingImages(Classifying):
    """Every image is C maps of Y × X numbers from 0 to 1.

    How the images of a batch are shifted and flipped follows from the seed and the number of the batch alone.

    **Errors**: those of :class:`Classifying`.
    """

    experiment = "images"
    config: ImagesConfig
    model: ImageClassifier

    def __init__(self, config: ImagesConfig) -> None:
        super().__init__(config)
        self.vary(self.train[:1], 0)  # a shift that leaves nothing is told now, and not when there is a run already

    def make_model(self) -> ImageClassifier:
        """A feature map, and what reads it."""
        return build_image_classifier(self.config, self.size, len(self.images.classes))

    def read(self, images: Labelled) -> Array:
        """**Shapes**: N images → (N, C, Y, X)."""
        return as_numbers(images.pixels, self.images.largest, self.model)

    def vary(self, images: Labelled, batch: int) -> Labelled:
        """Shifted and flipped at random, where the configuration says so."""
        if not (self.config.shift or self.config.flip):
            return images
        rng = generator(numpy.random.SeedSequence([self.config.seed, batch, VARIED]))
        return Labelled(augment(images.pixels, rng, flip=self.config.flip, shift=self.config.shift), images.labels)

    def at_once(self) -> int:
        """As many as in an update: a model that is trained with them has room for them."""
        return max(self.config.batch, 100)
