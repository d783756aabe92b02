"""Spans: the schemes of tags read into one form, words with their places, and what does not fit counted."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slm_studio.core.spans import (
    Scheme,
    Span,
    Word,
    characters_of,
    fit_spans,
    place_words,
    read_list,
    read_spans,
    scheme_of,
    spans_of_tags,
    split_tag,
    tags_of_spans,
    tags_of_words,
    words_with_offsets,
    write_list,
    write_spans,
)

words_with_offsets("")  # makes its pattern, which takes longer than hypothesis lets an example take
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60) | st.text(
    "ab é好かカ한1_'-👍👩\u200d\ufe0f\u0301\u3000", max_size=30
)
LABELS = st.sampled_from(["PER", "LOC", "人名", "B-side"])


@st.composite
def word_spans(draw: st.DrawFn) -> tuple[int, list[Span]]:
    """Return a number of words and spans of them that do not overlap, in order."""
    cuts = sorted(draw(st.sets(st.integers(0, 12))))
    spans = [Span(start, end, draw(LABELS)) for start, end in pairwise(cuts) if draw(st.booleans())]
    return (cuts[-1] if cuts else 0) + draw(st.integers(0, 2)), spans


def tags(line: str) -> list[str]:
    return line.split()


def spans(line: str, scheme: Scheme, *, strict: bool = False) -> list[tuple[int, int, str]]:
    found, _ = spans_of_tags(tags(line), tags(line), scheme, strict=strict)
    return [tuple(span) for span in found]


@pytest.mark.parametrize(
    ("tag", "parts"),
    [
        ("O", ("O", "")), ("", ("O", "")), ("_", ("O", "")), ("B-PER", ("B", "PER")), ("I-creative-work", ("I", "creative-work")),
        ("U-LOC", ("S", "LOC")), ("L-LOC", ("E", "LOC")), ("M-NAME", ("I", "NAME")), ("B_人名", ("B", "人名")), ("B", ("B", "")),
        ("PER", ("", "PER")), ("B-B-side", ("B", "B-side")),
    ],
)  # fmt: skip
def test_tag_is_split_into_place_and_label(tag: str, parts: tuple[str, str]) -> None:
    assert split_tag(tag) == parts


@pytest.mark.parametrize(
    ("rows", "scheme"),
    [
        (["O B-PER I-PER O B-LOC"], "BIO"),
        (["O I-PER I-PER B-PER O I-LOC"], "IOB1"),
        (["I-PER O I-LOC"], "IOB1"),
        (["S-LOC O B-PER E-PER"], "BIOES"),
        (["U-LOC O B-PER L-PER"], "BIOES"),
        (["B-PER M-PER E-PER S-LOC"], "BIOES"),
        (["O PER PER O LOC"], "IO"),
        (["B-PER I-PER", "I-LOC", "B-LOC O B-PER"], "BIO"),  # one slip does not turn a file
        (["O O"], "BIO"),
    ],
)
def test_scheme_is_told_over_all_rows(rows: list[str], scheme: Scheme) -> None:
    assert scheme_of(map(tags, rows)) == scheme


@pytest.mark.parametrize(
    ("line", "scheme", "found"),
    [
        ("B-PER I-PER O B-LOC B-LOC", "BIO", [(0, 2, "PER"), (3, 4, "LOC"), (4, 5, "LOC")]),
        ("I-PER I-PER B-PER O I-LOC", "IOB1", [(0, 2, "PER"), (2, 3, "PER"), (4, 5, "LOC")]),
        ("S-LOC B-PER I-PER E-PER S-LOC", "BIOES", [(0, 1, "LOC"), (1, 4, "PER"), (4, 5, "LOC")]),
        ("U-LOC B-PER L-PER", "BIOES", [(0, 1, "LOC"), (1, 3, "PER")]),
        ("PER PER LOC O PER", "IO", [(0, 2, "PER"), (2, 3, "LOC"), (4, 5, "PER")]),
        ("I-PER I-PER I-LOC", "IO", [(0, 2, "PER"), (2, 3, "LOC")]),
        ("B I O B", "BIO", [(0, 2, ""), (3, 4, "")]),
    ],
)
def test_tags_of_each_scheme_become_spans(line: str, scheme: Scheme, found: list[tuple[int, int, str]]) -> None:
    got, flaws = spans_of_tags(tags(line), tags(line), scheme)

    assert (got, flaws) == (found, {})


def test_going_on_without_a_begin_begins_an_entity_and_is_counted() -> None:
    found, flaws = spans_of_tags(["a"] * 6, tags("O I-PER I-PER I-LOC B-PER I-LOC"), "BIO")

    assert found == [(1, 3, "PER"), (3, 4, "LOC"), (4, 5, "PER"), (5, 6, "LOC")]
    assert flaws == {"unopened": 3}


def test_entity_that_bioes_does_not_close_is_kept_and_counted() -> None:
    found, flaws = spans_of_tags(["a"] * 5, tags("B-PER I-PER O E-LOC S-PER"), "BIOES")

    assert found == [(0, 2, "PER"), (3, 4, "LOC"), (4, 5, "PER")]
    assert flaws == {"unclosed": 1, "unopened": 1}


def test_tags_of_another_length_than_their_words_are_counted() -> None:
    assert spans_of_tags(["a"], tags("B-PER I-PER"), "BIO") == ([Span(0, 1, "PER")], {"unequal": 1})
    assert spans_of_tags(["a", "b"], tags("B-PER"), "BIO") == ([Span(0, 1, "PER")], {"unequal": 1})


@pytest.mark.parametrize(
    ("line", "scheme", "found"),
    [  # as seqeval 1.2.2 reads them in mode="strict"
        ("O I-PER I-PER B-PER I-PER", "BIO", [(3, 5, "PER")]),
        ("B-PER I-LOC I-LOC O", "BIO", [(0, 1, "PER")]),
        ("B-PER I-PER O S-LOC E-LOC", "BIOES", [(3, 4, "LOC")]),
        ("B-PER B-PER E-PER E-PER", "BIOES", [(1, 3, "PER")]),
        ("B-PER I-LOC E-LOC S-PER", "BIOES", [(3, 4, "PER")]),
    ],
)
def test_strict_leaves_out_what_the_scheme_forbids(
    line: str, scheme: Scheme, found: list[tuple[int, int, str]]
) -> None:
    assert spans(line, scheme, strict=True) == found


@given(word_spans(), st.sampled_from(["BIO", "BIOES"]))
def test_spans_become_tags_and_come_back(drawn: tuple[int, list[Span]], scheme: Scheme) -> None:
    count, drawn_spans = drawn

    written = tags_of_words(drawn_spans, count, scheme)

    for strict in (False, True):
        assert spans_of_tags(["w"] * count, written, scheme, strict=strict) == (drawn_spans, {})
    assert not drawn_spans or scheme == "BIOES" or scheme_of([written]) == "BIO"


@given(ANY_TEXT)
def test_words_cover_every_visible_character_once_and_blanks_never(text: str) -> None:
    words = words_with_offsets(text)

    assert all(text[word.start : word.end] == word.text != "" for word in words)
    gaps = [text[left.end : right.start] for left, right in pairwise([Word("", 0, 0), *words, Word("", len(text), 0)])]
    assert not "".join(gaps).strip()
    assert "".join(gap + word.text for gap, word in zip(gaps, [*words, Word("", 0, 0)], strict=True)) == text
    assert not any(character.isspace() for word in words for character in word.text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It's 9:30.", ["It", "'", "s", "9", ":", "30", "."]),
        ("我在New York，好", ["我", "在", "New", "York", "，", "好"]),
        ("カー の", ["カ", "ー", "の"]),
        ("서울에 가요", ["서울에", "가요"]),
        ("हिन्दी cafe\u0301s", ["हिन्दी", "cafe\u0301s"]),
        ("👨\u200d👩\u200d👧👍🏽 🇩🇪🇫🇷", ["👨\u200d👩\u200d👧", "👍🏽", "🇩🇪", "🇫🇷"]),
        (" \u3000\n", []),
    ],
)
def test_words_are_letters_together_and_signs_alone(text: str, words: list[str]) -> None:
    assert [word.text for word in words_with_offsets(text)] == words


@given(st.lists(ANY_TEXT, max_size=8))
def test_placed_words_stand_in_their_text_unchanged(words: list[str]) -> None:
    text, placed = place_words(words)

    assert [word.text for word in placed] == words
    assert [text[word.start : word.end] for word in placed] == words
    assert "".join(words) == "".join(text[word.start : word.end] for word in placed)
    assert len(text) - sum(map(len, words)) <= max(0, len(words) - 1)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["I", "'m", "here", "."], "I 'm here ."),
        (["我", "在", "北京", "。"], "我在北京。"),
        (["在", "New", "York", "（", "美国", "）"], "在New York（美国）"),
        (["서울", "가요"], "서울 가요"),
        (["", "a", "", "b"], "a b"),
    ],
)
def test_blank_stands_between_words_unless_chinese_or_japanese(words: list[str], text: str) -> None:
    assert place_words(words)[0] == text


@given(word_spans())
def test_aligned_spans_of_characters_come_back_through_tags(drawn: tuple[int, list[Span]]) -> None:
    count, drawn_spans = drawn
    text, words = place_words([f"w{number}" if number % 3 else "好" for number in range(count)])
    given_spans = characters_of(drawn_spans, words)

    written, flaws = tags_of_spans(text, given_spans, words)
    back, _ = spans_of_tags([word.text for word in words], written, "BIO")

    assert not flaws
    assert characters_of(back, words) == given_spans


def test_span_within_a_word_is_widened_and_counted() -> None:
    text = "Visit Berlin-Mitte soon"

    written, flaws = tags_of_spans(text, [Span(7, 15, "LOC")], words_with_offsets(text))

    assert written == ["O", "B-LOC", "I-LOC", "I-LOC", "O"]  # erlin-Mi
    assert flaws == {"misaligned": 1}


def test_blanks_at_the_ends_of_a_span_do_not_count() -> None:
    text = "to  Berlin now"

    assert fit_spans(text, [Span(2, 11, "LOC")], words_with_offsets(text)) == ([Span(1, 2, "LOC")], {})


def test_longer_of_two_overlapping_spans_wins_and_the_other_is_counted() -> None:
    text = "New York Times sells"
    words = words_with_offsets(text)

    found, flaws = fit_spans(text, [Span(0, 8, "LOC"), Span(0, 14, "ORG"), Span(15, 20, "X"), Span(15, 20, "Y")], words)

    assert found == [(0, 3, "ORG"), (3, 4, "X")]
    assert flaws == {"overlapping": 2}


def test_spans_outside_their_text_and_without_a_word_are_left_out_and_counted() -> None:
    text = "to Rome"
    words = words_with_offsets(text)

    found, flaws = fit_spans(text, [Span(3, 8, "A"), Span(-1, 2, "B"), Span(5, 4, "C"), Span(2, 3, "D"), Span(3, 3, "E")], words)  # fmt: skip

    assert found == []
    assert flaws == {"outside": 3, "empty": 2}


def test_spans_of_flaws_are_nothing_where_all_fits() -> None:
    assert fit_spans("", [], []) == ([], {})


@given(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99), LABELS).map(lambda each: Span(*each))))
def test_cells_of_spans_come_back(found: list[Span]) -> None:
    assert read_spans(write_spans(found)) == found


@given(st.lists(st.text(max_size=9)))
def test_cells_of_words_come_back(words: list[str]) -> None:
    assert read_list(write_list(words)) == words


@pytest.mark.parametrize(
    "cell",
    [
        "5",
        "[5]",
        '["a"]',
        '[{"start": 1}]',
        "nonsense",
        '{"start": 1}',
        "[" * 3000,
        '[{"start": 1e999, "end": 2, "label": "A"}]',
    ],
)
def test_cell_without_spans_is_refused(cell: str) -> None:
    with pytest.raises(ValueError):
        read_spans(cell)


def test_numbers_in_a_list_stand_as_they_are() -> None:
    assert read_list("[0, 3, 1]") == ["0", "3", "1"]
    assert read_list("") == [] and read_spans("") == []
    with pytest.raises(ValueError, match="no list"):
        read_list("3")
    with pytest.raises(ValueError, match="lists in lists"):
        read_list("[" * 3000)
