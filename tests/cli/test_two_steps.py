"""A recipe of two steps trains both, and the first only once for the same rows; predict fills gaps."""

import json
from pathlib import Path

import pytest

from slm_studio.core.saved import list_models, open_saved
from tests.cli.commands import Run

TEXTS = ("where is my parcel", "i want my money back", "the lamp is broken", "which bulb fits")


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "tickets.csv"
    lines = (f"{text} number {n},{'ab'[place % 2]}\n" for n in range(12) for place, text in enumerate(TEXTS))
    path.write_text("text,label\n" + "".join(lines), encoding="utf-8")
    return path


def test_both_steps_are_trained_and_the_first_only_once(rows: Path, tmp_path: Path, run: Run) -> None:
    words = ("train", rows, "--recipe", "word2vec-lstm", "--epochs", "1", "--place", "thread")

    told = run(*words, "--out", tmp_path / "one")
    again = run(*words, "--out", tmp_path / "two")

    assert (told.code, again.code, told.result["task"]) == (0, 0, "classify")
    firsts = [model for model in list_models() if model.recipe.get("named") == "word2vec"]
    assert len(firsts) == 1 and firsts[0].task == "words"
    made = open_saved(tmp_path / "one")
    assert made.recipe["named"] == "word2vec-lstm" and firsts[0].name in json.dumps(
        [each.what for each in made.lineage]
    )


def test_a_first_step_is_found_in_the_folder_that_was_named_for_it(rows: Path, tmp_path: Path, run: Run) -> None:
    vectors, flags = tmp_path / "vectors", ("--epochs", "1", "--place", "thread")
    assert run("train", rows, "--task", "words", "--recipe", "word2vec", *flags, "--out", vectors).code == 0

    told = run("train", rows, "--recipe", "word2vec-lstm", *flags, "--out", tmp_path / "one")

    assert told.code == 0 and list_models() == [], "the first step is not taken again"
    assert open_saved(tmp_path / "one").recipe["options"]["vectors"] == vectors.name


def test_a_gap_is_filled_and_a_text_without_one_is_told_so(rows: Path, tmp_path: Path, run: Run) -> None:
    filler, flags = tmp_path / "filler", ("--epochs", "1", "--max-length", "16", "--place", "thread")
    assert run("train", rows, "--task", "fill", *flags, "--out", filler).code == 0

    told = run("predict", filler, "--text", "where is my ___", "--top", "2")
    missed = run("predict", filler, "--text", "where is my parcel")

    assert told.code == 0 and [item["rank"] for item in told.result["items"]] == [1, 2]
    assert set(told.result["items"][0]) == {"text", "score", "gap", "rank", "id", "joins"}
    assert missed.code == 1 and missed.error["code"] == "no-gap"
