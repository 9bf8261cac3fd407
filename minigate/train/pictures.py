"""Every picture that a run has to show, each into a file of its own."""

from __future__ import annotations

from pathlib import Path

import numpy

from minigate import plot
from minigate.train.curves import draw_curves, save_picture
from minigate.train.images_pictures import draw_read
from minigate.train.inside import feedback_over, gates_over, gradient_over
from minigate.train.run import Run
from minigate.train.seqmnist_pictures import draw_classified
from minigate.train.trained import load_model, tokens_of


def draw_run(folder: str | Path, text: str, out: Path | None = None) -> list[Path]:
    """What there is to see of a run: charlm reading ``text``, the right answers of programs, mistakes with images.

    **Errors**: :class:`CheckpointError` where there is no such run; :class:`DataError` for a text that is empty or has
    characters that the model has never seen.
    """
    run = Run.open(folder)
    out = run.folder if out is None else out
    curves = [draw_curves(run, path=out / "curves.png")] if run.records() else []
    experiment = run.config["experiment"]
    if experiment == "seqmnist":
        return curves + draw_classified(run, out)
    if experiment == "images":
        return curves + draw_read(run, out)
    return curves + (_answers(run, out) if experiment == "programs" else _reading(run, text, out))


def draw_difference(run: Run, other: Run, path: Path) -> Path | None:
    """The shares of right symbols of ``run`` less those of ``other``, for every difficulty; None where one has none.

    **Errors**: :class:`CheckpointError` where the disk refuses.
    """
    one, two = (each.read("result.json").get("grid") for each in (run, other))
    if one is None or two is None or any(one[key] != two[key] for key in ("lengths", "nestings")):
        return None
    with plot.off_screen():
        values = numpy.array(one["symbols"]) - numpy.array(two["symbols"])
        axes, _ = plot.accuracy_map(
            values, lengths=one["lengths"], nestings=one["nestings"], label="difference of shares", difference=True
        )
        axes.set_title(f"right symbols, percent:\n{run.folder.name}\nless {other.folder.name}")
        return save_picture(axes, path)


def _answers(run: Run, out: Path) -> list[Path]:
    """Right symbols, and right answers, for every difficulty; nothing before the run has come to an end."""
    grid = run.read("result.json").get("grid")
    if grid is None:
        return []
    paths = []
    with plot.off_screen():
        for name, label in (("symbols", "right symbols"), ("answers", "right answers")):
            axes, _ = plot.accuracy_map(grid[name], lengths=grid["lengths"], nestings=grid["nestings"], label=label)
            axes.set_title(f"{label}, percent:\n{run.folder.name}")
            paths.append(save_picture(axes, out / f"{name}.png"))
    return paths


def _reading(run: Run, text: str, out: Path) -> list[Path]:
    """The gates of each layer, the feedback, and the gradient against the lag."""
    trained = load_model(run.folder)
    vocabulary = trained[1]
    symbols = [vocabulary.decode([token]) for token in tokens_of(vocabulary, text)]
    paths = []
    gates = gates_over(trained, text)
    with plot.off_screen():
        for layer, own in _by_layer([name for name in gates if not name.endswith(".global")]).items():
            trace = {name: gates[name][:, None] for name in own}
            axes, _ = plot.gate_maps(trace, own, symbols=symbols)
            paths.append(save_picture(axes[0], out / f"gates{layer and '-'}{layer}.png"))
        if any(name.endswith(".global") for name in gates):
            axes, _ = plot.global_gates(feedback_over(trained, text), symbols=symbols)
            paths.append(save_picture(axes, out / "feedback.png"))
        axes, _ = plot.gradient_flow(gradient_over(trained, text), title="from the last of these characters back")
        paths.append(save_picture(axes, out / "gradient.png"))
    return paths


def _by_layer(names: list[str]) -> dict[str, list[str]]:
    """Names with the same path, "layers.0", together."""
    layers: dict[str, list[str]] = {}
    for name in names:
        layers.setdefault(name.rpartition(".")[0], []).append(name)
    return layers
