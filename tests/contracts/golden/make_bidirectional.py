"""Make the golden arrays of two bidirectional layers on top of one another, as PyTorch computes them.

    python -m tests.contracts.golden.make_bidirectional

writes one .npz for the LSTM and one for the GRU beside this file, outputs and all gradients, with PyTorch's
version in it. The arrays that are here were made with PyTorch 2.13.0 on a CPU, in float64.
"""

from __future__ import annotations

from typing import Any

import numpy

from tests.contracts.golden.make_golden import FOLDER, STATES, D, H, N, T

KINDS = ("LSTM", "GRU")
LAYERS = 2


def reference(kind: str, seed: int, layers: int = LAYERS) -> dict[str, numpy.ndarray]:
    """A random run of ``torch.nn.<kind>(bidirectional=True)``, there and back: everything by name, in its layout.

    ``state.k`` is (2 layers, N, H), one of two for the LSTM, in the order layer 0 forward, layer 0 backward, layer
    1 forward, …; the second bias of every gate is 0, as minigate has one.
    """
    import torch

    rng = numpy.random.default_rng(seed)
    module = getattr(torch.nn, kind)(D, H, num_layers=layers, bidirectional=True).double()
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            scale = 0.0 if name.startswith("bias_hh") else 0.7
            parameter.copy_(torch.from_numpy(scale * rng.normal(size=tuple(parameter.shape))))
    x = torch.from_numpy(rng.normal(size=(T, N, D))).requires_grad_()
    states = [torch.from_numpy(0.5 * rng.normal(size=(2 * layers, N, H))).requires_grad_() for _ in range(STATES[kind])]
    y, after = module(x, tuple(states) if kind == "LSTM" else states[0])
    final = list(after) if kind == "LSTM" else [after]
    cotangents = [torch.from_numpy(rng.normal(size=tuple(each.shape))) for each in (y, *final)]
    torch.autograd.backward([y, *final], cotangents)
    found: dict[str, Any] = {"version": numpy.array(f"torch {torch.__version__}"), "x": x, "y": y, "dx": x.grad}
    found["cotangent.y"] = cotangents[0]
    for k, (state, end, cotangent) in enumerate(zip(states, final, cotangents[1:], strict=True)):
        found |= {f"state.{k}": state, f"final.{k}": end, f"cotangent.{k}": cotangent, f"dstate.{k}": state.grad}
    for name, parameter in module.named_parameters():
        if not name.startswith("bias_hh"):
            found |= {name: parameter, f"d{name}": parameter.grad}
    return {name: v if isinstance(v, numpy.ndarray) else v.detach().numpy().copy() for name, v in found.items()}


if __name__ == "__main__":
    for kind in KINDS:
        path = FOLDER / f"bidirectional_{kind.lower()}.npz"
        numpy.savez(path, **reference(kind, seed=0))
        print(path)
