"""Timing that can be trusted on a machine that does other things too.

Everything that is compared runs in one process, in turns: A B C A B C …. A turn begins with one call that
does not count, since the thread pool of whoever ran before may still be spinning and the caches are full of
his arrays. What is quoted is the median over all turns, and a ratio of medians of the same run.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

from tqdm import tqdm

from minigate.backend import synchronise


def in_turns(
    contestants: Mapping[str, Callable[[], object]],
    rounds: int = 7,
    calls: int = 3,
    uncounted: int = 1,
    label: str = "",
    quiet: bool = False,
) -> dict[str, float]:
    """The median time of one call of each contestant, in seconds.

    Each of the ``rounds`` gives every contestant a turn of ``uncounted`` and then ``calls`` counted calls.
    """
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for call in contestants.values():
        call()
    for _ in tqdm(range(rounds), desc=label, unit="round", leave=False, disable=True if quiet else None):
        for name, call in contestants.items():
            for _ in range(uncounted):
                call()
            for _ in range(calls):
                synchronise()
                start = time.perf_counter()
                call()
                synchronise()  # a GPU takes orders at once, and carries them out later
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in times.items()}
