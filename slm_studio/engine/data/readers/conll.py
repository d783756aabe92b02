"""CoNLL, BIO and their like: each sentence becomes a row with the lists “words” and “tags”; further columns stand beside."""

import re
from collections.abc import Iterator, Sequence

from slm_studio.core.dataset import ReadOptions
from slm_studio.core.spans import write_list
from slm_studio.core.texts import mark
from slm_studio.engine.data.conll import DOCUMENT, EMPTY, RANGE, Layout, is_blank, judge
from slm_studio.engine.data.encoding import decode_stream
from slm_studio.engine.data.headers import free_name
from slm_studio.engine.data.lines import lone_returns_end, split_lines
from slm_studio.engine.data.notes import Notes
from slm_studio.engine.data.readers import Chunk
from slm_studio.engine.data.source import HEAD, SAMPLE, Source

WORDS, TAGS, DOC, COMMENT = "words", "tags", "doc_id", "comment"  # columns
JUDGED = 20_000  # lines that say how all are written
MOST_WORDS = 50_000  # of one row
MOST_KEYS = 20  # of comments such as “# sent_id = 3” that become columns
_KEY = re.compile(r"^#\s*([\w.\-]+)\s*=\s?(.*)$", re.DOTALL)
_NEW_DOCUMENT = re.compile(r"^#\s*newdoc(?:\s+id\s*=\s*(.*))?$")

_Row = dict[str, str]


def sniff(head: bytes, name: str) -> float:
    """One column must hold tags, whatever the file is called."""
    return 0.97 if judge(_lines(head.decode("utf-8", "replace")), name) is not None else 0.0


def read(source: Source, options: ReadOptions, notes: Notes) -> Iterator[Chunk]:
    """Yield the sentences."""
    head, sample = (_decoded(source, notes, most) for most in (HEAD, SAMPLE))
    layout = judge(_lines(sample)[:JUDGED], source.name) or judge(_lines(head), source.name)
    assert layout is not None, "sniff saw the same head"
    notes.format, notes.header, notes.delimiter = "conll", layout.has_header, layout.delimiter
    _say(layout, notes)
    sentences = _Sentences(layout, notes)
    for group, _ in split_lines(source.text(notes.encoding, notes), lone_returns_end=lone_returns_end(head)):
        for line in group:
            sentences.take(line)
        if sentences.rows:
            yield sentences.chunk()
    sentences.close()
    if sentences.rows:
        yield sentences.chunk()


class _Sentences:
    """Gathers lines into rows."""

    def __init__(self, layout: Layout, notes: Notes) -> None:
        self.layout, self.notes = layout, notes
        self.rows: list[_Row] = []
        self.names = [WORDS, TAGS]  # columns in the order in which they turn up
        for place in layout.further:
            self.names.append(free_name(layout.names[place], [*self.names, DOC, COMMENT]))
        self.own = tuple(self.names)
        self.keys: dict[str, str] = {}  # of a comment → its column
        self.line, self.row, self.document = 0, 0, 0
        self.title = ""  # of the document
        self.about: _Row = {}  # what comments say of the sentence to come
        self.cells: list[list[str]] = [[] for _ in self.own]
        self.needs_header = layout.has_header

    def take(self, line: str) -> None:
        """Take in one line."""
        self.line += 1
        if is_blank(line):
            self.close()
        elif line.startswith(DOCUMENT):
            self.close()
            self._open_document("")
        elif self.layout.is_comment(line) and not self._is_bare_word(line):
            self._hear(line)
        elif self.needs_header:
            self.needs_header = False
        else:
            self._word(self.layout.cut(line), line)

    def close(self) -> None:
        """End the sentence, if one is open."""
        if not self.cells[0]:
            return
        row = dict(zip(self.own, map(write_list, self.cells), strict=True))
        if self.title:
            row[self._column(DOC)] = self.title
        self.rows.append(row | self.about)
        self.row += 1
        self.about = {}
        self.cells = [[] for _ in self.own]

    def chunk(self) -> Chunk:
        """Return the rows so far, column by column, and forget them."""
        columns = {name: [row.get(name, "") for row in self.rows] for name in self.names}
        self.rows = []
        return columns

    def _word(self, cells: list[str], line: str) -> None:
        layout = self.layout
        if len(cells) > layout.width and not "".join(cells[layout.width :]).strip():
            cells = cells[: layout.width]
        if layout.number >= 0 and self._is_no_word(cells[layout.number] if layout.number < len(cells) else ""):
            return
        if len(cells) != layout.width:
            self.notes.add(
                "lines-unequal",
                mark("{count} {count:line has|lines have} another number of cells than the others; no word is lost, and a missing tag is O."),
                line=self.line,
            )  # fmt: skip
            cells = _mended(cells, line, layout)
        elif not layout.is_tag(cells[layout.tag]):
            self.notes.add(
                "tags-odd",
                mark("{count} {count:tag is|tags are} written unlike the others, such as “{tag}”; {count:it stands|they stand} as {count:it is|they are}."),
                line=self.line,
                tag=cells[layout.tag][:40],
            )  # fmt: skip
        if layout.constant and any(cells[place] != value for place, value in layout.constant.items()):
            self.notes.add(
                "conll-others",
                mark("{count} {count:line holds|lines hold} another value in a column that was left out."),
                line=self.line,
            )
        if len(self.cells[0]) >= MOST_WORDS:
            self.notes.add(
                "sentences-cut",
                mark("{count} {count:row|rows} of more than {words} words without a blank line {count:was|were} cut there."),
                place=self.row,
                words=MOST_WORDS,
            )  # fmt: skip
            self.close()
        for column, place in zip(self.cells, (layout.word, layout.tag, *layout.further), strict=True):
            column.append(cells[place])

    def _is_no_word(self, number: str) -> bool:
        """Say whether a line is no word of its own, and count it: 1-2 repeats two words, 1.1 stands for an unspoken one."""
        if RANGE.match(number):
            self.notes.add(
                "words-joined",
                mark("{count} {count:line|lines} of words that are written as one (1-2) {count:was|were} skipped: their words follow one by one."),
                line=self.line,
            )  # fmt: skip
            return True
        if EMPTY.match(number):
            self.notes.add(
                "words-unspoken",
                mark("{count} {count:line|lines} of words that are not spoken (1.1) {count:was|were} skipped."),
                line=self.line,
            )
            return True
        return False

    def _is_bare_word(self, line: str) -> bool:
        """Say whether a line that begins with # is a word without its tag: within a sentence, and no comment's way of writing."""
        return bool(self.cells[0]) and not _KEY.match(line) and len(self.layout.cut(line)) == 1

    def _hear(self, line: str) -> None:
        if found := _NEW_DOCUMENT.match(line):
            self._open_document(found[1] or "")
            return
        found = _KEY.match(line)
        known = (
            found is not None and (found[1] in self.keys or len(self.keys) < MOST_KEYS) and found[1] not in self.about
        )
        if found is not None and known and not found[1].startswith("global."):
            if found[1] not in self.keys:
                self.keys[found[1]] = free_name(found[1], [*self.names, DOC, COMMENT])
            self.about[self._column(self.keys[found[1]])] = found[2]
            return
        said = line.removeprefix("#").removeprefix(" ")
        before = self.about.get(COMMENT)
        self.about[self._column(COMMENT)] = said if before is None else f"{before}\n{said}"

    def _open_document(self, title: str) -> None:
        self.document += 1
        self.title = title or str(self.document)

    def _column(self, name: str) -> str:
        if name not in self.names:
            self.names.append(name)
        return name


def _mended(cells: list[str], line: str, layout: Layout) -> list[str]:
    """Return as many cells as there are columns: surplus ones belong to the word, missing ones are empty, a missing tag O."""
    surplus = len(cells) - layout.width
    if surplus > 0:
        end = layout.word + surplus + 1
        joint = layout.delimiter.join(cells[layout.word : end])
        return [*cells[: layout.word], joint, *cells[end:]]
    mended = [""] * layout.width
    mended[layout.tag] = "O"
    for place in layout.constant:
        mended[place] = layout.constant[place]
    if line[:1] in " \t" and len(cells) == 1 and layout.is_tag(cells[0]):  # a blank was the word
        mended[layout.tag] = cells[0]
        return mended
    if len(cells) > 1 and layout.tag == layout.width - 1 and layout.is_tag(cells[-1]):
        mended[layout.tag] = cells.pop()
    if layout.word >= len(cells):
        mended[layout.word] = layout.delimiter.join(cells)
        return mended
    for place, cell in enumerate(cells):
        if place != layout.tag:
            mended[place] = cell
    return mended


def _decoded(source: Source, notes: Notes, most: int) -> str:
    return "".join(decode_stream(iter([source.sample()[:most]]), notes.encoding, Notes()))


def _lines(text: str) -> Sequence[str]:
    """Return the whole lines of a text."""
    groups = split_lines(iter([text]), lone_returns_end=lone_returns_end(text))
    lines = [line for group, _ in groups for line in group]
    return lines[:-1] if len(text) > 4096 and not text.endswith(("\n", "\r")) else lines  # the last one may be cut


def _say(layout: Layout, notes: Notes) -> None:
    notes.add(
        "conll",
        mark("Each line is a word of a sentence: of {width} columns number {word} holds the words and number {tag} the tags."),
        width=layout.width,
        word=layout.word + 1,
        tag=layout.tag + 1,
    )  # fmt: skip
    if layout.constant:
        notes.add(
            "conll-left-out",
            mark("{count} {count:column holds|columns hold} one value in every line and {count:was|were} left out: {columns}."),
            count=len(layout.constant),
            columns=", ".join(f"{place + 1} ({value or '…'})" for place, value in layout.constant.items()),
        )  # fmt: skip
