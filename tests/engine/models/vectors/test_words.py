"""How texts become words, and which of them are known."""

from collections import Counter
from pathlib import Path

import pytest

from slm_studio.core.errors import StudioError
from slm_studio.engine.models.vectors import cutting
from slm_studio.engine.models.vectors.cutting import Cutting, read_dictionary
from slm_studio.engine.models.vectors.vocabulary import UNKNOWN, WordVocabulary


def test_latin_words_are_cut_at_blanks_and_signs() -> None:
    assert Cutting().words("Don’t panic, it's ﬁne!") == ["don't", "panic", "it's", "fine"]
    assert Cutting(lowercase=False).words("New York") == ["New", "York"]
    assert Cutting(segmentation="given").words("a_b c-d!") == ["a_b", "c-d!"]


def test_lists_of_words_are_taken_as_they_are() -> None:
    assert Cutting().words(("New York", "is")) == ["new_york", "is"]
    assert Cutting().words('["学校", "很 大"]') == ["学校", "很_大"]


def test_chinese_is_cut_by_a_dictionary_and_own_words_stay_whole() -> None:
    pytest.importorskip("rjieba")

    assert Cutting().words("我们去学校。") == ["我们", "去", "学校"]
    assert Cutting(dictionary=("司马光砸缸",)).words("司马光砸缸了") == ["司马光砸缸", "了"]
    assert Cutting().words("司马光砸缸了")[0] == "司马光", "own words are of one cutting alone"
    assert Cutting(segmentation="characters").words("3D打印") == ["3d", "打", "印"]


def test_without_the_dictionary_chinese_is_cut_by_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "dictionary_cutter", lambda own: None)

    assert Cutting().words("去学校 now") == ["去", "学", "校", "now"]


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "dictionary-form"), ("中文".encode("gb18030"), "dictionary-encoding"), (b"x" * 99, "dictionary-form")],
)
def test_what_is_no_dictionary_is_said(content: bytes, code: str, tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    path.write_bytes(content)

    with pytest.raises(StudioError) as caught:
        read_dictionary(str(path))
    assert caught.value.code == code


def test_frequent_words_come_first_and_rare_ones_not_at_all() -> None:
    vocabulary = WordVocabulary.learn(Counter(b=3, a=3, c=5, d=1), Cutting(), least=2)

    assert vocabulary.names == ["c", "a", "b"] and vocabulary.counts.tolist() == [5, 3, 3]
    assert vocabulary.ids(["a", "d"]).tolist() == [1, UNKNOWN]


def test_a_word_is_found_in_other_letters_and_said_what_is_written_alike() -> None:
    vocabulary = WordVocabulary(Cutting(lowercase=False), ["Paris", "new_york", "king"], [1, 1, 1])

    assert [vocabulary.place(word) for word in ("paris", "New York", "KING", "kong")] == [0, 1, 2, UNKNOWN]
    assert vocabulary.like("kimg") == ["king"]


def test_words_are_saved_and_opened(tmp_path: Path) -> None:
    cut = Cutting(dictionary=("一二",), lowercase=False)
    WordVocabulary(cut, ["a", "中"], [2, 1]).save_pretrained(tmp_path)

    again = WordVocabulary.from_pretrained(tmp_path)

    assert (again.names, again.counts.tolist(), again.cutting) == (["a", "中"], [2, 1], cut)


def test_words_of_another_text_are_added() -> None:
    vocabulary = WordVocabulary(Cutting(), ["a", "b"], [2, 1])

    added = vocabulary.add(Counter(a=1, c=4, d=1), least=2)

    assert (added, vocabulary.names, vocabulary.counts.tolist()) == (1, ["a", "b", "c"], [3, 1, 4])
