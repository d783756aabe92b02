"""Two texts are read together: framed as the vocabulary frames them, and told apart by a bag."""

import numpy as np
import pytest

from slm_studio.engine.models.features import BagTokenizer
from slm_studio.engine.models.pair_features import paired_hashes
from slm_studio.engine.models.pairs import encode_pairs, shorten
from slm_studio.engine.models.vocabulary import train_word_pieces

TEXTS = ("a red rose", "green grass grows", "苹果很甜")


@pytest.mark.parametrize(
    ("one", "other", "room", "kept"),
    [
        (3, 4, 10, (3, 4)),
        (100, 10, 60, (50, 10)),
        (10, 100, 60, (10, 50)),
        (100, 90, 60, (30, 30)),
        (9, 9, 7, (4, 3)),
        (5, 5, 0, (0, 0)),
    ],
)
def test_the_longer_text_is_cut_first(one: int, other: int, room: int, kept: tuple[int, int]) -> None:
    assert shorten(one, other, room) == kept


def test_pairs_stand_in_the_frame_of_their_vocabulary() -> None:
    tokenizer = train_word_pieces(TEXTS * 3, 200, True)

    ids, types = encode_pairs(tokenizer, TEXTS, TEXTS[::-1], 64)

    expected = tokenizer(list(TEXTS), list(TEXTS[::-1]))
    assert ids == expected["input_ids"]
    assert types == expected["token_type_ids"]


def test_a_cut_pair_keeps_something_of_both() -> None:
    tokenizer = train_word_pieces(TEXTS * 3, 200, True)

    (ids,), (types,) = encode_pairs(tokenizer, ["rose " * 90], ["grass " * 3], 20)

    assert len(ids) == len(types) == 20
    assert tokenizer.decode(ids, skip_special_tokens=True).count("grass") == 3


def test_a_bag_knows_which_text_a_word_is_of() -> None:
    tokenizer = BagTokenizer.learn(TEXTS, size="nano", seconds=TEXTS[::-1])

    one, other = tokenizer.encode("a red rose", "苹果很甜"), tokenizer.encode("苹果很甜", "a red rose")

    assert one and other and set(one) != set(other)
    assert tokenizer(["a red rose"], ["苹果很甜"])["input_ids"] == [one]
    assert tokenizer.encode("a red rose") != one


def test_a_bag_knows_what_both_share_however_little_room_there_is() -> None:
    same, none = (paired_hashes(np.arange(1000), other, 1 << 22) for other in (np.arange(1000), np.arange(1000, 2000)))

    assert len(np.setxor1d(same[:32], none[:32])) > 20
