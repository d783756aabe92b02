"""A whole file of prompts → the same file with the answers beside them."""

import json
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path

import pyarrow as pa

from slm_studio.core.answer_columns import LISTS, free_name
from slm_studio.core.answers import PAIR, UNKNOWN_WORDS, left_out
from slm_studio.core.asked_columns import (
    asked_columns,
    is_left_out,
    learnt_columns,
    main_role,
    named_column,
    wished_names,
)
from slm_studio.core.dataset import NO_ROWS, Dataset, ReadOptions, Remark
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished, Note, Progress
from slm_studio.core.listed_texts import only_listed, read_as
from slm_studio.core.moderation import handed_on
from slm_studio.core.prompt import UNANSWERABLE, Prompt, is_blank
from slm_studio.core.results import LIST, FileResult, Token, further_cells, in_cells
from slm_studio.core.results import Item as Answer
from slm_studio.core.tagged import sentence_of
from slm_studio.core.tasks.info import Answers
from slm_studio.core.texts import mark
from slm_studio.core.work import Work
from slm_studio.engine.data.cells import asked
from slm_studio.engine.data.cleaning import mend_prompt
from slm_studio.engine.data.names import is_known_name
from slm_studio.engine.data.prose import is_prose
from slm_studio.engine.data.reading import read_dataset
from slm_studio.engine.data.rows import Row, Rows, open_part
from slm_studio.engine.data.standing_in import guessed_roles, taken_for
from slm_studio.engine.data.writing import check_target, nested_columns, write_table
from slm_studio.engine.inference.shelf import Item, old_index, on_shelf, where_it_searches
from slm_studio.engine.inference.unanswered import CUT, EMPTY, PARTLY_KNOWN, UNREAD, WRONG_SIDE, Unanswered
from slm_studio.engine.models.known_pairs import Known, KnownPairs

HEADED = ("csv", "tsv")  # formats whose first row may name the columns
NUMBERS = (*LISTS, ".parquet", ".pq")  # ends of files that hold numbers, and nothing where nothing is


def predict_rows(handle: str, path: Path, out: Path, options: Mapping[str, object]) -> Iterator[Event]:
    """Read a file, answer every row, and write all its columns plus `prediction` and `score`.

    Rows keep their places: one that cannot be answered has empty cells, and a Note at the end says how many there are and
    why. Where spans are the answer, JSON has them as a list, and other tables have the text with its marks besides. Of a
    model that keeps pairs `known_pair` holds the source of the one whose target an answer is.

    Of a folder or zip whose files are parts of one dataset every part is answered, one behind the other.
    """
    began = time.perf_counter()
    check_target(out, path)  # before hours of answers, not after
    item = on_shelf(handle)
    dataset = yield from _read(path, options, item)
    table = pa.concat_tables(open_part(dataset, split) for split in ("train", *dataset.held_out))  # type: ignore[arg-type]
    info, columns = item.info, asked_columns(item.model, item.info, dataset, options)
    yield from _stand_in(item, dataset, columns, options)
    options = _searched(item, columns, options)
    yield from (old := _old(item, columns, options))
    reads = {
        role.name: read_as(role, dataset.column(columns[role.name])) for role in info.asked if role.name in columns
    }
    rows = Rows(table, columns, reads=only_listed(reads))
    added: dict[str, list[str | None]] = {"prediction": [], "score": []}
    unanswered = Unanswered(
        {each.name: rows.roles[each.name] for each in info.asking or info.asked if each.name in rows.roles}
    )
    chunk = item.task.together(options)
    for start in range(0, len(rows), chunk):
        now = Progress("Answering rows", start, len(rows))
        answered = yield from _answer(item, list(rows[start : start + chunk]), options, unanswered, now)
        for text, items in answered:
            _add(added, text, items, item)
        yield replace(now, done=min(start + chunk, len(rows)))
    if out.suffix.lower() in LISTS:
        added.pop("marked", None)  # the spans themselves stand there
    for name, cells in added.items():
        column = _column(name, cells, info.answers, out.suffix.lower(), joined_by(item))
        table = table.append_column(free_name(name, table.column_names), column)
    bom = options.get("bom")
    bom = dataset.is_from_excel if bom is None else bool(bom)
    yield from write_table(table, out, bom, nested_columns(dataset))
    lost = (each for each in dataset.report.remarks if each.code in NO_ROWS)
    remarks = (*lost, *unanswered.remarks())
    yield from (Note(each.code, each.message, each.told) for each in remarks)
    remarks = (*(Remark(code=each.code, message=each.message, values=each.values) for each in old), *remarks)
    seconds = time.perf_counter() - began
    done = FileResult(rows=len(rows), out=str(out), seconds=seconds, unanswered=unanswered.count, remarks=remarks)
    yield Finished(done)


def _stand_in(item: Item, dataset: Dataset, columns: dict[str, str], options: Mapping[str, object]) -> Iterator[Note]:
    """Add the columns that look like those of further roles that the model learnt from, and say which were taken, and
    which of these roles the file has nothing for."""
    learnt = learnt_columns(item.model, item.info)
    yield from _taken(item, dataset, columns, options)
    missing = [role for role in learnt if role not in columns and not is_left_out(role, options)]
    guess = guessed_roles(dataset, item.info.key) if missing else {}
    for role in missing:
        if role in guess and guess[role] not in columns.values():
            columns[role] = guess[role]
            yield taken_for(dataset, item.info.key, learnt, role, guess[role])
        elif item.info.asked_along(role):
            yield Note(
                "role-missing",
                mark("“{dataset}” has no column “{missing}”, with which the model learnt: it answers without it."),
                {"dataset": dataset.name, "missing": learnt[role]},
            )


def _taken(item: Item, dataset: Dataset, columns: Mapping[str, str], options: Mapping[str, object]) -> Iterator[Note]:
    """Say which columns play a part of several, where neither somebody named them nor their names tell it."""
    learnt, main = learnt_columns(item.model, item.info), main_role(item.model, item.info, options)
    if sum(role.needed for role in item.info.asked) < 2:
        return
    for role, column in columns.items():
        is_told = column in wished_names(role, item.model, item.info)
        if not is_told and not named_column(role, options, is_main=role == main):
            yield taken_for(dataset, item.info.key, learnt, role, column)


def _searched(item: Item, columns: Mapping[str, str], options: Mapping[str, object]) -> dict[str, object]:
    """Return options that say what is searched. Raises StudioError where nothing is, before the first row is asked."""
    found = where_it_searches(item, dict(options))
    has_passages = any(role.name in columns for role in item.info.asked[1:])
    if "index" in item.info.answer_options and not has_passages and not found.get("index"):
        raise StudioError(
            "nothing-to-search",
            "There is nothing to search: no index was named, none stands beside the model, and no column holds passages.",
            "Index documents first: slm-studio index MODEL DOCUMENTS; or name a column: --role passage=COLUMN. In the window, drop documents into the Playground.",
        )
    return found


def _old(item: Item, columns: Mapping[str, str], options: Mapping[str, object]) -> tuple[Note, ...]:
    """Return why the index that is searched is no longer true; rows that bring their passages search none."""
    brought = {role.name: columns[role.name] for role in item.info.asked if role.name in columns}
    return old_index(item, item.task.searched(brought, options))


def _read(path: Path, options: Mapping[str, object], item: Item) -> Generator[Event, None, Dataset]:
    chosen = {each.name: options[each.name] for each in fields(ReadOptions) if each.name in options}
    reading = ReadOptions(**chosen)  # type: ignore[arg-type]
    dataset = yield from _dataset(path, reading)
    first = item.info.asked[0].name
    known = (named_column(first, options, is_main=True), *wished_names(first, item.model, item.info))
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
    item: Item, rows: Sequence[Row], options: Mapping[str, object], unanswered: Unanswered, now: Progress
) -> Work[list[tuple[str, Sequence[Answer] | None]]]:
    """Return the text of each row as it was asked, and its answer; None where it has none, which `unanswered` counts.

    `now.done` is the place of the first row in the file; it is yielded again as a sign of life.
    """
    info, first = item.info, now.done
    roles = {role.name: role for role in info.asked}
    prompts = [{name: asked(cell, roles[name].reads) for name, cell in row.items()} for row in rows]
    mended = {
        place: mend_prompt(prompt, item.cleaning, info)
        for place, prompt in enumerate(prompts)
        if not is_blank(prompt, info)
    }
    answers = yield from _answers(item, mended, options, unanswered, now)
    found: list[tuple[str, Sequence[Answer] | None]] = []
    for place, row in enumerate(rows):
        if place not in mended:
            unanswered.add_blank(first + place, row)
        elif place in answers:
            _look_at(item, mended[place], answers[place], options, unanswered, first + place)
        is_shown = place in mended and info.answers in ("spans", "gaps")
        asked_for = mended[place][info.asked[0].name] if is_shown else ""
        found.append((sentence_of(asked_for).text, answers.get(place)))
    return found


def _look_at(
    item: Item,
    prompt: Prompt,
    answer: Sequence[Answer],
    options: Mapping[str, object],
    unanswered: Unanswered,
    row: int,
) -> None:
    """Count a row that was not read whole, a text without a word, and an answer that ran out of length.

    What goes on with a text has no end of its own.
    """
    if left := left_out(item.task.sent(item.loaded, prompt, options)):
        unanswered.add(PARTLY_KNOWN if UNKNOWN_WORDS in left else UNREAD, row)
    if item.task.of_other_side(item.loaded, prompt, options):
        unanswered.add(WRONG_SIDE, row)
    if item.info.answers != "tokens":
        return
    if not in_cells(answer, item.info.answers)[0].strip():
        unanswered.add(EMPTY, row)
    elif not item.info.goes_on and not item.ended(answer, options)["ended"]:
        unanswered.add(CUT, row, limit=sum(isinstance(each, Token) for each in answer))


def _answers(
    item: Item, prompts: Mapping[int, Prompt], options: Mapping[str, object], unanswered: Unanswered, now: Progress
) -> Work[dict[int, list[Answer]]]:
    """Return the answers by place. Where one prompt is asked at a time it may be one that the model cannot take."""
    places = list(prompts)
    found: dict[int, list[Answer]] = {place: [] for place in places}
    try:
        for at, answer in item.task.answer(item.loaded, [*prompts.values()], options):
            if isinstance(answer, Progress):
                yield now
            else:
                found[places[at]].append(answer)
    except StudioError as error:
        if error.code not in UNANSWERABLE:
            raise
        if len(prompts) > 1:  # which of them it is shows one by one
            alone: dict[int, list[Answer]] = {}
            for place, each in prompts.items():
                alone |= yield from _answers(item, {place: each}, options, unanswered, now)
            return alone
        unanswered.add(error.code, now.done + places[0])
        return {}
    return found


def joined_by(item: Item) -> str:
    """Return how several labels stand in a cell: as in the file that the model learnt from."""
    return str(item.loaded.facts.get("joined") or LIST)


def _add(added: dict[str, list[str | None]], text: str, items: Sequence[Answer] | None, item: Item) -> None:
    """Add what is written of one row; a row without an answer has nothing there."""
    answers = item.info.answers
    answer, score = in_cells(items or (), answers, text, joined_by(item))
    cells = {"prediction": answer, "score": score, **further_cells(text, items or (), answers)}
    cells |= {name: "yes" if is_so else "" for name, is_so in handed_on(items or (), item.loaded.facts).items()}
    if isinstance(item.loaded.kept, KnownPairs):
        cells[PAIR] = next((each.source for each in items or () if isinstance(each, Known)), "")
    for name, cell in cells.items():
        added.setdefault(name, []).append(None if items is None else cell)


def _column(name: str, cells: Sequence[str | None], answers: Answers, ending: str, joined: str) -> pa.Array:
    """Return what stands in a column: texts, or where the file holds such, numbers, lists and nothing."""
    if ending not in NUMBERS:
        return pa.array([cell or "" for cell in cells], pa.string())
    if name == "score":
        return pa.array([float(cell) if cell else None for cell in cells], pa.float64())
    is_list = answers == "spans" or (answers == "several" and joined == LIST)
    if (name == "ranking" or (name == "prediction" and is_list)) and ending in LISTS:
        return pa.array([None if cell is None else json.loads(cell or "[]") for cell in cells])
    return pa.array(cells, pa.string())
