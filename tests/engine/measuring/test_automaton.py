"""The parts of one text that stand in another, against a search by strings."""

import random

from slm_studio.engine.measuring.automaton import Automaton


def by_hand(text: str, read: list[str]) -> list[int]:
    """Return for each character how long the longest part is that ends with it and stands in what was read."""
    return [
        max(size for size in range(end + 1) if any(text[end - size : end] in each for each in read))
        for end in range(1, len(text) + 1)
    ]


def test_for_every_character_the_longest_part_that_was_read_is_known() -> None:
    rng = random.Random(0)
    for _ in range(200):
        text, *read = ("".join(rng.choice("ab好") for _ in range(rng.randrange(30))) for _ in range(4))
        parts = Automaton(text)
        for each in read:
            parts.read(each)

        assert parts.longest() == by_hand(text, read), (text, read)


def test_a_text_may_be_read_in_pieces() -> None:
    parts = Automaton("one two three")

    parts.read("o thr", *parts.read("xe tw"))

    assert parts.longest()[8:11] == [7, 8, 9], "“e two thr”, over the border of the pieces"
