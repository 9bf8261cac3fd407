"""The learning rate as a function of how far the training has come.

A schedule is a pure function of the number of updates done, so a resumed run needs nothing but that number.
"""

from __future__ import annotations

import math

from minigate.errors import OptionError, explain

SCHEDULES = ("constant", "linear", "cosine")


def scale(schedule: str, step: int, updates: int, warm_up: int = 0) -> float:
    """The factor on the learning rate before update ``step`` (counted from 0) of ``updates``.

    **Equations**: constant 1; linear 1 − s; cosine ½(1 + cos πs), with s = step / updates. During the first
    ``warm_up`` updates the factor is also multiplied by (step + 1) / warm_up.

    **Source**: the cosine is that of Loshchilov & Hutter (2017), without restarts.

    **Errors**: :class:`OptionError` for a schedule that is none of :data:`SCHEDULES`.
    """
    if schedule not in SCHEDULES:
        raise OptionError(
            explain("no such schedule", where="schedule", expected=" | ".join(SCHEDULES), got=repr(schedule))
        )
    done = min(1.0, step / updates) if updates > 0 else 0.0
    shape = {"constant": 1.0, "linear": 1.0 - done, "cosine": 0.5 * (1.0 + math.cos(math.pi * done))}[schedule]
    return shape * min(1.0, (step + 1) / warm_up) if warm_up > 0 else shape
