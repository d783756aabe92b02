"""A whole file of prompts → the same file with the answers beside them."""

import json
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path

import pyarrow as pa

from slm_studio.core.dataset import Dataset, ReadOptions
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished, Note, Progress
from slm_studio.core.prompt import is_blank
from slm_studio.core.results import FileResult, further_cells, in_cells
from slm_studio.core.results import Item as Answer
from slm_studio.core.tagged import sentence_of
from slm_studio.core.tasks import Role
from slm_studio.core.tasks.info import Answers
from slm_studio.core.texts import mark
from slm_studio.engine.data.cells import asked
from slm_studio.engine.data.cleaning import mend_prompt
from slm_studio.engine.data.names import is_known_name
from slm_studio.engine.data.prose import is_prose
from slm_studio.engine.data.reading import read_dataset
from slm_studio.engine.data.rows import Row, Rows, open_part
from slm_studio.engine.data.writing import check_target, write_table
from slm_studio.engine.inference.shelf import Item, on_shelf
from slm_studio.engine.task import answers_of

HEADED = ("csv", "tsv")  # formats whose first row may name the columns
LISTS = (".jsonl", ".ndjson", ".jl", ".json")  # ends of files that hold lists as they are
CHUNK = 256  # rows between two signs of life


def predict_rows(handle: str, path: Path, out: Path, options: Mapping[str, object]) -> Iterator[Event]:
    """Read a file, answer every row, and write all its columns plus `prediction` and `score`.

    Where spans are the answer, JSON has them as a list, and other tables have the text with its marks besides.

    Of a folder or zip whose files are parts of one dataset every part is answered, one behind the other.
    """
    began = time.perf_counter()
    check_target(out, path)  # before hours of answers, not after
    item = on_shelf(handle)
    dataset = yield from _read(path, options, item)
    table = pa.concat_tables(open_part(dataset, split) for split in ("train", *dataset.held_out))  # type: ignore[arg-type]
    info, rows = item.task.info, Rows(table, prompt_columns(item, dataset, options))
    added: dict[str, list[str]] = {"prediction": [], "score": []}
    for start in range(0, len(rows), CHUNK):
        for text, items in _answer(item, list(rows[start : start + CHUNK]), options):
            _add(added, text, items, info.answers)
        yield Progress("Answering rows", min(start + CHUNK, len(rows)), len(rows))
    lists = info.answers == "spans" and out.suffix.lower() in LISTS
    if lists:
        added.pop("marked", None)
    for name, cells in added.items():
        column = pa.array(map(_as_list, cells)) if lists and name == "prediction" else pa.array(cells, pa.string())
        table = table.append_column(_free(name, table.column_names), column)
    bom = options.get("bom")
    yield from write_table(table, out, dataset.is_from_excel if bom is None else bool(bom))
    yield Finished(FileResult(rows=len(rows), out=str(out), seconds=time.perf_counter() - began))


def prompt_columns(item: Item, dataset: Dataset, options: Mapping[str, object]) -> dict[str, str]:
    """Return role → column of every asked role: the one named, the one of the training, or the only one with text.

    Raises StudioError where the one named is not there: another column would be an answer to another question.
    """
    found = {}
    for place, role in enumerate(item.task.info.asked):
        column = _column_of(role, item, dataset, options, is_first=place == 0)
        if column:
            found[role.name] = column
    return found


def _column_of(role: Role, item: Item, dataset: Dataset, options: Mapping[str, object], *, is_first: bool) -> str:
    if named := _named(role.name, options, is_first):
        return dataset.column(named).name
    names = [column.name for column in dataset.columns]
    for wish in _wishes(role.name, item):
        if wish in names:
            return wish
    if not role.needed:
        return ""
    texts = [column.name for column in dataset.columns if column.kind in role.kinds[:1]]
    if is_first and (len(texts) == 1 or len(names) == 1):
        return (texts or names)[0]
    raise StudioError(
        "which-column",
        "“{dataset}” has several columns; which holds the text?",
        "Name it: --column COLUMN. The columns are: {columns}.",
        dataset=dataset.name,
        columns=", ".join(names),
    )


def _named(role: str, options: Mapping[str, object], is_first: bool) -> str:
    """Return the column that was named for a role; “column” alone is that of the first one."""
    columns = options.get("columns")
    named = str(columns.get(role, "")) if isinstance(columns, Mapping) else ""
    return named or (str(options.get("column", "")) if is_first else "")


def _wishes(role: str, item: Item) -> tuple[str, ...]:
    """Return the names that the column of a role may have, the surest first."""
    roles = item.model.recipe.get("roles")
    return (str(roles.get(role, "")) if isinstance(roles, dict) else "", role)


def _read(path: Path, options: Mapping[str, object], item: Item) -> Generator[Event, None, Dataset]:
    chosen = {each.name: options[each.name] for each in fields(ReadOptions) if each.name in options}
    reading = ReadOptions(**chosen)  # type: ignore[arg-type]
    dataset = yield from _dataset(path, reading)
    first = item.task.info.asked[0].name
    known = (_named(first, options, is_first=True), *_wishes(first, item))
    if reading.header is None and _header_is_a_text(dataset, known):
        text = dataset.columns[0].name
        dataset = yield from _dataset(path, replace(reading, header=False))
        yield Note(
            "first-row-kept",
            mark("The first row is taken for a text, not for the name of the column: “{text}”."),
            {"text": text[:100]},
        )
    return dataset


def _dataset(path: Path, reading: ReadOptions) -> Generator[Event, None, Dataset]:
    for event in read_dataset(path, reading):
        if isinstance(event, Finished):
            assert isinstance(event.result, Dataset)
            return event.result
        yield event
    raise AssertionError("read ends in Finished")


def _header_is_a_text(dataset: Dataset, known: tuple[str, ...]) -> bool:
    """Say whether the header of a single column is rather the first text: a prompt lost would be an answer lost."""
    if len(dataset.columns) > 1 or not dataset.report.header or dataset.report.format not in HEADED:
        return False
    name = dataset.columns[0].name
    return name not in known and not is_known_name(name) and is_prose(name)


def _answer(
    item: Item, rows: Sequence[Row], options: Mapping[str, object]
) -> Iterator[tuple[str, Sequence[Answer] | None]]:
    """Yield the text of each row as it was asked, and its answer; None where a row holds no prompt: no text, no answer."""
    info = item.task.info
    roles = {role.name: role for role in info.asked}
    prompts = [{name: asked(cell, roles[name].reads) for name, cell in row.items()} for row in rows]
    mended = {
        place: mend_prompt(prompt, item.cleaning, info)
        for place, prompt in enumerate(prompts)
        if not is_blank(prompt, info)
    }
    answers = dict(zip(mended, answers_of(item.task, item.loaded, [*mended.values()], options), strict=True))
    for place in range(len(rows)):
        asked_for = mended[place][info.asked[0].name] if place in mended and info.answers == "spans" else ""
        yield sentence_of(asked_for).text, answers.get(place)


def _add(added: dict[str, list[str]], text: str, items: Sequence[Answer] | None, answers: Answers) -> None:
    """Add what is written of one row; a row without an answer has empty cells."""
    answer, score = in_cells(items, answers) if items is not None else ("", "")
    cells = {"prediction": answer, "score": score, **further_cells(text, items or (), answers)}
    for name, cell in cells.items():
        added.setdefault(name, []).append(cell)


def _as_list(cell: str) -> object:
    return json.loads(cell) if cell else None


def _free(name: str, taken: list[str]) -> str:
    while name in taken:
        name += "_"
    return name
