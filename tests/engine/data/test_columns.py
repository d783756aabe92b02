"""What columns hold and what they suggest."""

from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import fill
from slm_studio.core.results import Suggestion
from tests.engine.data.ask import result, write_and_read

WORDS = [
    "the",
    "room",
    "was",
    "clean",
    "and",
    "the",
    "staff",
    "were",
    "friendly",
    "but",
    "breakfast",
    "came",
    "too",
    "late",
    "on",
    "both",
    "days",
]


def sentence(n: int) -> str:
    return " ".join(WORDS[(n * 3 + step * 7) % len(WORDS)] for step in range(6)) + f" {n}"


def table(tmp_path: Path, **columns: list[str]) -> Dataset:
    lines = ["\t".join(row) for row in zip(*columns.values(), strict=True)]
    return write_and_read(tmp_path / "a.tsv", "\n".join(["\t".join(columns), *lines]), header=True)


def kinds(dataset: Dataset) -> dict[str, str]:
    return {column.name: column.kind for column in dataset.columns}


def suggest(dataset: Dataset, task: str = "") -> Suggestion:
    return result(engine.suggest(dataset, task))


def test_kinds_are_told_by_cells(tmp_path: Path) -> None:
    dataset = table(
        tmp_path,
        body=[sentence(n) for n in range(60)],
        mood=["good", "bad", "so so"] * 20,
        price=[f"{n * 7 % 13}.{n % 10}5" for n in range(60)],
        number=[str(n + 1) for n in range(60)],
        hash=[f"{n * 2654435761 % 2**32:08x}{n:08x}" for n in range(60)],
        talk=['[{"role": "user", "content": "hi"}]'] * 60,
        marks=['[{"start": 0, "end": 3, "label": "x"}]'] * 60,
        tags=['["B-PER", "O"]'] * 60,
        things=['["a", 1]'] * 60,
    )

    assert kinds(dataset) == {
        "body": "text", "mood": "label", "price": "number", "number": "id", "hash": "id", "talk": "messages", "marks": "spans",
        "tags": "tags", "things": "list",
    }  # fmt: skip


def test_filled_distinct_and_examples_are_counted(tmp_path: Path) -> None:
    column = table(tmp_path, text=["a b", "", "a b", "c" * 500], label=["x", "y", "x", "y"]).columns[0]

    assert (column.filled, column.distinct) == (3, 2)
    assert column.examples == ("a b", "c" * 200)


@pytest.mark.parametrize(
    ("text", "label"), [("text", "label"), ("评论", "类别"), ("Review Text", "Sentiment"), ("a", "b")]
)
def test_classification_is_suggested_by_name_or_shape(tmp_path: Path, text: str, label: str) -> None:
    columns = {"id": [str(n) for n in range(60)], label: ["pos", "neg"] * 30, text: [sentence(n) for n in range(60)]}

    found = suggest(table(tmp_path, **columns))

    assert (found.task, found.roles, found.labels) == ("classify", {"text": text, "label": label}, 2)
    assert found.base == "blank:bag-small"
    assert fill(found.reason, found.roles | {"labels": 2}) == (
        f"“{label}” repeats 2 different values, and “{text}” holds the texts to sort."
    )


def test_name_beats_shape_for_the_label(tmp_path: Path) -> None:
    dataset = table(
        tmp_path,
        text=[sentence(n) for n in range(60)],
        city=["Rome", "Oslo"] * 30,
        category=[f"topic {n % 9}" for n in range(60)],
    )

    assert suggest(dataset).roles["label"] == "category"


def test_stars_are_labels_and_prices_are_not(tmp_path: Path) -> None:
    texts = [sentence(n) for n in range(60)]

    assert suggest(table(tmp_path, text=texts, stars=[str(n % 5) for n in range(60)])).roles["label"] == "stars"
    assert suggest(table(tmp_path, text=texts, price=[str(n * 37 % 59) for n in range(60)])).task == "write"


def test_texts_alone_suggest_writing(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.txt", "\n".join(sentence(n) for n in range(60)))

    found = suggest(dataset)

    assert (found.task, found.roles, found.base) == ("write", {"text": "text"}, "blank:llama-nano")


def test_longest_text_is_chosen_where_names_say_nothing(tmp_path: Path) -> None:
    dataset = table(tmp_path, a=[f"title {n}" for n in range(60)], b=[sentence(n) * 3 for n in range(60)])

    assert suggest(dataset).roles == {"text": "b"}


def test_task_of_the_person_is_kept(tmp_path: Path) -> None:
    dataset = table(tmp_path, text=[sentence(n) for n in range(60)], label=["a", "b"] * 30)

    assert suggest(dataset, "write").roles == {"text": "text"}
    assert suggest(dataset, "classify").roles == {"text": "text", "label": "label"}


def test_column_that_splits_the_rows_is_no_label(tmp_path: Path) -> None:
    dataset = table(tmp_path, text=[sentence(n) for n in range(60)], split=["train", "test"] * 30)

    assert suggest(dataset).task == "write"
