"""Answers from an encoder-decoder on its own: each symbol that it chooses is what it reads next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from minigate import ops
from minigate.backend import array_module, asarray
from minigate.errors import OptionError, explain
from minigate.layers.encoder_decoder import EncoderDecoder
from minigate.layers.states import chosen, leaves
from minigate.module.arguments import check_sizes, is_size
from minigate.tensor import no_grad

Array = Any


@dataclass(frozen=True)
class Answer:
    """One answer, as far as its last symbol or the limit.

    **Shapes**: tokens S numbers; probabilities (S, K), row t is p(· | source, tokens before t);
    log_probability Σ log p(tokens[t]).
    """

    tokens: tuple[int, ...]
    probabilities: Array
    log_probability: float


def greedy(
    model: EncoderDecoder, source: Any, *, start: int, stop: int, limit: int = 50, mask: Any = None
) -> list[Answer]:
    """The likeliest symbol, again and again, until ``stop`` has been chosen or ``limit`` symbols are written.

    **Equations**: v_1 = start; token_t = argmax_k scores_t[k]; v_{t+1} = token_t.

    **Shapes**: source (T, N, D) or tokens (T, N); mask (T, N) → N answers; ``stop`` is the last token of each that
    came to an end.

    **Source**: the usual approximation of the likeliest answer, e.g. Sutskever, Vinyals & Le (2014), section 3.2.

    **Errors**: :class:`OptionError` for a symbol that the decoder does not have, or a limit below one.
    """
    _check("greedy", model, start, stop, limit=limit)
    with no_grad():
        state = model.encode(source, mask)
        N = next(iter(leaves(state))).shape[0]
        xp = array_module(model.linear["W"].data)
        v = xp.full((1, N), start, dtype=xp.int64)
        rows: list[Array] = []
        open_ = [True] * N
        tokens: list[list[int]] = [[] for _ in range(N)]
        while len(rows) < limit and any(open_):
            scores, state = model.decode(v, state)
            rows.append(ops.log_softmax(scores, axis=-1).data[0])
            v = rows[-1].argmax(axis=-1)[None]
            for n, token in enumerate(v[0].tolist()):
                if open_[n]:
                    tokens[n].append(token)
                    open_[n] = token != stop
        logs = xp.stack(rows) if rows else xp.zeros((0, N, model.K))
    return [_answer(xp, tokens[n], logs[: len(tokens[n]), n]) for n in range(N)]


def beam(
    model: EncoderDecoder, source: Any, *, start: int, stop: int, width: int = 5, limit: int = 50, mask: Any = None
) -> list[Answer]:
    """The likeliest answers to one sequence that a search along ``width`` paths finds, the best first.

    At each step every path is continued in every way, and the ``width`` likeliest of all of them are kept. A path
    that ends in ``stop`` is an answer. The search is over when no path left is likelier than the ``width``-th best
    answer, since a path only becomes less likely, or at the ``limit``; with one path it is :func:`greedy`.

    **Equations**: log p(tokens) = Σ_t log p(token_t | tokens before t).

    **Shapes**: source (T, 1, D) or tokens (T, 1); mask (T, 1) → at most ``width`` answers.

    **Source**: Sutskever, Vinyals & Le (2014), section 3.2, a left-to-right beam search.

    **Errors**: as :func:`greedy`; :class:`OptionError` for a width below one or more than one sequence.
    """
    _check("beam", model, start, stop, limit=limit, width=width)
    with no_grad():
        state = model.encode(source, mask)
        if next(iter(leaves(state))).shape[0] != 1:
            raise OptionError(
                explain("beam answers one sequence at a time", where="beam", expected="source (T, 1)",
                        got=str(getattr(source, "shape", "")))
            )  # fmt: skip
        xp = array_module(model.linear["W"].data)
        paths: list[tuple[float, list[int], list[Array]]] = [(0.0, [], [])]
        ended: list[tuple[float, list[int], list[Array]]] = []
        v = xp.full((1, 1), start, dtype=xp.int64)
        for _ in range(limit):
            scores, state = model.decode(v, state)
            logs = ops.log_softmax(scores, axis=-1).data[0]
            totals = asarray([total for total, _, _ in paths], dtype=str(logs.dtype), like=logs)[:, None] + logs
            best = xp.argsort(-totals, axis=None, kind="stable")[:width].tolist()
            going, origins = [], []
            for place in best:
                path, token = divmod(place, model.K)
                _, before, rows = paths[path]
                found = (float(totals[path, token]), [*before, token], [*rows, logs[path]])
                if token == stop:
                    ended.append(found)
                else:
                    going.append(found)
                    origins.append(path)
            ended = sorted(ended, key=_likeliest)[:width]
            paths = going
            if not paths or (len(ended) == width and ended[-1][0] >= paths[0][0]):
                break
            v = asarray([[tokens[-1] for _, tokens, _ in paths]], like=logs)
            state = chosen(state, asarray(origins, like=logs))
    answers = sorted(ended, key=_likeliest) or paths[:width]
    return [_answer(xp, tokens, xp.stack(rows)) for _, tokens, rows in answers]


def _likeliest(path: tuple[float, list[int], list[Array]]) -> float:
    return -path[0]


def _answer(xp: Any, tokens: list[int], logs: Array) -> Answer:
    """Shapes: logs (S, K)."""
    total = float(logs[xp.arange(len(tokens)), xp.asarray(tokens, dtype=xp.int64)].sum()) if tokens else 0.0
    return Answer(tuple(tokens), xp.exp(logs), total)


def _check(where: str, model: Any, start: Any, stop: Any, **sizes: Any) -> None:
    """Raise unless this is an encoder-decoder, start a symbol that it reads, stop one that it writes."""
    if not isinstance(model, EncoderDecoder):
        raise OptionError(
            explain("the answers are those of an encoder-decoder", where=where, expected="an EncoderDecoder",
                    got=repr(model))
        )  # fmt: skip
    check_sizes(where, **sizes)
    for name, symbol, K in (("start", start, model.decoder.D), ("stop", stop, model.K)):
        if not (is_size(symbol, least=0) and symbol < K):
            raise OptionError(
                explain(f"{name} is no symbol of the decoder", where=where, expected=f"0 … {K - 1}", got=repr(symbol))
            )
