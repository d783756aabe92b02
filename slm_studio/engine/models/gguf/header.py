"""Read the header of a .gguf file without believing it: no number in it is worked with before the file's size allows it.

The format, version 2 and 3, little-endian: "GGUF", version, number of tables, number of fields; the fields (name, kind, value);
the tables (name, sizes, kind of numbers, offset); from the next multiple of the alignment on, the numbers themselves.
Source: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import math
import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType

from slm_studio.core.errors import StudioError
from slm_studio.core.pointers import refuse_pointer

MAGIC = b"GGUF"
VERSIONS = (2, 3)
MOST_FIELDS, MOST_TABLES = 65_536, 65_536
MOST_STRINGS = 4_194_304  # of one list: more words than any vocabulary has
LONGEST_HEADER = 256 * 1024 * 1024  # bytes; a vocabulary of 260,000 pieces takes 10 MB
_FIRST, _LEAST_FIELD, _LEAST_TABLE, _LEAST_STRING = 24, 13, 24, 8  # bytes
_SCALARS = {
    0: "<u1",
    1: "<i1",
    2: "<u2",
    3: "<i2",
    4: "<u4",
    5: "<i4",
    6: "<f4",
    7: "?",
    10: "<u8",
    11: "<i8",
    12: "<f8",
}
_STRING, _LIST = 8, 9
_MOST_SIZES = 4  # dimensions
_MOST_NUMBERS = 2**48

Value = bool | int | float | str | list[str] | np.ndarray


@dataclass(frozen=True, slots=True)
class Table:
    """Where one table of numbers stands: bytes start…end of `file`."""

    name: str
    kind: GGMLQuantizationType
    shape: tuple[int, ...]  # as torch counts: the last one is next to each other in the file
    start: int
    end: int
    file: Path

    @property
    def count(self) -> int:
        """Return how many numbers it holds."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Header:
    """What a file says of itself, and where its tables are."""

    file: Path
    fields: Mapping[str, Value]
    tables: Mapping[str, Table]

    def text(self, name: str) -> str:
        """Return a field that holds a text, or "" where there is none."""
        found = self.fields.get(name)
        return found if isinstance(found, str) else ""

    def number(self, name: str) -> float | None:
        """Return a field that holds a number, or one number for every layer alike; None where there is none."""
        found = self.fields.get(name)
        if isinstance(found, np.ndarray) and found.size and bool((found == found[0]).all()):
            found = found[0].item()
        return found if isinstance(found, int | float) and math.isfinite(found) else None

    def whole(self, name: str) -> int | None:
        """Return a field that holds a whole number, or None."""
        found = self.number(name)
        return int(found) if found is not None and found == int(found) else None

    def flag(self, name: str, otherwise: bool) -> bool:
        """Return a field that holds yes or no."""
        found = self.fields.get(name)
        return found if isinstance(found, bool) else otherwise

    def texts(self, name: str) -> list[str]:
        """Return a field that holds a list of texts."""
        found = self.fields.get(name)
        return found if isinstance(found, list) else []


def is_gguf(path: Path) -> bool:
    """Say whether a file begins as such files do, whatever its name is."""
    try:
        with path.open("rb") as stream:
            return stream.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def read_header(path: Path) -> Header:
    """Return what the file says of itself. Raises StudioError where that cannot be, or cannot be read here."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        refuse_pointer(stream.read(64), path.name)
        if size < _FIRST:
            raise cut(path, _FIRST, size)
        with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as view:
            return _Reader(path, view, size).header()


class _Reader:
    """A place in the file that only moves forward, and never behind its end."""

    def __init__(self, path: Path, view: mmap.mmap, size: int) -> None:
        self.path, self.view, self.size, self.at = path, view, size, 0

    def header(self) -> Header:
        self._check_kind()
        tables, fields = self._number("<u8"), self._number("<u8")
        self._check_count("fields", fields, MOST_FIELDS, _LEAST_FIELD)
        values: dict[str, Value] = {}
        for _ in range(fields):
            name = self._string()
            if name in values:
                raise damaged(self.path, f"it says “{name[:80]}” twice")
            values[name] = self._value(self._number("<u4"))
        self._check_count("tables", tables, MOST_TABLES, _LEAST_TABLE)
        entries = [self._entry() for _ in range(tables)]
        return Header(self.path, values, self._placed(entries, values.get("general.alignment", 32)))

    def _check_kind(self) -> None:
        if self._bytes(4) != MAGIC:
            raise damaged(self.path, "it does not begin as a GGUF file does")
        version = self._number("<u4")
        if version not in VERSIONS:
            big_endian = version and version & 0xFFFF == 0
            raise StudioError(
                "gguf-version",
                "“{file}” is written in a form of GGUF that cannot be read here ({version}).",
                "Convert it again with a present version of llama.cpp, or take the model from another source.",
                file=self.path.name,
                version="big-endian" if big_endian else f"version {version}",
            )

    def _entry(self) -> tuple[str, tuple[int, ...], int, int]:
        name = self._string()
        sizes = self._number("<u4")
        if not 1 <= sizes <= _MOST_SIZES:
            raise damaged(self.path, f"“{name[:80]}” has {sizes} dimensions")
        shape = tuple(self._number("<u8") for _ in range(sizes))
        if not all(shape) or math.prod(shape) > _MOST_NUMBERS:
            raise damaged(self.path, f"“{name[:80]}” has a size that no table has")
        return name, shape[::-1], self._number("<u4"), self._number("<u8")

    def _placed(self, entries: list[tuple[str, tuple[int, ...], int, int]], alignment: Value) -> dict[str, Table]:
        """Return the tables by name, each inside the file and none upon another."""
        if type(alignment) is not int or alignment not in {1 << power for power in range(21)}:
            raise damaged(self.path, f"it is aligned to {str(alignment)[:20]} bytes")
        base = -(-self.at // alignment) * alignment
        tables: dict[str, Table] = {}
        for name, shape, number, offset in entries:
            if name in tables:
                raise damaged(self.path, f"“{name[:80]}” is there twice")
            kind, length = self._kind(name, shape, number)
            if offset % alignment:
                raise damaged(self.path, f"“{name[:80]}” begins between two places")
            tables[name] = Table(name, kind, shape, base + offset, base + offset + length, self.path)
        last = 0
        for table in sorted(tables.values(), key=lambda each: each.start):
            if table.start < last:
                raise damaged(self.path, f"“{table.name[:80]}” lies upon another table")
            last = table.end
        if last > self.size:
            raise cut(self.path, last, self.size)
        return tables

    def _kind(self, name: str, shape: tuple[int, ...], number: int) -> tuple[GGMLQuantizationType, int]:
        """Return in which form numbers are written, and how many bytes they take."""
        try:
            kind = GGMLQuantizationType(number)
            block, length = GGML_QUANT_SIZES[kind]
        except (ValueError, KeyError) as error:
            raise unreadable_kind(self.path, name, f"no. {number}") from error
        if shape[-1] % block:
            raise damaged(self.path, f"a row of “{name[:80]}” has {shape[-1]:,} numbers, no multiple of {block}")
        return kind, math.prod(shape) // block * length

    def _value(self, kind: int) -> Value:
        if kind == _STRING:
            return self._string()
        if kind == _LIST:
            return self._list()
        found: bool | int | float = self._array(kind, 1)[0].item()
        return found

    def _list(self) -> list[str] | np.ndarray:
        kind, count = self._number("<u4"), self._number("<u8")
        if kind != _STRING:
            return self._array(kind, count).copy()  # the file is closed when it is looked at
        self._check_count("texts", count, MOST_STRINGS, _LEAST_STRING)
        return [self._string() for _ in range(count)]

    def _array(self, kind: int, count: int) -> np.ndarray:
        if kind not in _SCALARS:
            raise damaged(self.path, f"it holds a value of an unknown kind ({kind})")
        dtype = np.dtype(_SCALARS[kind])
        return np.frombuffer(self._bytes(count * dtype.itemsize), dtype)

    def _string(self) -> str:
        return self._bytes(self._number("<u8")).decode("utf-8", "replace")

    def _number(self, kind: str) -> int:
        return int.from_bytes(self._bytes(int(kind[2])), "little")

    def _bytes(self, count: int) -> bytes:
        """Return the next bytes. What reaches behind the end is refused before anything is made of it."""
        end = self.at + count
        if end > self.size:
            raise cut(self.path, end, self.size)
        if end > LONGEST_HEADER:
            raise damaged(self.path, f"its header claims more than {LONGEST_HEADER:,} bytes")
        found = self.view[self.at : end]
        self.at = end
        return found

    def _check_count(self, what: str, count: int, most: int, least_bytes: int) -> None:
        if count > most or count * least_bytes > self.size - self.at:
            raise damaged(self.path, f"it claims {count:,} {what}")


def damaged(path: Path, reason: str) -> StudioError:
    """Return the error for a file that contradicts itself."""
    return StudioError(
        "model-damaged",
        "“{file}” is damaged: {reason}.",
        "Fetch the model again, or take it from another source.",
        file=path.name,
        reason=reason,
    )


def cut(path: Path, expected: int, found: int) -> StudioError:
    """Return the error for a file that ends too soon."""
    return StudioError(
        "model-cut",
        "“{file}” is cut short: {found} of {expected} bytes are there.",
        "Fetch the model again, or take it from another source.",
        file=path.name,
        expected=expected,
        found=found,
    )


def unreadable_kind(path: Path, name: str, kind: str) -> StudioError:
    """Return the error for numbers in a form that cannot be made whole here."""
    return StudioError(
        "gguf-numbers",
        "The numbers of “{name}” in “{file}” are shortened in a way that cannot be read here ({kind}).",
        "Take another version of the model, such as Q4_K_M, Q8_0 or F16.",
        name=name[:80],
        file=path.name,
        kind=kind,
    )
