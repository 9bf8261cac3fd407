"""Pictures of what a model that classifies images took for what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from minigate import plot
from minigate.data import Images, Labelled
from minigate.train.curves import save_picture
from minigate.train.run import Run

SHOWN = 50  # misclassified images


def draw_mistakes(run: Run, images: Images, result: dict[str, Any], out: Path) -> list[Path]:
    """The table of what was taken for what, and the test images that were taken for another class.

    Nothing before the run has come to an end.
    """
    if "confusion" not in result:
        return []
    axes, _ = plot.confusion_map(result["confusion"], classes=result["classes"])
    axes.set_title(f"test images:\n{run.folder.name}")
    paths = [save_picture(axes, out / "confusion.png")]
    return [*paths, _wrong(run, images, result["wrong"], out)] if result["wrong"] else paths


def _wrong(run: Run, images: Images, wrong: list[list[int]], out: Path) -> Path:
    """The first of the misclassified images."""
    shown = wrong[:SHOWN]
    test: Labelled = images.test[[n for n, _ in shown]]
    titles = [
        f"{images.classes[label]} → {images.classes[found]}"
        for label, (_, found) in zip(test.labels, shown, strict=True)
    ]
    axes, _ = plot.image_sheet(test.pixels, titles, largest=images.largest)
    many = f"the first {len(shown)} of {len(wrong)}" if len(shown) < len(wrong) else f"all {len(wrong)}"
    axes.set_title(f"{many} that were taken for another (is → taken for):\n{run.folder.name}")
    return save_picture(axes, out / "wrong.png")
