"""Lengths by which a plan is measured: by the base's own vocabulary, and else about, in every script."""

from pathlib import Path

import numpy as np
import pytest

from slm_studio.engine.models.lengths import count_pieces
from slm_studio.engine.models.vocabulary import plain_vocabulary
from slm_studio.engine.task import text_lengths


def test_a_character_of_chinese_and_a_latin_word_count_as_a_little_more_than_a_token() -> None:
    lengths = text_lengths(["where is my parcel", "我的包裹到哪里了", "订单 order 到了", ""])

    assert lengths == pytest.approx([5.2, 8 * 1.3, 5 * 1.3, 0])


def test_a_base_counts_by_its_own_vocabulary(tmp_path: Path) -> None:
    tokenizer = plain_vocabulary(["where is my parcel"], "nano", 300)
    tokenizer.save_pretrained(str(tmp_path))
    texts = ["where is my parcel", "我的包裹到哪里了"]

    counted = text_lengths(texts, tmp_path)

    assert list(counted) == [len(tokenizer.encode(text, add_special_tokens=False)) for text in texts]
    assert counted[0] != text_lengths(texts)[0]


def test_a_folder_without_a_vocabulary_is_measured_about(tmp_path: Path) -> None:
    assert count_pieces(tmp_path, ["a b"]) is None
    (tmp_path / "tokenizer.json").write_text("{}", encoding="utf-8")
    assert np.array_equal(text_lengths(["a b"], tmp_path), text_lengths(["a b"]))
