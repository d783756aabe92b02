"""Vocabularies are deterministic, survive saving, and give back the text they read."""

import subprocess
import sys

import pytest
from transformers import AutoTokenizer

from slm_studio.engine.models.vocabulary import (
    END_OF_TEXT,
    character_vocabulary,
    train_byte_pairs,
    train_word_pieces,
    train_words,
)

TEXTS = [
    "The quick brown fox jumps over the lazy dog.\n\n  Twice, in fact!",
    "我 想 查询 银行卡余额，谢谢。Where's my café card?",
    "naïve façade — coöperate; 3.14 × 2 = 6.28\tend",
] * 4

SAME_IN_ANOTHER_PROCESS = """
import hashlib
from slm_studio.engine.models.vocabulary import train_byte_pairs, train_word_pieces, train_words
texts = {texts!r}
words = train_words(iter(texts), 9, True, framed=False)
for tokenizer in (train_word_pieces(iter(texts), 200, True), train_byte_pairs(iter(texts), 300), words):
    print(hashlib.sha256(tokenizer.backend_tokenizer.to_str().encode()).hexdigest())
"""


@pytest.mark.parametrize("make", [lambda: train_byte_pairs(iter(TEXTS), 300), lambda: character_vocabulary(TEXTS)])
def test_decoding_gives_back_the_text(make, tmp_path):
    tokenizer = make()

    tokenizer.save_pretrained(tmp_path)
    opened = AutoTokenizer.from_pretrained(tmp_path)

    for text in [*TEXTS, "  the dog ,  the fox .\n \n", " "]:
        assert tokenizer.decode(tokenizer.encode(text)) == text
        assert opened.encode(text) == tokenizer.encode(text)
        assert opened.decode(opened.encode(text)) == text
    assert opened.eos_token == opened.pad_token == END_OF_TEXT


def test_character_vocabulary_has_one_token_per_character_and_unknowns():
    tokenizer = character_vocabulary(["abc 你\n"])

    assert tokenizer.convert_ids_to_tokens(tokenizer.encode("b你x\n")) == ["b", "你", "<unk>", "\n"]
    assert len(tokenizer) == 8
    assert tokenizer.unk_token == "<unk>"


def test_word_pieces_split_chinese_and_keep_berts_specials(tmp_path):
    tokenizer = train_word_pieces(iter(TEXTS), 200, lowercase=True)

    tokenizer.save_pretrained(tmp_path)
    opened = AutoTokenizer.from_pretrained(tmp_path)

    assert tokenizer.convert_ids_to_tokens(range(5)) == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    assert tokenizer.tokenize("银行Fox") == ["银", "行", "fox"]
    assert opened("fox", "dog")["token_type_ids"] == [0, 0, 0, 1, 1]
    assert opened("银行 café").input_ids == tokenizer("银行 café").input_ids


def test_word_pieces_keep_capitals_when_asked():
    tokenizer = train_word_pieces(["Fox fox Fox"], 100, lowercase=False)

    assert tokenizer.tokenize("Fox fox") == ["Fox", "fox"]


def test_word_pieces_give_half_of_the_vocabulary_to_characters_at_most():
    tokenizer = train_word_pieces(["".join(chr(0x4E00 + index) for index in range(500)) + "一" * 9], 100, True)

    assert len(tokenizer) == 55
    assert tokenizer.tokenize("一") == ["一"]


def test_vocabularies_are_the_same_in_every_process():
    command = [sys.executable, "-c", SAME_IN_ANOTHER_PROCESS.format(texts=TEXTS)]

    first, second = (subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2))

    assert len(first.split()) == 3
    assert first == second


def test_whole_words_are_the_most_frequent_ones_and_all_others_one(tmp_path):
    texts = ["b b b a a c", "A 茶 c!", "zebra"]

    tokenizer = train_words(texts, 3, True, framed=False)
    tokenizer.save_pretrained(tmp_path)
    opened = AutoTokenizer.from_pretrained(tmp_path)

    assert opened.convert_ids_to_tokens(range(len(opened))) == [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        "a",
        "b",
        "c",
    ]
    for each in (tokenizer, opened):
        assert each.convert_ids_to_tokens(each("b Zebra, a")["input_ids"]) == ["b", "[UNK]", "[UNK]", "a"]
        assert each("")["input_ids"] == []
    assert (opened.pad_token_id, opened.unk_token_id) == (0, 1)


def test_whole_words_are_framed_for_a_net_that_looks_at_the_first_token():
    tokenizer = train_words(["red tea"], 10, True, framed=True)

    assert tokenizer.convert_ids_to_tokens(tokenizer("red x")["input_ids"]) == ["[CLS]", "red", "[UNK]", "[SEP]"]


def test_case_of_whole_words_is_kept_where_it_counts():
    assert "Apple" in train_words(["Apple apple"], 5, False, framed=False).get_vocab()
