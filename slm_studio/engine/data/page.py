"""Page: what a person sees of HTML, as blocks of text and tables as grids.

The standard parser takes minutes for a megabyte of tags that nobody closed, so tags are found here, each byte once.
"""

import re
from collections.abc import Iterator
from html import unescape

BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "caption", "dd", "div", "dl", "dt", "fieldset", "figcaption", "figure",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "nav", "ol", "option", "p", "pre",
    "section", "select", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "title", "tr", "ul",
}  # fmt: skip
UNSEEN = {"head", "template", "noscript", "svg", "math"}
RAW = {"script", "style", "textarea", "title"}  # up to their end tag nothing is a tag
MOST_COLUMNS = 1000  # that a colspan may claim
_TAG = re.compile(r"</?([a-zA-Z][^\s/>]*)")
_SPAN = re.compile(r"""colspan\s*=\s*["']?(\d{1,4})""", re.IGNORECASE)
_BLANKS = re.compile(r"[ \t\r\n\f]+")

Grid = list[list[str]]


def tokens(text: str) -> Iterator[tuple[str, str]]:
    """Yield ("text", …), ("start", tag with its attributes) and ("end", tag)."""
    at, length = 0, len(text)
    gone: set[str] = set()  # ends that do not come any more: they are looked for once only

    def find(end: str, start: int) -> int:
        place = -1 if end in gone else text.find(end, start)
        if place < 0:
            gone.add(end)
        return place

    while at < length:
        begin = text.find("<", at)
        if begin < 0:
            break
        if begin > at:
            yield "text", text[at:begin]
        tag = _TAG.match(text, begin)
        if not tag and text[begin + 1 : begin + 2] not in ("!", "?"):
            yield "text", "<"
            at = begin + 1
            continue
        is_comment = text.startswith("<!--", begin)
        end = find("-->" if is_comment else ">", begin)
        if end < 0:
            at = begin
            break
        at = end + (3 if is_comment else 1)
        if not tag:
            continue
        name = tag[1].lower()
        closes = text[begin + 1] == "/"
        yield ("end", name) if closes else ("start", name + text[tag.end() : end])
        if name in RAW and not closes:
            end = _find_end(text, name, at)
            yield "text", "" if name in ("script", "style") else text[at:end]
            at = end
    if at < length:
        yield "text", text[at:]


def _find_end(text: str, name: str, at: int) -> int:
    found = re.compile(f"</{name}", re.IGNORECASE).search(text, at)
    return found.start() if found else len(text)


class Page:
    """Gathers blocks and tables of a page."""

    def __init__(self, text: str) -> None:
        self.blocks: list[str] = []
        self.tables: list[Grid] = []
        self.named: Grid | None = None  # the last table whose first row is made of header cells
        self._open: list[Grid] = []  # tables within tables
        self._first: list[str] = []  # the tags of the first row's cells
        self._pieces: list[str] = []
        self._cell: list[str] | None = None
        self._span = 1
        self._unseen: list[str] = []
        self._verbatim = 0
        for what, content in tokens(text):
            if what == "text":
                self._on_text(content)
            elif what == "start":
                name, _, attributes = content.partition(" ")
                self._on_start(name.strip("/\r\n\t"), attributes)
            else:
                self._on_end(content)
        while self._open:  # tables that nobody closed
            self._on_end("table")
        self._end_block()

    def _on_start(self, tag: str, attributes: str) -> None:
        if tag in UNSEEN:
            self._unseen.append(tag)
        elif tag == "br":
            self._pieces.append("\n")
        elif tag in BLOCKS:
            self._end_block()
            if tag == "body":
                self._unseen.clear()  # nobody closed the head
            self._verbatim += tag == "pre"
            self._begin_table_part(tag, attributes)

    def _on_end(self, tag: str) -> None:
        if tag in UNSEEN:
            if tag in self._unseen:
                del self._unseen[self._unseen.index(tag) :]
        elif tag in BLOCKS:
            self._end_block()
            self._verbatim -= tag == "pre" and self._verbatim > 0
            if tag in ("td", "th", "tr", "table"):
                self._end_cell()
            if tag == "table" and self._open:
                self._end_table()

    def _on_text(self, text: str) -> None:
        if self._unseen:
            return
        text = unescape(text)
        if not self._verbatim:
            text = _BLANKS.sub(" ", text)
            if text.startswith(" ") and (not self._pieces or self._pieces[-1][-1:] in (" ", "\n")):
                text = text[1:]
        if text:
            self._pieces.append(text)

    def _begin_table_part(self, tag: str, attributes: str) -> None:
        if tag == "table":
            self._end_cell()
            self._open.append([])
            self._first = []
        elif tag == "tr" and self._open:
            self._end_cell()
            self._open[-1].append([])
        elif tag in ("td", "th") and self._open:
            self._end_cell()
            if not self._open[-1]:
                self._open[-1].append([])
            if len(self._open[-1]) == 1:
                self._first.append(tag)
            span = _SPAN.search(attributes)
            self._cell, self._span = [], max(1, min(int(span[1]), MOST_COLUMNS)) if span else 1

    def _end_table(self) -> None:
        self.tables.append([row for row in self._open.pop() if row])
        if set(self._first) == {"th"}:
            self.named = self.tables[-1]
        self._first = []

    def _end_cell(self) -> None:
        if self._cell is not None and self._open and self._open[-1]:
            self._open[-1][-1] += ["\n".join(self._cell)] + [""] * (self._span - 1)
        self._cell = None

    def _end_block(self) -> None:
        """Put what was gathered among the blocks, and into the open cell."""
        text = "\n".join(line.strip(" ") for line in "".join(self._pieces).split("\n")).strip("\n")
        self._pieces.clear()
        if text:
            self.blocks.append(text)
            if self._cell is not None:
                self._cell.append(text)
