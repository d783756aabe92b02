"""Known pairs: the likest source comes first, from either side, and a folder gives back what was put into it."""

from pathlib import Path

import pytest

from slm_studio.engine.models import known_pairs
from slm_studio.engine.models.known_pairs import FILE, KnownPairs, open_known

SOURCES = ["I like cats.", "I like dogs.", "She sings.", "", "Nobody knows"]
TARGETS = ["我喜欢猫。", "我喜欢狗。", "她唱歌。", "空", "   "]


def test_the_likest_source_comes_first_with_its_target() -> None:
    first, second = KnownPairs(SOURCES, TARGETS).like("I like dogs", back=False)

    assert (first.source, first.target, first.likeness) == ("I like dogs.", "我喜欢狗。", 1.0)
    assert (second.source, second.likeness) == ("I like cats.", pytest.approx(2 / 3))


def test_what_is_less_than_three_fifths_like_is_not_offered() -> None:
    found = KnownPairs(SOURCES, TARGETS).like("I like birds and dogs", back=False)

    assert [each.source for each in found] == ["I like dogs."]  # 3 of 5 words; of cats 2 of 5
    assert not KnownPairs(SOURCES, TARGETS).like("I like birds and big dogs", back=False)


@pytest.mark.parametrize(
    ("asked", "known", "is_offered"),
    [
        ("The train leaves at 9.", "The train leaves at 9!", True),
        ("The train leaves at ９.", "The train leaves at 9!", True),
        ("The train leaves at 9.", "The train leaves at 8.", False),
        ("The train leaves at nine.", "The train leaves at 9.", False),
        ("Room 3 has 2 beds.", "Room 2 has 3 beds.", True),  # the words say which is which
    ],
)
def test_a_pair_with_other_numbers_is_not_offered(asked: str, known: str, is_offered: bool) -> None:
    assert bool(KnownPairs([known], ["火车"]).like(asked, back=False)) is is_offered
    assert bool(KnownPairs(["train"], [known]).like(asked, back=True)) is is_offered


def test_pairs_with_a_side_that_stands_elsewhere_are_left_out() -> None:
    left = KnownPairs(SOURCES, TARGETS).without(["i LIKE cats."], ["她唱歌。", "I like dogs."])

    assert left.pairs == [("I like dogs.", "我喜欢狗。")]


def test_the_order_of_words_counts() -> None:
    pairs = KnownPairs(["dogs I like", "I like dogs too"], ["一", "二"])

    assert next(iter(pairs.like("I like dogs", back=False))).target == "二"


def test_targets_are_asked_the_other_way_round() -> None:
    first, *_ = KnownPairs(SOURCES, TARGETS).like("她唱歌。", back=True)

    assert (first.source, first.target, first.likeness) == ("她唱歌。", "She sings.", 1.0)


def test_of_texts_that_share_no_word_nothing_is_known() -> None:
    pairs = KnownPairs(SOURCES, TARGETS)

    assert (
        pairs.like("zebra", back=False) == []
        and pairs.like("", back=False) == []
        and pairs.like("斑马", back=True) == []
    )


def test_half_empty_pairs_are_left_out_and_of_many_some_from_all_over_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(KnownPairs(SOURCES, TARGETS).pairs) == 3
    monkeypatch.setattr(known_pairs, "MOST", 3)

    kept = KnownPairs([f"text {number}" for number in range(9)], [f"{number}" for number in range(9)]).pairs

    assert [other for _, other in kept] == ["0", "4", "8"]


def test_a_folder_gives_back_what_was_put_into_it(tmp_path: Path) -> None:
    whole = KnownPairs(["line\nbreak", 'a "b"', "tab\there"], ["行\u2028分", "乙", "丙"])
    whole.save(tmp_path)

    found = open_known(tmp_path)

    assert found is not None and found.pairs == whole.pairs


@pytest.mark.parametrize("bad", ["[1]", "{}", "not JSON", '["one", "two", "three"]', '[null, "two"]', "\udcff"])
def test_a_damaged_line_costs_its_own_pair_alone(tmp_path: Path, bad: str) -> None:
    KnownPairs(SOURCES, TARGETS).save(tmp_path)
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(bad.encode("utf-8", "surrogateescape") + b"\n" + whole)

    found = open_known(tmp_path)

    assert found is not None and len(found.pairs) == 3


def test_a_folder_without_pairs_knows_none(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("\n", encoding="utf-8")

    assert open_known(tmp_path) is None and open_known(tmp_path / "nowhere") is None
