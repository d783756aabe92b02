"""Simple methods learn from the training rows alone, and are scored on the same rows as the model."""

import json
from pathlib import Path

import numpy as np
import pytest

from slm_studio import engine
from slm_studio.core.dataset import Dataset
from slm_studio.core.recipe import make_recipe
from slm_studio.core.run import create_run
from slm_studio.engine.measuring import baselines

LEARNT = ["red apple", "green pear", "ripe plum", "steel hammer", "iron nail", "sharp saw"] * 4
LABELS = ["fruit", "fruit", "fruit", "tool", "tool", "tool"] * 4
NOTHING = np.zeros(4, dtype=bool)


def score(baseline, key: str = "accuracy") -> float:
    return next(metric.value for metric in baseline.metrics if metric.key == key)


def test_tfidf_answers_as_it_was_taught_whatever_the_scored_rows_say() -> None:
    scored, upside_down = ["apple", "pear", "hammer", "saw"], ["tool", "tool", "fruit", "fruit"]

    found = baselines.tfidf_linear(LEARNT, LABELS, scored, upside_down, NOTHING)

    assert score(found) == 0.0
    assert score(baselines.tfidf_linear(LEARNT, LABELS, scored, ["fruit", "fruit", "tool", "tool"], NOTHING)) == 1.0


def test_tfidf_that_was_taught_one_label_knows_no_other() -> None:
    found = baselines.tfidf_linear(LEARNT, ["fruit"] * len(LEARNT), ["apple", "saw"], ["fruit", "tool"], NOTHING[:2])

    assert score(found) == 0.5


def test_the_majority_is_that_of_the_training_rows() -> None:
    found = baselines.majority(["a", "a", "b"], ["b", "b", "b", "a"], NOTHING)

    assert score(found) == pytest.approx(0.25)


def test_a_model_is_compared_on_the_rows_it_was_scored_on() -> None:
    true, right = ["a"] * 20 + ["b"] * 10, np.array([True] * 30)

    assert baselines.majority(["a"], true, right).verdict == "better"
    assert baselines.majority(["a"], true, ~right).verdict == "worse"
    assert baselines.majority(["a"], true, np.array([True] * 20 + [False] * 10)).verdict == "none"


def test_counting_tokens_counts_those_of_the_training_text() -> None:
    train, scored = np.array([0] * 9 + [1]), np.array([1, 1])

    found = baselines.unigram(train, scored, 2, scored_bytes=4)

    assert score(found, "perplexity") == pytest.approx(12 / 2)  # (1 + 1) of (10 + 2)
    assert score(found, "bits_per_byte") == pytest.approx(2 * np.log2(6) / 4)


def test_the_compressor_has_read_the_training_text_and_pays_for_the_scored_one() -> None:
    dice = np.random.default_rng(0)
    page = "".join(chr(65 + number) for number in dice.integers(0, 26, 4000))
    other = "".join(chr(65 + number) for number in dice.integers(0, 26, 4000))

    known, new = (score(baselines.xz(page, text, 4000), "bits_per_byte") for text in (page, other))

    assert known < 0.2
    assert new == pytest.approx(np.log2(26), rel=0.1)


def rows_without_a_lesson(tmp_path: Path) -> Dataset:
    """240 texts of words that occur once each, so that nothing learnt on some of them says anything of the others."""
    dice = np.random.default_rng(1)
    path = tmp_path / "noise.csv"
    words = ["".join(chr(97 + n) for n in dice.integers(0, 26, 12)) for _ in range(240)]
    path.write_text("text,label\n" + "".join(f"{word},{'xy'[dice.integers(2)]}\n" for word in words))
    return list(engine.read(str(path)))[-1].result


def test_no_baseline_of_a_run_has_seen_the_rows_it_is_scored_on(tmp_path: Path) -> None:
    dataset = rows_without_a_lesson(tmp_path)
    recipe = make_recipe(
        "classify", base="blank:bag-nano", roles={"text": "text", "label": "label"},
        settings={"epochs": 1, "precision": "fp32", "test_share": 0.5, "validation_share": 0.1},
    )  # fmt: skip

    model = list(engine.train(recipe, dataset, create_run(recipe, dataset)))[-1].result

    assert model.rows["test"] == 120
    assert model.baseline["tfidf_linear"]["accuracy"] < 0.7
    opened = list(engine.open(model.folder))[-1].result
    report = list(engine.evaluate(opened.handle, dataset))[-1].result
    assert {each.key: score(each) for each in report.baselines} == {
        key: each["accuracy"] for key, each in model.baseline.items()
    }


def test_the_scored_rows_are_none_of_those_that_were_learnt(tmp_path: Path) -> None:
    dataset = rows_without_a_lesson(tmp_path)
    recipe = make_recipe(
        "classify", base="blank:bag-nano", roles={"text": "text", "label": "label"},
        settings={"epochs": 60, "learning_rate": 0.5, "precision": "fp32", "patience": 0, "dropout": 0.0, "test_share": 0.3},
    )  # fmt: skip

    model = list(engine.train(recipe, dataset, create_run(recipe, dataset)))[-1].result
    opened = list(engine.open(model.folder))[-1].result
    reports = {
        split: list(engine.evaluate(opened.handle, dataset, split))[-1].result
        for split in ("train", "validation", "test")
    }

    texts = {
        split: {json.loads(line)["text"] for line in Path(report.cases).read_text().splitlines()}
        for split, report in reports.items()
    }
    assert not texts["test"] & texts["train"]
    assert not texts["test"] & texts["validation"]
    assert not texts["validation"] & texts["train"]
    assert sum(map(len, texts.values())) == dataset.rows
    assert {split: len(rows) for split, rows in texts.items()} == model.rows
    assert not reports["train"].baselines  # they learnt these very rows
    assert reports["test"].value("accuracy") < 0.7
