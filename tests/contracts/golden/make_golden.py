"""Make the golden arrays: what PyTorch computes for the cells that both have, outputs and all gradients.

    python -m tests.contracts.golden.make_golden

writes one small .npz for each cell beside this file, with PyTorch's version in it. The arrays that are here
were made with PyTorch 2.13.0 on a CPU, in float64. They stand in for PyTorch where it is not installed;
where it is, the same comparison runs live, on other numbers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy

FOLDER = Path(__file__).parent
T, N, D, H = 5, 3, 2, 4
STATES = {"RNN": 1, "LSTM": 2, "GRU": 1}
GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}


def reference(kind: str, seed: int) -> dict[str, numpy.ndarray]:
    """A random run of ``torch.nn.<kind>``, there and back: everything by name, in PyTorch's layout.

    The second bias of every gate is 0: minigate has one. (For the GRU it is not just a sum of two, since
    PyTorch's second bias of the candidate stands inside of the reset.)
    """
    import torch

    rng = numpy.random.default_rng(seed)
    layer = getattr(torch.nn, kind)(D, H).double()
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            scale = 0.0 if name == "bias_hh_l0" else 0.7
            parameter.copy_(torch.from_numpy(scale * rng.normal(size=tuple(parameter.shape))))
    x = torch.from_numpy(rng.normal(size=(T, N, D))).requires_grad_()
    states = [torch.from_numpy(0.5 * rng.normal(size=(1, N, H))).requires_grad_() for _ in range(STATES[kind])]
    y, after = layer(x, tuple(states) if kind == "LSTM" else states[0])
    final = list(after) if kind == "LSTM" else [after]
    cotangents = [torch.from_numpy(rng.normal(size=tuple(each.shape))) for each in (y, *final)]
    torch.autograd.backward([y, *final], cotangents)
    found: dict[str, Any] = {"version": numpy.array(f"torch {torch.__version__}"), "x": x, "y": y, "dx": x.grad}
    found["cotangent.y"] = cotangents[0]
    for k, (state, end, cotangent) in enumerate(zip(states, final, cotangents[1:], strict=True)):
        found |= {f"state.{k}": state[0], f"final.{k}": end[0], f"cotangent.{k}": cotangent[0]}
        found[f"dstate.{k}"] = state.grad[0]
    for name, parameter in layer.named_parameters():
        if name != "bias_hh_l0":
            found |= {name: parameter, f"d{name}": parameter.grad}
    return {name: v if isinstance(v, numpy.ndarray) else v.detach().numpy().copy() for name, v in found.items()}


if __name__ == "__main__":
    for kind in STATES:
        numpy.savez(FOLDER / f"{kind.lower()}.npz", **reference(kind, seed=0))
        print(FOLDER / f"{kind.lower()}.npz")
