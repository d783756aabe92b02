"""Records: JSON values as rows of text. Numbers keep their literal, lists stay JSON, nested objects become dotted columns."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from slm_studio.core.texts import mark
from slm_studio.engine.data import names
from slm_studio.engine.data.notes import PLACES, Notes

MOST_COLUMNS = 500
DEEPEST = 4  # levels of objects that become dotted columns; deeper ones stay JSON
MOST_PARTS = 30  # keys of a nested object that become columns; one with more is a dictionary of its own
SPEECH = {"role", "content", "from", "value"}  # lists of these are conversations, never one column each

Record = dict[str, object]


class TooManyKeys(Exception):
    """There are more keys or columns than a table may have; `most_filled` says which of them to keep."""

    def __init__(self, filled: Mapping[str, int]) -> None:
        super().__init__(len(filled))
        self.keys = len(filled)
        self.most_filled = most_filled(filled)


def most_filled(filled: Mapping[str, int]) -> frozenset[str]:
    """Return the columns to keep where there are too many.

    A text among thousands of measurements is often the last column: what is named a text or label is kept first.
    """
    ordered = sorted(filled, key=lambda name: (not names.is_spoken(name), -filled[name]))
    return frozenset(ordered[:MOST_COLUMNS])


class Number(str):
    """A number as the file spells it."""

    __slots__ = ()


class Constant(Number):
    """NaN or Infinity, which strict JSON forbids."""

    __slots__ = ()


def spell(value: object) -> str:
    """Return a parsed value as JSON, numbers as they were written."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{spell(key)}: {spell(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(spell, value)) + "]"
    return {None: "null", True: "true", False: "false"}[value]  # type: ignore[index]


class Flattener:
    """Turns records into columns. Which nested objects become columns is settled by the first records."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.opened: set[str] | None = None  # dotted names of objects and one-item lists that become columns
        self.names: dict[str, None] = {}
        self.row = 0
        self.counted: dict[tuple[str, str], list[int]] = {}
        self.filled: Counter[str] = Counter()

    def columns(self, records: Sequence[Record]) -> dict[str, list[str]]:
        """Return the cells of some records, column by column."""
        if self.opened is None and records:
            self.opened = set(_to_open(records[:1000], "", 0))
        rows = [self._cells(record) for record in records]
        self._hand_in()
        if self.notes.columns is not None:
            rows = [{name: cell for name, cell in row.items() if name in self.notes.columns} for row in rows]
            self.names = {name: None for name in self.names if name in self.notes.columns}
        if len(self.names) > MOST_COLUMNS:  # they are only counted from here on
            for row in rows:
                self.filled.update([name for name, cell in row.items() if cell])
            return {}
        missing = len(rows) * len(self.names) - sum(map(len, rows))
        if missing:
            self.notes.add(
                "keys-missing",
                mark("{count} {count:cell is|cells are} empty because {count:its|their} record lacks the key."),
                count=missing,
            )
        columns = {name: [row.get(name, "") for row in rows] for name in self.names}
        for name, cells in columns.items():
            self.filled[name] += sum(map(bool, cells))
        return columns

    def end(self) -> None:
        """Say that all records have been seen. Raises TooManyKeys, upon which they are read again with fewer."""
        if len(self.names) > MOST_COLUMNS:
            raise TooManyKeys({name: self.filled[name] for name in self.names})

    def _cells(self, record: Record) -> dict[str, str]:
        cells: dict[str, str] = {}
        for key, value in record.items():
            if type(value) is str:
                cells[key] = value
            else:
                self._put(key, value, cells)
        if not cells.keys() <= self.names.keys():
            self.names |= dict.fromkeys(cells)
        self.row += 1
        return cells

    def _put(self, name: str, value: object, cells: dict[str, str]) -> None:
        """Put a value that is no plain text into its cell or cells."""
        opened = name in (self.opened or ())
        if opened and isinstance(value, dict):
            for key, item in value.items():
                self._put(f"{name}.{key}", item, cells)
        elif opened and isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
            for key, item in value[0].items():
                self._put(f"{name}[0].{key}", item, cells)
        else:
            cells[name] = self._text(value)

    def _text(self, value: object) -> str:
        if type(value) is str:
            return value
        if isinstance(value, Constant):
            self._note(
                "cells-constant",
                mark("{count} {count:cell holds|cells hold} NaN or Infinity, which strict JSON forbids."),
            )
            return str(value)
        if isinstance(value, Number):
            self._note(
                "cells-number",
                mark(
                    "{count} {count:cell is a number|cells are numbers}; {count:it was|they were} kept as they are written."
                ),
            )
            return str(value)
        if value is None:
            self._note("cells-null", mark("{count} {count:cell is|cells are} null; {count:it|they} became empty."))
            return ""
        if isinstance(value, bool):
            self._note(
                "cells-boolean",
                mark("{count} {count:cell is|cells are} true or false; {count:it was|they were} kept in words."),
            )
            return "true" if value else "false"
        self._note(
            "cells-nested",
            mark(
                "{count} {count:cell is a list or object|cells are lists or objects}; {count:it was|they were} kept whole. A list of texts is read as one text."
            ),
        )
        return spell(value)

    def _note(self, code: str, message: str) -> None:
        places = self.counted.setdefault((code, message), [])
        places.append(self.row)

    def _hand_in(self) -> None:
        """Add what was counted to the notes: once per group of records, for it happens in every one."""
        for (code, message), places in self.counted.items():
            for place in places[:PLACES]:
                self.notes.add(code, message, place=place)
            if len(places) > PLACES:
                self.notes.add(code, message, count=len(places) - PLACES)
        self.counted.clear()


def _to_open(records: Sequence[Mapping[str, object]], prefix: str, depth: int) -> Iterator[str]:
    """Yield the names of nested objects, and of lists that always hold one object, that should become columns."""
    if depth == DEEPEST:
        return
    for key in dict.fromkeys(key for record in records for key in record):
        values = [record[key] for record in records if record.get(key) is not None]
        name = f"{prefix}{key}"
        if values and all(isinstance(value, dict) for value in values):
            inner, path = values, f"{name}."
        elif len(values) > 1 and all(isinstance(v, list) and len(v) == 1 and isinstance(v[0], dict) for v in values):
            inner, path = [value[0] for value in values], f"{name}[0]."  # type: ignore[index]
        else:
            continue
        keys = {part for value in inner for part in value}  # type: ignore[attr-defined]
        if 0 < len(keys) <= MOST_PARTS and not (path.endswith("[0].") and len(keys & SPEECH) >= 2):
            yield name
            yield from _to_open(inner, path, depth + 1)  # type: ignore[arg-type]
