"""Nested questions become rows, whichever of the usual forms they are written in."""

import json
from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core.dataset import Dataset
from slm_studio.core.events import Finished
from slm_studio.engine.data.rows import open_table

TEXT = "Ada was born in London in 1815."
QAS = [
    {"id": "1", "question": "Where?", "answers": [{"text": "London", "answer_start": 16}]},
    {"id": "2", "question": "When?", "answers": [{"text": "1815", "answer_start": 26}, {"text": "in 1815", "answer_start": 23}, {"text": "1815", "answer_start": 26}]},
    {"id": "3", "question": "Who else?", "answers": [], "is_impossible": True, "plausible_answers": [{"text": "Ada", "answer_start": 0}]},
]  # fmt: skip
ROWS = [
    {"question": "Where?", "answer": "London", "answer_start": "16"},
    {"question": "When?", "answer": '["1815", "in 1815"]', "answer_start": '["26", "23"]'},
    {"question": "Who else?", "answer": "", "answer_start": ""},
]
ROLES = {"question": "question", "passage": "context", "answer": "answer", "start": "answer_start"}


def rows_of(path: Path) -> tuple[Dataset, list[dict]]:
    (*_, last) = engine.read(str(path))
    assert isinstance(last, Finished)
    return last.result, open_table(last.result.part()).to_pylist()


def write(folder: Path, name: str, *values: object) -> Path:
    path = folder / name
    path.write_text("\n".join(json.dumps(value, ensure_ascii=False) for value in values), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "values"),
    [
        (
            "squad.json",
            [{"version": "v2.0", "data": [{"title": "Ada", "paragraphs": [{"context": TEXT, "qas": QAS}]}]}],
        ),
        ("articles.json", [[{"title": "Ada", "paragraphs": [{"context": TEXT, "qas": QAS}]}]]),
        ("flat.jsonl", [{"context": TEXT, "qas": QAS[:2]}, {"context": TEXT, "qas": QAS[2:]}]),
        ("one.json", [{"data": [{"paragraphs": [{"context": TEXT, "qas": [each]} for each in QAS]}]}]),
    ],
)
def test_each_question_is_a_row_with_its_passage(name: str, values: list, tmp_path: Path) -> None:
    dataset, rows = rows_of(write(tmp_path, name, *values))

    assert [{key: row[key] for key in ROWS[0]} for row in rows] == ROWS
    assert {row["context"] for row in rows} == {TEXT}
    (*_, last) = engine.suggest(dataset)
    assert (last.result.task, last.result.roles) == ("answer", ROLES)
    assert "questions-nested" in {remark.code for remark in dataset.report.remarks}


def test_a_passage_without_a_question_is_counted(tmp_path: Path) -> None:
    dataset, rows = rows_of(
        write(
            tmp_path,
            "squad.json",
            {"data": [{"paragraphs": [{"context": TEXT, "qas": QAS}, {"context": "x", "qas": []}]}]},
        )
    )

    assert len(rows) == 3
    assert next(each.count for each in dataset.report.remarks if each.code == "passages-unasked") == 1


def test_the_form_of_the_hub_is_read_as_it_is(tmp_path: Path) -> None:
    lines = [
        {"id": str(at), "title": "Ada", "context": TEXT, "question": each["question"], "answers": {"text": [one["text"] for one in each["answers"]], "answer_start": [one["answer_start"] for one in each["answers"]]}}
        for at, each in enumerate(QAS)
    ]  # fmt: skip

    dataset, _ = rows_of(write(tmp_path, "hub.jsonl", *lines))

    (*_, last) = engine.suggest(dataset)
    roles = ROLES | {"answer": "answers.text", "start": "answers.answer_start"}
    assert (last.result.task, last.result.roles) == ("answer", roles)


def test_other_records_stay_as_they_are(tmp_path: Path) -> None:
    _, rows = rows_of(write(tmp_path, "plain.jsonl", {"context": "a", "note": "b"}, {"context": "c", "note": "d"}))

    assert rows == [{"context": "a", "note": "b"}, {"context": "c", "note": "d"}]
