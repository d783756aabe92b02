"""Cleaning: named steps that mend texts or leave rows out, each a pure function."""

import html
import json
import re
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa

from slm_studio.core.cleaning import STEPS, check_steps
from slm_studio.core.dataset import Dataset, ReadReport, Remark
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished, Progress
from slm_studio.core.label_sets import labels_in
from slm_studio.core.listed_texts import LISTED
from slm_studio.core.prompt import Prompt, write_cell
from slm_studio.core.recipe import Recipe, info_of_recipe, reads_of
from slm_studio.core.results import LIST, join_labels
from slm_studio.core.speakers import SPEAKER_KEYS
from slm_studio.core.tasks import Role, TaskInfo
from slm_studio.core.tasks.info import Reads
from slm_studio.core.texts import mark
from slm_studio.engine.data.cells import as_read, meant
from slm_studio.engine.data.keeping import Part, keep_dataset, staging_folder
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.privacy import mask_personal
from slm_studio.engine.data.rows import open_part, open_table
from slm_studio.engine.data.splits import among, text_keys
from slm_studio.engine.data.table import TableWriter, batches

Cell = Callable[[str], str]

_TAG = re.compile(
    r"<!--.*?-->|<(?:script|style)\b.*?</(?:script|style)\s*>|</?[a-zA-Z][^<>]{0,2000}>", re.DOTALL | re.I
)
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/tr|/h[1-6])\b[^<>]{0,200}>", re.IGNORECASE)
_URL = re.compile(r"(?:https?://|www\.)[^\s，。；！？）】》\"'<>]+", re.IGNORECASE)
_SPACES = re.compile(r"[^\S\n]+")
_BREAKS = re.compile(r"\n{3,}")
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}


def strip_html(text: str) -> str:
    """Return the text without tags, with entities resolved. Example: "<b>Tom &amp; I</b>" → "Tom & I" """
    if "<" in text:
        text = _TAG.sub("", _BREAK.sub("\n", text))
    return html.unescape(text) if "&" in text else text


def squeeze_spaces(text: str) -> str:
    """Return the text with runs of spaces as one, and at most one empty line between others."""
    return _BREAKS.sub("\n\n", _SPACES.sub(" ", text))


def full_to_half(text: str) -> str:
    """Return full-width letters, digits and marks as half-width ones. Example: "ＡＢＣ１２３！" → "ABC123!" """
    return text.translate(_WIDE)


def strip_urls(text: str) -> str:
    """Return the text without web addresses."""
    return _URL.sub("", text) if "http" in text.lower() or "www." in text.lower() else text


CELLS: dict[str, Cell] = {  # the steps that mend a cell; the others look at whole rows
    "strip_html": strip_html,
    "strip_urls": strip_urls,
    "full_to_half": full_to_half,
    "lowercase": str.lower,
    "squeeze_spaces": squeeze_spaces,
    "trim": str.strip,
    "mask_personal": mask_personal,
}
DONE = "cleaned-"  # what the code of a remark begins with that tells of a step
MENDED: tuple[Reads, ...] = ("text", "lines", "sentence", "words", "candidates", "messages", "label", "labels")
LABELS: tuple[Reads, ...] = ("label", "labels")
OF_LABELS = ("full_to_half", "squeeze_spaces", "trim")  # those that mend labels, too


@dataclass(frozen=True, slots=True)
class Aim:
    """Which columns the steps look at, by the roles that they play."""

    asked: tuple[str, ...]  # columns of what makes a prompt
    answer: str  # column of the true answers, or ""
    needed: tuple[str, ...]  # columns without which a row is empty
    reads: Mapping[str, Reads]  # column → how its cells are read; those that no step may mend are left out
    joined: str = ""  # how a cell of the answers joins several labels

    @property
    def columns(self) -> tuple[str, ...]:
        """Return all columns that play a role; of the whole table where none does."""
        return (*self.asked, *([self.answer] if self.answer else []))

    def key(self, table: pa.Table, *, with_answer: bool = False) -> np.ndarray:
        """Return a key per row over what is asked."""
        columns = self.columns if with_answer else self.asked
        return row_keys(table, columns or table.column_names)


def aim_of(recipe: Recipe, dataset: Dataset) -> Aim:
    """Return what the roles of a recipe mean for cleaning. Raises StudioError where a column is not there."""
    roles = {role: column for role, column in recipe.roles.items() if column and dataset.column(column)}
    info = info_of_recipe(recipe, dataset)
    answer = roles.get(info.answer.name, "") if info.answer else ""
    is_placed = bool(_marks_places(info) and answer)
    may_be = [role for role in info.roles if role.reads in MENDED and not (role.asked and is_placed)]
    mended = [roles[role.name] for role in may_be if role.name in roles]
    return Aim(
        asked=tuple(roles[role.name] for role in info.asked if role.name in roles),
        answer=answer,
        needed=tuple(roles[role.name] for role in _needed(info) if role.name in roles),
        reads={column: reads_of(recipe, dataset)[column] for column in mended},
        joined=(dataset.column(answer).joins or LIST)
        if answer and info.answer and info.answer.reads == "labels"
        else "",
    )


def _marks_places(info: TaskInfo) -> bool:
    """Say whether answers are places in a text, counted in characters: mended under them, it would be marked elsewhere."""
    return info.answer is not None and info.answer.reads in ("tags", "spans")


def _needed(info: TaskInfo) -> list[Role]:
    """Return the roles without which a row is empty: where none is needed by itself, all that may not be blank."""
    needed = [role for role in info.roles if role.needed and (role.asked or not role.may_be_blank)]
    return needed or [role for role in info.roles if not role.may_be_blank]


def mend(cell: str, steps: Sequence[str], reads: Reads) -> str:
    """Return a cell after the steps that look at cells; lists are mended item by item."""
    wanted = [
        CELLS[name] for name in check_steps(steps) if name in CELLS and (reads not in LABELS or name in OF_LABELS)
    ]
    if not wanted or not cell:
        return cell
    if reads in ("text", "label", "labels"):  # a list of labels is mended as it is written
        return _through(cell, wanted)
    if reads == "messages":
        return _through_messages(cell, wanted)
    whole = meant(cell, "words" if reads in LISTED.values() else reads)  # a list stays one
    if isinstance(whole, str):
        return _through(whole, wanted)
    return write_cell(
        tuple(_through(part, wanted) if isinstance(part, str) else part for part in whole)  # type: ignore[arg-type]
    )


def mend_prompt(prompt: Prompt, steps: Sequence[str], info: TaskInfo) -> Prompt:
    """Return a prompt after what was done to the rows that a model learnt from."""
    if _marks_places(info):
        return prompt
    reads = {role.name: role.reads for role in info.asked if role.reads in MENDED}
    return {
        name: meant(mend(write_cell(cell), steps, reads[name]), reads[name]) if name in reads else cell
        for name, cell in prompt.items()
    }


def steps_of(dataset: Dataset) -> tuple[str, ...]:
    """Return the steps that mend cells and were applied to a dataset, in their order."""
    done = {remark.code.removeprefix(DONE) for remark in dataset.report.remarks if remark.code.startswith(DONE)}
    return tuple(name for name in STEPS if name in done and name in CELLS)


def _through_messages(cell: str, steps: Sequence[Cell]) -> str:
    """Return a list of messages, in whichever form, with what is said in them mended; another cell stays as it is."""
    try:
        items = json.loads(cell)
    except (ValueError, RecursionError):
        return cell
    if not isinstance(items, list):
        return cell
    mended = [
        {
            key: _through(value, steps) if isinstance(value, str) and key not in SPEAKER_KEYS else value
            for key, value in item.items()
        }
        if isinstance(item, dict)
        else item
        for item in items
    ]
    return json.dumps(mended, ensure_ascii=False)


def _through(text: str, steps: Sequence[Cell]) -> str:
    for step in steps:
        text = step(text)
    return text


def clean_dataset(dataset: Dataset, steps: Sequence[str], recipe: Recipe) -> Iterator[Event]:
    """Apply steps to the columns that play a role and keep the result as a new version. Ends in Finished(Dataset)."""
    steps = check_steps(steps)
    aim = aim_of(recipe, dataset)
    counts: Counter[str] = Counter()
    with staging_folder() as staging:
        mended: dict[str, Part] = {}
        for split in ("train", *dataset.held_out):
            mended[split] = yield from _mend_part(dataset, split, steps, aim, counts, staging)
        parts = {split: _choose_rows(split, mended, steps, aim, counts, staging) for split in mended}
        if not parts["train"].rows:
            raise StudioError(
                "nothing-left",
                "Cleaning “{name}” left no rows.",
                "Choose fewer steps, or look at the rows first.",
                name=dataset.name,
            )
        remarks = (*_former_remarks(dataset.report), *_remarks(steps, counts))
        report = replace(dataset.report, remarks=remarks, offered={})  # another file would be read without these steps
        name = dataset.name if dataset.name.endswith(" (cleaned)") else f"{dataset.name} (cleaned)"
        yield Finished(keep_dataset(name, dataset.source, parts, report))


def _mend_part(
    dataset: Dataset, split: str, steps: Sequence[str], aim: Aim, counts: Counter[str], staging: Path
) -> Generator[Event, None, Part]:
    """Write one part with its cells mended; returns it."""
    table = open_part(dataset, split)  # type: ignore[arg-type]
    names = tuple(table.column_names)
    has_label = aim.reads.get(aim.answer) in LABELS
    spelling = _spellings(table.column(aim.answer), aim.joined) if has_label and "merge_labels" in steps else {}
    done, notes = 0, Notes()
    with TableWriter(staging / f"{split}-mended.arrow", notes, names) as writer:
        for batch in batches(table):
            chunk = {name: batch.column(name) for name in names}
            for column, reads in aim.reads.items():
                cells = batch.column(column).to_pylist()
                chunk[column] = _mend_column(cells, steps, reads, partial(_merged, aim.joined, spelling), counts)
            writer.write(chunk)
            done += batch.num_rows
            yield Progress(mark("Cleaning rows"), done, table.num_rows)
    return Part(
        title=dataset.name,
        path=writer.path,
        columns=names,
        rows=writer.rows,
        fingerprint=writer.fingerprint(),
        notes=notes,
    )


def _mend_column(cells: list[str], steps: Sequence[str], reads: Reads, merged: Cell, counts: Counter[str]) -> list[str]:
    for name in steps:
        before = cells
        if name == "merge_labels":
            cells = [merged(cell) for cell in cells] if reads in LABELS else cells
        else:
            cells = [mend(cell, (name,), reads) for cell in cells]
        counts[name] += sum(new != old for new, old in zip(cells, before, strict=True))
    return cells


def _bare(label: str) -> str:
    return " ".join(label.casefold().split())


def _merged(joined: str, spelling: Mapping[str, str], cell: str) -> str:
    """Return a cell with its label, or each of its labels, in the most frequent spelling."""
    if not joined:
        return spelling.get(_bare(cell), cell)
    labels = labels_in(cell, joined)
    mended = tuple(dict.fromkeys(spelling.get(_bare(label), label) for label in labels))
    return cell if mended == labels else join_labels(mended, joined)


def _spellings(column: pa.ChunkedArray, joined: str) -> dict[str, str]:
    """Return bare label → its most frequent spelling, without spaces around it."""
    counts: Counter[str] = Counter()
    for cell in column.to_pylist():
        counts.update(labels_in(cell, joined) if joined else [cell.strip()])
    found: dict[str, str] = {}
    for label, _ in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        found.setdefault(_bare(label), label)
    return found


def _choose_rows(
    split: str,
    parts: Mapping[str, Part],
    steps: Sequence[str],
    aim: Aim,
    counts: Counter[str],
    staging: Path,
) -> Part:
    """Write a part again without the rows that the steps leave out."""
    part, table = parts[split], open_table(parts[split].path)
    keep = np.ones(table.num_rows, bool)
    for name in steps:
        choose = _CHOICES.get(name)
        if choose is None or (split != "train" and name != "remove_empty"):
            continue
        kept = choose(table, aim, keep, parts)
        counts[name] += int((keep & ~kept).sum())
        keep &= kept
    if keep.all():
        return part
    with TableWriter(staging / f"{split}-chosen.arrow", part.notes, part.columns) as writer:
        start = 0
        for batch in batches(table):
            chosen = batch.filter(pa.array(keep[start : start + batch.num_rows]))
            start += batch.num_rows
            writer.write({name: chosen.column(name) for name in part.columns})
    return replace(part, path=writer.path, rows=writer.rows, fingerprint=writer.fingerprint())


def _filled(table: pa.Table, aim: Aim, keep: np.ndarray, parts: Mapping[str, Part]) -> np.ndarray:
    columns = [as_read(table.column(column).to_pylist(), aim.reads.get(column, "text")) for column in aim.needed]
    return (
        np.array([all(cell.strip() for cell in cells) for cells in zip(*columns, strict=True)], bool)
        if columns
        else keep
    )


def _first_ones(table: pa.Table, aim: Aim, keep: np.ndarray, parts: Mapping[str, Part]) -> np.ndarray:
    keys = aim.key(table, with_answer=True)
    found = np.zeros(len(keys), bool)
    places = np.flatnonzero(keep)
    found[places[np.unique(keys[places], return_index=True)[1]]] = True
    return found


def _agreeing(table: pa.Table, aim: Aim, keep: np.ndarray, parts: Mapping[str, Part]) -> np.ndarray:
    if not aim.answer:
        return keep
    keys, both = aim.key(table), aim.key(table, with_answer=True)
    pairs = np.unique(np.stack([keys[keep], both[keep]], axis=1), axis=0)
    texts, labels = np.unique(pairs[:, 0], return_counts=True)
    return ~among(keys, texts[labels > 1])


def _not_held_out(table: pa.Table, aim: Aim, keep: np.ndarray, parts: Mapping[str, Part]) -> np.ndarray:
    held = [aim.key(open_table(part.path)) for split, part in parts.items() if split != "train"]
    return ~among(aim.key(table), np.concatenate(held)) if held else keep


_CHOICES = {
    "remove_empty": _filled,
    "remove_duplicates": _first_ones,
    "remove_conflicts": _agreeing,
    "remove_leaks": _not_held_out,
}


def row_keys(table: pa.Table, columns: Sequence[str]) -> np.ndarray:
    """Return a 64-bit key per row over the cells of some columns; rows that read the same have the same."""
    cells = [table.column(column).to_pylist() for column in columns]
    return text_keys(cells[0] if len(cells) == 1 else [" \0 ".join(row) for row in zip(*cells, strict=True)])


def _former_remarks(report: ReadReport) -> tuple[Remark, ...]:
    return tuple(remark for remark in report.remarks if not remark.code.startswith(DONE))


def _remarks(steps: Sequence[str], counts: Counter[str]) -> list[Remark]:
    return [
        Remark(
            code=f"{DONE}{name}",
            message=mark("Step “{step}” changed {count} {count:cell|cells}.")
            if name not in _CHOICES
            else mark("Step “{step}” left out {count} {count:row|rows}."),
            count=counts[name],
            values={"step": STEPS[name].title, "count": counts[name]},
        )
        for name in steps
    ]
