"""Exact match and F1 against SQuAD's script, written down here as it counts them, and known answers."""

import re
import string
from collections import Counter

import numpy as np
import pytest

from slm_studio.core.work import outcome
from slm_studio.engine.measuring.quoting import exact_match, f1, metrics_of, score_each, sentences_of, simple_ways

PAIRS = [
    ("the Eiffel Tower", "Eiffel tower!"),
    ("in 1815", "1815"),
    ("a b a b", "a b"),
    ("red sandstone", "sandstone, red"),
    ("The", "a"),
    ("", ""),
    ("", "anything"),
    ("anything", ""),
    ("U.S.A.", "USA"),
    ("twenty-one", "twenty one"),
    ("“quoted”", "quoted"),
    ("Ångström  units", "ångström units"),
    ("nine years", "after nine years of work"),
    ("an apple", "apple"),
    ("than", "then"),
    ("New York, New York", "new new york"),
]


def squad_normalize(text: str) -> str:
    """The script lowers, takes punctuation out, then articles, then evens out white space."""
    text = "".join(sign for sign in text.lower() if sign not in set(string.punctuation))
    return " ".join(re.sub(re.compile(r"\b(a|an|the)\b", re.UNICODE), " ", text).split())


def squad_f1(gold: str, answer: str) -> float:
    gold_words, words = squad_normalize(gold).split(), squad_normalize(answer).split()
    shared = sum((Counter(gold_words) & Counter(words)).values())
    if len(gold_words) == 0 or len(words) == 0:
        return int(gold_words == words)
    if shared == 0:
        return 0
    precision, recall = shared / len(words), shared / len(gold_words)
    return 2 * precision * recall / (precision + recall)


@pytest.mark.parametrize(("gold", "answer"), PAIRS)
def test_it_counts_as_the_script_of_squad_does(gold: str, answer: str) -> None:
    assert exact_match(gold, answer) == int(squad_normalize(gold) == squad_normalize(answer))
    assert f1(gold, answer) == pytest.approx(squad_f1(gold, answer))


@pytest.mark.parametrize(
    ("gold", "answer", "exact", "shared"),
    [
        ("1902年", "1902年。", 1, 1),
        ("王小明", "馆长王小明", 0, 2 * 3 / (3 + 5)),
        ("光荣和ω-force", "光荣和 ω-force", 1, 1),
        ("《战国无双3》", "战国无双3", 1, 1),
        ("北京", "南京", 0, 0.5),
        ("北京", "", 0, 0),
    ],
)
def test_chinese_is_counted_by_character(gold: str, answer: str, exact: int, shared: float) -> None:
    assert exact_match(gold, answer) == exact
    assert f1(gold, answer) == pytest.approx(shared)


def test_the_nearest_of_several_counts_and_nothing_where_there_is_none() -> None:
    scores = score_each(
        ["London", "in London", "", "Paris"], [["Rome", "London"], ["London", "in old London"], [], ["the", " "]]
    )

    assert scores.exact_N.tolist() == [1, 0, 1, 0]
    assert scores.f1_N == pytest.approx([1, 0.8, 1, 0])
    assert scores.answered_N.tolist() == [True, True, False, False]
    found = {metric.key: metric.value for metric in metrics_of(scores, intervals=True)}
    assert found == pytest.approx({"exact_match": 0.5, "f1": 0.7, "f1_answered": 0.9, "no_answer_right": 0.5})
    alone = score_each(["a"], [["a b"]])
    assert {metric.key for metric in metrics_of(alone, intervals=False)} == {"exact_match", "f1"}


def test_passages_are_cut_into_sentences() -> None:
    assert sentences_of("One is 3.5 m. Two!  Three\nFour") == ["One is 3.5 m.", "Two!", "Three", "Four"]
    assert sentences_of("一是。“二！”三") == ["一是。", "“二！”", "三"]


def test_the_nearest_sentence_and_the_first_one_are_compared() -> None:
    passage = "It is big. The mill burnt in 1911. A lake is near."

    nearest, first = outcome(simple_ways(["When did the mill burn?"] * 8, [passage] * 8, [["1911"]] * 8, np.ones(8)))

    assert (nearest.key, first.key) == ("nearest_sentence", "lead")
    values = {metric.key: metric.value for metric in nearest.metrics}
    assert values == pytest.approx({"exact_match": 0.0, "f1": 2 / 5})
    assert nearest.verdict == first.verdict == "better"
