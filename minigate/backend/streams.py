"""Random numbers: drawn on the host, from seeds, in streams that can be written down.

A GPU's generator gives other numbers than the host's and cannot be saved. So every random number of
minigate comes from a NumPy generator on the host and is moved where it is needed: CPU and GPU start from
the same weights, and a run that stops and resumes draws what it would have drawn.

One seed feeds three streams that do not disturb each other: ``init`` for weights, ``data`` for the order
of examples, ``noise`` for dropout and sampling. One more dropout layer then leaves the weights as they were.
"""

from __future__ import annotations

from typing import Any

import numpy

from minigate.errors import OptionError, explain

NAMES = ("init", "data", "noise")


def generator(seed: int | numpy.random.SeedSequence | numpy.random.Generator | None = None) -> numpy.random.Generator:
    """A host generator (PCG64) from a seed; a generator passes through, ``None`` draws a seed.

    **Errors**: :class:`OptionError` for a negative seed or one that is not a whole number.
    """
    if isinstance(seed, numpy.random.Generator):
        return seed
    if isinstance(seed, numpy.random.SeedSequence):
        return numpy.random.Generator(numpy.random.PCG64(seed))
    return numpy.random.Generator(numpy.random.PCG64(draw_seed() if seed is None else _whole(seed)))


def draw_seed() -> int:
    """A seed from the operating system, short enough to print and type again."""
    return int(numpy.random.SeedSequence().generate_state(1)[0])


class Streams:
    """The three random streams of one run, all from one seed.

    >>> streams = Streams(seed=0)
    >>> half = streams.noise.random()
    >>> saved = streams.state_dict()
    >>> ahead = streams.noise.random()
    >>> again = Streams.from_state_dict(saved)
    >>> again.noise.random() == ahead
    True
    """

    def __init__(self, seed: int | None = None) -> None:
        self.seed = draw_seed() if seed is None else _whole(seed)
        init, data, noise = numpy.random.SeedSequence(self.seed).spawn(len(NAMES))
        self.init = generator(init)
        self.data = generator(data)
        self.noise = generator(noise)

    def state_dict(self) -> dict[str, Any]:
        """Where each stream stands, as plain numbers and text that JSON can hold."""
        return {"seed": self.seed, **{name: getattr(self, name).bit_generator.state for name in NAMES}}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go to where ``state_dict`` was taken.

        **Errors**: :class:`OptionError` where a stream is missing or is of another kind of generator.
        """
        if set(state) != {"seed", *NAMES}:
            raise OptionError(
                explain(
                    "not the state of random streams",
                    where="Streams.load_state_dict",
                    expected=", ".join(("seed", *NAMES)),
                    got=", ".join(sorted(state)) or "nothing",
                )
            )
        restored = {name: numpy.random.Generator(numpy.random.PCG64()) for name in NAMES}
        for name, stream in restored.items():
            try:
                stream.bit_generator.state = state[name]
            except (TypeError, ValueError, KeyError) as error:
                raise OptionError(
                    explain(f'the state of stream "{name}" is damaged ({error})', where="Streams.load_state_dict")
                ) from error
        self.seed = _whole(state["seed"])
        self.init, self.data, self.noise = (restored[name] for name in NAMES)

    @classmethod
    def from_state_dict(cls, state: dict[str, Any]) -> Streams:
        """New streams that stand where ``state_dict`` was taken."""
        streams = cls(seed=0)
        streams.load_state_dict(state)
        return streams


def _whole(seed: Any) -> int:
    if isinstance(seed, (int, numpy.integer)) and not isinstance(seed, bool) and seed >= 0:
        return int(seed)
    raise OptionError(explain("not a seed", expected="a whole number >= 0, or None", got=repr(seed)))
