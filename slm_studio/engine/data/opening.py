"""Opening: one file becomes one Arrow file of text, with notes of how it was understood."""

from collections import Counter
from collections.abc import Generator
from pathlib import Path

from slm_studio.core.dataset import UNDIVIDED, ReadOptions
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Progress
from slm_studio.core.texts import mark
from slm_studio.engine.data import encoding
from slm_studio.engine.data.keeping import Part
from slm_studio.engine.data.kinds import unknown_format
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.readers import Reader, all_readers
from slm_studio.engine.data.readers.txt import ENDINGS as TEXTS
from slm_studio.engine.data.records import MOST_COLUMNS, TooManyKeys
from slm_studio.engine.data.source import HEAD, Source, open_source
from slm_studio.engine.data.table import TableWriter

SURE = 0.1  # a reader less sure than this does not take the file


def read_part(
    path: Path, options: ReadOptions, out: Path, called: str = "", by: str = ""
) -> Generator[Event, None, Part]:
    """Read one file into one Arrow file, by the reader that is named or else the one that suits it; returns its Part."""
    source, notes = open_source(path, called), Notes()
    reader = pick_reader(source, options, notes, by)
    try:
        writer = yield from _write_rows(reader, source, options, notes, out)
    except TooManyKeys as error:
        notes = Notes(encoding=notes.encoding, columns=error.most_filled)
        writer = yield from _write_rows(reader, source, options, notes, out)
        notes.add(
            "keys-left-out",
            mark("The file has {columns} columns; the {kept} that are filled most were read."),
            count=error.keys - len(error.most_filled),
            columns=error.keys,
            kept=len(error.most_filled),
        )
    if source.is_gzip:
        notes.add("gzip", mark("The file was unpacked (gzip)."))
    if not writer.rows:
        raise _no_rows(source, notes)
    if source.is_changed():
        notes.add(
            "file-changed",
            mark("The file was changed while it was read. Read it again once the other program is done."),
        )
    return Part(
        title=source.title,
        path=out,
        columns=tuple(writer.columns),
        rows=writer.rows,
        fingerprint=writer.fingerprint(),
        notes=notes,
    )


def _write_rows(
    reader: Reader, source: Source, options: ReadOptions, notes: Notes, out: Path
) -> Generator[Event, None, TableWriter]:
    filled: Counter[str] = Counter()
    with TableWriter(out, notes) as writer:
        for chunk in reader.read(source, options, notes):
            if notes.columns is not None:
                chunk = {name: cells for name, cells in chunk.items() if name in notes.columns}
            if filled or len(chunk) > MOST_COLUMNS:  # they are only counted from here on
                filled.update(() if filled else dict.fromkeys(writer.columns, writer.rows))
                filled.update({name: sum(map(bool, cells)) for name, cells in chunk.items()})
            else:
                writer.write(chunk)
            yield Progress(mark("Reading rows"), min(source.position, source.size), source.size)
    if filled:
        raise TooManyKeys(filled)
    return writer


def pick_reader(source: Source, options: ReadOptions, notes: Notes, by: str = "") -> Reader:
    """Return the reader for a file, after its encoding was guessed (or taken from the options) into `notes`."""
    readers = all_readers()
    if source.kind in readers:
        return readers[source.kind]
    if source.name.lower().endswith(".parquet"):
        return readers["parquet"]  # which says what is wrong with it
    sample = source.sample()
    notes.encoding = options.encoding or encoding.guess(sample).name
    if not options.encoding and encoding.is_binary(sample, notes.encoding):
        raise StudioError(
            "file-binary",
            "“{name}” holds no text: its bytes look like a program, a picture or an archive.",
            "Export it as CSV, JSON lines or plain text from the program that made it.",
            name=source.title,
        )
    if by:
        return readers[by]
    if options.delimiter == UNDIVIDED and source.name.lower().endswith(TEXTS):
        return readers["txt"]
    if options.delimiter:
        return readers["csv"]
    head = "".join(encoding.decode_stream(iter([sample[:HEAD]]), notes.encoding, Notes())).encode("utf-8", "replace")
    scores = {name: reader.sniff(head, source.name) for name, reader in readers.items()}
    best = max(scores, key=lambda name: scores[name])
    if scores[best] < SURE:
        raise unknown_format(source.title, Path(source.name).suffix or "?")
    return readers[best]


def _no_rows(source: Source, notes: Notes) -> StudioError:
    if bad := notes.found.get("lines-unreadable"):
        return StudioError(
            "no-rows",
            "None of the {count} lines of “{name}” is JSON.",
            "Export it again as JSON lines, or change its ending to .txt to read it as plain text.",
            name=source.title,
            count=bad.count,
        )
    if notes.format in ("csv", "tsv") and notes.header:
        return StudioError(
            "no-rows",
            "“{name}” has a header but no rows.",
            "Add rows below the header, or choose another file.",
            name=source.title,
        )
    return StudioError("no-rows", "“{name}” holds no rows.", "Choose a file with rows in it.", name=source.title)
