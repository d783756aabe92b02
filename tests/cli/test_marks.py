"""slm-studio predict with a tagger: the words that are marked, as they stand in the text."""

import json
from pathlib import Path

import pytest

from slm_studio import cli
from tests.cli.commands import Run
from tests.tasks import fodder

ASKED = "Bob Stone met Ada in 北京"


@pytest.fixture(scope="module")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tagger")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLM_STUDIO_HOME", str(folder / "home"))
        path, out = fodder("tag").write(folder), folder / "model"
        words = ["--task", "tag", "--base", "blank:lstm-nano", "--precision", "fp32", "--place", "thread"]
        by_heart = ["--validation", str(path), "--patience", "0", "--epochs", "30", "--learning-rate", "0.01"]
        assert cli.main(["train", str(path), *words, *by_heart, "--out", str(out), "--json"]) == 0
    return out


def test_spans_stand_with_the_words_that_they_mark(run: Run, tagger: Path) -> None:
    items = run("predict", tagger, "--text", ASKED).result["items"]

    assert items, "it learnt to mark something"
    assert all(list(each) == ["text", "start", "end", "label", "score"] for each in items)
    assert all(each["text"] == ASKED[each["start"] : each["end"]] for each in items)
    assert all(isinstance(each["score"], float) for each in items)
    people = run("predict", tagger, "--text", ASKED, as_json=False).out
    assert all(each["text"] in people for each in items)


def test_words_of_a_list_are_marked_in_the_text_that_they_make(run: Run, tagger: Path) -> None:
    items = run("predict", tagger, "--text", '["Bob", "Stone", "left", "Paris"]').result["items"]

    assert items and all(each["text"] in "Bob Stone left Paris" for each in items)


def test_a_text_without_marks_is_said_to_have_none(run: Run, tagger: Path) -> None:
    told = run("predict", tagger, "--text", "nobody is here", as_json=False)

    assert (told.code, told.out, told.err) == (0, "", "Nothing is marked in this text.\n")
    assert run("predict", tagger, "--text", "nobody is here").result == {"items": []}


def test_spans_of_a_file_bear_their_words_and_numbers_are_numbers(run: Run, tagger: Path, tmp_path: Path) -> None:
    path, out = tmp_path / "in.csv", tmp_path / "out.jsonl"
    path.write_text(f'id,text\n1,{ASKED}\n2,"[""Bob"", ""Stone"", ""left""]"\n', encoding="utf-8")

    assert run("predict", tagger, "--file", path, "--out", out).code == 0

    rows = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    for row, text in zip(rows, (ASKED, "Bob Stone left"), strict=True):
        assert row["prediction"] and isinstance(row["score"], float)
        assert all(each["text"] == text[each["start"] : each["end"]] for each in row["prediction"])
