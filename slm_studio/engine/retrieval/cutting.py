"""Documents cut into passages: whole sentences, about so many tokens, each with the heading that stands above it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

TOKENS_A_WORD = 1.3  # about, of a word and of a Chinese character
FULL = 0.5  # of a passage: fuller ones end where a paragraph does
SHARED = 0.2  # of a passage: so much of its end stands at the beginning of the next one, too
_UNITS = re.compile(
    r"[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]|[^\W_]+"
)
_ENDS = re.compile(r"[。！？!?…]+[”’」』）)\"']*|[.;；]+[”’)\"']*(?=\s)|\n+")
_HEADING = re.compile(r"^(#{1,6})\s+(\S.*?)\s*#*$")


@dataclass(frozen=True, slots=True)
class Document:
    """One text and where it came from."""

    text: str
    source: str
    row: int = -1  # of a table, from 0
    pages: Sequence[int] = ()  # on which each line begins, of a file that has pages


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document."""

    text: str
    source: str
    line: int  # where it begins, from 1
    row: int
    heading: str = ""
    page: int = 0  # on which it begins, from 1; 0: its document has none
    last_page: int = 0  # on which it ends, where that is another

    @property
    def read(self) -> str:
        """Return what is searched: the passage below its heading."""
        return f"{self.heading}\n{self.text}" if self.heading else self.text


def count_units(text: str) -> float:
    """Return about how many tokens a text has."""
    return TOKENS_A_WORD * sum(1 for _ in _UNITS.finditer(text))


def cut(document: Document, length: int) -> Iterator[Passage]:
    """Yield the passages of a document. Of a table's row the line is that of the row, and a short text stays whole."""
    if document.row >= 0 and count_units(document.text) <= length:
        if document.text.strip():
            yield Passage(document.text.strip(), document.source, document.row + 1, document.row)
        return
    for start, end, heading in _pieces(document.text, length):
        text = document.text[start:end].strip()
        begin = start + len(document.text[start:end]) - len(document.text[start:end].lstrip())
        line = document.row + 1 if document.row >= 0 else document.text.count("\n", 0, begin) + 1
        if text:
            page, last_page = _pages(document, line, line + text.count("\n"))
            yield Passage(text, document.source, line, document.row, heading, page, last_page)


def _pages(document: Document, first: int, last: int) -> tuple[int, int]:
    """Return the page of a passage's first line, and of its last one where that is another; 0 where there is none."""
    page, last_page = (document.pages[line - 1] if line <= len(document.pages) else 0 for line in (first, last))
    return page, last_page if last_page != page else 0


def _pieces(text: str, length: int) -> Iterator[tuple[int, int, str]]:
    """Yield start and end of each passage and the heading it stands under; a heading begins a passage of its own."""
    held: list[tuple[int, int, float]] = []  # sentences of the passage that grows
    heading = ""
    for start, end in _sentences(text, length):
        found = _HEADING.match(text[start:end].strip())
        if found:
            if held:
                yield held[0][0], held[-1][1], heading
            held, heading = [], found[2]
            continue
        weight = count_units(text[start:end])
        if held and sum(each[2] for each in held) + weight > length:
            yield held[0][0], held[-1][1], heading
            held = [held[-1]] if len(held) > 1 and held[-1][2] <= SHARED * length else []
        held.append((start, end, weight))
        if text[start:end].count("\n") > 1 and sum(each[2] for each in held) > FULL * length:
            yield held[0][0], held[-1][1], heading
            held = []
    if held and any(each[2] for each in held):
        yield held[0][0], held[-1][1], heading


def _sentences(text: str, length: int) -> Iterator[tuple[int, int]]:
    """Yield start and end of each sentence; one that is longer than a passage is cut between words."""
    start = 0
    for end in [*(found.end() for found in _ENDS.finditer(text)), len(text)]:
        if end > start:
            yield from _short(text, start, end, length)
            start = end


def _short(text: str, start: int, end: int, length: int) -> Iterator[tuple[int, int]]:
    most = max(1, int(length / TOKENS_A_WORD))
    places = [found.start() for found in _UNITS.finditer(text, start, end)][most::most]
    for place in places:
        yield start, place
        start = place
    yield start, end
