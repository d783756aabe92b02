"""Words and their pieces, for every kind of vocabulary."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slm_studio.engine.models.crf import UNKNOWN
from slm_studio.engine.models.encoding import encode_plain, frame_of
from slm_studio.engine.models.vocabulary import train_byte_pairs, train_word_pieces
from slm_studio.engine.models.word_pieces import Pieces, encode_words
from tests.engine.models.foreign import TEXTS, metaspace, unigram, vocabulary

WORDS = ["Anna", "lives", "in", "inlives", ",", "北京", "大", "学"]
TRAINED = [*TEXTS, "Anna lives in Berlin", "北京大学"]
KINDS = {
    "pieces": train_word_pieces(TRAINED, 300, False),
    "bytes": train_byte_pairs(TRAINED, 400),
    "unigram": unigram(),
    "metaspace": metaspace(opens=True),
    "roberta": vocabulary("roberta"),
    "gpt2": vocabulary("gpt2"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_word_has_a_first_piece_and_the_rest_of_its_pieces_follow(kind):
    tokenizer, frame = KINDS[kind], frame_of(KINDS[kind])

    ((found,),) = encode_words(tokenizer, [WORDS], 500)

    assert found.words == range(len(WORDS))
    assert len(found.firsts) == len(WORDS)
    assert found.ids[: len(frame.opening)] == frame.opening
    assert found.ids[len(found.ids) - len(frame.closing) :] == frame.closing
    assert found.firsts[0] == len(frame.opening)
    assert list(found.firsts) == sorted(set(found.firsts))
    assert found.firsts[4] - found.firsts[3] > 1  # “inlives” is taken apart
    assert found.marks == [int(place in found.firsts) for place in range(len(found.ids))]


@pytest.mark.parametrize("kind", ["bytes", "roberta", "gpt2", "unigram", "pieces"])
def test_words_of_a_text_become_the_pieces_of_that_text(kind):
    """A continued encoder meets what it learnt from: beginnings marked, none marked between Chinese characters."""
    tokenizer, text = (
        KINDS[kind],
        " Anna lives in Berlin" if kind in ("bytes", "roberta", "gpt2") else "Anna lives in Berlin",
    )

    ((found,),) = encode_words(tokenizer, [text.split()], 500)

    (plain,) = encode_plain(tokenizer, [text])
    frame = frame_of(tokenizer)
    assert list(found.ids) == [*frame.opening, *plain, *frame.closing]


@pytest.mark.parametrize("kind", ["unigram", "metaspace", "bytes"])
def test_no_blank_is_made_up_between_words_of_a_script_without_blanks(kind):
    tokenizer = KINDS[kind]

    ((found,),) = encode_words(tokenizer, [["北", "京", "大", "学"]], 500)

    written = tokenizer.decode(found.ids, skip_special_tokens=True).strip()
    assert " " not in written


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, max_examples=25)
@given(
    words=st.lists(st.one_of(st.sampled_from(WORDS), st.text(max_size=6)), min_size=1, max_size=12),
    limit=st.integers(3, 40),
)
def test_what_is_too_long_becomes_windows_of_whole_words(kind, words, limit):
    tokenizer = KINDS[kind]
    frame, tags = frame_of(tokenizer), list(range(len(words)))
    around = len(frame.opening) + len(frame.closing)
    ((whole,),) = encode_words(tokenizer, [words], 10_000)

    (found,) = encode_words(tokenizer, [words], limit)

    assert {word for part in found for word in part.words} == set(tags)
    for part in found:
        assert len(part.ids) <= max(limit, around + 1)
        assert len(part.firsts) == len(part.words) >= 1
        assert [label for label in part.labels(tags) if label != UNKNOWN] == list(part.words)
        ends = [*whole.firsts, len(whole.ids) - len(frame.closing)]
        if all(ends[word + 1] - ends[word] <= limit - around for word in part.words):
            assert (
                part.ids[len(frame.opening) : len(part.ids) - len(frame.closing)]
                == (whole.ids[ends[part.words.start] : ends[part.words.stop]])
            )


@pytest.mark.parametrize("kind", KINDS)
def test_no_vocabulary_is_copied_for_a_few_words(kind, monkeypatch):
    """Of 250,000 pieces a copy takes most of a second, and rows are taken apart a few at a time."""
    tokenizer = KINDS[kind]
    monkeypatch.setattr(type(tokenizer), "get_vocab", lambda _: pytest.fail("copied"))

    assert encode_words(tokenizer, [["北", "京"]], 100)


@pytest.mark.parametrize("kind", KINDS)
def test_a_word_that_leaves_nothing_keeps_its_place(kind):
    ((found,),) = encode_words(KINDS[kind], [["Anna", "", "\u200b", "in"]], 100)

    assert len(found.firsts) == 4
    assert len(set(found.firsts)) == 4


@pytest.mark.parametrize("kind", KINDS)
def test_a_word_that_spells_a_control_token_is_a_word(kind):
    tokenizer = KINDS[kind]
    controls = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}
    frame = frame_of(tokenizer)

    ((found,),) = encode_words(tokenizer, [["a", "</s>", "[SEP]", "<|endoftext|>"]], 100)

    assert not controls & set(found.ids[len(frame.opening) : len(found.ids) - len(frame.closing)])


def test_the_first_piece_of_each_word_bears_its_tag_and_the_others_none():
    pieces = Pieces(words=range(1, 3), ids=(2, 10, 11, 12, 13, 3), firsts=(1, 4))

    assert pieces.labels([9, 7, 5, 9]) == [UNKNOWN, 7, UNKNOWN, UNKNOWN, 5, UNKNOWN]
