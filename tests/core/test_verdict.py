"""One opinion on a model, for the doctor, Train and Evaluate."""

from dataclasses import replace

import pytest

from slm_studio.core.results import Baseline, Metric, Report
from slm_studio.core.saved import SavedModel
from slm_studio.core.verdict import (
    BEATEN,
    LEARNT,
    NOTHING,
    SENTENCES,
    UNSURE,
    last_word,
    verdict_of,
    verdict_of_model,
    verdict_of_report,
)

MODEL = SavedModel(
    folder="/m", name="m", task="classify", base="blank:bag-small", metrics={"accuracy": 0.5, "f1_macro": 0.4},
    baseline={"majority": {"accuracy": 0.48}, "tfidf_linear": {"accuracy": 0.5}},
    verdicts={"majority": "none", "tfidf_linear": "none"},
)  # fmt: skip


@pytest.mark.parametrize("said", ["none", "worse"])
def test_a_model_no_better_than_the_most_frequent_label_has_learnt_nothing(said: str) -> None:
    verdict = verdict_of_model(replace(MODEL, verdicts={"majority": said, "tfidf_linear": "better"}))

    assert verdict.code == NOTHING
    assert "it learnt too little" in verdict.sentence  # TF-IDF with a linear model tells more by them
    blind = {"majority": {"accuracy": 0.5}, "tfidf_linear": {"accuracy": 0.5}}
    assert (
        "these texts do not tell this column apart"
        in verdict_of_model(replace(MODEL, baseline=blind, verdicts={"majority": said})).sentence
    )


def test_a_model_that_is_visibly_better_on_few_rows_is_not_said_to_have_learnt_nothing() -> None:
    few = replace(MODEL, metrics={"accuracy": 0.85}, verdicts={"majority": "none"})

    verdict = verdict_of_model(few)

    assert verdict.code == UNSURE and "may be chance" in verdict.sentence
    assert last_word(few, best=3, steps=9).code == "ended-unsure"


@pytest.mark.parametrize(
    ("random", "counts", "code", "words"),
    [
        ("worse", "worse", NOTHING, "too little text"),
        ("none", "none", NOTHING, "too little text"),
        ("better", "worse", BEATEN, "Counting"),
        ("better", "none", LEARNT, "no difference from counting"),
        ("better", "better", LEARNT, "Better than counting"),
    ],
)
def test_word_vectors_are_held_against_chance_and_counting(random: str, counts: str, code: str, words: str) -> None:
    verdict = verdict_of({"context_accuracy": 0.3}, {}, {"random_vectors": random, "ppmi_svd": counts})

    assert verdict.code == code and words in verdict.sentence


def test_numbers_that_a_simple_method_tells_are_not_said_to_be_told_by_nothing() -> None:
    tests = {"mean": "none", "tfidf_ridge": "none"}

    missed = verdict_of({"mse": 2.0}, {"mean": {"mse": 2.0}, "tfidf_ridge": {"mse": 1.0}}, tests)
    blind = verdict_of({"mse": 2.0}, {"mean": {"mse": 2.0}, "tfidf_ridge": {"mse": 2.5}}, tests)

    assert missed.code == blind.code == NOTHING
    assert "learnt too little" in missed.sentence and "do not tell this number" in blind.sentence


def test_a_run_whose_loss_ran_away_is_said_to_have_whatever_its_best_state_reaches() -> None:
    for verdicts in ({"majority": "better"}, {"majority": "none"}):
        note = last_word(replace(MODEL, verdicts=verdicts), best=36, steps=90, opinion="diverging")

        assert note.code == "ended-diverging" and note.values == {"best": 36, "steps": 90}


@pytest.mark.parametrize(
    ("linear", "code", "words"),
    [
        ("better", LEARNT, "Better than TF-IDF"),
        ("none", LEARNT, "no difference from TF-IDF"),
        ("worse", BEATEN, "TF-IDF with a linear model does better"),
        ("", LEARNT, "Better than always answering"),
    ],
)
def test_beside_a_linear_model_it_is_better_as_good_or_beaten(linear: str, code: str, words: str) -> None:
    verdict = verdict_of_model(
        replace(MODEL, verdicts={"majority": "better"} | ({"tfidf_linear": linear} if linear else {}))
    )

    assert verdict.code == code and words in verdict.sentence


def test_without_tests_the_scores_speak() -> None:
    assert verdict_of({"accuracy": 0.4}, {"majority": {"accuracy": 0.4}}, {}).code == NOTHING
    assert verdict_of({"accuracy": 0.41}, {"majority": {"accuracy": 0.4}}, {}).code == LEARNT
    assert verdict_of({"accuracy": 0.4}, {}, {}).sentence == ""


@pytest.mark.parametrize(("bits", "code"), [(4.5, NOTHING), (2.7, BEATEN), (2.0, LEARNT)])
def test_a_writer_is_held_against_counting_and_a_compressor(bits: float, code: str) -> None:
    simple = {"unigram": {"bits_per_byte": 4.48}, "xz": {"bits_per_byte": 2.55}}

    assert verdict_of({"bits_per_byte": bits}, simple, {}).code == code


@pytest.mark.parametrize(
    ("bm25", "both", "words", "sentence"),
    [
        (0.96, 0.71, "worse", "spoils-words"),
        (0.60, 0.66, "worse", "beaten-by-words"),
        (0.64, 0.61, "none", "adds-to-words"),
        (0.87, 0.34, "none", "as-words-alone"),
        (0.64, 0.64, "none", "as-words"),
        (0.30, 0.61, "better", "beats-words"),
    ],
)
def test_a_search_is_held_against_words_alone_and_against_both(
    bm25: float, both: float, words: str, sentence: str
) -> None:
    baselines = {"bm25": {"mrr": bm25}, "hybrid": {"mrr": both}}

    hybrid = "none" if sentence.startswith("as-") else "worse"
    found = verdict_of({"mrr": 0.4}, baselines, {"bm25": words, "hybrid": hybrid})

    assert found.sentence == SENTENCES[sentence]


def test_a_model_and_its_report_are_judged_alike() -> None:
    report = Report(
        task="classify", model="m", dataset="d", split="test", rows=9, folder="", cases="",
        metrics=(Metric(key="accuracy", value=0.5),),
        baselines=tuple(
            Baseline(key=key, metrics=(Metric(key="accuracy", value=scores["accuracy"]),), seconds=0.0, verdict=MODEL.verdicts[key])
            for key, scores in MODEL.baseline.items()
        ),
    )  # fmt: skip

    assert verdict_of_report(report) == verdict_of_model(MODEL)


@pytest.mark.parametrize(
    ("strange", "sentence"), [(0, "label-missed"), (0.49, "label-missed"), (0.5, "other-labels"), (1, "no-label-known")]
)
def test_scores_on_labels_that_were_never_learnt_are_no_verdict_on_the_model(strange: float, sentence: str) -> None:
    report = Report(
        task="classify", model="m", dataset="d", split="test", rows=9, folder="", cases="",
        metrics=(Metric(key="accuracy", value=0.1),), facts={"unseen_rows": 1.0, "unseen_share": strange} if strange else {},
        baselines=tuple(
            Baseline(key=key, metrics=(Metric(key="accuracy", value=value),), seconds=0.0, verdict=verdict)
            for key, value, verdict in (("majority", 0.1, "none"), ("tfidf_linear", 0.2, "worse"))
        ),
    )  # fmt: skip

    assert verdict_of_report(report).sentence == SENTENCES[sentence]


def test_the_last_word_names_the_state_that_is_kept() -> None:
    learnt = replace(MODEL, verdicts={"majority": "better"})

    assert last_word(MODEL, best=3, steps=9).code == "ended-nothing"
    assert last_word(learnt, best=3, steps=9, opinion="by-heart").code == "ended-by-heart"
    still = last_word(learnt, best=0, steps=0)
    assert still.code == "ended" and "The base is as it was" in still.message
    note = last_word(learnt, best=3, steps=9)
    assert (note.code, note.values) == ("ended", {"best": 3, "steps": 9}) and "step {best}" in note.message
    whole = last_word(replace(learnt, learnt_validation=True), best=3, steps=9, opinion="by-heart")
    assert whole.values == note.values and "from there it learnt these rows" in whole.message
    assert "best of all" in last_word(learnt, best=9, steps=9, opinion="by-heart").message


def test_the_last_word_says_what_a_simpler_method_does_better() -> None:
    beaten = replace(MODEL, metrics={"bits_per_byte": 2.5}, baseline={"unigram": {"bits_per_byte": 4.0}, "xz": {"bits_per_byte": 2.0}}, verdicts={})  # fmt: skip

    note = last_word(beaten, best=9, steps=9)

    assert note.code == "ended-beaten" and "xz" in note.message


@pytest.mark.parametrize(
    ("tests", "code", "words"),
    [
        ({"frequent_tag": "none", "gazetteer": "better"}, NOTHING, "the tag it most often has"),
        ({"frequent_tag": "better", "gazetteer": "worse"}, BEATEN, "A list of the names"),
        ({"frequent_tag": "better", "gazetteer": "none"}, LEARNT, "no difference from a list"),
        ({"frequent_tag": "better", "gazetteer": "better"}, LEARNT, "names it has never seen"),
        ({"base": "none", "nearest": "better"}, NOTHING, "better than its base did"),
        ({"base": "better", "nearest": "worse"}, BEATEN, "looking answers up"),
        ({"base": "better", "nearest": "none"}, LEARNT, "better than its base did, and not by chance"),
        ({"base": "better", "nearest": "better"}, LEARNT, "the nearest question, and not by chance"),
        ({"nearest": "worse"}, BEATEN, "looking answers up"),
        ({"nearest": "none"}, LEARNT, ""),
    ],
)
def test_names_and_answers_are_held_against_what_needs_no_training(
    tests: dict[str, str], code: str, words: str
) -> None:
    verdict = verdict_of({}, {}, tests)

    assert verdict.code == code and words in verdict.sentence and bool(words) == bool(verdict.sentence)


@pytest.mark.parametrize(
    ("tests", "code", "words"),
    [
        ({"copy": "none", "nearest_pair": "better"}, NOTHING, "than the sources as they are"),
        ({"copy": "worse", "nearest_pair": "none"}, NOTHING, "than the sources as they are"),
        ({"copy": "better", "nearest_pair": "worse"}, BEATEN, "nearest source of the training rows comes nearer"),
        ({"copy": "better", "nearest_pair": "none"}, LEARNT, "No difference from what belongs to the nearest"),
        ({"copy": "better", "nearest_pair": "better"}, LEARNT, "and not by chance"),
        ({"lead": "worse", "nearest_pair": "better"}, BEATEN, "first sentence of a source"),
        ({"lead": "none", "nearest_pair": "better"}, LEARNT, "No difference from the first sentences"),
        ({"lead": "better", "nearest_pair": "better"}, LEARNT, "and not by chance"),
    ],
)
def test_what_rewrites_is_judged_beside_its_sources_and_its_training_rows(tests, code: str, words: str) -> None:
    verdict = verdict_of({"chrf": 0.3}, {}, tests)

    assert verdict.code == code and words in verdict.sentence


@pytest.mark.parametrize(
    ("first", "nearest", "code", "words"),
    [
        ("none", "better", NOTHING, "first sentence of a passage"),
        ("better", "worse", BEATEN, "shares most words with the question says more"),
        ("better", "none", LEARNT, "No difference from the sentence"),
        ("better", "better", LEARNT, "points at the true answers better"),
    ],
)
def test_one_that_points_at_answers_is_held_against_sentences(first: str, nearest: str, code: str, words: str) -> None:
    verdict = verdict_of({"f1": 0.5}, {}, {"lead": first, "nearest_sentence": nearest})

    assert verdict.code == code and words in verdict.sentence
