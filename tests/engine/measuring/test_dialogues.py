"""Answers of a chat: measures by hand and against sacrebleu, and the nearest question's answer."""

import pytest

from slm_studio.core.messages import Message
from slm_studio.engine.measuring.dialogues import chrf, chrf_each, nearest_answers, stop_rate, variety
from slm_studio.engine.measuring.nearest import Nearest, words

SAID = ["The cat sat on the mat.", "猫坐在垫子上。", "", "short"]
TRUE = ["The cat is sitting on a mat.", "那只猫坐在垫子上。", "something", "a much longer reference than that"]


def test_chrf_is_that_of_sacrebleu():
    # CHRF().corpus_score and .sentence_score of sacrebleu 2.6, divided by 100
    assert chrf(SAID, TRUE).value == pytest.approx(0.2112910855477427, abs=1e-12)
    assert chrf_each(SAID, TRUE) == pytest.approx([0.3184390104011151, 0.715621546569947, 0.0, 0.034188034188034185])


def test_chrf_has_an_interval_around_it():
    found = chrf(SAID * 10, TRUE * 10)

    assert found.low is not None and found.high is not None
    assert 0 < found.low < found.value < found.high < 1
    assert chrf(TRUE, TRUE).value == 1.0 and chrf([""], ["a"]).value == 0.0


def test_how_often_it_stops_has_wilsons_interval():
    found = stop_rate([True] * 9 + [False])

    assert found.value == 0.9
    assert (found.low, found.high) == pytest.approx((0.596, 0.982), abs=1e-3)


def test_variety_by_hand():
    found = {metric.key: metric.value for metric in variety(["a b a", "A  b a", "a b a", "猫狗"])}

    # words a b a, a b a, a b a, 猫 狗: four different of eleven; pairs (a b) (b a) three times and (猫 狗)
    assert found == {"different": 3 / 4, "distinct_1": 4 / 11, "distinct_2": 3 / 7}
    assert {metric.key: metric.value for metric in variety([])} == {
        "different": 0.0,
        "distinct_1": 0.0,
        "distinct_2": 0.0,
    }


def test_words_of_both_languages():
    assert words("Don't buy iPhone手机, 猫狗 2x!") == [
        "don",
        "t",
        "buy",
        "iphone",
        "手",
        "机",
        "手机",
        "猫",
        "狗",
        "猫狗",
        "2x",
    ]


def test_the_nearest_text_shares_the_rarest_words():
    index = Nearest(["how do I return shoes", "", "how do I pay", "怎么退货", "怎么付款", "how do I pay"])

    assert [hit.row for hit in index.find("Return them?")] == [0]
    assert [hit.row for hit in index.find("how to pay")][:2] == [2, 5]
    assert index.best("我想退货") == 3
    assert index.best("付款方式") == 4
    assert index.best("xyz") is None and index.best("") is None
    assert index.find("how do I pay", most=1)[0].text == "how do I pay"
    assert [hit.row for hit in Nearest(["pay", "other"] * 100).find("pay", most=100)] == list(range(0, 200, 2))


@pytest.mark.parametrize("texts", [[], [""], ["…"]])
def test_of_nothing_nothing_is_found(texts):
    index = Nearest(texts)

    assert index.find("anything") == [] and index.best("anything") is None


def test_the_answer_of_the_nearest_question():
    turns = ("user", "assistant") * 2
    learnt = [
        tuple(Message(role, text) for role, text in zip(turns, ("Can I return shoes?", "Within 30 days.", "And hats?", "Never."), strict=True)),
        (Message("system", "hats"), Message("user", "怎么付款？"), Message("assistant", "刷卡。")),
    ]  # fmt: skip
    asked = [
        (Message("user", "What about hats"),),
        (Message("user", "shoes"), Message("assistant", "hats"), Message("user", "付款")),
        (Message("user", "?"),),
    ]

    assert nearest_answers(learnt, asked) == ["Never.", "刷卡。", ""]
    assert nearest_answers([], asked) == ["", "", ""]
