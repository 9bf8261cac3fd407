"""Make the golden arrays: what PyTorch computes for the cells that both have, outputs and all gradients.

    python -m tests.contracts.golden.make_golden

writes one small .npz for each case beside this file, with PyTorch's version in it. The arrays that are here
were made with PyTorch 2.13.0 on a CPU, in float64. They stand in for PyTorch where it is not installed;
where it is, the same comparison runs live, on other numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy

FOLDER = Path(__file__).parent
T, N, D, H = 5, 3, 2, 4


@dataclass(frozen=True)
class Case:
    """A layer of PyTorch: ``torch.nn.<kind>``, so many layers deep, in one direction or in both."""

    kind: str
    layers: int = 1
    both: bool = False

    @property
    def states(self) -> int:
        """How many arrays the state of one layer has."""
        return 2 if self.kind == "LSTM" else 1

    @property
    def places(self) -> int:
        """How many cells there are: PyTorch's states have a first axis of this length."""
        return self.layers * (2 if self.both else 1)


CASES = {
    "rnn": Case("RNN"),
    "lstm": Case("LSTM"),
    "gru": Case("GRU"),
    "gru-stack": Case("GRU", layers=2),
    "lstm-bidirectional": Case("LSTM", layers=2, both=True),
}


def reference(case: Case, seed: int) -> dict[str, numpy.ndarray]:
    """A random run, there and back: everything by name, in PyTorch's layout.

    No weight is 0, the second bias of every gate included: in the GRU's candidate that is another one than the first.
    """
    import torch

    rng = numpy.random.default_rng(seed)
    layer = getattr(torch.nn, case.kind)(D, H, num_layers=case.layers, bidirectional=case.both).double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(torch.from_numpy(0.7 * rng.normal(size=tuple(parameter.shape))))
    x = torch.from_numpy(rng.normal(size=(T, N, D))).requires_grad_()
    start = [torch.from_numpy(0.5 * rng.normal(size=(case.places, N, H))).requires_grad_() for _ in range(case.states)]
    y, after = layer(x, tuple(start) if case.kind == "LSTM" else start[0])
    final = list(after) if case.kind == "LSTM" else [after]
    cotangents = [torch.from_numpy(rng.normal(size=tuple(each.shape))) for each in (y, *final)]
    torch.autograd.backward([y, *final], cotangents)
    found: dict[str, Any] = {"version": numpy.array(f"torch {torch.__version__}"), "x": x, "y": y, "dx": x.grad}
    found["cotangent.y"] = cotangents[0]
    for k, (state, end, cotangent) in enumerate(zip(start, final, cotangents[1:], strict=True)):
        found |= {f"state.{k}": state, f"final.{k}": end, f"cotangent.{k}": cotangent, f"dstate.{k}": state.grad}
    for weight, parameter in layer.named_parameters():
        found |= {weight: parameter, f"d{weight}": parameter.grad}
    return {key: v if isinstance(v, numpy.ndarray) else v.detach().numpy().copy() for key, v in found.items()}


if __name__ == "__main__":
    for name, case in CASES.items():
        numpy.savez(FOLDER / f"{name}.npz", **reference(case, seed=0))
        print(FOLDER / f"{name}.npz")
