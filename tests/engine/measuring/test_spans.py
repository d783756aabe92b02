"""Scores of spans, against seqeval."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import classification_report
from seqeval.scheme import IOB2

from slm_studio.engine.measuring import spans
from slm_studio.engine.measuring.spans import (
    Entity,
    Errors,
    count_broken,
    count_entities,
    entities_of,
    entity_metrics,
    error_table,
    gazetteer,
    lenient_f1,
    most_frequent_tag,
    per_type,
    randomisation,
    span_baseline,
    span_verdict,
)

TAGS = st.sampled_from(["O", "B-x", "I-x", "B-y", "I-y"])
SENTENCES = st.lists(
    st.integers(1, 7).flatmap(
        lambda words: st.tuples(*[st.lists(TAGS, min_size=words, max_size=words) for _ in range(2)])
    ),
    min_size=1,
    max_size=6,
)


def by_seqeval(gold, answered):
    return classification_report(gold, answered, mode="strict", scheme=IOB2, output_dict=True, zero_division=0)


def values(metrics):
    return {metric.key: metric.value for metric in metrics}


@settings(deadline=None, max_examples=60)
@given(SENTENCES)
def test_scores_are_seqevals_in_strict_mode(pairs):
    """Broken tags and all."""
    gold, answered = [one for one, _ in pairs], [other for _, other in pairs]
    if not any(entities_of(tags) for tags in gold + answered):
        return  # seqeval has nothing to average
    expected = by_seqeval(gold, answered)

    found = values(entity_metrics(gold, answered))

    micro = expected.pop("micro avg")
    assert found["entity_f1"] == pytest.approx(micro["f1-score"])
    assert found["entity_precision"] == pytest.approx(micro["precision"])
    assert found["entity_recall"] == pytest.approx(micro["recall"])
    types = {key: value for key, value in expected.items() if " avg" not in key}
    assert {each.score.label for each in per_type(gold, answered)} == set(types)
    for each in per_type(gold, answered):
        its = types[each.score.label]
        assert (each.score.precision, each.score.recall, each.score.f1, each.score.support) == pytest.approx(
            (its["precision"], its["recall"], its["f1-score"], its["support"])
        )
        assert each.low <= each.score.f1 <= each.high


def test_the_scores_of_a_case_counted_by_hand():
    """Four gold entities, three answers, two of them right: precision 2/3, recall 1/2."""
    gold = [["B-x", "I-x", "O", "B-y"], ["B-x", "B-x", "O"]]
    answered = [["B-x", "I-x", "O", "B-x"], ["B-x", "O", "O"]]

    found = values(entity_metrics(gold, answered))

    assert found["entity_precision"] == pytest.approx(2 / 3)
    assert found["entity_recall"] == pytest.approx(1 / 2)
    assert found["entity_f1"] == pytest.approx(4 / 7)


def test_an_inside_tag_that_follows_nothing_of_its_type_is_no_entity_and_is_counted():
    assert entities_of(["O", "I-x", "I-x"]) == []
    assert entities_of(["B-x", "I-y", "I-x"]) == [Entity(0, 1, "x")]
    assert entities_of(["B-x", "I-x", "B-x"]) == [Entity(0, 2, "x"), Entity(2, 3, "x")]
    assert count_broken([["O", "I-x", "I-x"], ["B-x", "I-y", "I-x"], ["B-x", "I-x", "O"]]) == 4


def test_an_interval_holds_its_score_and_narrows_with_more_sentences():
    gold, answered = [["B-x", "O"], ["O", "B-x"], ["B-x", "B-y"]], [["B-x", "O"], ["B-x", "O"], ["B-x", "B-x"]]

    few, many = entity_metrics(gold, answered)[0], entity_metrics(gold * 40, answered * 40)[0]

    assert few.low <= few.value <= few.high
    assert many.value == pytest.approx(few.value)
    assert many.high - many.low < (few.high - few.low) / 2


def test_no_entity_anywhere_scores_nothing_and_breaks_nothing():
    assert values(entity_metrics([["O"], []], [["O"], []])) == {
        "entity_f1": 0.0,
        "entity_precision": 0.0,
        "entity_recall": 0.0,
    }
    assert per_type([["O"]], [["O"]]) == ()


def test_every_kind_of_error_has_its_column():
    gold = [["B-x", "O", "B-x", "O", "B-x", "I-x", "O", "B-x", "I-x", "O", "B-x", "O", "O"]]
    mine = [["B-x", "O", "B-y", "O", "B-x", "O", "O", "O", "B-y", "O", "O", "O", "B-y"]]

    table = error_table(gold, mine)

    assert table == {
        "x": Errors(correct=1, wrong_type=1, boundary=1, both_wrong=1, missed=1),
        "y": Errors(spurious=1),
    }
    # five answers, five gold: exact words 2; the right type on overlapping words 2; half points for 2 more
    assert lenient_f1(table) == pytest.approx({"exact": 0.4, "type": 0.4, "partial": 0.6})


def test_an_exact_answer_is_never_taken_for_the_half_of_another():
    gold, mine = [["B-x", "I-x", "B-x"]], [["O", "B-x", "B-x"]]

    assert error_table(gold, mine) == {"x": Errors(correct=1, boundary=1)}


@settings(deadline=None, max_examples=80)
@given(SENTENCES)
def test_every_entity_is_counted_once_in_the_table_of_errors(pairs):
    gold, answered = [one for one, _ in pairs], [other for _, other in pairs]
    counts = count_entities(gold, answered)

    table = error_table(gold, answered)

    totals = {kind: sum(getattr(errors, kind) for errors in table.values()) for kind in spans.KINDS}
    assert totals["correct"] == counts.both_N.sum()
    assert sum(totals.values()) - totals["spurious"] == counts.gold_N.sum()
    assert sum(totals.values()) - totals["missed"] == counts.answered_N.sum()


def test_a_difference_is_shown_where_one_system_is_better_and_not_where_they_are_alike():
    gold = [["B-x", "O", "B-y"]] * 40
    good, bad = count_entities(gold, gold), count_entities(gold, [["B-x", "O", "O"]] * 40)
    odd = count_entities(gold, [["B-x", "O", "O"], ["O", "O", "B-y"]] * 20)

    assert randomisation(good, bad) == pytest.approx(1 / (spans.SHUFFLES + 1))
    assert (span_verdict(good, bad), span_verdict(bad, good)) == ("better", "worse")
    assert randomisation(bad, odd) == 1.0
    assert span_verdict(bad, odd) == "none"


def test_the_p_value_of_few_sentences_is_that_of_all_their_exchanges():
    """Three sentences that differ: of the eight ways to exchange them, two are as far apart as what was observed."""
    gold = [["B-x"]] * 3
    right, empty = count_entities(gold, gold), count_entities(gold, [["O"]] * 3)

    assert randomisation(right, empty) == pytest.approx(2 / 8, abs=0.04)


def test_chance_alone_shows_a_difference_about_as_often_as_it_may():
    generator, gold = np.random.default_rng(0), [["B-x"]] * 60
    shown = 0
    for _ in range(60):
        one, other = (
            count_entities(gold, [["B-x"] if generator.random() < 0.6 else ["O"] for _ in gold]) for _ in range(2)
        )
        shown += span_verdict(one, other) != "none"

    assert shown <= 9  # 3 expected; more than 9 happens once in a thousand


def test_a_word_gets_the_tag_it_bore_most_often():
    words = [["New", "York", "is", "new"], ["York", "York"]]
    tags = [["B-x", "I-x", "O", "O"], ["I-x", "B-y"]]

    assert most_frequent_tag(words, tags, [["New", "York", "sleeps"], ["York"]]) == [["B-x", "I-x", "O"], ["B-x"]]


def test_the_gazetteer_takes_the_longest_name_and_its_usual_type():
    words = [["New", "York", "Times"], ["New", "York"], ["York"], ["York"], ["York"]]
    tags = [["B-org", "I-org", "I-org"], ["B-place", "I-place"], ["B-place"], ["B-name"], ["B-name"]]

    found = gazetteer(words, tags, [["the", "New", "York", "Times", "York"], ["New", "York", "City", "New"]])

    assert found == [
        ["O", "B-org", "I-org", "I-org", "B-name"],
        ["B-place", "I-place", "O", "O"],
    ]


def test_a_simple_method_is_compared_with_the_model():
    gold = [["B-x", "O"]] * 30
    model = count_entities(gold, gold)

    baseline = span_baseline("gazetteer", gold, [["O", "O"]] * 30, model, began=0.0)

    assert (baseline.key, baseline.verdict, baseline.metrics[0].value) == ("gazetteer", "better", 0.0)
