"""Classifying images, whatever reads them: the task, as the trainer sees it.

Every epoch goes through the training images in an order of its own, which follows from the seed and the number of the
epoch alone: where a run stands is the number of its next batch. Images stay bytes until a batch of them is read.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy

from minigate import ops
from minigate.backend import asarray, asnumpy, generator
from minigate.data import Labelled, read_images
from minigate.errors import CheckpointError, OptionError, explain
from minigate.module import Module
from minigate.tensor import Tensor, no_grad
from minigate.train.optimisers import Optimiser
from minigate.train.trainer import Task

Array = Any


class Classifying(Task):
    """The task that the trainer works on: a model, and images in three parts.

    An epoch has as many whole batches as there are; the few images that are left over sit out, different ones in each
    epoch. An experiment says which model it is (:meth:`make_model`), how that one reads an image (:meth:`read`), how
    many of them at once in evaluation, what else there is to tell of its data, and whether it sees them as they are.

    **Errors**: :class:`OptionError` for a batch of more images than there are; :class:`DataError` for images that
    cannot be read.
    """

    measure, unit = "error", "images"
    #: What the experiment is called.
    experiment: str

    def __init__(self, config: Any) -> None:
        self.config = config
        self.images = read_images(config.data, config.folder or None)
        self.train = self.images.part("train")
        self.size = self.images.train.pixels.shape[1:]
        self.batches = len(self.train) // config.batch  # in an epoch
        if not self.batches:
            raise OptionError(
                explain("the batch is larger than the training part", where=self.experiment,
                        expected=f"batch ≤ {len(self.train):,}", got=str(config.batch))
            )  # fmt: skip
        self.model = self.make_model()
        self.index = 0  # of the next batch
        self.seen = 0
        self.wrong, self.judged = 0, 0  # in training, since the last evaluation
        self._order: tuple[int, Array] = (-1, None)  # an epoch, and the order of its images
        self._tested: Array = None  # what the model took the test images for

    def make_model(self) -> Module:
        """The model with its first weights: what :meth:`read` returns → scores (N, K)."""
        raise TypeError(f"{type(self).__name__} makes no model")

    def read(self, images: Labelled) -> Array:
        """Images as numbers, as the model takes them.

        **Shapes**: N images → an array of the model's.
        """
        raise TypeError(f"{type(self).__name__} reads no images")

    def at_once(self) -> int:
        """How many images are read together in evaluation."""
        return 500

    def more(self) -> dict[str, Any]:
        """What else there is to say of the data."""
        return {}

    def vary(self, images: Labelled, batch: int) -> Labelled:
        """What is made of the images of the batch of this number in training; here they stay as they are."""
        return images

    def optimiser(self) -> Optimiser:
        """The optimiser that the configuration names, on the model's parameters."""
        return self.config.make_optimiser(self.model)

    def describe(self) -> dict[str, Any]:
        """The data in plain values: what a resumed run must find again."""
        return {
            "text": self.images.description,
            "sha256": self.images.sha256,
            "images": {part: len(self.images.part(part)) for part in ("train", "valid", "test")},
            **self.more(),
            "epoch": self.batches,
        }

    def loss(self) -> Tensor:
        """Cross entropy in nats, the mean over the next batch.

        **Shapes**: a scalar.
        """
        epoch, place = divmod(self.index, self.batches)
        N = self.config.batch
        batch = self.train[self._order_of(epoch)[place * N : (place + 1) * N]]
        scores = self.model(self.read(self.vary(batch, self.index)))
        labels = asarray(batch.labels, like=scores.data)
        self.index += 1
        self.seen += N
        self.judged += N
        self.wrong += int((scores.data.argmax(axis=-1) != labels).sum())
        return ops.softmax_cross_entropy(scores, labels)

    def evaluate(self, part: str) -> float:
        """The share of images of ``"valid"`` or ``"test"`` that are taken for another class."""
        found = self.predict(self.images.part(part))
        if part == "test":
            self._tested = found
        return float((found != self.images.part(part).labels).mean())

    def predict(self, images: Labelled) -> Array:
        """The likeliest class of each image.

        **Shapes**: (N,) int64.
        """
        many = max(1, self.at_once())
        with no_grad():
            found = [
                asnumpy(self.model(self.read(images[start : start + many])).data.argmax(axis=-1))
                for start in range(0, len(images), many)
            ]
        return numpy.concatenate(found).astype(numpy.int64)

    def measured(self, value: float) -> dict[str, Any]:
        """How it goes in training, and how often every image has been seen."""
        trained = self.wrong / max(self.judged, 1)
        self.wrong, self.judged = 0, 0
        return {"train_error": trained, "epoch": round(self.index / self.batches, 2)}

    def show(self) -> dict[str, Any]:
        """What was taken for what in the test part.

        ``confusion`` counts the images of each class (row) by the class that they were taken for (column); ``wrong``
        has the place of each misclassified image in the test part, and what it was taken for.
        """
        labels, found = self.images.test.labels, self._tested
        if found is None:
            return {}
        K = len(self.images.classes)
        confusion = numpy.zeros((K, K), dtype=int)
        numpy.add.at(confusion, (labels, found), 1)
        each = confusion.sum(axis=1)
        wrong = numpy.flatnonzero(found != labels)
        return {
            "classes": list(self.images.classes),
            "confusion": confusion.tolist(),
            "class_error": [1 - int(confusion[k, k]) / int(each[k]) if each[k] else None for k in range(K)],
            "wrong": [[int(n), int(found[n])] for n in wrong],
        }

    def state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Nothing is carried from batch to batch but where we are; with it, what finds the model again."""
        return {}, {
            "index": self.index,
            "trained": [self.wrong, self.judged],
            "config": asdict(self.config),
            "size": list(self.size),
            "classes": len(self.images.classes),
        }

    def restore(self, arrays: dict[str, Any], values: dict[str, Any]) -> None:
        """Go on from what :meth:`state` has saved.

        **Errors**: :class:`CheckpointError` where the saved run read something else, or with other options.
        """
        if values["config"] != asdict(self.config) or values["size"] != list(self.size):
            others = "the images or options are others than in the checkpoint"
            raise CheckpointError(explain(others, where=self.experiment))
        self.index = values["index"]
        self.wrong, self.judged = values["trained"]

    def _order_of(self, epoch: int) -> Array:
        if self._order[0] != epoch:
            rng = generator(numpy.random.SeedSequence([self.config.seed, epoch]))
            self._order = epoch, rng.permutation(len(self.train))
        return self._order[1]
