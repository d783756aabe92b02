"""Scoring a file that holds rows a model learnt from: they are counted, and the others scored apart."""

import random
from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core.dataset import Dataset
from slm_studio.core.recipe import make_recipe
from slm_studio.core.results import Report
from slm_studio.core.run import create_run
from slm_studio.core.saved import SavedModel
from slm_studio.engine.evaluation.learnt import learnt_rows

TOPICS = {"billing": ("invoice", "refund", "charge"), "delivery": ("parcel", "courier", "late"), "praise": ("thanks",)}


def result(events: object) -> object:
    return list(events)[-1].result  # type: ignore[call-overload]


def messages(count: int, start: int = 0) -> list[tuple[str, str]]:
    draw = random.Random(start)
    labels = list(TOPICS)
    return [
        (f"message {start + n} about {draw.choice(TOPICS[labels[n % 3]])} and {draw.random():.3f}", labels[n % 3])
        for n in range(count)
    ]


def read(path: Path, rows: list[tuple[str, str]]) -> Dataset:
    path.write_text("\n".join(["text,label", *(f"{text},{label}" for text, label in rows)]) + "\n", encoding="utf-8")
    return result(engine.read(str(path)))  # type: ignore[return-value]


@pytest.fixture
def learnt(tmp_path: Path) -> tuple[Dataset, SavedModel, list[tuple[str, str]]]:
    rows = messages(120)
    dataset = read(tmp_path / "tickets.csv", rows)
    recipe = make_recipe(
        "classify", base="blank:bag-nano", roles={"text": "text", "label": "label"}, settings={"epochs": 1}
    )
    return dataset, result(engine.train(recipe, dataset, create_run(recipe, dataset))), rows  # type: ignore[return-value]


def score(model: SavedModel, dataset: Dataset) -> Report:
    handle = result(engine.open(model.folder)).handle  # type: ignore[attr-defined]
    return result(engine.evaluate(handle, dataset))  # type: ignore[return-value]


def test_scoring_the_training_file_says_how_many_rows_were_learnt_and_scores_others(learnt) -> None:
    dataset, model, _ = learnt

    report = score(model, dataset)

    assert model.learnt_validation
    assert report.learnt == model.rows["train"] + model.rows["validation"] > model.rows["train"] > 0
    assert (report.split, report.rows) == ("test", model.rows["test"])
    assert "{learnt}" in report.about_learnt


def test_learnt_rows_are_found_in_another_file_too_however_it_was_changed(learnt, tmp_path: Path) -> None:
    _, model, rows = learnt
    relabelled = [(text.upper() + " ", "praise") for text, _ in rows] + messages(30, start=1000)

    report = score(model, read(tmp_path / "relabelled.csv", relabelled))

    learnt_rows = model.rows["train"] + model.rows["validation"]
    assert report.learnt == learnt_rows
    assert report.rows == 120 + 30 - learnt_rows
    assert report.split == "test"


def test_a_file_of_nothing_but_learnt_rows_says_that_it_shows_memory(learnt, tmp_path: Path) -> None:
    dataset, model, _ = learnt
    from slm_studio.engine.evaluation.evaluate import recipe_of_model
    from slm_studio.engine.tasks import task_of

    train = task_of("classify").split(dataset, recipe_of_model(model, {})).train
    only = read(tmp_path / "only.csv", list(zip(train.column("text"), train.column("label"), strict=True)))

    report = score(model, only)

    assert (report.split, report.rows, report.learnt) == ("train", len(train), len(train))
    assert "remembers" in report.about_learnt


def test_a_file_of_new_rows_is_scored_whole_and_nothing_is_said(learnt, tmp_path: Path) -> None:
    report = score(learnt[1], read(tmp_path / "new.csv", messages(40, start=5000)))

    assert (report.rows, report.learnt, report.about_learnt) == (40, 0, "")


def test_a_short_line_of_a_book_counts_as_the_line_before_it() -> None:
    known = ["It was the best of times, it was the worst.\n", "Yes.\n"]
    other = ["Yes.\n", "Call me Ishmael. Some years ago, I went.\n", "Yes.\n", *known]

    assert learnt_rows(other, known, reads_on=True).tolist() == [False, False, False, True, True]
    assert learnt_rows(other, known, reads_on=False).tolist() == [True, False, True, True, True]


@pytest.mark.parametrize("reads_on", [False, True])
def test_the_blank_lines_between_paragraphs_are_not_called_learnt(reads_on: bool) -> None:
    train = ["A line that stands in the book that was learnt.", "", " "]

    found = learnt_rows(["", "Another line that is nowhere in that book.", "", train[0]], train, reads_on=reads_on)

    assert found.tolist() == [False, False, False, True]
