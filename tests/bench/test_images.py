"""What reads images beside its rivals: who races, and what is asked."""

import pytest

from minigate.bench.columns import table
from minigate.bench.images import IMAGE_COLUMNS, ImageRace, race_images


def test_an_md_lstm_races_itself_where_nobody_else_is_asked():
    races = race_images(None, rounds=1, quiet=True, side=4)
    assert [(race.name, race.rival, race.wanted) for race in races] == [
        ("MD-LSTM", "by position", 0.25), ("MD-LSTM", "by position", None)
    ]  # fmt: skip
    assert all(race.ours > 0.0 and race.ratio == race.ours / race.theirs for race in races)
    assert "4×4, N = 64, D = 1, H = 32" in table(IMAGE_COLUMNS, races)


def test_pytorch_races_when_asked():
    pytest.importorskip("torch")
    races = race_images("torch", rounds=1, quiet=True, side=4)
    assert [race.name for race in races] == ["ReNet layer", "MD-LSTM", "MD-LSTM", "LeNet-5"]


def test_a_ratio_says_what_was_asked_of_it():
    race = ImageRace("ReNet layer", "64", "PyTorch", 0.5, 1.0, 1.0)
    assert table(IMAGE_COLUMNS, [race]).endswith("0.50 ≤ 1.00 ✓")
    race.ours = 1.5
    assert table(IMAGE_COLUMNS, [race]).endswith("1.50 ≤ 1.00 ✗") and race.as_dict()["ratio"] == 1.5
