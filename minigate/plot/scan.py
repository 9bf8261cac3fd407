"""Who is put together with whom, and when: the same recurrence solved in different orders, side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minigate.plot.figure import new_axes
from minigate.plot.palette import FORWARD, GREY, PALE

Array = Any
Round = Sequence[tuple[int, int]]  # (earlier, later): what stands at ``later`` takes in what stands at ``earlier``


def scan_rounds(
    T: int, ways: Mapping[str, Sequence[Round]], *, axes: Any = None
) -> tuple[Any, dict[str, dict[str, int]]]:
    """One panel for each way: a column for each step, a row for each round, a line for each combination.

    Everything in one round could be done at the same moment: the number of rows is how long one has to wait with
    enough hands, the number of lines how much work there is with one pair of them.

    **Shapes**: each way is a list of rounds, each round a list of pairs (earlier, later) of steps below T. What was
    drawn: by name, the numbers of "rounds" and of "combinations". ``axes``, where given, has one for each way.
    """
    most = max((len(rounds) for rounds in ways.values()), default=0)
    if axes is None:
        axes = np.atleast_1d(new_axes(1, len(ways), height=0.9 + 0.32 * most, sharey=True))
    drawn = {}
    for panel, (name, rounds) in zip(axes, ways.items(), strict=True):
        for t in range(T):
            panel.plot([t, t], [0, len(rounds)], color=PALE, linewidth=1.0, zorder=1)
        for k, pairs in enumerate(rounds):
            for earlier, later in pairs:
                panel.plot([earlier, later], [k, k + 1], color=FORWARD, linewidth=1.3, zorder=2)
                panel.plot([later], [k + 1], color=FORWARD, marker="o", markersize=4.5, zorder=3)
        panel.plot(range(T), [0] * T, color=GREY, linestyle="", marker="o", markersize=4.5, zorder=3)
        panel.set(ylim=(most + 0.4, -0.4), xlim=(-0.6, T - 0.4), xlabel="time step t", title=name)
        panel.set_xticks(range(T))
        panel.set_yticks(range(most + 1))
        drawn[name] = {"rounds": len(rounds), "combinations": sum(len(pairs) for pairs in rounds)}
    axes[0].set_ylabel("round")
    return axes, drawn
