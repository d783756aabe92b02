"""Documents: files that are one text each, with the folder they lie in as their label."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from slm_studio.core.dataset import ReadOptions
from slm_studio.core.errors import StudioError
from slm_studio.core.texts import mark
from slm_studio.engine.data import encoding
from slm_studio.engine.data.gathering import Member, say_unreadable, some
from slm_studio.engine.data.lines import MOST, too_long
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.page import Page
from slm_studio.engine.data.readers import all_readers
from slm_studio.engine.data.source import Source, open_source
from slm_studio.engine.data.table import Chunk

GROUP = 200
SAMPLE = 512 << 10  # bytes of texts that are no UTF-8, which together decide their encoding
PAGES = (".html", ".htm")
CODED = (".docx", ".pdf")  # whose letters are kept in ways of their own, which say nothing of the texts beside them
SKIPPED = "files-skipped"  # the note that names files without text
LOST = ("pdf-pictures", "pdf-pages-damaged", "pdf-heads")  # what a reader notes of text that it did not take


def read(
    members: Sequence[Member],
    label_of: Callable[[Member], str] | None,
    guess: str,
    options: ReadOptions,
    notes: Notes,
) -> Iterator[Chunk]:
    """Yield text, label (where `label_of` tells one) and file of each member; those without text are named.

    Those that cannot be read are named with the reason. Raises StudioError where there is no other text.
    """
    rows: list[tuple[str, ...]] = []
    encodings: Counter[str] = Counter()
    names = ("text", "label", "file") if label_of else ("text", "file")
    empty: list[str] = []
    failed: dict[str, StudioError] = {}
    for member in members:
        try:
            text = _text(member, guess, options, encodings, notes)
        except StudioError as error:
            failed[member.name] = error
            continue
        if not text.strip():
            empty.append(member.name)
            continue
        rows.append((text, label_of(member), member.name) if label_of else (text, member.name))
        if len(rows) == GROUP:
            yield dict(zip(names, zip(*rows, strict=True), strict=True))
            rows = []
    if len(empty) + len(failed) == len(members) and failed:
        raise _nothing_read(list(failed.values()), len(members))
    _say_empty(empty, notes)
    say_unreadable(failed, notes)
    notes.encoding = encodings.most_common(1)[0][0] if encodings else ""
    if rows:
        yield dict(zip(names, zip(*rows, strict=True), strict=True))


def shared_encoding(members: Sequence[Member]) -> str:
    """Return the encoding of those texts that are no UTF-8: one is too short to tell, all of them together are not."""
    sample, length = [], 0
    for member in members:
        data = _beginning(member) if member.ending not in CODED and member.path.is_file() else b""
        if data and not _is_utf8(data):
            sample.append(data)
            length += len(data)
            if length > SAMPLE:
                break
    return encoding.guess(b"\n".join(sample)).name if sample else "utf-8"


def count_lines(member: Member, most: int) -> int:
    """Return how many lines with something in them a text has, counted up to `most`."""
    with member.path.open("rb") as stream:
        return sum(
            bool(line.strip()) for line, _ in zip(stream.read(1 << 16).splitlines(), range(10 * most), strict=False)
        )


def _nothing_read(errors: Sequence[StudioError], files: int) -> StudioError:
    """Return the error of a single file as it is, and of several what happened to the first."""
    first = errors[0]
    if files == 1:
        return first
    values = first.values | {"files": files}
    return StudioError(
        "files-unreadable", "None of these {files} files holds text that could be read.", first.message, **values
    )


def _say_empty(names: Sequence[str], notes: Notes) -> None:
    if names:
        notes.add(
            SKIPPED,
            mark("{count} {count:file holds|files hold} no text and {count:was|were} left out: {names}."),
            count=len(names),
            names=some(names),
        )


def _text(member: Member, guess: str, options: ReadOptions, encodings: Counter[str], notes: Notes) -> str:
    source = open_source(member.path, member.name)
    if source.kind:
        own = Notes()
        chunks = all_readers()[source.kind].read(source, options, own)
        text = "\n".join(str(cell) for chunk in chunks for cell in chunk.get("text", ()))
        notes.pages |= own.pages
        for code in own.found.keys() & LOST:
            notes.add(code, own.found[code].message, count=own.found[code].count)
        return text
    data = _bytes(source)
    name = options.encoding or (guess if not _is_utf8(data) else "utf-8")
    if any(data.startswith(bom) for bom in encoding.BOMS) and not options.encoding:
        name = encoding.guess(data).name
    if encoding.is_binary(data[: 1 << 16], name):
        raise StudioError("file-binary", "“{name}” holds no text.", "Choose another file.", name=member.name)
    encodings[name] += 1
    text = "".join(encoding.decode_stream(iter([data]), name, notes))
    if member.ending in PAGES:
        return "\n".join(Page(text).blocks)
    return text.removesuffix("\n").removesuffix("\r")


def _bytes(source: Source) -> bytes:
    pieces, length = [], 0
    for chunk in source.chunks():
        pieces.append(chunk)
        length += len(chunk)
        if length > MOST:
            raise too_long()
    return b"".join(pieces)


def _beginning(member: Member) -> bytes:
    with member.path.open("rb") as stream:
        return stream.read(SAMPLE)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(data) - 4 and error.reason == "unexpected end of data"
    return True
