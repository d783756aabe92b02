"""Texts that files keep as lists of their lines are read as texts, by whatever looks at them."""

import json
from pathlib import Path

from slm_studio import engine
from slm_studio.core.dataset import Dataset
from slm_studio.core.recipe import Recipe, make_recipe
from slm_studio.engine.data.rows import open_rows
from slm_studio.engine.retrieval.sources import documents_of, source_of_dataset
from tests.engine.data.ask import cells, result, write_and_read

POEMS = [["Over the hill", f"go {n} geese,"] + ["and away."] * (n % 3) for n in range(12)]
WHOLE = ["\n".join(poem) for poem in POEMS]


def poems(folder: Path, extra: str = "") -> Dataset:
    lines = [json.dumps({"poem": poem, "mood": "ab"[at % 2]}) for at, poem in enumerate(POEMS)]
    return write_and_read(folder / "poems.jsonl", "\n".join(lines) + extra)


def recipe_of(task: str, **roles: str) -> Recipe:
    return make_recipe(task, roles=roles)


def test_every_view_of_rows_reads_them(tmp_path: Path) -> None:
    rows = open_rows(poems(tmp_path), recipe_of("write", text="poem"))

    assert rows.column("text") == WHOLE
    assert rows[1]["text"] == WHOLE[1] and [row["text"] for row in rows] == WHOLE
    assert rows.take([3, 1])[:1].column("text") == [WHOLE[3]]
    assert rows.take([1]).with_those(rows.take([0])).column("text") == WHOLE[:2]
    assert rows.take([1]).whole().column("text") == WHOLE


def test_labels_in_a_list_stay_a_list(tmp_path: Path) -> None:
    rows = open_rows(poems(tmp_path), recipe_of("classify", text="mood", label="poem"))

    assert json.loads(rows.column("label")[0]) == POEMS[0]


def test_words_are_put_together(tmp_path: Path) -> None:
    lines = [json.dumps({"words": ["今天", "very", "hot", "!"], "tags": ["O", "O", "B-A", "O"]}) for _ in range(3)]
    dataset = write_and_read(tmp_path / "words.jsonl", "\n".join(lines))

    assert open_rows(dataset, recipe_of("write", text="words")).column("text")[0] == "今天very hot !"
    assert json.loads(open_rows(dataset, recipe_of("tag", text="words", tags="tags")).column("text")[0])[1] == "very"


def test_checks_and_figures_read_them(tmp_path: Path) -> None:
    dataset, recipe = poems(tmp_path, '\n{"poem": [], "mood": "a"}'), recipe_of("classify", text="poem", label="mood")

    empty = next(each for each in result(engine.check(dataset, recipe)) if each.code == "empty-text")
    told = result(engine.describe(dataset, recipe))

    assert empty.rows == (12,)
    assert told["lengths"]["longest"] == max(map(len, WHOLE)) and told["empty"] == 1


def test_cleaning_mends_each_line_and_knows_a_list_of_nothing(tmp_path: Path) -> None:
    dataset, recipe = poems(tmp_path, '\n{"poem": [""], "mood": "a"}'), recipe_of("write", text="poem")

    cleaned = result(engine.clean(dataset, ["lowercase", "remove_empty"], recipe))

    assert [json.loads(poem) for poem, _ in cells(cleaned)] == [[line.lower() for line in poem] for poem in POEMS]


def test_an_index_holds_texts(tmp_path: Path) -> None:
    found = [each.text for each in documents_of(source_of_dataset(poems(tmp_path), "poem"))]

    assert found == WHOLE
