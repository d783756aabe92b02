"""Windows: texts of any length before a network that sees so many pieces at once, cut at words and joined again.

Neighbours share about a quarter of what fits, so that every word is seen with words on both sides of it. Where two windows
are joined neither of them goes on with a span, if such a place is to be found among the words that they share.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise

SHARED = 4  # one part in so many


def windows(costs: Sequence[int], room: int) -> list[range]:
    """Return stretches of words whose costs fit the room; together they hold all words. A word costs 1 … `room`.

    The last one begins as early as fits. Example: windows([1] * 7, 4) == [range(0, 4), range(3, 7)]
    """
    before = [0, *accumulate(costs)]
    last = bisect_left(before, before[-1] - room)
    found, start = [], 0
    while True:
        stop = bisect_right(before, before[start] + room) - 1
        found.append(range(start, stop))
        if stop == len(costs):
            return found
        next_fits = bisect_left(before, before[stop + 1] - room)
        start = min(max(next_fits, bisect_left(before, before[stop] - room // SHARED)), last)


def seams(stretches: Sequence[range], tags: Sequence[Sequence[str]]) -> list[int]:
    """Return from which word on each window has its say, and the number of all words. `tags`: BIO, of each window's words."""
    found = [0]
    for one, other, mine, others in zip(stretches, stretches[1:], tags, tags[1:], strict=False):
        earliest = max(other.start, found[-1])
        middle = (earliest + one.stop) // 2
        quiet = [
            word
            for word in range(earliest, one.stop + 1)
            if not (_goes_on(mine, word - one.start) or _goes_on(others, word - other.start))
        ]
        found.append(min(quiet, key=lambda word: abs(word - middle), default=middle))
    return [*found, stretches[-1].stop]


def joined(stretches: Sequence[range], tags: Sequence[Sequence[str]]) -> list[str]:
    """Return the tags of all words from those of each window's."""
    bounds = seams(stretches, tags)
    return [
        tag
        for stretch, own, (start, stop) in zip(stretches, tags, pairwise(bounds), strict=True)
        for tag in own[start - stretch.start : stop - stretch.start]
    ]


def _goes_on(tags: Sequence[str], word: int) -> bool:
    return word < len(tags) and tags[word].startswith("I-")
