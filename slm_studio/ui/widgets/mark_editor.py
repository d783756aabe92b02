"""MarkEditor: one row whose words are marked and unmarked by hand, with the mouse or with keys alone."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget

from slm_studio.core.errors import StudioError
from slm_studio.core.marking import Marking, check_label, mark_words, unmark_words
from slm_studio.core.spans import Span
from slm_studio.core.texts import explain, mark
from slm_studio.ui.widgets.buttons import Button, IconButton
from slm_studio.ui.widgets.label_keys import LabelKeys
from slm_studio.ui.widgets.labels import Text, tip
from slm_studio.ui.widgets.mark_field import MarkField
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.words import Words

HOW = mark("Select words, then press a number or click a label. Delete unmarks, Ctrl+Z takes back.")
KEYS = mark(
    "Arrows go from word to word, with Shift they take more; Tab goes to the next marked words. Return marks as before. Page Down goes on, Esc takes everything back."
)
FIRST = mark("Select words with the mouse or with Shift and the arrows, then type what they are.")
NEW = mark("Nobody has marked this row yet. Saved as it is, it says that there is nothing to mark.")


@dataclass(frozen=True, slots=True)
class Markable:
    """A row to be marked. `keep` writes a new cell in the place of the one before and says whether that went well."""

    marking: Marking
    order: tuple[str, ...]  # the labels in the order of their colours
    keep: Callable[[str, str], bool]
    may_be_typed: bool = False  # whether its cell can be edited as the list that it is
    said: tuple[Span, ...] | None = None  # what a model marks in these words, where one was asked


class MarkEditor(QWidget):
    """Keeps what was marked when the row is left, by whichever way; Esc takes it back first."""

    moved = Signal(object)  # -1 or 1: to a neighbour
    closed = Signal()
    height_changed = Signal()  # the least that it needs
    list_requested = Signal()  # the cell shall be edited as it stands in the file

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._row: Markable | None = None
        self._labels: tuple[str, ...] = ()
        self._last = ""  # the label that was used last
        self._is_last = False
        self._spans: tuple[Span, ...] = ()
        self._past: list[tuple[Span, ...]] = []
        self._future: list[tuple[Span, ...]] = []
        self.title = Text("", "strong")
        self.previous, self.next = Button("Previous", small=True), Button("Next", small=True)
        self.previous.steps = self.next.steps = True
        self.close_button = IconButton("close", "Back to the table")
        self.field, self.labels = MarkField(), LabelKeys()
        self.problem, self.hint = Text("", "bad", wrap=True), Text(HOW, "muted", wrap=True)
        self.said_button = Button("Take the model's marks", "link")
        self.list_button = Button("Edit as a list", "link")
        self.save_button = Button("Save and next", "primary", small=True)
        tip(self.save_button, "{key}", key=QKeySequence("Ctrl+Return").toString(QKeySequence.SequenceFormat.NativeText))
        tip(self.hint, KEYS)
        self._build()
        self._connect()
        self.setFocusProxy(self.field)

    def show_row(self, title: Words, row: Markable, *, is_first: bool, is_last: bool) -> None:
        """Show a row; of one that is shown already the selection stays."""
        self._row, self._is_last = row, is_last
        self._past, self._future = [], []
        self._spans = row.marking.spans
        used = (span.label for span in self._spans)
        self._labels = tuple(dict.fromkeys([*row.order, *self._added(row), *used]))
        self.title.set_words(title)
        self.previous.setEnabled(not is_first)
        self.next.setEnabled(not is_last)
        self.save_button.set_words("Save" if is_last else "Save and next")
        self.said_button.setVisible(row.said is not None)
        self.list_button.setVisible(row.may_be_typed)
        self._say("")
        self._show()
        self.field.select_unit(self.field.selected[0])

    @property
    def is_changed(self) -> bool:
        """Say whether something is marked that the cell does not say."""
        return self._row is not None and self._spans != self._row.marking.spans

    @property
    def marking(self) -> Marking | None:
        """Return the row as it is written."""
        return self._row.marking if self._row is not None else None

    @property
    def spans(self) -> tuple[Span, ...]:
        """Return what is marked now, as spans of words."""
        return self._spans

    def keep(self, *, as_it_is: bool = False) -> bool:
        """Write what was marked; with `as_it_is` also that there is nothing to mark. Return whether nothing is left to write."""
        row = self._row
        if row is None or not (self.is_changed or (as_it_is and row.marking.is_new)):
            return True
        cell = row.marking.written(self._spans)
        if not row.keep(row.marking.cell, cell):
            return False
        if self._row is row:  # else it was shown anew
            self._row = replace(row, marking=row.marking.with_cell(cell))
            self._past, self._future = [], []
            self._show()
        return True

    def forget(self) -> None:
        """Let the row go without a word: it is no longer there."""
        self._row = None

    def mark_as(self, label: str) -> None:
        """Mark the selected words; a marked stretch that they touch gives way."""
        if self._row is None or not self._row.marking.sentence.words:
            return
        try:
            check_label(label, self._row.marking.form)
        except StudioError as error:
            self._say(explain(error)[0])
            return
        self._last = label
        if label not in self._labels:
            self._labels = (*self._labels, label)
        start, end = self.field.selected
        self._change(mark_words(self._spans, start, end, label))

    def unmark(self) -> None:
        """Take the marks from the selected words."""
        self._change(unmark_words(self._spans, *self.field.selected))

    def undo(self) -> None:
        """Take back the last change to this row."""
        if self._past:
            self._future.append(self._spans)
            self._spans = self._past.pop()
            self._show()

    def redo(self) -> None:
        """Do again what was taken back."""
        if self._future:
            self._past.append(self._spans)
            self._spans = self._future.pop()
            self._show()

    def _build(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(10, 4, 4, 0)
        head.setSpacing(8)
        head.addWidget(self.title, 1)
        for button in (self.previous, self.next, self.close_button):
            head.addWidget(button)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addStretch(1)
        for button in (self.said_button, self.list_button, self.save_button):
            foot.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(8)
        column.addLayout(head)
        inner = QVBoxLayout()
        inner.setContentsMargins(10, 0, 4, 0)
        inner.setSpacing(8)
        inner.addWidget(self.field, 1)
        inner.addWidget(self.labels)
        inner.addWidget(self.problem)
        inner.addWidget(self.hint)
        inner.addLayout(foot)
        column.addLayout(inner, 1)
        self.problem.hide()
        scaled(self.field.setMinimumHeight, 96)

    def _fit(self) -> None:
        """Ask for the height that everything needs in this width: what stands around it may scroll."""
        layout = self.layout()
        height = layout.minimumHeightForWidth(self.width()) if layout is not None else 0
        if height != self.minimumHeight():
            self.setMinimumHeight(height)
            self.height_changed.emit()

    def _stops(self) -> list[QWidget]:
        """Return what the keyboard reaches, in order: the text first, for that is what one came for."""
        return [
            self.field, *self.labels.stops(), self.said_button, self.list_button, self.save_button, self.previous, self.next,
            self.close_button,
        ]  # fmt: skip

    def _connect(self) -> None:
        self.labels.chosen.connect(self._on_label)
        self.labels.left.connect(self.field.setFocus)
        self.field.chosen.connect(self._on_selected)
        self.previous.clicked.connect(self._on_previous)
        self.next.clicked.connect(self._on_next)
        self.close_button.clicked.connect(self._on_close)
        self.save_button.clicked.connect(self.save)
        self.said_button.clicked.connect(self._on_said)
        self.list_button.clicked.connect(self._on_list)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._on_focus_changed)
        for each in (self.field, self.labels.line):
            each.installEventFilter(self)

    def save(self) -> None:
        """Keep the row, also where there was nothing to mark, and go to the next one."""
        if self.keep(as_it_is=True) and not self._is_last:
            self.moved.emit(1)

    def _added(self, row: Markable) -> tuple[str, ...]:
        """Return the labels that were typed here and that no cell of these rows had, so that the next row has them too."""
        return tuple(label for label in self._labels if label not in row.order)

    def _change(self, spans: tuple[Span, ...]) -> None:
        assert self._row is not None
        spans = self._row.marking.settled(spans)
        self._say("")
        if spans != self._spans:
            self._past.append(self._spans)
            self._future = []
            self._spans = spans
        self._show()

    def _show(self) -> None:
        assert self._row is not None
        self.field.show_marks(self._row.marking.sentence, self._spans, self._labels)
        if self.labels.set_labels(self._labels, [span.label for span in self._spans]):
            for one, other in pairwise(self._stops()):
                self.setTabOrder(one, other)
        is_new = self._row.marking.is_new and not self._spans
        self.hint.set_words(FIRST if not self._labels else NEW if is_new else HOW)
        self._fit()

    def _say(self, words: str) -> None:
        self.problem.set_words("{words}", words=words)
        self.problem.setVisible(bool(words))
        self._fit()

    def _on_label(self, label: str) -> None:
        self.mark_as(label)
        self.field.setFocus()

    def _on_selected(self) -> None:
        self._say("")

    def _on_said(self) -> None:
        if self._row is not None and self._row.said is not None:
            self._labels = tuple(dict.fromkeys([*self._labels, *(span.label for span in self._row.said)]))
            self._change(self._row.said)
        self.field.setFocus()

    def _on_previous(self) -> None:
        self._move(-1)

    def _on_next(self) -> None:
        self._move(1)

    def _move(self, by: int) -> None:
        if (self.previous if by < 0 else self.next).isEnabled() and self.keep():
            self.moved.emit(by)

    def _on_close(self) -> None:
        if self.keep():
            self.closed.emit()

    def _on_list(self) -> None:
        if self.keep():
            self.list_requested.emit()

    def _on_focus_changed(self, old: QWidget | None, new: QWidget | None) -> None:
        if old is not None and new is not None and self.isAncestorOf(old) and not self.isAncestorOf(new):
            self.keep()

    def _again(self) -> None:
        """Mark as what the selection touches is marked already, or as the last one was: a stretch is widened so."""
        start, end = self.field.selected
        touched = [span.label for span in self._spans if span.start < end and start < span.end]
        label = touched[0] if touched else self._last
        if label:
            self.mark_as(label)

    def _on_escape(self) -> None:
        if self.is_changed:
            assert self._row is not None
            self._change(self._row.marking.spans)
        else:
            self.closed.emit()

    def _takes(self, event: QKeyEvent) -> bool:
        """Say whether a key that the window knows too is meant for this row."""
        if event.matches(QKeySequence.StandardKey.Undo):
            return bool(self._past)
        if event.matches(QKeySequence.StandardKey.Redo):
            return bool(self._future)
        return event.key() == Qt.Key.Key_Escape or _saves(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the new width."""
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        """Take what is meant for this row before the window does."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and self._takes(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Obey the keys, whichever part of the editor has the focus."""
        key, plain = event.key(), not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        # Where digits need Shift (France), a key is the digit only then.
        is_digit = Qt.Key.Key_1 <= key <= Qt.Key.Key_9 and not event.modifiers() & _STRONG
        label = self.labels.label_of(key - Qt.Key.Key_0) if is_digit else ""
        if label:
            self.mark_as(label)
        elif event.matches(QKeySequence.StandardKey.Undo):
            self.undo()
        elif event.matches(QKeySequence.StandardKey.Redo):
            self.redo()
        elif _saves(event):
            self.save()
        elif plain and key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.unmark()
        elif plain and key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._again()
        elif plain and key in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self._move(-1 if key == Qt.Key.Key_PageUp else 1)
        elif key == Qt.Key.Key_Escape:
            self._on_escape()
        elif event.text().isalpha() and not event.modifiers() & _STRONG:
            self.labels.begin(event)
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep the row when a menu opens or the window goes to the back: nobody knows what follows."""
        if isinstance(event, QFocusEvent) and event.type() == QEvent.Type.FocusOut and event.reason() in _AWAY:
            self.keep()
        return super().eventFilter(watched, event)


def _saves(event: QKeyEvent) -> bool:
    returns = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
    return returns and event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier == Qt.KeyboardModifier.ControlModifier


_STRONG = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
_AWAY = (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason)
