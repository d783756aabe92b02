"""Features are the same numbers everywhere, whatever the script."""

import subprocess
import sys

import pytest

from slm_studio.engine.models.features import BagSettings, BagTokenizer

TEXTS = ["Where is my card?", "酒店太吵了，不会再来", "ＡＢＣ café é", "ภาษาไทย", "", "no no no no"]


@pytest.fixture
def tokenizer():
    return BagTokenizer(BagSettings(buckets=1 << 14))


def test_numbers_are_the_same_in_every_process(tokenizer):
    code = (
        "from slm_studio.engine.models.features import BagSettings, BagTokenizer\n"
        f"print([BagTokenizer(BagSettings(buckets=1 << 14)).encode(text) for text in {TEXTS!r}])"
    )

    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert printed.strip() == str([tokenizer.encode(text) for text in TEXTS])


def test_numbers_never_change_between_versions(tokenizer):
    # A saved model is worth nothing once its features get other numbers.
    assert tokenizer.encode("Hi 你") == [15982, 11935, 1702, 1623, 8337, 12903, 869, 5983, 2426, 11878, 9809]


def test_saving_and_opening_gives_the_same_numbers(tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path)
    opened = BagTokenizer.from_pretrained(tmp_path)

    assert (tmp_path / "bag_tokenizer.json").exists()
    assert opened.settings == tokenizer.settings
    assert [opened.encode(text) for text in TEXTS] == [tokenizer.encode(text) for text in TEXTS]


def test_numbers_stay_within_the_buckets_and_never_pad(tokenizer):
    numbers = [number for text in TEXTS for number in tokenizer.encode(text)]

    assert min(numbers) > 0
    assert max(numbers) < len(tokenizer) == 1 << 14


def test_readable_features_have_the_numbers_of_the_text(tokenizer):
    for text in TEXTS:
        assert set(tokenizer.features(text).values()) == set(tokenizer.encode(text))
    assert {"wcard", "bmy card", "c ca", "w?"} <= set(tokenizer.features(TEXTS[0]))
    assert {"g酒店", "g,不", "g店太吵"} <= set(tokenizer.features(TEXTS[1]))


def test_order_of_chinese_characters_matters(tokenizer):
    assert set(tokenizer.encode("不好吃")) != set(tokenizer.encode("好不吃"))


def test_repeated_words_count_by_their_logarithm(tokenizer):
    number = tokenizer.features("no")["wno"]

    counts = [tokenizer.encode(" ".join(["no"] * times)).count(number) for times in (1, 2, 3, 4, 8)]

    assert counts == [1, 2, 2, 3, 4]


def test_width_and_case_do_not_matter(tokenizer):
    assert tokenizer.encode("ＡＢＣ") == tokenizer.encode("abc")


def test_one_text_and_many_are_called_as_in_transformers(tokenizer):
    one, many = tokenizer("my card"), tokenizer(["my card", "酒店"], return_tensors="pt")

    assert one["input_ids"] == tokenizer.encode("my card")
    assert many["input_ids"].shape == many["attention_mask"].shape
    assert many["input_ids"][1][many["attention_mask"][1].bool()].tolist() == tokenizer.encode("酒店")
    assert len(tokenizer("my card", truncation=True, max_length=3)["input_ids"]) == 3
