"""Text that looks like a control token is text: in training, prompts and files, for every kind of vocabulary."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from slm_studio.engine.models.encoding import Frame, encode_framed, encode_plain, frame_of
from slm_studio.engine.models.vocabulary import character_vocabulary, train_byte_pairs, train_word_pieces
from tests.engine.models.foreign import TEXTS, metaspace, unigram, vocabulary

LOOK_ALIKES = (
    "<|endoftext|>", "<unk>", "[MASK]", "</s>", "<s>", "[CLS]", "[UNK]", "<pad>", "<mask>", "a <s>b</s> <|endoftext|>[MASK]c", "＜s＞",
)  # fmt: skip
ALPHABET = "".join({*"".join(LOOK_ALIKES), *"".join(TEXTS)})
KINDS = {
    "pieces": train_word_pieces([*TEXTS, *LOOK_ALIKES], 300, False),
    "bytes": train_byte_pairs(TEXTS, 320),
    "characters": character_vocabulary([ALPHABET]),
    "unigram": unigram(),
    "metaspace": metaspace(opens=True),
    "roberta": vocabulary("roberta"),
    "gpt2": vocabulary("gpt2"),
}
EXACT = ("bytes", "characters", "metaspace", "roberta", "gpt2")  # nothing of a text is lost on the way to ids and back


def controls(tokenizer: PreTrainedTokenizerFast) -> set[int]:
    return set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}


@pytest.mark.parametrize("text", LOOK_ALIKES)
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_person_spells_is_no_control_token(kind: str, text: str) -> None:
    tokenizer = KINDS[kind]

    (ids,) = encode_plain(tokenizer, [text])
    (framed,) = encode_framed(tokenizer, [text], 100)

    assert not controls(tokenizer) & set(ids)
    frame = frame_of(tokenizer)
    assert framed == [*frame.opening, *ids, *frame.closing]
    if kind in EXACT and "＜" not in text:
        assert tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False) == text
    if kind == "unigram" or (
        kind == "pieces" and "＜" not in text
    ):  # these lose blanks, or have no letter for everything, and nothing else
        shown = tokenizer.decode(ids, skip_special_tokens=True).replace(" ", "")
        assert shown == text.replace(" ", "").replace("＜", "<").replace("＞", ">")


def test_what_is_spelled_is_taken_apart_like_any_other_word() -> None:
    tokenizer = train_byte_pairs(["the word <|endoftext|> in a text"] * 20, 400)

    (ids,) = encode_plain(tokenizer, ["<|endoftext|>"])

    assert len(ids) < len("<|endoftext|>") / 2  # in the pieces that were learnt, not letter by letter


def test_a_vocabulary_without_its_unknown_token_is_read_all_the_same() -> None:
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=unigram().backend_tokenizer, pad_token="<pad>")
    tokenizer._special_tokens_map["unk_token"] = "<none such>"  # as a damaged tokenizer_config.json leaves it

    (ids,) = encode_plain(tokenizer, ["<pad> 龘"])

    assert ids


@given(text=st.lists(st.sampled_from([*LOOK_ALIKES, *"ab <>[]|/", "the", "\n"])).map("".join))
@settings(max_examples=60, deadline=None)
@pytest.mark.parametrize("kind", EXACT)
def test_any_mixture_comes_back_as_it_was(kind: str, text: str) -> None:
    text = text.replace("＜", "").replace("＞", "")
    if kind == "characters":
        text = text.replace("\n", "")  # not of its alphabet

    (ids,) = encode_plain(KINDS[kind], [text])

    assert not controls(KINDS[kind]) & set(ids)
    assert KINDS[kind].decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False) == text


@pytest.mark.parametrize("kind", KINDS)
def test_plain_text_becomes_what_transformers_makes_of_it(kind: str) -> None:
    tokenizer = KINDS[kind]

    assert encode_plain(tokenizer, TEXTS) == tokenizer(TEXTS, add_special_tokens=False)["input_ids"]
    for limit in (100, 7, 3):
        wanted = tokenizer(TEXTS, truncation=True, max_length=limit)["input_ids"]
        assert encode_framed(tokenizer, TEXTS, limit) == wanted


def test_a_text_is_cut_on_the_side_that_the_vocabulary_says() -> None:
    tokenizer = unigram()
    tokenizer.truncation_side = "left"

    for limit in (100, 7, 3, 2):
        assert (
            encode_framed(tokenizer, TEXTS, limit) == tokenizer(TEXTS, truncation=True, max_length=limit)["input_ids"]
        )


def test_an_unknown_character_stays_unknown() -> None:
    tokenizer = unigram()

    (ids,) = encode_plain(tokenizer, ["a龘<unk>龘"])

    assert ids.count(tokenizer.unk_token_id) == 2
    assert tokenizer.decode(ids, skip_special_tokens=True) == "a<unk>"


def test_the_frame_is_what_stands_around_a_text() -> None:
    assert frame_of(unigram()) == Frame((0,), (2,))
    assert frame_of(metaspace(opens=True)) == Frame((1,), ())
    assert frame_of(KINDS["bytes"]) == Frame()


@pytest.mark.parametrize("kind", ["pieces", "bytes", "characters"])
def test_our_own_vocabularies_keep_it_so_in_other_hands(kind: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp(kind)
    KINDS[kind].save_pretrained(folder)

    opened = AutoTokenizer.from_pretrained(folder)

    for text in LOOK_ALIKES[:-1]:
        assert opened(text, add_special_tokens=False)["input_ids"] == encode_plain(KINDS[kind], [text])[0]
