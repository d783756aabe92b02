"""Source: a file the person dropped, checked before it is opened, read as bytes with its position known."""

import gzip
import os
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from slm_studio.core.errors import StudioError
from slm_studio.engine.data import encoding
from slm_studio.engine.data.kinds import OLE_MAGIC, ZIP, ZIP_MAGIC, is_pdf, kind_of, refuse_kind, unknown_format
from slm_studio.engine.data.notes import Notes

CHUNK = 1 << 20  # bytes that are read at once
SAMPLE = 4 << 20  # bytes that decide the encoding: small files whole, large ones in pieces from all over
PIECES = 16
HEAD = 256 << 10
GZIP_MAGIC = b"\x1f\x8b"
MOST_EXPANSION = 200  # a gzip file that grows by more is a bomb
MOST_BYTES = 4 << 30
PRINTABLE = range(0x21, 0x7F)  # bytes that are a character by themselves


def shown(path: Path) -> str:
    """Return a path as text that every encoder takes; bytes of a name that are not UTF-8 become U+FFFD."""
    return os.fsencode(path).decode("utf-8", "replace")


@dataclass(slots=True)
class Source:
    """One file being read. `name` is without .gz, `position` counts bytes of the file itself."""

    path: Path
    name: str
    size: int
    changed: int  # mtime in ns when reading began
    is_gzip: bool
    kind: str = ""  # what its first bytes say it is: the name of a reader, “zip”, or "" for text
    position: int = 0
    called: str = ""  # how it is shown, where its own name is only where it was unpacked to
    _sample: bytes = field(default=b"", repr=False)

    @property
    def title(self) -> str:
        """Return the file's name as it is shown."""
        return self.called or shown(Path(self.path.name))

    def chunks(self, size: int = CHUNK) -> Iterator[bytes]:
        """Yield the content piece by piece, unpacked where it is gzip."""
        with self.path.open("rb") as raw:
            stream = gzip.GzipFile(fileobj=raw) if self.is_gzip else raw
            unpacked = 0
            while chunk := self._read(stream, size):
                self.position = raw.tell()
                unpacked += len(chunk)
                if self.is_gzip and unpacked > max(MOST_EXPANSION * self.size, CHUNK * 64, 0):
                    raise self._bomb()
                yield chunk

    def sample(self) -> bytes:
        """Return bytes from all over the file, pieces cut at line ends, that decide its encoding and format."""
        if not self._sample:
            self._sample = self._gzip_sample() if self.is_gzip else self._plain_sample()
        return self._sample

    def text(self, name: str, notes: Notes) -> Iterator[str]:
        """Yield the content as text in the encoding `name`; bytes that do not decode are counted in `notes`."""
        return encoding.decode_stream(self.chunks(), name, notes)

    def is_changed(self) -> bool:
        """Say whether the file was written to since reading began."""
        try:
            now = self.path.stat()
        except OSError:
            return True
        return (now.st_size, now.st_mtime_ns) != (self.size, self.changed)

    def _read(self, stream: BinaryIO | gzip.GzipFile, size: int) -> bytes:
        try:
            return stream.read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise StudioError(
                "gzip-damaged",
                "“{name}” is a gzip file that is cut off or damaged.",
                "Fetch or pack it again.",
                name=self.title,
            ) from error

    def _plain_sample(self) -> bytes:
        with self.path.open("rb") as stream:
            if self.size <= SAMPLE:
                return stream.read(SAMPLE)
            first = stream.read(SAMPLE // 2)
            pieces = [first[: first.rfind(b"\n") + 1] or first]
            piece = SAMPLE // 2 // PIECES
            for number in range(1, PIECES + 1):
                stream.seek((self.size - piece) * number // PIECES // 4 * 4)
                pieces.append(_whole_lines(stream.read(piece)))
        return b"".join(pieces)

    def _gzip_sample(self) -> bytes:
        pieces, length = [], 0
        for chunk in self.chunks():
            pieces.append(chunk)
            length += len(chunk)
            if length >= SAMPLE:
                break
        return b"".join(pieces)

    def _bomb(self) -> StudioError:
        return StudioError(
            "expands-too-much",
            "“{name}” grows to more than {times} times its size when it is unpacked.",
            "Unpack it yourself and look at it; if it is what you want, open the unpacked file.",
            name=self.title,
            times=MOST_EXPANSION,
        )


def _is_piped(path: Path) -> bool:
    """Say whether a name is what shells call their pipes: “-”, or /dev/fd/63 for <(…), which no other process can open."""
    return path.name == "-" or path.parent.as_posix() in ("/dev/fd", "/proc/self/fd")


def _no_file(path: Path) -> StudioError:
    return StudioError(
        "not-a-file",
        "“{path}” is a pipe or a device, not a file.",
        "Save its content to a file, then open that file.",
        path="-" if path.name == "-" else shown(path),
    )


def open_source(path: Path, called: str = "") -> Source:
    """Check that `path` is a file with content in it, without blocking on a FIFO, and return it as a Source."""
    title = called or shown(Path(path.name))
    try:
        facts = path.stat()
    except (FileNotFoundError, ValueError) as error:  # ValueError: a NUL in the name, which no file can have
        if _is_piped(path):
            raise _no_file(path) from error
        raise StudioError(
            "file-missing", "“{path}” does not exist.", "Check the name, or choose another file.", path=shown(path)
        ) from error
    if stat.S_ISDIR(facts.st_mode):
        raise StudioError("is-a-folder", "“{path}” is a folder.", "Choose one of the files in it.", path=shown(path))
    if not stat.S_ISREG(facts.st_mode):
        raise _no_file(path)
    with path.open("rb") as stream:
        head = stream.read(4096)
    is_gzip = head.startswith(GZIP_MAGIC)
    name = path.name[:-3] if is_gzip and path.name.lower().endswith(".gz") else path.name
    source = Source(path, name, facts.st_size, facts.st_mtime_ns, is_gzip, called=called)
    if is_gzip:
        head = source.sample()[:4096]
    _refuse(head, name, title, source)
    if is_gzip:
        refuse_kind(Path(name), head, title)
        if head.startswith((ZIP_MAGIC + b"\x03\x04", OLE_MAGIC)):
            raise unknown_format(title, "zip.gz, xls.gz")
        if is_pdf(head, name):
            raise unknown_format(title, "pdf.gz")
    else:
        source.kind = kind_of(path, head, title)
        if source.kind == ZIP:
            raise unknown_format(title, "zip")  # one that lies within what was dropped: it is not followed
    return source


def _refuse(head: bytes, name: str, title: str, source: Source) -> None:
    if not head:
        raise StudioError(
            "file-empty", "“{name}” is empty: it holds no bytes.", "Choose a file with rows in it.", name=title
        )
    if head in encoding.BOMS:
        raise StudioError(
            "file-bom-only",
            "“{name}” is empty but for the mark of its encoding.",
            "Choose a file with rows in it.",
            name=title,
        )
    if not head.strip() and _repeats_one_byte(head, source):
        raise StudioError(
            "file-blank",
            "“{name}” holds nothing but empty lines or spaces, {count} bytes of them.",
            "Choose a file with rows in it.",
            name=title,
            count=source.size,
        )
    if head[0] in PRINTABLE and _repeats_one_byte(head, source):
        raise StudioError(
            "file-one-letter",
            "“{name}” holds nothing but the character {character}, {count} times.",
            "Choose a file with rows in it.",
            name=title,
            character=chr(head[0]),
            count=source.size,
        )
    if _repeats_one_byte(head, source):
        raise StudioError(
            "file-zeros",
            "“{name}” holds nothing but the byte {byte}, {count} times.",
            "The copy was cut off before the content was written. Copy the file again.",
            name=title,
            byte=head[0],
            count=source.size,
        )


def _repeats_one_byte(head: bytes, source: Source) -> bool:
    """Say whether the file is one byte over and over: zeros, or in a table any other byte."""
    only = head[:1]
    is_table = len(head) >= 256 and source.name.lower().endswith((".csv", ".tsv"))
    return not head.strip(only) and (only == b"\0" or is_table) and not source.sample().strip(only)


def _whole_lines(piece: bytes) -> bytes:
    """Cut the torn first and last line off a piece from the middle of a file."""
    start, end = piece.find(b"\n"), piece.rfind(b"\n")
    return piece[start + 1 : end + 1] if 0 <= start < end else b""
