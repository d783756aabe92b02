"""Editing: what a person changed is another cell, and nothing else is."""

import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slm_studio import engine
from slm_studio.core import paths
from slm_studio.core.dataset import Dataset, ReadReport, list_datasets
from slm_studio.core.editing import Change
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Progress
from slm_studio.core.recipe import make_recipe
from slm_studio.engine.data import editing, table
from slm_studio.engine.data.keeping import Part, keep_dataset, staging_folder
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.table import TableWriter
from tests.engine.data.ask import cells, remark, result, write_and_read

CSV = 'text,label\ngood film,pos\nbad film,neg\n"two\nlines",pos\n'


def edit(dataset: Dataset, *changes: Change) -> Dataset:
    return result(engine.edit(dataset, changes))


def change(row: int, column: str, before: str, after: str, split: str = "train") -> Change:
    return Change(split=split, row=row, column=column, before=before, after=after)  # type: ignore[arg-type]


def refused(dataset: Dataset, *changes: Change) -> StudioError:
    kept = {each.id for each in list_datasets()}
    with pytest.raises(StudioError) as caught:
        edit(dataset, *changes)
    assert {each.id for each in list_datasets()} == kept
    return caught.value


def made(parts: dict[str, dict[str, list[str]]]) -> Dataset:
    """Keep a dataset of these columns."""
    with staging_folder() as staging:
        written = {}
        for split, columns in parts.items():
            with TableWriter(staging / f"{split}.arrow", Notes(), columns) as writer:
                writer.write(columns)
            written[split] = Part(
                title="a", path=writer.path, columns=tuple(columns), rows=writer.rows, fingerprint=writer.fingerprint(), notes=Notes()
            )  # fmt: skip
        return keep_dataset("a.csv", "/a.csv", written, ReadReport(format="csv"))


def test_a_version_has_the_change_and_says_so(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.csv", CSV)

    edited = edit(dataset, change(1, "label", "neg", "sad"), change(0, "text", "good film", "gut\u00a0😀"))

    assert cells(edited) == [("gut\u00a0😀", "pos"), ("bad film", "sad"), ("two\nlines", "pos")]
    assert cells(dataset)[1] == ("bad film", "neg")
    assert edited.name == "a.csv (edited)" and edited.id.startswith("a-edited-") and edited.source == dataset.source
    said = remark(edited, "edited")
    assert said.count == 2 and said.rows == (0, 1)
    assert edited.column("label").distinct == 2 and "sad" in edited.column("label").examples
    again = edit(edited, change(2, "label", "pos", "neg"))
    assert again.name == "a.csv (edited)" and remark(again, "edited").count == 3


def test_rows_that_are_what_they_were_are_the_former_version(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.csv", CSV)
    edited = edit(dataset, change(1, "label", "neg", "pos"))

    assert edit(edited, change(1, "label", "pos", "neg")) == dataset
    assert edit(dataset) == edit(dataset, change(1, "label", "neg", "x"), change(1, "label", "x", "neg")) == dataset
    assert {each.id for each in list_datasets()} == {dataset.id, edited.id}


def test_held_out_rows_are_edited_too(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("text,label\nfine film,pos\n")
    dataset = write_and_read(tmp_path / "a.csv", CSV, test=str(tmp_path / "t.csv"))

    edited = edit(dataset, change(0, "label", "pos", "neg", "test"))

    assert cells(edited, "test") == [("fine film", "neg")] and cells(edited) == cells(dataset)
    assert edited.held_out == {"test": 1}
    assert refused(dataset, change(0, "label", "pos", "neg", "validation")).code == "no-such-part"


def test_what_cannot_be_changed_is_said_and_nothing_is_written(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.csv", CSV)
    good = change(0, "label", "pos", "neg")

    moved = refused(dataset, good, change(1, "label", "pos", "neg"))
    assert moved.code == "cell-moved-on" and "Row 2 of “label” holds “neg”, no longer “pos”" in str(moved)
    assert "There is no row 4" in str(refused(dataset, good, change(3, "label", "pos", "neg")))
    assert refused(dataset, change(-1, "label", "pos", "neg")).code == "no-such-row"
    assert refused(dataset, good, change(1, "mood", "", "neg")).code == "no-such-column"


def test_words_and_tags_stay_in_step(tmp_path: Path) -> None:
    rows = [{"words": ["Ada", "writes"], "tags": ["B-PER", "O"]}, {"words": ["in", "London"], "tags": ["O", "B-LOC"]}]
    dataset = write_and_read(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows)))
    assert {column.kind for column in dataset.columns} == {"words", "tags"}
    words, tags = cells(dataset)[0]

    edited = edit(dataset, change(0, "tags", tags, '["B-PER", "B-X"]'))
    assert cells(edited)[0] == (words, '["B-PER", "B-X"]')
    assert refused(dataset, change(0, "tags", tags, '["B-PER"]')).code == "tags-unequal"
    assert refused(dataset, change(0, "words", words, '["Ada"]')).code == "tags-unequal"
    assert refused(dataset, change(0, "tags", tags, '["B-PER", ')).code == "cell-form"
    both = edit(dataset, change(0, "words", words, '["Ada"]'), change(0, "tags", tags, '["B-PER"]'))
    assert cells(both)[0] == ('["Ada"]', '["B-PER"]')


def test_edits_and_cleanings_follow_each_other(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.csv", CSV)
    recipe = make_recipe("classify", roles={"text": "text", "label": "label"})

    edited = edit(dataset, change(0, "text", "good film", "  good film "))
    cleaned = result(engine.clean(edited, ("trim",), recipe))
    again = edit(cleaned, change(1, "label", "neg", "pos"))

    assert cells(again)[:2] == [("good film", "pos"), ("bad film", "pos")]
    assert remark(again, "cleaned-trim").count == 1 and remark(again, "edited").count == 2
    assert again.name == "a.csv (edited) (cleaned)"
    assert edit(again, change(1, "label", "pos", "neg")) == cleaned


TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=6)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_all_other_cells_stay_byte_for_byte(
    data: st.DataObject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "BATCH", 4)
    monkeypatch.setattr(editing, "batches", lambda whole: table.batches(whole, 4))
    monkeypatch.setattr(paths, "datasets", lambda: tmp_path)
    sizes = {"train": data.draw(st.integers(1, 13)), "test": data.draw(st.integers(0, 5))}
    rows = {
        split: {name: data.draw(st.lists(TEXTS, min_size=n, max_size=n)) for name in ("a", "b", "c")}
        for split, n in sizes.items()
    }
    dataset = made(rows)
    expected = {split: {name: [*column] for name, column in columns.items()} for split, columns in rows.items()}
    changes = []
    places = [(split, row, name) for split, n in sizes.items() for row in range(n) for name in ("a", "b", "c")]
    for split, row, name in data.draw(st.lists(st.sampled_from(places), max_size=12)):
        after = data.draw(TEXTS)
        changes.append(change(row, name, expected[split][name][row], after, split))
        expected[split][name][row] = after

    edited = edit(dataset, *changes)

    for split in sizes:
        found = pa.ipc.open_file(edited.part(split)).read_all()  # type: ignore[arg-type]
        assert found.to_pydict() == expected[split]
        assert all(field.type == pa.string() for field in found.schema)
    assert edited.fingerprint == made(expected).fingerprint


def test_writing_tells_how_far_it_is(tmp_path: Path) -> None:
    dataset = write_and_read(tmp_path / "a.csv", CSV)

    said = [each for each in engine.edit(dataset, (change(0, "label", "pos", "x"),)) if isinstance(each, Progress)]

    assert [(each.done, each.total) for each in said] == [(3, 3)]


def test_a_new_column_is_empty_in_every_part_and_everything_else_as_it_was() -> None:
    dataset = made({"train": {"text": ["a b", "c"]}, "test": {"text": ["d"]}})

    version = result(engine.edit(dataset, columns=("tags",)))

    assert (cells(version), cells(version, "test")) == ([("a b", ""), ("c", "")], [("d", "")])
    assert version.held_out == {"test": 1} and version.column("tags").filled == 0
    marked = edit(version, change(0, "tags", "", '[{"start": 0, "end": 1, "label": "X"}]'))
    assert marked.column("tags").kind == "spans"


def test_a_new_column_cannot_be_called_like_another() -> None:
    dataset = made({"train": {"text": ["a b", "c"]}})

    for columns in (("text",), ("new", "new")):
        with pytest.raises(StudioError) as caught:
            result(engine.edit(dataset, columns=columns))
        assert caught.value.code == "column-there"
