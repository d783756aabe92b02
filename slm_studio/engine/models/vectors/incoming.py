"""A file of word vectors → a model folder: word2vec as text or binary, glove.txt with a first line or without.

Files of gigabytes are read word by word and written row by row, so memory holds the words alone.
"""

# V words, D numbers of a vector

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import numpy as np

from slm_studio.core import files
from slm_studio.core.dropped import HEAD, MOST_NUMBERS, is_binary, open_plain
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Note, Progress
from slm_studio.core.pointers import refuse_pointer
from slm_studio.core.texts import mark
from slm_studio.engine.data.languages import is_han
from slm_studio.engine.models.vectors.cutting import Cutting
from slm_studio.engine.models.vectors.net import WordVectorsConfig
from slm_studio.engine.models.vectors.vocabulary import WordVocabulary
from slm_studio.engine.models.weights import SINGLE

LIVELY = 20_000  # words between two signs of life
LONGEST_WORD = 1000  # bytes
LONGEST_LINE = 1 << 21
MOST_WORDS = 4_194_304
TABLE = "vectors.weight"
READING = mark("Reading the vectors")
TWICE = mark("{count} {count:word stands|words stand} twice in “{file}”: the first of both counts.")
CUT = mark(
    "“{file}” is cut short: the line of its last word, “{word}”, has {found} of {width} numbers, and was left out."
)
FEWER = mark("“{file}” promises {promised} words and has {found}: it may be cut short.")


@dataclass(slots=True)
class Reading:
    """What is read, and what was found on the way."""

    file: str
    width: int = 0
    promised: int | None = None  # words, where the first line says so
    names: dict[str, None] = field(default_factory=dict)
    twice: int = 0
    cut: tuple[str, int] | None = None  # the last word and its numbers

    def take(self, raw: bytes) -> bool:
        """Take a word in; False where it stood before."""
        if len(self.names) >= MOST_WORDS or len(raw) > LONGEST_WORD:
            raise _damaged(self.file, f"word {len(self.names) + 1} is longer than any, or there are too many")
        name = "_".join(raw.decode("utf-8", errors="replace").split())
        if not name or name in self.names:
            self.twice += bool(name)
            return False
        self.names[name] = None
        return True

    def notes(self) -> Iterator[Note]:
        """Say what was not as it should be."""
        if self.twice:
            yield Note("vectors-twice", TWICE, {"file": self.file, "count": self.twice})
        if self.cut:
            word, found = self.cut
            yield Note("vectors-cut", CUT, {"file": self.file, "word": word, "found": found, "width": self.width})
        elif self.promised is not None and len(self.names) + self.twice < self.promised:
            values = {"file": self.file, "promised": self.promised, "found": len(self.names) + self.twice}
            yield Note("vectors-fewer", FEWER, values)


def unpack_vectors(source: Path, place: Path) -> Iterator[Event]:
    """Write the vectors of `source` as a model into the new folder `place`. Raises StudioError."""
    files.check_room(place.parent, 2 * source.stat().st_size)
    place.mkdir(parents=True)
    reading, rows = Reading(source.name), place / "rows.partial"
    size = source.stat().st_size
    with open_plain(source) as stream, rows.open("wb") as sink:
        refuse_pointer(stream.read(HEAD), source.name)
        stream.seek(0)
        try:
            for done, vector_D in enumerate(read_vectors(stream, reading), start=1):
                sink.write(vector_D.tobytes())
                if done % LIVELY == 0:
                    at = stream.tell() if not isinstance(stream, gzip.GzipFile) else 0
                    yield Progress(READING, min(at, size), size if at else 0)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise _damaged(source.name, str(error)[:200]) from error
    if len(reading.names) < 2:
        raise _damaged(source.name, "it holds fewer than two words")
    _write_model(reading, rows, place)
    yield from reading.notes()


def read_vectors(stream: BinaryIO, reading: Reading) -> Iterator[np.ndarray]:
    """Yield each word's vector [D] after the word was taken in."""
    first = stream.readline(LONGEST_LINE)
    fields = first.split()
    if len(fields) == 2 and all(each.isdigit() for each in fields):
        reading.promised, reading.width = int(fields[0]), int(fields[1])
        if not 0 < reading.width <= MOST_NUMBERS:
            raise _damaged(reading.file, f"its first line says that a vector has {reading.width} numbers")
        start = stream.tell()
        head = stream.read(HEAD)
        stream.seek(start)
        yield from _binary(stream, reading) if is_binary(head) else _lines(stream, reading, b"")
        return
    yield from _lines(stream, reading, first)


def _binary(stream: BinaryIO, reading: Reading) -> Iterator[np.ndarray]:
    """Read words and the bytes of their numbers: “word ”, four bytes a number, and perhaps a line break."""
    size = 4 * reading.width
    assert reading.promised is not None
    for _ in range(reading.promised):
        word = _word(stream, reading)
        raw = stream.read(size)
        if not word and not raw:
            return
        if len(raw) < size:
            reading.cut = word.decode("utf-8", errors="replace"), len(raw) // 4
            return
        if reading.take(word):
            yield np.frombuffer(raw, "<f4")


def _word(stream: BinaryIO, reading: Reading) -> bytes:
    found = bytearray()
    while (byte := stream.read(1)) not in (b" ", b""):
        if byte != b"\n":  # that follows the numbers in some files
            found += byte
        if len(found) > LONGEST_WORD:
            raise _damaged(reading.file, "no word is so long")
    return bytes(found)


def _lines(stream: BinaryIO, reading: Reading, first: bytes) -> Iterator[np.ndarray]:
    """Read a word and its numbers a line. A word may hold blanks; the numbers are as many as in the first line."""
    line, number = first or stream.readline(LONGEST_LINE), 1 + (not first)
    while line:
        after = stream.readline(LONGEST_LINE)
        if line.strip():
            fields = line.split()
            reading.width = reading.width or _count_numbers(fields)
            vector_D = _numbers(fields, reading.width)
            if vector_D is None and not after:
                reading.cut = fields[0].decode("utf-8", errors="replace"), max(0, len(fields) - 1)
            elif vector_D is None:
                raise _uneven(reading, number, fields)
            elif reading.take(b"_".join(fields[: -reading.width])):
                yield vector_D
        line, number = after, number + 1


def _count_numbers(fields: list[bytes]) -> int:
    """Return how many numbers end the first line: all but the word, which may be several."""
    count = 0
    for each in reversed(fields[1:]):
        if _numbers([b"", each], 1) is None:
            break
        count += 1
    return count or 1


def _numbers(fields: list[bytes], width: int) -> np.ndarray | None:
    """Return the numbers at the end of a line; None where they are not so many."""
    if len(fields) <= width:
        return None
    try:
        return np.array([float(each) for each in fields[-width:]], np.float32)
    except ValueError:
        return None


def _write_model(reading: Reading, rows: Path, place: Path) -> None:
    """Write weights, words and config; the rows are copied behind a header, not read."""
    words, width = len(reading.names), reading.width
    size = 4 * words * width
    header = json.dumps({TABLE: {"dtype": "F32", "shape": [words, width], "data_offsets": [0, size]}}).encode()
    header += b" " * (-len(header) % 8)
    with (place / SINGLE).open("wb") as sink, rows.open("rb") as stream:
        sink.write(len(header).to_bytes(8, "little") + header)
        while block := stream.read(1 << 20):
            sink.write(block)
    rows.unlink()
    names = list(reading.names)
    is_small = all(name == name.lower() for name in names[:10_000])
    WordVocabulary(Cutting(lowercase=is_small, segmentation=_segmentation(names)), names, [0] * words).save_pretrained(
        place
    )
    config = WordVectorsConfig(vocab_size=words, hidden_size=width, objective="", has_contexts=False)
    plain = config.to_dict() | {"architectures": ["SLMForWordVectors"]}
    (place / "config.json").write_text(json.dumps(plain, indent=2) + "\n", encoding="utf-8")


def _segmentation(names: list[str]) -> str:
    """Return how a text should be cut to meet these words: by characters where all Chinese words are single ones."""
    chinese = [name for name in names[:10_000] if is_han(name[0])]
    return "characters" if chinese and all(len(name) == 1 for name in chinese) else "auto"


def _uneven(reading: Reading, number: int, fields: list[bytes]) -> StudioError:
    return StudioError(
        "vectors-uneven",
        "Line {line} of “{file}”, “{word}”, does not end in {width} numbers as the lines before it do.",
        "Fetch the file again, or take that line out.",
        line=number,
        file=reading.file,
        word=fields[0].decode("utf-8", errors="replace")[:50],
        width=reading.width,
    )


def _damaged(file: str, reason: str) -> StudioError:
    return StudioError(
        "vectors-damaged",
        "“{file}” holds no word vectors that can be read: {reason}.",
        "Fetch the file again, or take it from another source.",
        file=file,
        reason=reason,
    )
