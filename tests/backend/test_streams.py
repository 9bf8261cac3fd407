"""Random numbers come from seeds, in streams that can be written down and taken up again."""

from __future__ import annotations

import json

import numpy
import pytest

from minigate import backend as mb
from minigate.errors import OptionError


def test_one_seed_one_sequence() -> None:
    assert mb.generator(7).random() == mb.generator(7).random() != mb.generator(8).random()


def test_a_generator_passes_through() -> None:
    rng = mb.generator(0)
    assert mb.generator(rng) is rng


def test_without_a_seed_each_is_another() -> None:
    assert mb.generator().random() != mb.generator().random()


@pytest.mark.parametrize("seed", [-1, 1.5, "0", True])
def test_only_whole_numbers_are_seeds(seed: object) -> None:
    with pytest.raises(OptionError, match="not a seed"):
        mb.generator(seed)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="not a seed"):
        mb.Streams(seed)  # type: ignore[arg-type]


def test_the_streams_do_not_disturb_each_other() -> None:
    one, other = mb.Streams(seed=3), mb.Streams(seed=3)
    one.noise.random(1000)
    one.data.permutation(100)
    assert one.init.random() == other.init.random()
    assert len({mb.Streams(3).init.random(), mb.Streams(3).data.random(), mb.Streams(3).noise.random()}) == 3


def test_the_seed_that_was_drawn_is_known() -> None:
    drawn = mb.Streams()
    assert mb.Streams(drawn.seed).init.random() == drawn.init.random()


def test_state_goes_through_json_and_the_numbers_go_on() -> None:
    streams = mb.Streams(seed=5)
    streams.data.permutation(10)
    streams.noise.normal(size=7)
    streams.noise.integers(0, 5, dtype="int32")  # leaves half a word in the generator
    text = json.dumps(streams.state_dict())
    again = mb.Streams.from_state_dict(json.loads(text))
    assert again.seed == 5
    for name in ("init", "data", "noise"):
        ahead = [getattr(each, name).integers(0, 9**9, size=5, dtype="int32") for each in (streams, again)]
        numpy.testing.assert_array_equal(*ahead)


def test_damaged_states_are_refused_and_change_nothing() -> None:
    streams = mb.Streams(seed=1)
    good, before = streams.state_dict(), streams.state_dict()
    with pytest.raises(OptionError, match="expected seed, init, data, noise"):
        streams.load_state_dict({"seed": 1})
    with pytest.raises(OptionError, match='stream "noise" is damaged'):
        streams.load_state_dict({**good, "noise": {"bit_generator": "MT19937"}})
    assert streams.state_dict() == before
