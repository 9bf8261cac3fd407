"""Looking up rows of a table by number, and the gradient of it: a sum over all places that asked for a row.

A look-up is the product of a one-hot matrix with the table, without the matrix: N·T rows are copied instead
of N·T·K numbers multiplied. Its gradient sums segments: every row gets the sum of the gradients of all the
positions that had looked it up.
"""

from __future__ import annotations

from typing import Any

from minigate import backend
from minigate.errors import DTypeError, OptionError, ShapeError, explain
from minigate.tensor import Tensor, op

Array = Any


@op()
def embedding(xp: Any, table: Array, tokens: Array) -> Array:
    """Rows of a table, one for each token.

    **Equations**: out[…, :] = table[tokens[…], :], which is onehot(tokens) @ table; dtable = onehotᵀ @ dout.

    **Shapes**: table (K, D), tokens (…) integers in 0 … K-1 -> (…, D).

    **Errors**: :class:`DTypeError` for tokens that are no integers; :class:`OptionError` for a token outside
    0 … K-1 (a negative one too: it does not count from the end).
    """
    if table.ndim != 2:
        raise ShapeError(explain("wrong shape", where="embedding", expected="table (K, D)", got=str(table.shape)))
    integers("embedding", "tokens", tokens)
    in_range("embedding", "tokens", tokens, table.shape[0])
    return table[tokens]


@embedding.rule("table", needs="tokens")
def _(dout: Tensor, out: Any, table: Any, tokens: Tensor) -> Tensor:
    return sum_rows(dout, tokens, rows=table.shape[0])


@op()
def sum_rows(xp: Any, a: Array, tokens: Array, *, rows: int) -> Array:
    """Sum vectors by token: row k of the result is the sum of all vectors whose token is k.

    **Equations**: out[k, :] = Σ a[…, :] over the positions with tokens[…] = k; da = dout[tokens].

    **Shapes**: a (…, D), tokens (…) -> (rows, D).
    """
    out = xp.zeros((rows, a.shape[-1]), dtype=a.dtype)
    backend.scatter_add(xp, out, tokens.reshape(-1), a.reshape(tokens.size, a.shape[-1]))
    return out


@sum_rows.rule("a", needs="tokens")
def _(dout: Tensor, out: Any, a: Any, tokens: Tensor, *, rows: int) -> Tensor:
    return embedding(dout, tokens)


def integers(where: str, name: str, tokens: Array) -> None:
    """Raise unless these are integers."""
    if getattr(tokens, "dtype", None) is None or tokens.dtype.kind not in "iu":
        raise DTypeError(
            explain(
                f"{name} are numbers of rows",
                where=where,
                expected="integers",
                got=str(getattr(tokens, "dtype", type(tokens).__name__)),
                remedy=f"{name}.astype('int64')",
            )
        )


def in_range(where: str, name: str, tokens: Array, K: int, letter: str = "K") -> None:
    """Raise unless all of these lie in 0 … K-1, naming the least and the largest; whoever asks may call K otherwise."""
    if not tokens.size:
        return
    low, high = int(tokens.min()), int(tokens.max())
    if low >= 0 and high < K:
        return
    raise OptionError(
        explain(
            f"{name} outside of the table",
            where=where,
            expected=f"0 … {K - 1} ({letter}={K})",
            got=f"{low} … {high}",
            slip="a vocabulary that is larger than the table, or a padding of -1 without a mask",
        )
    )
