"""SamplesCard: what the model says to a few held-out rows or prompts as it learns, with a slider over the past."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from slm_studio.core.events import Sample
from slm_studio.core.tasks import TaskInfo, all_tasks
from slm_studio.core.tasks.info import Shown, Style
from slm_studio.core.texts import tr
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.emptying import empty
from slm_studio.ui.widgets.labels import Rule, Text
from slm_studio.ui.widgets.rows_model import Row, RowsModel
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.table import Table
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import words

# style of a column → that of the table, the most pixels it takes, its share of what is left
STYLES: dict[Style, tuple[str, int, float]] = {
    "prose": ("text", 0, 1.0), "text": ("text", 170, 0.0), "outline": ("outline", 170, 0.0), "chip": ("chip", 200, 0.0),
    "bar": ("bar", 170, 0.0), "number": ("number", 90, 0.0), "perplexity": ("number", 120, 0.0), "spans": ("text", 0, 0.8), "changes": ("text", 0, 1.0),
}  # fmt: skip
SLIDER = 20  # pixels, its height
GOES_ON = 2  # columns of prose at most of which the last goes on with the first; more stand beside each other


class SamplesCard(Card):
    """Shows the newest sample until the person goes back; then stays where they are."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._trail = QWidget()
        super().__init__("As it learns", self._trail, parent=parent)
        self._samples: Sequence[Sample] = ()
        self._columns: tuple[str, ...] = ()
        self.step, self.slider = Text("", "muted"), StepSlider()
        row = QHBoxLayout(self._trail)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(self.step)
        row.addWidget(self.slider)
        scaled(self._trail.setMinimumHeight, SLIDER)  # before there are two to choose from, too: nothing jumps then
        self.model = RowsModel(())
        self.table = Table("Samples", fits=True)
        self.table.setModel(self.model)
        self._prose = QWidget()
        self._prose_column = QVBoxLayout(self._prose)
        self._prose_column.setContentsMargins(0, 0, 0, 0)
        self._prose_column.setSpacing(4)
        self.waiting = Text("The first look at held-out rows is still to come.", "muted")
        for widget in (self.waiting, self.table, self._prose):
            self.add(widget)
        self.slider.moved.connect(self._on_moved)
        self.show_samples(())

    def show_samples(self, samples: Sequence[Sample]) -> None:
        """Show samples in their order; a new one is shown at once where the newest was looked at."""
        at_end = self.slider.at() >= self.slider.count() - 1
        same = len(samples) == len(self._samples) and bool(samples) and samples[-1] is self._samples[-1]
        if same:
            return
        self._samples = tuple(samples)
        self._trail.setVisible(bool(samples))
        self.waiting.setVisible(not samples)
        if not samples:
            self.table.hide()
            self._prose.hide()
            self.slider.set_range(0, 0)
            return
        at = len(samples) - 1 if at_end else min(self.slider.at(), len(samples) - 1)
        self.slider.set_range(len(samples), at)
        self._show(at)

    def _on_moved(self, at: int) -> None:
        if at < len(self._samples):
            self._show(at)

    def _show(self, at: int) -> None:
        sample = self._samples[at]
        self.step.set_words(lambda: tr("step {n}", n=sample.n))
        is_prose = all(column.style == "prose" for column in shown_as(sample.columns))
        self.table.setVisible(not is_prose)
        self._prose.setVisible(is_prose)
        if is_prose:
            self._show_prose(sample)
        else:
            self._show_table(sample)

    def _show_table(self, sample: Sample) -> None:
        if sample.columns != self._columns:
            self._columns = sample.columns
            columns = shown_as(sample.columns)
            self.model.set_headers(["" if column.style == "bar" else column.title for column in columns])
            self.table.clear_styles()
            for at, column in enumerate(columns):
                style, most, stretch = STYLES[column.style]
                self.table.set_style(at, style, most=most, stretch=stretch)
        blanks = [column.blank for column in shown_as(sample.columns)]
        self.model.set_rows(
            [
                Row([cell or (tr(blank) if blank else "") for cell, blank in zip(row, blanks, strict=True)])
                for row in sample.rows
            ]
        )

    def _show_prose(self, sample: Sample) -> None:
        empty(self._prose_column)
        columns = shown_as(sample.columns)
        for at, texts in enumerate(sample.rows):
            if at:
                self._prose_column.addWidget(Rule())
            if len(columns) > GOES_ON:
                self._show_named(columns, texts)
                continue
            *before, last = texts
            for text in before:
                self._prose_column.addWidget(Text("{prompt} …", "muted", wrap=True, prompt=text.strip()))
            self._add_prose(last)

    def _show_named(self, columns: Sequence[Shown], texts: Sequence[str]) -> None:
        """Show texts of which none goes on with another, each under its name."""
        for column, text in zip(columns, texts, strict=True):
            self._prose_column.addWidget(Text(column.title, "muted"))
            self._add_prose(text)

    def _add_prose(self, text: str) -> None:
        label = Text("{text}", wrap=True, text=text.strip() or "…")
        label.let_select()
        self._prose_column.addWidget(label)


def shown_as(keys: Sequence[str]) -> list[Shown]:
    """Return how columns are shown: as the task says that has just these, else as any task says of each by itself."""
    tasks = [form.samples for info in all_tasks() for form in _forms(info)]
    for columns in tasks:
        there = [column for column in columns if column.key in keys or not column.may_lack]
        if [column.key for column in there] == list(keys):
            return there
    known = {column.key: column for columns in reversed(tasks) for column in columns}
    return [known.get(key, Shown(key, key)) for key in keys]


def _forms(info: TaskInfo) -> list[TaskInfo]:
    """Return a task with each kind of its answers."""
    return [info.shaped({"target": target}) for target in info.targets] or [info]


class StepSlider(QWidget):
    """A short line with a knob: which of so many."""

    moved = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self._count, self._at = 0, 0
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        words(self.setAccessibleName, "Look back")
        self._theme.changed.connect(self.updateGeometry)

    def count(self) -> int:
        """Return how many there are."""
        return self._count

    def at(self) -> int:
        """Return which one is chosen, from 0."""
        return self._at

    def set_range(self, count: int, at: int) -> None:
        """Offer `count` places and stand at one, without telling anybody."""
        self._count, self._at = count, max(0, min(at, count - 1))
        self.setVisible(count > 1)
        self.setAccessibleDescription(f"{self._at + 1} / {count}")
        self.update()

    def _take(self, at: int) -> None:
        at = max(0, min(self._count - 1, at))
        if at != self._at:
            self._at = at
            self.setAccessibleDescription(f"{at + 1} / {self._count}")
            self.update()
            self.moved.emit(at)

    def _take_x(self, x: float) -> None:
        side = self._theme.px(6)
        share = (x - side) / max(1, self.width() - 2 * side)
        self._take(round(share * (self._count - 1)))

    def sizeHint(self) -> QSize:
        return QSize(self._theme.px(150), self._theme.px(SLIDER))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side, middle = self._theme.px(6), self.height() / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("border"))
        painter.drawRoundedRect(QRectF(side, middle - 1.5, self.width() - 2 * side, 3), 1.5, 1.5)
        x = side + (self.width() - 2 * side) * (self._at / max(1, self._count - 1))
        painter.setBrush(self._theme.colour("accent" if self.hasFocus() else "muted"))
        painter.drawEllipse(QPointF(x, middle), side - 0.5, side - 0.5)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._take_x(event.position().x())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._take_x(event.position().x())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Right: 1, Qt.Key.Key_Up: 1, Qt.Key.Key_Left: -1, Qt.Key.Key_Down: -1}.get(
            Qt.Key(event.key()), 0
        )
        if step:
            self._take(self._at + step)
        else:
            super().keyPressEvent(event)
