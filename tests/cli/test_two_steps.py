"""A recipe of two steps trains both, and the first only once for the same rows; predict fills gaps."""

import json
from pathlib import Path

import pytest

from slm_studio.cli import main
from slm_studio.core.saved import list_models, open_saved

TEXTS = ("where is my parcel", "i want my money back", "the lamp is broken", "which bulb fits")


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "tickets.csv"
    lines = (f"{text} number {n},{'ab'[place % 2]}\n" for n in range(12) for place, text in enumerate(TEXTS))
    path.write_text("text,label\n" + "".join(lines), encoding="utf-8")
    return path


def ask(capfd: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict]:
    status = main([*words, "--json"])
    return status, json.loads(capfd.readouterr().out.strip().splitlines()[-1])


def test_both_steps_are_trained_and_the_first_only_once(rows: Path, tmp_path: Path, capfd) -> None:
    words = ("train", str(rows), "--recipe", "word2vec-lstm", "--epochs", "1", "--place", "thread")

    status, found = ask(capfd, *words, "--out", str(tmp_path / "one"))
    again, _ = ask(capfd, *words, "--out", str(tmp_path / "two"))

    assert (status, again, found["task"]) == (0, 0, "classify")
    firsts = [model for model in list_models() if model.recipe.get("named") == "word2vec"]
    assert len(firsts) == 1 and firsts[0].task == "words"
    made = open_saved(tmp_path / "one")
    assert made.recipe["named"] == "word2vec-lstm" and firsts[0].name in json.dumps(
        [each.what for each in made.lineage]
    )


def test_a_gap_is_filled_and_a_text_without_one_is_told_so(rows: Path, tmp_path: Path, capfd) -> None:
    flags = (
        "--task",
        "fill",
        "--epochs",
        "1",
        "--max-length",
        "16",
        "--place",
        "thread",
        "--out",
        str(tmp_path / "filler"),
    )
    assert ask(capfd, "train", str(rows), *flags)[0] == 0

    status, found = ask(capfd, "predict", str(tmp_path / "filler"), "--text", "where is my ___", "--top", "2")
    missed, error = ask(capfd, "predict", str(tmp_path / "filler"), "--text", "where is my parcel")

    assert status == 0 and [item["rank"] for item in found["items"]] == [1, 2]
    assert set(found["items"][0]) == {"text", "score", "gap", "rank", "id", "joins"}
    assert missed == 1 and error["error"]["code"] == "no-gap"
