"""Two recurrent layers: one reads, and where it ends the other begins to write."""

from __future__ import annotations

from typing import Any

from minigate.backend import asarray
from minigate.errors import OptionError, ShapeError, explain
from minigate.layers.bidirectional import Bidirectional
from minigate.layers.linear import Linear
from minigate.layers.recurrent import Recurrent, as_layer
from minigate.layers.stack import Stack
from minigate.layers.unrolled import unrolled
from minigate.module import Module
from minigate.module.arguments import check_sizes
from minigate.tensor import Tensor, as_tensor

Array = Any


class EncoderDecoder(Module):
    """An encoder whose last state, of every layer, is the decoder's first; and a linear map from its output to scores.

    **Equations**: (·, s) = encoder(x_1 … x_T); (y_t, s_t) = decoder(v_t, s_{t−1}) with s_0 = s; scores_t = y_t W + b.

    In training v_1 is the sign that the answer begins and v_t the right symbol t − 1 of it ("teacher forcing"): the
    scores at t are for symbol t. On one's own, v_t is the symbol chosen from the scores before it:
    :func:`mg.layers.greedy`, :func:`mg.layers.beam`. All that the decoder knows of x is in s, and the gradient of
    what it got wrong goes back through s into the encoder.

    **Shapes**: source (T, N, D) or tokens (T, N); inputs v (S, N, D') or tokens (S, N); source_mask (T, N) and mask
    (S, N) bool, True where a step is real, with the padding at the end → scores (S, N, K). ``state`` in ``encode`` and
    ``decode`` is that of the layers, one tuple of (N, H_j) arrays for each of a stack.

    ``unroll`` cuts the gradient: script and answer of every sequence are laid out one after the other and read in
    windows of so many steps, with the state carried from window to window and no gradient across their edges. 0 goes
    back all the way.

    **Source**: Cho et al. (2014), Sutskever, Vinyals & Le (2014); as Chung et al. (2015), section 4.2, evaluate
    programs with it, unfolded for 50 steps.

    **Errors**: :class:`OptionError` where the encoder's state is none that the decoder can begin with, or ``unroll`` is
    negative; :class:`ShapeError` for sequences of two batch sizes and, with ``unroll``, padding that is not at the end.
    """

    def __init__(
        self, encoder: Module, decoder: Module, K: int | None = None, *, unroll: int = 0, seed: Any = None
    ) -> None:
        super().__init__()
        kinds, slip = (Recurrent, Stack), ""
        if Bidirectional in (type(encoder), type(decoder)):
            slip = "its backward half begins at the end: there is no state to go on from"
        self.encoder = as_layer("EncoderDecoder", "encoder", encoder, kinds, slip)
        self.decoder = as_layer("EncoderDecoder", "decoder", decoder, kinds, slip)
        self.child("encoder", self.encoder)
        self.child("decoder", self.decoder)
        _check_states(state_sizes(self.encoder), state_sizes(self.decoder))
        (self.unroll,) = check_sizes("EncoderDecoder", least=0, unroll=unroll)
        (self.K,) = check_sizes("EncoderDecoder", K=self.decoder.D if K is None else K)
        self.D = self.encoder.D
        own = self.decoder.parameters()
        self.linear = Linear(self.decoder.output_size, self.K, seed=seed, dtype=own[0].dtype if own else None)
        self.child("linear", self.linear)

    def encode(self, source: Any, mask: Any = None) -> Any:
        """Read; the state after the last real step of each sequence.

        **Shapes**: source (T, N, D) or (T, N) int; mask (T, N) → the state, each (N, H_j).
        """
        return self.encoder(self._here(source), None, mask)[1]

    def decode(self, inputs: Any, state: Any, mask: Any = None) -> tuple[Tensor, Any]:
        """Write on from a state: the scores after each input, and the state after the last.

        **Shapes**: inputs (S, N, D') or (S, N) int; mask (S, N) → scores (S, N, K), state.
        """
        y, state = self.decoder(self._here(inputs), state, mask)
        return self.linear(y), state

    def forward(self, source: Any, inputs: Any, source_mask: Any = None, mask: Any = None) -> Tensor:
        """The scores of every step of the answer, given what comes before it.

        **Shapes**: source (T, N, D) or (T, N) int, inputs (S, N, D') or (S, N) int, masks (T, N), (S, N)
        → scores (S, N, K).
        """
        source, inputs = self._here(source), self._here(inputs)
        if source.ndim > 1 and inputs.ndim > 1 and source.shape[1] != inputs.shape[1]:
            raise ShapeError(
                explain(
                    "what is read and what is written are two batches",
                    where="EncoderDecoder",
                    expected=f"inputs with N={source.shape[1]}, as in source (T, N, …)",
                    got=f"source {source.shape}, inputs {inputs.shape}",
                    slip="batch first? use .swapaxes(0, 1)" if source.shape[0] == inputs.shape[0] else "",
                )
            )
        if self.unroll:
            return self.linear(unrolled(self, source, inputs, source_mask, mask, self.unroll))
        return self.decode(inputs, self.encode(source, source_mask), mask)[0]

    def _here(self, x: Any) -> Tensor:
        return x if isinstance(x, Tensor) else as_tensor(asarray(x, like=self.linear["W"]))

    def __repr__(self) -> str:
        unroll = f", unroll={self.unroll}" if self.unroll else ""
        return f"EncoderDecoder({self.encoder!r}, {self.decoder!r}, K={self.K}{unroll})"


def state_sizes(layer: Any) -> Any:
    """The sizes of a layer's state by name, one dict for each recurrent layer: what must be alike in two of them.

    **Shapes**: plain numbers.
    """
    if isinstance(layer, Stack):
        return tuple(state_sizes(each) for each in layer.layers)
    return {name: layer.cell.state_size(name) for name in layer.cell.state_names}


def _check_states(encoder: Any, decoder: Any) -> None:
    if encoder != decoder:
        raise OptionError(
            explain(
                "the decoder cannot begin where the encoder ends: their states differ",
                where="EncoderDecoder",
                expected=f"a decoder with the state {_told(encoder)} of the encoder",
                got=_told(decoder),
                slip="other cells, other sizes or another number of layers",
            )
        )


def _told(sizes: Any) -> str:
    if isinstance(sizes, dict):
        return ", ".join(f"{name} (N, {size})" for name, size in sizes.items())
    return "; ".join(f"layer {j}: {_told(each)}" for j, each in enumerate(sizes))
