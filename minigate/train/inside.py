"""Looking inside a trained character model: its gates over a text, and how far back it can learn.

Everything comes as plain arrays by name, one sequence without a batch axis; ``minigate plot`` draws them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy

from minigate.backend import asarray, asnumpy
from minigate.bptt import gradient_flow
from minigate.errors import DataError, explain
from minigate.tensor import no_grad
from minigate.train.char_model import CharModel
from minigate.train.trained import Trained, load_model, tokens_of

Array = Any


def gates_over(run: str | Path | Trained, text: str) -> dict[str, Array]:
    """Every gate of every layer while the model reads ``text``: "layers.0.update", …, and "layers.0.global".

    A model of one layer has plain names: "update". A global gate of layer j has a column for each layer i that it
    lets through: g^{i→j}. A cell without gates has none, so this is empty for the tanh RNN.

    **Shapes**: name → (T, H_j), global gates (T, L), for T the characters of the text.

    **Errors**: :class:`DataError` for a text that is empty or has characters that the model has never seen.
    """
    trained = load_model(run)
    trace = trace_over(trained, text)
    return {name: trace[name] for name in _gate_names(trained[0])}


def trace_over(run: str | Path | Trained, text: str) -> dict[str, Array]:
    """Everything that the recurrent layers leave behind over ``text``: states, candidates and gates by name.

    **Shapes**: name → (T, ·).

    **Errors**: as :func:`gates_over`.
    """
    model, tokens = _model_and_tokens(run, text)
    training = model.training
    model.eval()
    with no_grad():
        trace = model.recurrent.trace(asarray(tokens[:, None], like=model.linear["W"]))
    model.train(training)
    return {name: asnumpy(array)[:, 0] for name, array in trace.items()}


def feedback_over(run: str | Path | Trained, text: str) -> Array:
    """The L × L global gates of a Gated-Feedback model over ``text``: [t, i, j] is g^{i→j}, layers counted from 0.

    **Shapes**: (T, L, L).

    **Errors**: :class:`DataError` for a model that has no such gates.
    """
    into = [array for name, array in gates_over(run, text).items() if name.endswith(".global")]
    if not into:
        raise DataError(
            explain(
                "this model has no feedback gates",
                where="feedback_over",
                slip="a model without feedback, or with its gates held open",
                remedy="a run of minigate train charlm --layers 3 --feedback gated",
            )
        )
    return numpy.stack(into, axis=-1)


def gradient_over(run: str | Path | Trained, text: str, seed: int = 0) -> dict[str, Array]:
    """How long the gradient of the last output is at every layer's state, against the lag in characters.

    **Shapes**: name of the state → (T + 1,), entry k at lag k.

    **Errors**: as :func:`gates_over`.
    """
    model, tokens = _model_and_tokens(run, text)
    tokens = asarray(tokens[:, None], like=model.linear["W"])
    return {name: asnumpy(curve) for name, curve in gradient_flow(model.recurrent, tokens, seed=seed).by_lag.items()}


def _gate_names(model: CharModel) -> list[str]:
    """In the order of the layers, as the trace calls them."""
    layers = getattr(model.recurrent, "layers", None)
    if layers is None:
        return list(getattr(model.recurrent.cell, "gate_names", ()))
    return [f"layers.{j}.{name}" for j, layer in enumerate(layers) for name in getattr(layer.cell, "gate_names", ())]


def _model_and_tokens(run: str | Path | Trained, text: str) -> tuple[CharModel, Array]:
    model, vocabulary = load_model(run)
    return model, tokens_of(vocabulary, text)
