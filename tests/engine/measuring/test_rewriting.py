"""Scores of rewritten texts: those of sacrebleu and rouge-score, with the signature; simple methods beside them."""

import numpy as np
import pytest
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics import BLEU, CHRF

from slm_studio.engine.measuring import rewriting

ENGLISH = ["The cat sat on the mat.", "It's raining, isn't it?", "He left.", "A_b c-d 12 EUR", ""]
TRUE = [
    "The cat is on the mat.",
    "It is raining now, isn't it?",
    "She has left us.",
    "A b c d 12 EUR",
    "nothing was said",
]
CHINESE, RIGHT = (
    ["他去学校了。", "今天天气很好", "你叫什么name"],
    ["他去了学校。", "今天的天气真好！", "你叫什么name？"],
)


@pytest.mark.parametrize(("answers", "true", "cut"), [(ENGLISH, TRUE, "13a"), (CHINESE, RIGHT, "zh")])
def test_bleu_and_chrf_are_those_of_sacrebleu(answers: list[str], true: list[str], cut: str) -> None:
    found = {metric.key: metric for metric in rewriting.metrics_of(answers, true)}

    assert found["bleu"].value == pytest.approx(BLEU(tokenize=cut).corpus_score(answers, [true]).score / 100)
    assert found["chrf"].value == pytest.approx(CHRF().corpus_score(answers, [true]).score / 100, abs=1e-9)
    assert all(metric.low - 1e-9 <= metric.value <= metric.high + 1e-9 for metric in found.values())
    said = rewriting.signature(true)
    assert f"tok:{cut}" in said and "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:" in said


def test_rouge_is_that_of_rouge_score() -> None:
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"])

    expected = [
        [score.fmeasure for score in scorer.score(true, answer).values()]
        for answer, true in zip(ENGLISH, TRUE, strict=True)
    ]

    assert rewriting.rouge_each(ENGLISH, TRUE) == pytest.approx(np.array(expected))


def test_rouge_of_chinese_counts_characters() -> None:
    assert rewriting.units("我有2只cats，真的！") == ["我", "有", "2", "只", "cats", "真", "的"]
    assert rewriting.rouge_each(["他去了"], ["他去过"])[0, 0] == pytest.approx(2 / 3)


def test_right_is_what_is_the_same_but_for_blanks() -> None:
    assert rewriting.exact(["a  b ", "c"], ["a b", "d"]).value == 0.5


def test_the_first_sentence_ends_where_one_does() -> None:
    assert rewriting.first_sentence("It cost 3.50 euros. Then we left.") == "It cost 3.50 euros."
    assert rewriting.first_sentence("他来了。她走了。") == "他来了。"
    assert rewriting.first_sentence("no end") == "no end"


@pytest.mark.parametrize(
    ("sources", "targets", "kind"),
    [
        (["I has a cat", "she go home now"], ["I have a cat", "she goes home now"], "correction"),
        (["where is the station", "good night"], ["车站在哪里", "晚安"], "translation"),
        (["The library will be closed on Monday because of repairs to the roof. Please return books at the town hall."] * 3, ["Library closed on Monday"] * 3, "summary"),
    ],
)  # fmt: skip
def test_the_rows_tell_what_targets_are(sources: list[str], targets: list[str], kind: str) -> None:
    assert rewriting.kind_of(sources, targets) == kind


def test_the_nearest_source_lends_its_target_in_each_direction() -> None:
    learnt = (["red cat", "blue dog"], ["rote Katze", "blauer Hund"])
    methods = rewriting.methods_of("translation", learnt, np.array([False, True, False]))

    assert methods["nearest_pair"](["a blue dog", "rote Maus", "xyz"]) == ["blauer Hund", "red cat", ""]
    assert methods["copy"](["same"]) == ["same"]


def test_a_method_is_compared_row_by_row() -> None:
    true = ["one two three", "four five six", "seven eight", "nine ten", "red cat", "blue dog", "old tree", "new car"]
    mine_R = rewriting.score_each("chrf", true, true)

    back_R = np.array([False, True] * 4)
    worse = rewriting.compared("copy", lambda asked: ["nothing"] * len(asked), true, true, mine_R, back_R, "chrf")
    same = rewriting.compared("copy", list, true, true, mine_R, back_R, "chrf")

    assert (worse.verdict, same.verdict) == ("better", "none")
    assert {"chrf_there", "chrf_back"} <= {metric.key for metric in same.metrics}
