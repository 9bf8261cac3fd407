"""Every picture that a trained character model has to show, each into a file of its own."""

from __future__ import annotations

from pathlib import Path

from minigate import plot
from minigate.train.curves import draw_curves, save_picture
from minigate.train.inside import feedback_over, gates_over, gradient_over
from minigate.train.run import Run
from minigate.train.trained import load_model, tokens_of


def draw_run(folder: str | Path, text: str, out: Path | None = None) -> list[Path]:
    """Curves, gates of each layer, feedback and gradient of a run while it reads ``text``; the paths of the files.

    **Errors**: :class:`CheckpointError` where there is no such run; :class:`DataError` for a text that is empty or has
    characters that the model has never seen.
    """
    run = Run.open(folder)
    trained = load_model(folder)
    out = run.folder if out is None else out
    vocabulary = trained[1]
    symbols = [vocabulary.decode([token]) for token in tokens_of(vocabulary, text)]
    paths = [draw_curves(run, path=out / "curves.png")] if run.records() else []
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
