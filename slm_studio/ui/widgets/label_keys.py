"""LabelKeys: the labels that words can be marked as, each a button with its colour and its key; a new one is typed."""

from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, QStringListModel, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QCompleter, QSizePolicy, QWidget

from slm_studio.core.errors import show
from slm_studio.core.texts import mark, tr
from slm_studio.ui.widgets.fields import LineField
from slm_studio.ui.widgets.flow import Flow
from slm_studio.ui.widgets.marks import ground_of, ink_of
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.theme import SECOND, the_theme

KEYS = 9  # labels that have a key


class LabelKeys(QWidget):
    """Offers labels; the first nine have the keys 1 to 9."""

    chosen = Signal(str)
    left = Signal()  # Esc in the line for a new label

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._flow = Flow(self, gap=6)
        self._order: tuple[str, ...] = ()
        self.keys: list[LabelKey] = []
        self.line = _Line(mark("another label"), name=mark("Another label"))
        scaled(self.line.setFixedWidth, 150)
        self.line.returnPressed.connect(self._on_typed)
        self.line.left.connect(self.left)
        self._flow.addWidget(self.line)

    def set_labels(self, order: Sequence[str], found: Sequence[str]) -> bool:
        """Offer labels in this order, with how often each stands in the text; return whether they are others."""
        counts, are_others = Counter(found), tuple(order) != self._order
        if are_others:
            self._offer(tuple(order))
        for key in self.keys:
            key.set_count(counts[key.label])
        return are_others

    def _offer(self, order: tuple[str, ...]) -> None:
        for key in self.keys:
            self._flow.removeWidget(key)
            key.hide()
            key.deleteLater()
        self._flow.removeWidget(self.line)
        self._order = order
        self.keys = [LabelKey(label, at + 1, order, self) for at, label in enumerate(order)]
        for key in self.keys:
            key.taken.connect(self.chosen)
        for each in self.stops():
            self._flow.addWidget(each)
            each.show()
        self.line.offer(order)

    def label_of(self, number: int) -> str:
        """Return the label that has a key, or ""."""
        return self._order[number - 1] if 0 < number <= min(KEYS, len(self._order)) else ""

    def stops(self) -> list[QWidget]:
        """Return what the keyboard reaches here, in order."""
        return [*self.keys, self.line]

    def begin(self, event: QKeyEvent) -> None:
        """Go on typing a label whose first letter was pressed elsewhere."""
        self.line.setFocus()
        self.line.clear()
        self.line.keyPressEvent(event)

    def _on_typed(self) -> None:
        typed = self.line.text().strip()
        if typed:
            self.line.clear()
            same = (label for label in self._order if label.casefold() == typed.casefold())
            self.chosen.emit(next(same, typed))


class LabelKey(QAbstractButton):
    """One label on its ground, behind the number of its key."""

    taken = Signal(str)

    def __init__(self, label: str, number: int, order: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._order, self._count = the_theme(), order, 0
        self.label, self._key = label, str(number) if number <= KEYS else ""
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.retranslate()
        self.clicked.connect(self._on_clicked)
        self._theme.changed.connect(self.updateGeometry)

    def set_count(self, count: int) -> None:
        """Say how often the label stands in the text."""
        self._count = count
        self.retranslate()
        self.updateGeometry()
        self.update()

    def retranslate(self) -> None:
        """Name it for screen readers."""
        name = tr("Mark as {label}, key {key}", label=self.label, key=self._key)
        self.setAccessibleName(name if self._key else tr("Mark as {label}", label=self.label))
        self.setAccessibleDescription(show(self._count))

    def _on_clicked(self) -> None:
        self.taken.emit(self.label)

    def _font(self) -> QFont:
        return self._theme.font(SECOND, QFont.Weight.Medium)

    def _wide(self, words: str) -> int:
        return QFontMetrics(self._font()).horizontalAdvance(words)

    def sizeHint(self) -> QSize:
        """Return what the words need."""
        px = self._theme.px
        key = self._wide(self._key) + px(8) if self._key else 0
        count = self._wide(show(self._count)) + px(8) if self._count else 0
        return QSize(key + self._wide(self.label) + count + px(22), px(28))

    def minimumSizeHint(self) -> QSize:
        """Return the least size: a long label ends in …."""
        return QSize(min(self.sizeHint().width(), self._theme.px(120)), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint key, label and count; a ring where the keyboard is."""
        painter, px = QPainter(self), self._theme.px
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink, room = ink_of(self._theme, self.label, self._order), QRectF(self.rect())
        edge = "accent" if self.hasFocus() else "border" if self.underMouse() else "line"
        width = 2 if self.hasFocus() else 1
        painter.setPen(QPen(self._theme.colour(edge), width))
        painter.setBrush(ground_of(self._theme, ink))
        inset = width / 2
        painter.drawRoundedRect(room.adjusted(inset, inset, -inset, -inset), px(7), px(7))
        inside = room.adjusted(px(11), 0, -px(11), 0)
        painter.setFont(self._font())
        if self._key:
            painter.setPen(self._theme.colour("muted"))
            painter.drawText(inside, int(_LEFT), self._key)
            inside.setLeft(inside.left() + self._wide(self._key) + px(8))
        if self._count:
            painter.setPen(self._theme.colour("muted"))
            painter.drawText(inside, int(_RIGHT), show(self._count))
            inside.setRight(inside.right() - self._wide(show(self._count)) - px(8))
        painter.setPen(ink)
        shown = QFontMetrics(self._font()).elidedText(self.label, Qt.TextElideMode.ElideRight, int(inside.width()) + 2)
        painter.drawText(inside.adjusted(0, 0, 4, 0), int(_LEFT), shown)


class _Line(LineField):
    """Completes what is typed to a known label, and takes Return and Esc for itself."""

    left = Signal()

    def offer(self, labels: Sequence[str]) -> None:
        """Complete to one of these."""
        completer = QCompleter(QStringListModel(list(labels), self), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setCompletionMode(QCompleter.CompletionMode.InlineCompletion)
        self.setCompleter(completer)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keep digits and Return from whoever marks, but not Ctrl+Return."""
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.left.emit()
            return
        super().keyPressEvent(event)
        if not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.accept()


_LEFT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
_RIGHT = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
