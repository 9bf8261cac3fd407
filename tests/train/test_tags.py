"""Which tags count as opened, and which as closed: every odd case is decided here."""

import pytest

from minigate.train import Tags, closed_tags, count_tags

FILLER = "x" * 150


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("no tags at all", Tags(0, 0, 0, 0)),
        ("<a>1</a>", Tags(1, 1, 0, 0)),
        ("<a><b>1</b></a>", Tags(2, 2, 0, 0)),
        ("<a><b>1</a>" + FILLER, Tags(2, 1, 0, 0)),  # a closes over b, which stays open for good
        ("<a><b>1</a></b>" + FILLER, Tags(2, 1, 1, 0)),  # and its end tag comes too late: stray
        ("</c>", Tags(0, 0, 1, 0)),
        ("<a/><br /><c>1</c>", Tags(1, 1, 0, 0)),  # what opens nothing
        ('<text xml:space="preserve">1</text>', Tags(1, 1, 0, 0)),
        ("<a><a>1</a>" + FILLER, Tags(2, 1, 0, 0)),  # the innermost of its name
        ("<a>" + FILLER, Tags(1, 0, 0, 0)),
        (FILLER + "<a>1", Tags(0, 0, 0, 1)),  # no room to close it
        (FILLER + "<a>1</a>", Tags(1, 1, 0, 0)),  # though there was
        (FILLER + "<a>1</a", Tags(0, 0, 0, 1)),  # cut off in the middle
        ("1 < 2 and <3> and < a>", Tags(0, 0, 0, 0)),
    ],
)
def test_what_is_written_is_counted(written, expected):
    assert closed_tags(written) == expected


def test_what_the_prime_left_open_is_to_be_closed_and_what_it_closed_is_not_counted():
    prime = "<page><title>T</title><contributor><username>"
    good = closed_tags(prime + "Me</username></contributor>" + FILLER, len(prime))
    assert good == Tags(opened=3, closed=2, stray=0, late=0)
    assert good.share == pytest.approx(2 / 3)
    bad = closed_tags(prime + "Me</contributor>" + FILLER, len(prime))
    assert (bad.opened, bad.closed) == (3, 1)
    assert closed_tags(prime, len(prime)) == Tags(3, 0, 0, 0)  # opened in the prime, however near its end
    assert closed_tags("<a><b></a>" + "1", 10) == Tags(0, 0, 0, 0)  # a mistake of the prime's own


def test_a_tag_that_begins_in_the_prime_and_ends_in_the_sample_counts():
    assert closed_tags("<user" + "name>Me</username>", 5) == Tags(1, 1, 0, 0)
    assert closed_tags("<a>1</" + "a>", 6) == Tags(1, 1, 0, 0)


def test_samples_are_added_up():
    total = count_tags(["<a>1</a>", "<a>" + FILLER, FILLER], 0)
    assert total == Tags(2, 1, 0, 0)
    assert str(total) == "1 of 2 closed (50%), 0 stray, 0 too late to say"
    assert count_tags([], 0).share is None
    assert "none opened" in str(Tags(0, 0, 0, 0))
