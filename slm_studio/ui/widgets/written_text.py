"""WrittenText: a text of which a model wrote parts; those stand on a tinted ground and know their tokens."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from PySide6.QtCore import QEvent, QMimeData, QPoint, QSize, Signal
from PySide6.QtGui import (
    QBrush,
    QInputMethodEvent,
    QKeyEvent,
    QMouseEvent,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
)
from PySide6.QtWidgets import QTextEdit, QWidget

from slm_studio.core.results import Token
from slm_studio.ui.widgets.hinted_text import HintedText
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import Words, words
from slm_studio.ui.widgets.wrapping import never_sideways

TOKEN = QTextFormat.Property.UserProperty + 1  # of written characters: the place of their token in `_tokens`
UNKNOWN = -1  # a token of before the restart
SIZE, LINE = 15.5, 140  # letters in pixels at zoom 1; the height of a line in percent


class WrittenText(HintedText):
    """Plain text only; what the person types is theirs, wherever they type it."""

    pointed = Signal(object)  # the Token under the pointer; the last one where the pointer is elsewhere; or None

    def __init__(self, placeholder: Words, *, name: Words, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        never_sideways(self)
        self._theme = the_theme()
        self._tokens: list[Token] = []
        self._start: QTextCursor | None = None  # where the last writing began; it moves with edits before it
        self._place = self._end()  # where what is taken of suggestions goes
        self._under: Token | None = None
        self.setProperty("role", "bare")
        self.setAcceptRichText(False)
        self.setTabChangesFocus(True)
        self.viewport().setMouseTracking(True)
        words(self.setPlaceholderText, placeholder)
        words(self.setAccessibleName, name)
        self._theme.changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def start_with(self, text: str) -> None:
        """Begin anew."""
        self._tokens.clear()
        self._start = None
        self.setPlainText(text)
        self._space()
        self._point(None)
        cursor = self.textCursor()
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.setCharFormat(QTextCharFormat())
        self.setTextCursor(cursor)

    def state(self) -> dict[str, object]:
        """Return the text and where it was written by a model."""
        return {"text": self.toPlainText(), "written": [[start, end] for start, end, _ in self._runs()]}

    def restore(self, state: Mapping[str, object]) -> None:
        """Show what `state` returned: the written parts are tinted again; how likely they were is not known any more."""
        text, written = state.get("text"), state.get("written")
        if not isinstance(text, str):
            return
        self.start_with(text)
        cursor = QTextCursor(self.document())
        for part in written if isinstance(written, list) else ():
            match part:
                case [int(start), int(end)] if 0 <= start < end <= self.document().characterCount() - 1:
                    cursor.setPosition(start)
                    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
                    cursor.setCharFormat(self._format(UNKNOWN))

    def begin_writing(self) -> None:
        """Mark where the model goes on; nobody else writes until `end_writing`."""
        self._start = self._end()
        self._start.setKeepPositionOnInsert(True)
        self.setReadOnly(True)

    def add_tokens(self, tokens: Sequence[Token]) -> None:
        """Write tokens at the end; the view follows, where its end was in view."""
        with self._following():
            self._insert(self._end(), tokens)

    def write_plain(self, text: str) -> None:
        """Write at the end what is nobody's token, such as a heading; the view follows likewise."""
        with self._following():
            self._end().insertText(text, QTextCharFormat())

    def empty(self) -> None:
        """Take everything away; an undo brings it back."""
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.removeSelectedText()

    def hold_place(self) -> None:
        """Remember where the text ends now, for `insert_at_place`; it moves with edits before it."""
        self._place = self._end()
        self._place.setKeepPositionOnInsert(True)

    def insert_at_place(self, tokens: Sequence[Token]) -> None:
        """Write tokens where the text ended; what was typed behind it since then stays there. One undo takes it back."""
        is_end = self._place.position() == self._end().position()
        self._start = QTextCursor(self._place) if is_end else None
        if self._start is not None:
            self._start.setKeepPositionOnInsert(True)
        cursor = QTextCursor(self.document())
        cursor.setPosition(self._place.position())
        self._insert(cursor, tokens)
        cursor.setCharFormat(QTextCharFormat())
        self.setTextCursor(cursor)
        self.ensureCursorVisible()

    def end_writing(self) -> None:
        """Give the text back to the person, who goes on at its end."""
        self.setReadOnly(False)
        cursor = self._end()
        cursor.setCharFormat(QTextCharFormat())
        self.setTextCursor(cursor)

    def take_back(self) -> None:
        """Remove what was written last."""
        if self._start is None:
            return
        cursor = self._end()
        cursor.setPosition(self._start.position(), QTextCursor.MoveMode.KeepAnchor)
        cursor.removeSelectedText()

    def written(self) -> int:
        """Return how many of the tokens still stand in the text."""
        return len({place for _, _, place in self._runs()})

    def written_parts(self) -> list[tuple[int, str]]:
        """Return where each stretch that the model wrote begins, and its text."""
        found: list[tuple[int, str]] = []
        joined: list[list[int]] = []
        for start, end, _ in self._runs():
            if joined and not self._between(joined[-1][1], start).strip("\n"):  # a line break belongs to no token
                joined[-1][1] = end
            else:
                joined.append([start, end])
        found.extend((start, self._between(start, end)) for start, end in joined)
        return found

    def underline(self, start: int, text: str) -> None:
        """Underline a text that stands there; nothing where it is ""."""
        lines = QTextEdit.ExtraSelection()
        lines.cursor = QTextCursor(self.document())
        lines.cursor.setPosition(start)
        lines.cursor.setPosition(start + len(text.encode("utf-16-le")) // 2, QTextCursor.MoveMode.KeepAnchor)
        lines.format.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
        lines.format.setUnderlineColor(self._theme.colour("held_out"))
        lines.format.setBackground(QBrush(self._theme.colour("warning_soft")))
        self.setExtraSelections([lines] if text else [])

    def underlined(self) -> str:
        """Return the text that is underlined, or ""."""
        return "".join(self._between(each.cursor.anchor(), each.cursor.position()) for each in self.extraSelections())

    def token_at(self, position: int) -> Token | None:
        """Return the token that wrote the character at `position`, or None where the person wrote it."""
        found = next((place for start, end, place in self._runs() if start <= position < end), None)
        return self._tokens[found] if found is not None and 0 <= found < len(self._tokens) else None

    @contextmanager
    def _following(self) -> Iterator[None]:
        bar = self.verticalScrollBar()
        follows = bar.value() >= bar.maximum() - 4
        yield
        if follows:
            bar.setValue(bar.maximum())

    def _insert(self, cursor: QTextCursor, tokens: Sequence[Token]) -> None:
        cursor.beginEditBlock()
        for token in tokens:
            self._tokens.append(token)
            cursor.insertText(token.text, self._format(len(self._tokens) - 1))
        cursor.endEditBlock()
        if tokens:
            self._point(None)

    def _runs(self) -> list[tuple[int, int, int]]:
        """Return start, end and token of every written piece."""
        found = []
        block: QTextBlock = self.document().begin()
        while block.isValid():
            pieces = block.begin()
            while not pieces.atEnd():
                fragment = pieces.fragment()
                if fragment.charFormat().hasProperty(TOKEN):
                    start = fragment.position()
                    found.append((start, start + fragment.length(), fragment.charFormat().intProperty(TOKEN)))
                pieces += 1
            block = block.next()
        return found

    def _between(self, start: int, end: int) -> str:
        """Return the text between two places of the document."""
        cursor = QTextCursor(self.document())
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        return cursor.selectedText().replace("\u2029", "\n").replace("\u2028", "\n")

    def _end(self) -> QTextCursor:
        cursor = QTextCursor(self.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        return cursor

    def _format(self, place: int) -> QTextCharFormat:
        written = QTextCharFormat()
        written.setBackground(QBrush(self._theme.colour("soft")))
        written.setProperty(TOKEN, place)
        return written

    def _space(self) -> None:
        """Give the lines air; blocks that are made later inherit it."""
        spaced = QTextBlockFormat()
        spaced.setLineHeight(LINE, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(spaced)

    def _point(self, token: Token | None) -> None:
        last = self._tokens[-1] if self._tokens else None
        self._under = token
        self.pointed.emit(token or last)

    def _type_plain(self) -> None:
        if self.currentCharFormat().hasProperty(TOKEN):
            self.setCurrentCharFormat(QTextCharFormat())

    def _on_theme_changed(self) -> None:
        self.document().setDefaultFont(self._theme.font(SIZE))
        self.document().setDocumentMargin(0)
        self._space()
        cursor = QTextCursor(self.document())
        cursor.joinPreviousEditBlock()
        for start, end, place in self._runs():
            cursor.setPosition(start)
            cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
            cursor.setCharFormat(self._format(place))
        cursor.endEditBlock()

    def _at(self, point: QPoint) -> Token | None:
        cursor = self.cursorForPosition(point)
        # The cursor stands between two characters; the one that is nearer may lie on either side.
        place = cursor.position()
        left_of_cursor = point.x() < self.cursorRect(cursor).x()
        return self.token_at(place - 1 if left_of_cursor else place)

    def sizeHint(self) -> QSize:
        """Return the size it likes: it takes what room there is, and asks for none beyond its least height."""
        return QSize(super().sizeHint().width(), self.minimumHeight())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Type as the person, also inside what the model wrote."""
        if event.text():
            self._type_plain()
        super().keyPressEvent(event)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """Type as the person."""
        self._type_plain()
        super().inputMethodEvent(event)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste as the person."""
        self._type_plain()
        super().insertFromMimeData(source)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell the token under the pointer."""
        super().mouseMoveEvent(event)
        token = self._at(event.position().toPoint())
        if token is not self._under:
            self._point(token)

    def leaveEvent(self, event: QEvent) -> None:
        """Tell the last token again."""
        super().leaveEvent(event)
        if self._under is not None:
            self._point(None)
