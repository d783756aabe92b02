"""MessageText: what a message says, words and blocks of code, growing as it comes. What stands is never written again."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from slm_studio.core.results import Token
from slm_studio.ui.widgets.code_view import CodeView
from slm_studio.ui.widgets.emptying import empty
from slm_studio.ui.widgets.message_lines import Line, LineReader, Run, read_line
from slm_studio.ui.widgets.prose_view import Piece, ProseView
from slm_studio.ui.widgets.words import Words

MOST_LINES = 400  # of a block of code that stands whole; a longer one scrolls
LONG = 4000  # letters of a line that is still coming, above which it is shown when it ends


class MessageText(QWidget):
    """Shows Markdown that a model writes (or, with markdown=False, a person's words as they are)."""

    pointed = Signal(object, object, object)  # the Token under the pointer or None, the ProseView, and the place in it

    def __init__(self, *, markdown: bool = True, name: Words = "Message", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._markdown, self._name = markdown, name
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(10)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._begin()

    def text(self) -> str:
        """Return the source."""
        return "".join(self._source)

    def tokens(self) -> tuple[Token, ...]:
        """Return the tokens that wrote it, where they are known."""
        return tuple(self._tokens)

    def set_text(self, text: str, tokens: Sequence[Token] = ()) -> None:
        """Show a whole message; tokens count where they are what wrote it."""
        empty(self._column)
        self._begin()
        if tokens and "".join(token.text for token in tokens) == text:
            self.add_tokens(tokens)
        else:
            self._add(text)
        self.finish()

    def add_tokens(self, tokens: Sequence[Token]) -> None:
        """Write tokens at the end."""
        lengths = accumulate((len(token.text) for token in tokens), initial=self._length)
        self._starts += list(lengths)[: len(tokens)]
        self._tokens += tokens
        self._add("".join(token.text for token in tokens))

    def finish(self) -> None:
        """Show what was held back: nothing comes any more."""
        if self._tail:
            self._take(self._tail, is_whole=True)
            self._tail = ""

    def views(self) -> list[QWidget]:
        """Return its parts from top to bottom: ProseView and CodeView."""
        items = (self._column.itemAt(at) for at in range(self._column.count()))
        return [widget for item in items if item is not None and (widget := item.widget()) is not None]

    def copied(self) -> str:
        """Return the source."""
        return self.text()

    def _begin(self) -> None:
        self._reader = LineReader()
        self._source: list[str] = []
        self._length = 0  # letters of the source
        self._tail, self._tail_at = "", 0  # the line that is not finished, and where it begins
        self._tail_shown = False  # it is the last line of `_prose`
        self._tokens: list[Token] = []
        self._starts: list[int] = []  # where each token begins
        self._prose: ProseView | None = None  # takes the next line of words; None: one must be made
        self._code: CodeView | None = None

    def _add(self, text: str) -> None:
        self._source.append(text)
        self._length += len(text)
        *whole, self._tail = (self._tail + text).split("\n")
        for line in whole:
            self._take(line, is_whole=True)
            self._tail_at += len(line) + 1
        if self._tail and not self._is_held(self._tail):
            self._take(self._tail, is_whole=False)

    def _is_held(self, tail: str) -> bool:
        if not self._markdown:
            return False
        return self._reader.in_code or self._reader.may_be_fence(tail) or len(tail) > LONG

    def _take(self, text: str, *, is_whole: bool) -> None:
        """Show a line; one that is not whole is written anew when more of it has come."""
        if not self._markdown:
            line = Line("text", (Run(text, 0),))
        else:
            line = self._reader.read(text) if is_whole else read_line(text)
        if line.kind == "fence":
            self._take_fence()
        elif line.kind == "code":
            assert self._code is not None
            self._code.add_line(text)
        elif self._tail_shown and self._prose is not None:
            self._prose.change_last(line, list(self._pieces(line)))
        elif line.kind != "blank" or (self._prose is not None and self._prose.count()):
            self._words().add_line(line, list(self._pieces(line)))
            self._tail_shown = True
        if is_whole:
            self._tail_shown = False

    def _take_fence(self) -> None:
        self._prose = None
        if self._reader.in_code:
            self._code = CodeView(most_lines=MOST_LINES)
            self._column.addWidget(self._code)

    def _words(self) -> ProseView:
        if self._prose is None:
            self._prose = ProseView(name=self._name)
            self._prose.pointed.connect(self._on_pointed)
            self._column.addWidget(self._prose)
        return self._prose

    def _pieces(self, line: Line) -> Iterator[Piece]:
        """Yield the letters of a line, parted where a token ends."""
        for run in line.runs:
            for text, number in self._parted(run):
                yield Piece(text, number, run.strong, run.slanted, run.code)

    def _parted(self, run: Run) -> Iterator[tuple[str, int]]:
        if not self._starts:
            yield run.text, -1
            return
        at, end = self._tail_at + run.start, self._tail_at + run.start + len(run.text)
        number = bisect_right(self._starts, at) - 1
        while at < end:
            # Several tokens may begin in one place: those before the last are pieces of a letter, and have no text.
            following = bisect_right(self._starts, at)
            until = min(end, self._starts[following] if following < len(self._starts) else end)
            yield run.text[at - end + len(run.text) :][: until - at], number
            at, number = until, bisect_right(self._starts, until) - 1

    def _on_pointed(self, number: int, place: QPoint) -> None:
        known = 0 <= number < len(self._tokens)
        self.pointed.emit(self._tokens[number] if known else None, self.sender(), place)
