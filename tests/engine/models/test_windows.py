"""Windows hold every word, and what was read in them is joined where no span goes on."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slm_studio.engine.measuring.spans import count_broken
from slm_studio.engine.models.windows import SHARED, joined, seams, windows

ROOM = 16
SPANS = st.lists(st.integers(0, ROOM // SHARED - 1), max_size=60)  # words of each span; 0: a word outside


def tags_of(spans: list[int]) -> list[str]:
    return [tag for words in spans for tag in (["O"] if words == 0 else ["B-x"] + ["I-x"] * (words - 1))]


def read(stretch: range, tags: list[str]) -> list[str]:
    """Return what a network that makes no mistake says of a window: it cannot begin with a tag that goes on."""
    found = tags[stretch.start : stretch.stop]
    for place, tag in enumerate(found):
        if not tag.startswith("I-"):
            break
        found[place] = "O"
    return found


@given(costs=st.lists(st.integers(1, 9), max_size=80), room=st.integers(9, 40))
def test_windows_hold_all_words_and_no_more_than_fits(costs: list[int], room: int) -> None:
    found = windows(costs, room)

    assert found[0].start == 0 and found[-1].stop == len(costs)
    assert all(sum(costs[word] for word in stretch) <= room for stretch in found)
    for one, other in pairwise(found):
        assert one.start < other.start <= one.stop < other.stop
        assert sum(costs[one.start : one.stop + 1]) > room  # one word more would not have fitted


@given(count=st.integers(0, 200))
def test_neighbours_share_a_quarter_of_what_fits(count: int) -> None:
    found = windows([1] * count, ROOM)

    assert all(one.stop - other.start >= ROOM // SHARED for one, other in pairwise(found))
    assert len(found) == 1 or len(found[-1]) == ROOM  # the last begins as early as it can


@given(spans=SPANS)
def test_joined_windows_say_what_the_whole_would(spans: list[int]) -> None:
    tags = tags_of(spans)
    stretches = windows([1] * len(tags), ROOM)

    assert joined(stretches, [read(stretch, tags) for stretch in stretches]) == tags


@given(seed=st.randoms(use_true_random=False), count=st.integers(0, 90))
def test_every_word_has_one_tag_whatever_windows_say(seed, count: int) -> None:
    stretches = windows([1] * count, ROOM)
    said = [[seed.choice(["O", "B-x", "I-x"]) for _ in stretch] for stretch in stretches]

    bounds = seams(stretches, said)

    assert bounds == sorted(bounds) and (bounds[0], bounds[-1]) == (0, count)
    assert len(joined(stretches, said)) == count


@pytest.mark.parametrize(
    ("one", "other", "seam"),
    [
        ("O O B I O O", "O O B I I O", 4),  # at 6, where the first ends, the second goes on
        ("O B I I I O", "O O B I O O", 6),  # in the middle, at 4, the first goes on
        ("O B I I I I", "O I I I I O", 4),  # there is no such word: the middle
    ],
)
def test_windows_that_disagree_are_joined_where_neither_goes_on(one: str, other: str, seam: int) -> None:
    stretches = [range(6), range(2, 8)]
    said = [[tag if tag == "O" else f"{tag}-x" for tag in each.split()] for each in (one, other)]

    assert seams(stretches, said) == [0, seam, 8]
    assert count_broken([joined(stretches, said)]) == 0
