"""The recurrent cells, one to a file: the equations in operations, and beside them by hand."""

from collections.abc import Callable
from typing import Any

from minigate.cells.cell import Cell, InputPart
from minigate.cells.clockwork import ClockworkRNN
from minigate.cells.gated import GatedCell
from minigate.cells.gated_feedback import GatedFeedback
from minigate.cells.gru import GRU
from minigate.cells.leaky import LeakyRNN
from minigate.cells.lstm import LSTM
from minigate.cells.lstm_layer_norm import LayerNormLSTM
from minigate.cells.md_lstm import MDLSTM
from minigate.cells.min_gru import MinGRU
from minigate.cells.min_lstm import MinLSTM
from minigate.cells.rnn import RNN
from minigate.cells.scanned import ScannedCell
from minigate.cells.sgu import DSGU, SGU
from minigate.cells.slstm import SLSTM
from minigate.cells.trace import Trace

#: name → build(D=2, H=4, seed=0, dtype="float64", **options): a small one for the contract tests.
registry: dict[str, Callable[..., Cell]] = {}


def _register(name: str, cell: type[Cell], **fixed: Any) -> None:
    def build(D: int = 2, H: int = 4, seed: int | None = 0, dtype: Any = "float64", **options: Any) -> Cell:
        return cell(D, H, seed=seed, dtype=dtype, **(fixed | options))  # type: ignore[call-arg]

    registry[name] = build


def _register_layers(name: str, parts: tuple[int, ...], **fixed: Any) -> None:
    """A cell of several layers, which share H among them in these parts."""

    def build(D: int = 2, H: int = 4, seed: int | None = 0, dtype: Any = "float64", **options: Any) -> Cell:
        sizes = [H * part // sum(parts) for part in parts]
        sizes[0] += H - sum(sizes)
        return GatedFeedback(D, sizes, seed=seed, dtype=dtype, **(fixed | options))

    registry[name] = build


_register("RNN", RNN)
_register("LSTM", LSTM)
_register("LSTM-peephole", LSTM, peephole="diagonal")
_register("LSTM-peephole-full", LSTM, peephole="full")
_register("LSTM-coupled", LSTM, coupled=True)
_register("LSTM-layer-norm", LayerNormLSTM)
_register("SLSTM", SLSTM)
_register("SLSTM-exponential", SLSTM, forget="exponential")
_register("GRU-after", GRU, reset="after")
_register("GRU-before", GRU, reset="before")
_register("GRU-recurrent-bias", GRU, recurrent_bias=True)
_register("Clockwork", ClockworkRNN, periods=(1, 2, 4))
_register("LeakyRNN", LeakyRNN, time_constants=(1, 1.5, 4))
_register("SGU", SGU)
_register("DSGU", DSGU)
_register("MinGRU", MinGRU)
_register("MinGRU-positive", MinGRU, candidate="positive")
_register("MinLSTM", MinLSTM)
_register_layers("GatedFeedback-tanh", (1, 2, 1))
_register_layers("GatedFeedback-LSTM", (3, 1), unit="lstm", peephole="diagonal", gate_bias=True)
_register_layers("GatedFeedback-GRU", (1, 3), unit="gru", gate_input="all_parents", gate_bias=True)
_register_layers("GatedFeedback-GRU-before", (1, 1), unit="gru", reset="before", unit_gates="own", skip_input=False)

__all__ = [
    "DSGU",
    "GRU",
    "LSTM",
    "MDLSTM",
    "RNN",
    "SGU",
    "SLSTM",
    "Cell",
    "ClockworkRNN",
    "GatedCell",
    "GatedFeedback",
    "InputPart",
    "LayerNormLSTM",
    "LeakyRNN",
    "MinGRU",
    "MinLSTM",
    "ScannedCell",
    "Trace",
    "registry",
]
