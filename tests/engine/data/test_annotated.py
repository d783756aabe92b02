"""Marked stretches of texts, as many tools write them, become “text” and “spans”; lists of words and tags are told."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from slm_studio.core.spans import Span, read_spans
from tests.engine.data.ask import read, remark, rows, write_and_read

TEXT, OTHER = "Anna Seghers lived in Mainz.", "It rains."
PER, LOC = {"start": 0, "end": 12, "label": "PER"}, {"start": 22, "end": 27, "label": "LOC"}
CELLS = [(TEXT, [PER, LOC]), (OTHER, [])]


def marks(dataset) -> list[tuple[str, list[dict]]]:
    assert [column.name for column in dataset.columns][:2] == ["text", "spans"]
    return [(row["text"], json.loads(row["spans"])) for row in rows(dataset)]


def kinds(dataset) -> dict[str, str]:
    return {column.name: column.kind for column in dataset.columns}


def studio(text: str, spans: list[dict], **more: object) -> dict:
    results = [
        {"id": f"r{number}", "from_name": "label", "to_name": "text", "type": "labels",
         "value": {"start": each["start"], "end": each["end"], "text": each.get("text", text[each["start"] : each["end"]]), "labels": [each["label"]]}}
        for number, each in enumerate(spans)
    ]  # fmt: skip
    return {"id": 7, "data": {"text": text, "source": "mail"}, "annotations": [{"id": 1, "was_cancelled": False, "result": results}], **more}  # fmt: skip


FORMS = {
    "doccano": [{"id": 1, "text": TEXT, "label": [[0, 12, "PER"], [22, 27, "LOC"]]}, {"id": 2, "text": OTHER, "label": []}],
    "doccano with relations": [
        {"id": 1, "text": TEXT, "relations": [], "entities": [{"id": 5, "label": "PER", "start_offset": 0, "end_offset": 12}, {"id": 6, "label": "LOC", "start_offset": 22, "end_offset": 27}]},
        {"id": 2, "text": OTHER, "relations": [], "entities": []},
    ],
    "entities": [{"text": TEXT, "entities": [[0, 12, "PER"], [22, 27, "LOC"]]}, {"text": OTHER, "entities": []}],
    "spacy": [[TEXT, {"entities": [[0, 12, "PER"], [22, 27, "LOC"]]}], [OTHER, {"entities": []}]],
    "prodigy": [
        {"text": TEXT, "tokens": [{"text": "Anna", "start": 0, "end": 4, "id": 0}], "spans": [PER | {"token_start": 0}, LOC | {"token_start": 4}], "answer": "accept"},
        {"text": OTHER, "tokens": [], "spans": [], "answer": "accept"},
    ],
    "ours": [{"text": TEXT, "spans": [PER, LOC]}, {"text": OTHER, "spans": []}],
    "other names": [{"sentence": TEXT, "slots": [{"begin": 0, "end": 12, "type": "PER"}, {"begin": 22, "end": 27, "type": "LOC"}]}, {"sentence": OTHER}],
    "restaurant8k": [
        {"userInput": {"text": TEXT}, "labels": [{"slot": "PER", "valueSpan": {"endIndex": 12}}, {"slot": "LOC", "valueSpan": {"startIndex": 22, "endIndex": 27}}]},
        {"userInput": {"text": OTHER}, "context": {"requestedSlots": ["LOC"]}},
    ],
    "label studio": [studio(TEXT, [PER, LOC]), studio(OTHER, [])],
    "label studio in short": [
        {"text": TEXT, "id": 3, "label": [PER | {"text": "Anna Seghers", "labels": ["PER"]} | {"label": None}, {"start": 22, "end": 27, "text": "Mainz", "labels": ["LOC"]}]},
        {"text": OTHER, "id": 4},
    ],
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_every_form_becomes_text_and_spans(tmp_path: Path, form: str, ending: str) -> None:
    content = (
        json.dumps(FORMS[form]) if ending == "json" else "".join(json.dumps(record) + "\n" for record in FORMS[form])
    )

    dataset = write_and_read(tmp_path / f"a.{ending}", content)

    assert marks(dataset) == CELLS
    assert kinds(dataset)["text"] == "text" and kinds(dataset)["spans"] == "spans"
    assert remark(dataset, "spans") is not None
    assert not [each.code for each in dataset.report.remarks if each.code in ("spans-misaligned", "spans-unreadable")]


def test_list_below_a_key_is_found(tmp_path: Path) -> None:
    document = {"classes": ["PER", "LOC"], "annotations": [None, *FORMS["spacy"]]}

    assert marks(write_and_read(tmp_path / "a.json", json.dumps(document))) == CELLS


def test_what_else_a_record_holds_stays(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.json", json.dumps(FORMS["restaurant8k"]))

    assert [row["context.requestedSlots"] for row in rows(dataset)] == ["", "LOC"]
    studio_rows = rows(write_and_read(tmp_path / "b.json", json.dumps(FORMS["label studio"])))
    assert [(row["id"], row["data.source"]) for row in studio_rows] == [("7", "mail"), ("7", "mail")]


def test_spans_that_fit_nothing_stay_and_are_counted_by_row(tmp_path: Path) -> None:
    odd = [
        [2, 12, "PER"],
        [0, 12, "ORG"],
        [20, 99, "LOC"],
        [4, 5, "LOC"],
    ]  # within a word, overlapping, outside, a blank
    records = [*FORMS["entities"] * 20, {"text": TEXT, "entities": odd}]

    dataset = write_and_read(tmp_path / "a.json", json.dumps(records))

    assert [tuple(span) for span in read_spans(rows(dataset)[40]["spans"])] == [tuple(each) for each in odd]
    for code in ("misaligned", "overlapping", "outside", "empty"):
        found = remark(dataset, f"spans-{code}")
        assert found is not None and (found.count, found.rows) == (1, (40,)), code


def test_offsets_that_count_an_emoji_twice_are_moved_and_said(tmp_path: Path) -> None:
    text = "😀😀 Anna in Mainz"
    right = [{"start": 3, "end": 7, "label": "PER", "text": "Anna"}]
    twice = [{"start": 5, "end": 9, "label": "PER", "text": "Anna"}, {"start": 13, "end": 18, "label": "LOC", "text": "Mainz"}]  # fmt: skip

    dataset = write_and_read(tmp_path / "a.json", json.dumps([studio(text, right), studio(text, twice)]))

    found = [[text[each["start"] : each["end"]] for each in spans] for _, spans in marks(dataset)]
    assert found == [["Anna"], ["Anna", "Mainz"]]
    assert (remark(dataset, "spans-moved").count, remark(dataset, "spans-moved").rows) == (2, (1, 1))


def test_span_with_another_text_than_the_tool_says_is_counted(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.json", json.dumps([studio(TEXT, [PER | {"text": "Bert Brecht"}]), *[studio(TEXT, [LOC])] * 3]))  # fmt: skip

    assert marks(dataset)[0] == (TEXT, [PER])
    assert remark(dataset, "spans-differ").rows == (0,)


def test_first_annotation_that_was_not_cancelled_counts_and_choices_are_said(tmp_path: Path) -> None:
    record = studio(TEXT, [PER])
    choice = {"type": "choices", "value": {"choices": ["good"]}}
    record["annotations"] = [{"was_cancelled": True, "result": []}, record["annotations"][0], {"result": []}]
    record["annotations"][1]["result"].append(choice)

    dataset = write_and_read(tmp_path / "a.json", json.dumps([record, record]))

    assert marks(dataset) == [(TEXT, [PER])] * 2
    assert remark(dataset, "annotations-several").count == 2 and remark(dataset, "marks-left-out").count == 2


@pytest.mark.parametrize(
    "records",
    [
        [{"text": "a b", "label": ["x", "y"]}, {"text": "c", "label": ["x"]}],
        [{"text": "a b", "box": [[1, 2, 3]]}, {"text": "c", "box": [[1, 2, 3]]}],
        [{"text": "ab", "parts": [{"start": 0.5, "end": 1.5, "label": "x"}]}] * 2,
        [{"text": "ab", "parts": [[10, 90, "x"]]}] * 2,  # beyond the text
        [{"text": "ab", "parts": [{"start": 0, "end": 1}]}] * 2,
        [{"question": "a b", "answers": {"text": ["a"], "answer_start": [0]}}] * 2,
    ],
)
def test_other_lists_stay_what_they_are(tmp_path: Path, records: list[dict]) -> None:
    dataset = write_and_read(tmp_path / "a.json", json.dumps(records))

    assert remark(dataset, "spans") is None and "spans" not in {column.name for column in dataset.columns}


def test_restaurant8k_has_every_span(real_data: Path) -> None:
    path = real_data / "restaurant8k" / "train.json"

    dataset = read(path)

    truth = []
    for each in json.loads(path.read_text("utf-8")):
        spans = [(label["valueSpan"].get("startIndex", 0), label["valueSpan"]["endIndex"], label["slot"]) for label in each.get("labels", [])]  # fmt: skip
        truth.append((each["userInput"]["text"], [Span(*span) for span in spans]))
    assert [(row["text"], read_spans(row["spans"])) for row in rows(dataset)] == truth


TOKENS = [["Anna", "Seghers", "lebt"], ["in", "Mainz", "."]]
TAGS = [["B-PER", "I-PER", "O"], ["O", "B-LOC", "O"]]
NUMBERS = [[1, 2, 0], [0, 3, 0]]
NAMES = ["O", "B-PER", "I-PER", "B-LOC"]


@pytest.mark.parametrize("ending", ["json", "jsonl"])
def test_lists_of_words_and_tags_are_told(tmp_path: Path, ending: str) -> None:
    records = [{"id": str(place), "tokens": each, "ner_tags": TAGS[place]} for place, each in enumerate(TOKENS)]
    content = json.dumps(records) if ending == "json" else "\n".join(map(json.dumps, records))

    dataset = write_and_read(tmp_path / f"a.{ending}", content)

    assert (kinds(dataset)["tokens"], kinds(dataset)["ner_tags"]) == ("words", "tags")
    assert [(json.loads(row["tokens"]), json.loads(row["ner_tags"])) for row in rows(dataset)] == list(
        zip(TOKENS, TAGS, strict=True)
    )


def test_tags_that_are_numbers_stand_as_they_are_and_that_is_said(tmp_path: Path) -> None:
    records = [{"tokens": words, "ner_tags": tags} for words, tags in zip(TOKENS, NUMBERS, strict=True)]

    dataset = write_and_read(tmp_path / "a.json", json.dumps(records))

    assert [row["ner_tags"] for row in rows(dataset)] == ["[1, 2, 0]", "[0, 3, 0]"]
    assert kinds(dataset) == {"tokens": "words", "ner_tags": "tags"}
    assert remark(dataset, "tags-numbers-ner_tags") is not None


def test_labels_of_a_text_are_no_tags(tmp_path: Path) -> None:
    records = [{"text": "a b", "tags": ["x", "y"]}, {"text": "c", "tags": ["x"]}]

    assert kinds(write_and_read(tmp_path / "a.json", json.dumps(records)))["tags"] == "list"


def test_words_and_tags_of_another_length_are_no_pair(tmp_path: Path) -> None:
    records = [{"bits": ["a", "b"], "labels": ["x"]}, {"bits": ["c"], "labels": ["x", "y"]}]

    assert set(kinds(write_and_read(tmp_path / "a.json", json.dumps(records))).values()) == {"list"}


@pytest.mark.parametrize("shape", ["Sequence", "List", "short"])
def test_parquet_names_its_tags(tmp_path: Path, shape: str) -> None:
    inner = {"names": NAMES, "_type": "ClassLabel"}
    features = {
        "tokens": {"feature": {"dtype": "string", "_type": "Value"}, "_type": "Sequence"},
        "ner_tags": [inner] if shape == "short" else {"feature": inner, "_type": shape},
    }
    table = pa.table({"tokens": TOKENS, "ner_tags": [[1, 2, 0], [0, 3, -1]]})
    table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    pq.write_table(table, tmp_path / "a.parquet")

    dataset = read(tmp_path / "a.parquet")

    assert [json.loads(row["ner_tags"]) for row in rows(dataset)] == [["B-PER", "I-PER", "O"], ["O", "B-LOC", "-1"]]
    assert [json.loads(row["tokens"]) for row in rows(dataset)] == TOKENS
    assert kinds(dataset) == {"tokens": "words", "ner_tags": "tags"}
    assert remark(dataset, "tags-unnamed").count == 1 and remark(dataset, "tags-numbers-ner_tags") is None


def test_parquet_without_names_keeps_its_numbers(tmp_path: Path) -> None:
    pq.write_table(pa.table({"tokens": TOKENS, "ner_tags": NUMBERS}), tmp_path / "a.parquet")

    dataset = read(tmp_path / "a.parquet")

    assert [json.loads(row["ner_tags"]) for row in rows(dataset)] == NUMBERS
    assert kinds(dataset) == {"tokens": "words", "ner_tags": "tags"}
    assert remark(dataset, "tags-numbers-ner_tags") is not None
