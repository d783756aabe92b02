"""Features get the same ids everywhere, whatever the script; what was never learnt has none."""

import math
import random
import subprocess
import sys
from dataclasses import replace

import pytest

from slm_studio.engine.models.features import MOST_FEATURES, BagTokenizer, foretell_features, most_features

TEXTS = ["Where is my card?", "酒店太吵了，不会再来", "ＡＢＣ café é", "ภาษาไทย", "", "no no no no"]


@pytest.fixture
def tokenizer():
    return BagTokenizer.learn(TEXTS, size="small")


def test_ids_are_the_same_in_every_process(tokenizer):
    code = (
        "from slm_studio.engine.models.features import BagTokenizer\n"
        f"tokenizer = BagTokenizer.learn({TEXTS!r}, size='small')\n"
        f"print([tokenizer.encode(text) for text in {TEXTS!r}])"
    )

    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert printed.strip() == str([tokenizer.encode(text) for text in TEXTS])


def test_hashes_never_change_between_versions():
    # A saved model is worth nothing once its features get other hashes.
    hashes = [38472, 89165, 162637, 191823, 1112386, 1374239, 1523456, 1741880, 2300871, 3514260, 4022691]
    assert BagTokenizer.learn(["Hi 你"], size="small").known.tolist() == hashes


def test_saving_and_opening_gives_the_same_ids(tokenizer, tmp_path):
    tokenizer.save_pretrained(tmp_path)
    opened = BagTokenizer.from_pretrained(tmp_path)

    assert (tmp_path / "bag_tokenizer.json").exists()
    assert opened.settings == tokenizer.settings
    assert [opened.encode(text) for text in TEXTS] == [tokenizer.encode(text) for text in TEXTS]


def test_ids_run_from_one_and_never_pad(tokenizer):
    ids = {number for text in TEXTS for number in tokenizer.encode(text)}

    assert ids == set(range(1, len(tokenizer)))


def test_what_was_never_learnt_is_left_out(tokenizer):
    assert tokenizer.encode("ꙮ") == []
    assert set(tokenizer.encode("my xylophone")) < set(tokenizer.encode("Where is my card?"))
    assert BagTokenizer.learn([], size="small").encode("card") == []


def test_a_small_size_keeps_the_features_of_most_texts():
    texts = ["my card is lost"] * 2 + [f"{number:x}" * 3 for number in range(4000)]
    tokenizer = BagTokenizer.learn(texts, size="nano")

    assert len(tokenizer) == MOST_FEATURES["nano"]
    assert {"wmy", "wcard", "bmy card", "c lo"} <= set(tokenizer.features(texts[0]))
    assert len(BagTokenizer.learn(texts, size="small")) > len(tokenizer)


def test_of_very_many_texts_some_are_read(monkeypatch):
    monkeypatch.setattr("slm_studio.engine.models.features.MOST_TEXTS", 100)

    tokenizer = BagTokenizer.learn(["common", "seldom"] + ["common"] * 998, size="small")

    assert set(tokenizer.features("common seldom")) & {"wcommon", "wseldom"} == {"wcommon"}


@pytest.mark.parametrize("count", [0, 1, 2, 700, 5000])
def test_the_number_of_features_is_foretold(count):
    draw = random.Random(0)
    words = [f"{draw.getrandbits(30):x}" for _ in range(3000)]
    texts = [" ".join(words[int(3000 * draw.random() ** 3)] for _ in range(12)) for _ in range(count)]

    assert foretell_features(texts, size="base") == pytest.approx(len(BagTokenizer.learn(texts, size="base")), rel=0.25)


def test_readable_features_have_the_ids_of_the_text(tokenizer):
    for text in TEXTS:
        assert set(tokenizer.features(text).values()) == set(tokenizer.encode(text))
    assert {"wcard", "bmy card", "c ca", "w?"} <= set(tokenizer.features(TEXTS[0]))
    assert {"g酒店", "g,不", "g店太吵"} <= set(tokenizer.features(TEXTS[1]))


def test_order_of_chinese_characters_matters():
    tokenizer = BagTokenizer.learn(["不好吃", "好不吃"], size="small")

    assert set(tokenizer.encode("不好吃")) != set(tokenizer.encode("好不吃"))


def test_a_word_stands_once_and_in_older_models_by_its_logarithm(tokenizer):
    texts = [" ".join(["no"] * times) for times in (1, 2, 3, 4, 8)]
    number = tokenizer.features("no")["wno"]
    older = BagTokenizer(replace(tokenizer.settings, repeated=True), tokenizer.known)

    assert [tokenizer.encode(text).count(number) for text in texts] == [1, 1, 1, 1, 1]
    assert [older.encode(text).count(number) for text in texts] == [1, 2, 2, 3, 4]


def test_features_weigh_as_much_as_they_are_rare_and_words_more_between_few_labels():
    tokenizer = BagTokenizer.learn(["a card", "a fee", "a fee"], size="small")
    weights = {name: float(tokenizer.weights_V[number]) for name, number in tokenizer.features("a card fee").items()}

    assert len(tokenizer.weights_V) == len(tokenizer) and tokenizer.weights_V[0] == 0
    assert weights["wcard"] == pytest.approx(3 * (math.log(4 / 2) + 1))
    assert weights["wfee"] == pytest.approx(3 * (math.log(4 / 3) + 1))
    assert weights["ba card"] == weights["wcard"] == 3 * weights["cca"]

    of_many = BagTokenizer.learn(["a card", "a fee", "a fee"], size="small", outputs=9)
    assert of_many.weights_V.max() == pytest.approx(1.5 * (math.log(4 / 2) + 1))


def test_many_outputs_leave_room_for_fewer_features(monkeypatch):
    monkeypatch.setattr("slm_studio.engine.models.features.MOST_NUMBERS", 100)

    assert len(BagTokenizer.learn(TEXTS, size="small", outputs=10)) == 10 == most_features("small", 10)


def test_width_and_case_do_not_matter(tokenizer):
    assert tokenizer.encode("ＡＢＣ") == tokenizer.encode("abc")


def test_one_text_and_many_are_called_as_in_transformers(tokenizer):
    one, many = tokenizer("my card"), tokenizer(["my card", "酒店"], return_tensors="pt")

    assert one["input_ids"] == tokenizer.encode("my card")
    assert many["input_ids"].shape == many["attention_mask"].shape
    assert many["input_ids"][1][many["attention_mask"][1].bool()].tolist() == tokenizer.encode("酒店")
    assert len(tokenizer("my card", truncation=True, max_length=3)["input_ids"]) == 3
