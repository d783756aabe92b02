"""N-best lists as recognisers write them become a list of texts a row, and beside it a list of their scores.

Two forms are known: a cell that holds objects ([{"text": …, "score": …}, …]), and a table with a hypothesis a row, where the
rows of one utterance share its id. Nothing is lost but what differs from hypothesis to hypothesis and is neither.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from slm_studio.core.candidate_columns import CANDIDATES, LISTED, OWN, RANKS, SCORES, folded
from slm_studio.core.texts import mark
from slm_studio.engine.data.headers import free_name
from slm_studio.engine.data.keeping import Part
from slm_studio.engine.data.rows import open_table
from slm_studio.engine.data.shapes import NUMBER, WHOLE, share
from slm_studio.engine.data.table import Chunk, TableWriter, batches

TEXT_KEYS = (
    "text", "hypothesis", "hyp", "candidate", "transcript", "transcription", "sentence", "utterance", "value", "rec_text", "文本", "句子",
)  # fmt: skip
UTTERANCES = (
    "utt_id",
    "utterance_id",
    "uttid",
    "utt",
    "utterance",
    "audio",
    "audio_id",
    "wav",
    "segment",
    "segment_id",
    "file",
    "id",
    "key",
    "编号",
    "句子编号",
)
TEXTS = (*CANDIDATES, "text", "sentence", "transcript", "transcription", "文本", "句子")
UTTERANCE = "utterance"  # what the column of ids is called where no header says it
LOOKED_AT = 500  # cells by which a column is judged
MOSTLY = 0.9  # share of cells, or of objects, that must be of a form


def gather_lists(parts: Mapping[str, Part]) -> dict[str, Part]:
    """Return the parts with lists of candidates in cells of their own; what was done stands in the notes of the training part."""
    train = parts["train"]
    table = open_table(train.path)
    objects = _objects(table, train)
    long = _long(table, train) if objects is None else None
    del table
    if objects is not None and all(objects.column in part.columns for part in parts.values()):
        _say_objects(train, objects)
        return {split: _unfolded(part, objects) for split, part in parts.items()}
    if long is not None and all(set(long.columns) <= set(part.columns) for part in parts.values()):
        gathered = {split: _gathered(part, long) for split, part in parts.items()}
        _say_long(train, long, gathered["train"].rows)
        return gathered
    return dict(parts)


# A cell of objects


@dataclass(frozen=True, slots=True)
class Objects:
    """A column whose cells hold objects: under which key the text stands, and under which ones numbers do."""

    column: str
    text: str
    numbers: tuple[str, ...]


def _objects(table: pa.Table, part: Part) -> Objects | None:
    for name in part.columns:
        if folded(name) not in CANDIDATES:
            continue
        lists = [found for cell in table.column(name).slice(0, LOOKED_AT).to_pylist() if (found := _records(cell))]
        items = [item for each in lists for item in each]
        text = next((key for key in TEXT_KEYS if items and _held(key, items, str) >= MOSTLY), None)
        if text is not None:
            keys = dict.fromkeys(key for item in items for key in item)
            return Objects(name, text, tuple(key for key in keys if _held(key, items, int | float) >= MOSTLY))
    return None


def _held(key: str, items: Sequence[Mapping[str, object]], kind: type | object) -> float:
    """Return the share of objects that hold a value of a kind under a key; in files numbers may stand in quotes."""
    values = [item.get(key) for item in items]
    return sum(isinstance(value, kind) and not isinstance(value, bool) for value in values) / len(items)  # type: ignore[arg-type]


def _records(cell: str) -> list[dict[str, object]]:
    """Return the objects of a cell; [] where it is no list of objects."""
    if not cell.lstrip().startswith("["):
        return []
    try:
        found = json.loads(cell)
    except (ValueError, RecursionError):
        return []
    return found if isinstance(found, list) and found and all(isinstance(item, dict) for item in found) else []


def _unfolded(part: Part, objects: Objects) -> Part:
    """Write a part again with a list of texts in place of the objects, and a list of numbers for each kind of score."""
    taken = list(part.columns)
    named = {key: free_name(_several(key), taken) for key in objects.numbers}
    columns = (*part.columns, *named.values())
    written = part.path.with_suffix(".lists")
    with TableWriter(written, part.notes, columns) as writer:
        for batch in batches(open_table(part.path)):
            cells = {name: batch.column(name).to_pylist() for name in part.columns}
            lists = [_records(cell) for cell in cells[objects.column]]
            chunk: dict[str, Sequence[str]] = {
                **cells,
                objects.column: [
                    _json([str(item.get(objects.text) or "") for item in each]) if each else cell
                    for each, cell in zip(lists, cells[objects.column], strict=True)
                ],
                **{
                    named[key]: [_json([item.get(key) for item in each]) if each else "" for each in lists]
                    for key in named
                },
            }
            writer.write(chunk)
    written.replace(part.path)
    return replace(part, columns=columns, fingerprint=writer.fingerprint())


def _several(key: str) -> str:
    """Return what a column of numbers is called that stand under a key. Example: _several("am_score") == "am_scores\""""
    name = folded(key)
    return f"{key}s" if not name.endswith("s") and f"{name}s" in SCORES else key


def _say_objects(train: Part, objects: Objects) -> None:
    names = ", ".join(map(_several, objects.numbers))
    train.notes.add(
        "lists-unfolded",
        mark("The candidates in “{column}” were objects: their texts stand there now, and their numbers in: {names}.")
        if names
        else mark("The candidates in “{column}” were objects: their texts stand there now."),
        column=objects.column,
        names=names,
    )


# A hypothesis a row


@dataclass(frozen=True, slots=True)
class Long:
    """The columns of a table with a hypothesis a row."""

    utterance: str
    text: str
    rank: str  # "" where the rows stand in order
    scores: tuple[str, ...]  # numbers of single hypotheses, as recognisers name them
    kept: tuple[str, ...]  # alike in all rows of an utterance
    left: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns that are needed."""
        return tuple(filter(None, (self.utterance, self.text, self.rank, *self.scores, *self.kept)))


def _long(table: pa.Table, part: Part) -> Long | None:
    known = {folded(name): name for name in reversed(part.columns)}
    utterance, text, rank, score = (_first(known, wanted) for wanted in (UTTERANCES, TEXTS, RANKS, SCORES))
    if not part.notes.header and part.columns[:1] and not utterance:
        utterance, rank, score, text = _bare(table, part)
    if (
        not utterance
        or not text
        or not (rank or score)
        or len({utterance, text, rank, score}) < 3 + bool(rank and score)
    ):
        return None
    ids = table.column(utterance).to_pylist()
    places: dict[str, list[int]] = {}
    for row, one in enumerate(ids):
        places.setdefault(one, []).append(row)
    if len(places) * 1.5 > len(ids) or "" in places:
        return None
    ranks = table.column(rank).to_pylist() if rank else []
    if rank and not all(_counts_up([ranks[row] for row in rows]) for rows in places.values()):
        return None
    if not rank and folded(text) not in CANDIDATES:
        return None  # without places only a name says that these are candidates
    if score and not _are_numbers(table.column(score).to_pylist()):
        return None
    others = [name for name in part.columns if name not in (utterance, text, rank, score)]
    kept = [name for name in others if _is_alike(table.column(name).to_pylist(), places)]
    further = [known[name] for name in SCORES if score and known.get(name) in others and known[name] not in kept]
    further = [name for name in dict.fromkeys(further) if _are_numbers(table.column(name).to_pylist())]
    left = tuple(name for name in others if name not in (*kept, *further))
    return Long(utterance, text, rank, (score, *further) if score else (), tuple(kept), left)


def _are_numbers(cells: Sequence[str]) -> bool:
    return share(NUMBER, [cell for cell in cells if cell]) >= MOSTLY


def _first(known: Mapping[str, str], wanted: Sequence[str]) -> str:
    return next((known[name] for name in wanted if name in known), "")


def _bare(table: pa.Table, part: Part) -> tuple[str, str, str, str]:
    """Return utterance, rank, score and text of a table without a header: an id, a small number, a number, a text."""
    if len(part.columns) != 4:
        return "", "", "", ""
    cells = [table.column(name).slice(0, LOOKED_AT).to_pylist() for name in part.columns]
    is_so = share(WHOLE, cells[1]) == 1 and share(NUMBER, cells[2]) == 1 and share(NUMBER, cells[3]) < 0.5
    one, two, three, four = part.columns
    return (one, two, three, four) if is_so and len(set(cells[0])) < len(cells[0]) else ("", "", "", "")


def _counts_up(ranks: Sequence[str]) -> bool:
    """Say whether cells are the places 0, 1 … or 1, 2 … in any order."""
    if not all(WHOLE.match(cell) and len(cell) < 9 for cell in ranks):
        return False
    numbers = sorted(int(float(cell)) for cell in ranks)
    return numbers[0] in (0, 1) and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _is_alike(cells: Sequence[str], places: Mapping[str, Sequence[int]]) -> bool:
    return all(len({cells[row] for row in rows}) == 1 for rows in places.values())


def _gathered(part: Part, long: Long) -> Part:
    """Write a part again with an utterance a row."""
    table = open_table(part.path)
    cells = {name: table.column(name).to_pylist() for name in long.columns}
    del table
    places: dict[str, list[int]] = {}
    for row, one in enumerate(cells[long.utterance]):
        places.setdefault(one, []).append(row)
    called = long.utterance if part.notes.header else UTTERANCE
    scores = dict.fromkeys(long.scores[:1], OWN)  # further ones say by their names what they are
    for name in long.scores[1:]:
        scores[name] = free_name(_several(name), (called, LISTED, *scores.values(), *long.kept))
    found: dict[str, list[str]] = {name: [] for name in (called, LISTED, *scores.values(), *long.kept)}
    for one, rows in places.items():
        ordered = sorted(rows, key=lambda row: float(cells[long.rank][row])) if long.rank else rows
        found[called].append(one)
        found[LISTED].append(_json([cells[long.text][row] for row in ordered]))
        for name, several in scores.items():
            found[several].append(_json([_number(cells[name][row]) for row in ordered]))
        for name in long.kept:
            found[name].append(cells[name][rows[0]])
    chunk: Chunk = found
    written = part.path.with_suffix(".lists")
    with TableWriter(written, part.notes, tuple(found)) as writer:
        writer.write(chunk)
    written.replace(part.path)
    return replace(part, columns=tuple(found), rows=writer.rows, fingerprint=writer.fingerprint())


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _json(items: Sequence[object]) -> str:
    return json.dumps(list(items), ensure_ascii=False)


def _say_long(train: Part, long: Long, lists: int) -> None:
    train.notes.add(
        "hypotheses-gathered",
        mark(
            "The rows are hypotheses: {rows} of them became {count} {count:list|lists} of candidates, by “{utterance}”."
        ),
        count=lists,
        rows=train.rows,
        utterance=long.utterance,
    )
    if long.left:
        train.notes.add(
            "hypotheses-columns",
            mark(
                "{count} {count:column tells|columns tell} about single hypotheses and {count:was|were} left out: {columns}."
            ),
            count=len(long.left),
            columns=", ".join(long.left),
        )
