"""Judged collections (the layout of BEIR) become pairs of queries and passages; what of them cannot is said."""

import json
from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core.errors import StudioError
from slm_studio.engine.data.rows import open_part
from tests.engine.data.ask import read, remark, rows
from tests.engine.data.test_bundles import ways

CORPUS = {
    "p1": ("Opening hours", "We open at nine."),
    "p2": ("", "书可以借四周。"),
    "p3": ("Fees", "  "),
    "p4": ("", " "),
}
QUERIES = {"q1": "When do you open?", "q2": "书可以借多久？", "q3": "What does it cost?", "q4": "Who are you?"}


def collection(folder: Path, **judgements: str) -> Path:
    """Write a collection; its judgements are lines of “query passage score”."""
    (folder / "qrels").mkdir(parents=True)
    corpus = [{"_id": key, "title": title, "text": text, "metadata": {"n": 1}} for key, (title, text) in CORPUS.items()]
    queries = [{"_id": key, "text": text} for key, text in QUERIES.items()]
    for name, lines in (("corpus", corpus), ("queries", queries)):
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    for name, lines in judgements.items():
        (folder / "qrels" / f"{name}.tsv").write_text(lines.replace(" ", "\t"))
    return folder


NAMED = "query-id corpus-id score\n"


def test_queries_stand_beside_the_passages_that_answer_them(tmp_path: Path) -> None:
    folder = collection(tmp_path / "set", test=NAMED + "q1 p1 1\nq2 p2 2\nq1 p2 1\nq3 p3 1\n")

    for way in ways(folder, tmp_path):
        dataset = read(way)

        assert rows(dataset) == [
            {"query": "When do you open?", "passage": "Opening hours\nWe open at nine."},
            {"query": "书可以借多久？", "passage": "书可以借四周。"},
            {"query": "When do you open?", "passage": "书可以借四周。"},
            {"query": "What does it cost?", "passage": "Fees"},
        ]
        assert remark(dataset, "collection-pairs").values == {"count": 4, "queries": 3, "passages": 3}
        assert remark(dataset, "passages-unasked").count == remark(dataset, "queries-unanswered").count == 1
        assert dataset.report.format == "judged" and "cells-nested" not in {
            each.code for each in dataset.report.remarks
        }
    suit = list(engine.suggest(dataset))[-1].result
    assert suit.task == "search" and suit.roles == {"query": "query", "passage": "passage"}


@pytest.mark.parametrize("head", [NAMED, ""])
def test_the_first_line_may_hold_names_or_not(head: str, tmp_path: Path) -> None:
    dataset = read(collection(tmp_path / "set", train=head + "q1 p1 1\nq2 p2 1\n"))

    assert [row["query"] for row in rows(dataset)] == ["When do you open?", "书可以借多久？"]
    assert not {each.code for each in dataset.report.remarks} & {"judgements-unknown", "judgements-denied"}


def test_trecs_four_columns_are_read(tmp_path: Path) -> None:
    dataset = read(collection(tmp_path / "set", train="q1 0 p1 1\nq2 0 p2 0\n"))

    assert len(rows(dataset)) == 1 and remark(dataset, "judgements-denied").count == 1


def test_files_named_for_it_choose_and_score(tmp_path: Path) -> None:
    dataset = read(
        collection(
            tmp_path / "set", train=NAMED + "q1 p1 1\nq2 p2 1\n", dev=NAMED + "q3 p2 1\n", test=NAMED + "q2 p1 1\n"
        )
    )

    assert dataset.held_out == {"validation": 1, "test": 1}
    assert open_part(dataset, "test").to_pylist() == [
        {"query": "书可以借多久？", "passage": "Opening hours\nWe open at nine."}
    ]
    assert remark(dataset, "split-by-files").values["train"] == 2


def test_what_names_nothing_is_counted(tmp_path: Path) -> None:
    lines = "q1 p1 1\nq9 p1 1\nq1 p9 1\nq2 p4 1\nq2 p2 -1\nq3 p2 0\n"

    dataset = read(collection(tmp_path / "set", train=NAMED + lines))

    assert len(rows(dataset)) == 1
    unknown = remark(dataset, "judgements-unknown")
    assert unknown.count == 3 and unknown.values["first"] == "q9 → p1"  # p4 holds no text
    assert remark(dataset, "judgements-denied").count == 2


def without(folder: Path, name: str) -> Path:
    path = folder / name
    if path.is_dir():
        for each in path.iterdir():
            each.unlink()
        path.rmdir()
    else:
        path.unlink()
    return folder


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("qrels", "no file that says which passage answers which query"),
        ("queries.jsonl", "no file of queries"),
        ("corpus.jsonl", "no file of passages"),
    ],
)
def test_what_is_missing_is_named(name: str, words: str, tmp_path: Path) -> None:
    folder = without(collection(tmp_path / "set", test=NAMED + "q1 p1 1\n"), name)

    with pytest.raises(StudioError) as caught:
        read(folder)

    assert caught.value.code == "collection-incomplete" and words in caught.value.message


def test_judgements_of_which_none_is_a_pair_are_refused_with_the_first(tmp_path: Path) -> None:
    with pytest.raises(StudioError) as caught:
        read(collection(tmp_path / "set", test=NAMED + "7 p1 1\nq1 8 1\n"))

    assert caught.value.code == "judgements-strange"
    assert caught.value.values == {"file": "qrels/test.tsv", "first": "7 → p1"}


def test_passages_without_ids_are_refused(tmp_path: Path) -> None:
    folder = collection(tmp_path / "set", test=NAMED + "q1 p1 1\n")
    (folder / "corpus.jsonl").write_text('{"name": "p1", "text": "We open at nine."}\n')

    with pytest.raises(StudioError) as caught:
        read(folder)

    assert caught.value.code == "texts-unnamed" and caught.value.values["column"] == "_id"


def test_real_questions_on_articles(real_data: Path) -> None:
    dataset = read(real_data / "cmrc_retrieval")

    assert dataset.rows == 1042 and [column.name for column in dataset.columns] == ["query", "passage"]
