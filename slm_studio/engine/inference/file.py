"""A whole file of prompts → the same file with the answers beside them."""

import time
from collections.abc import Generator, Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path

import pyarrow as pa

from slm_studio.core.dataset import Dataset, ReadOptions
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished, Note, Progress
from slm_studio.core.results import FileResult, Label, Token
from slm_studio.core.texts import mark
from slm_studio.engine.data.names import is_known_name
from slm_studio.engine.data.prose import is_prose
from slm_studio.engine.data.reading import read_dataset
from slm_studio.engine.data.rows import open_part
from slm_studio.engine.data.writing import check_target, write_table
from slm_studio.engine.inference.shelf import Item, on_shelf

HEADED = ("csv", "tsv")  # formats whose first row may name the columns
CHUNK = 256  # rows between two signs of life


def predict_rows(handle: str, path: Path, out: Path, options: Mapping[str, object]) -> Iterator[Event]:
    """Read a file, answer its text column, and write all its columns plus `prediction` and `score`.

    Of a folder or zip whose files are parts of one dataset every part is answered, one behind the other.
    """
    began = time.perf_counter()
    check_target(out, path)  # before hours of answers, not after
    item = on_shelf(handle)
    dataset = yield from _read(path, options, item)
    table = pa.concat_tables(open_part(dataset, split) for split in ("train", *dataset.held_out))  # type: ignore[arg-type]
    texts = [cell or "" for cell in table.column(text_column(item, dataset, options)).to_pylist()]
    answers: list[str] = []
    scores: list[str] = []
    for start in range(0, len(texts), CHUNK):
        chunk = texts[start : start + CHUNK]
        for text, results in zip(chunk, item.task.predict_many(item.loaded, chunk, options), strict=True):
            is_blank = item.task.needs_text and not text.strip()  # no text, no answer
            answers.append("" if is_blank else _answer(results))
            scores.append("" if is_blank else _score(results))
        yield Progress("Answering rows", min(start + CHUNK, len(texts)), len(texts))
    for name, cells in (("prediction", answers), ("score", scores)):
        table = table.append_column(_free(name, table.column_names), pa.array(cells, pa.string()))
    bom = options.get("bom")
    yield from write_table(table, out, dataset.is_from_excel if bom is None else bool(bom))
    yield Finished(FileResult(rows=len(texts), out=str(out), seconds=time.perf_counter() - began))


def text_column(item: Item, dataset: Dataset, options: Mapping[str, object]) -> str:
    """Return the column to answer: the one named, the one of the training, or the only one with text.

    Raises StudioError where the one named is not there: another column would be an answer to another question.
    """
    named = str(options.get("column", ""))
    if named:
        return dataset.column(named).name
    names = [column.name for column in dataset.columns]
    for wish in _wishes(item, options):
        if wish in names:
            return wish
    texts = [column.name for column in dataset.columns if column.kind == "text"]
    if len(texts) == 1 or len(names) == 1:
        return (texts or names)[0]
    raise StudioError(
        "which-column",
        "“{dataset}” has several columns; which holds the text?",
        "Name it: --column COLUMN. The columns are: {columns}.",
        dataset=dataset.name,
        columns=", ".join(names),
    )


def _wishes(item: Item, options: Mapping[str, object]) -> tuple[str, ...]:
    """Return the names that the column of texts may have, the surest first."""
    roles = item.model.recipe.get("roles")
    learnt = str(roles.get("text", "")) if isinstance(roles, dict) else ""
    return (str(options.get("column", "")), learnt, "text")


def _read(path: Path, options: Mapping[str, object], item: Item) -> Generator[Event, None, Dataset]:
    chosen = {each.name: options[each.name] for each in fields(ReadOptions) if each.name in options}
    reading = ReadOptions(**chosen)  # type: ignore[arg-type]
    dataset = yield from _dataset(path, reading)
    if reading.header is None and _header_is_a_text(dataset, _wishes(item, options)):
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


def _answer(results: list[Label | Token]) -> str:
    if results and isinstance(results[0], Label):
        return results[0].label
    return "".join(token.text for token in results if isinstance(token, Token))


def _score(results: list[Label | Token]) -> str:
    return f"{results[0].score:.4f}" if results and isinstance(results[0], Label) else ""


def _free(name: str, taken: list[str]) -> str:
    while name in taken:
        name += "_"
    return name
