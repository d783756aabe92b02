"""OutlineSheet: a title or an idea becomes headings, which the person changes; then each is written out, one after another."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QWidget

from slm_studio.core import files
from slm_studio.core.messages import USER, Message, messages_to_plain
from slm_studio.core.outline import ask_for_headings, ask_for_part, heading_line, headings_in, title_line
from slm_studio.core.recipe import BLANK
from slm_studio.core.results import Token
from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import mark, tr
from slm_studio.ui.parts.saving import ask_where_to_save
from slm_studio.ui.widgets.buttons import IconButton, WorkButton
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.copying import clipboard
from slm_studio.ui.widgets.fields import LineField
from slm_studio.ui.widgets.labels import ElidedText, Text
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.side_by_side import SideBySide
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import words
from slm_studio.ui.widgets.wrapping import never_sideways
from slm_studio.ui.widgets.written_text import WrittenText

PLAN, PART = "plan", "part"  # what is on its way
HOW = mark("A title or an idea becomes headings. Change them as you like, one a line; then each is written out.")
OWN = mark(
    "This model has learnt from dialogues alone and follows no instructions beyond them. One that does is fetched in Hub: its name says “Instruct”. The headings you can write yourself."
)
NONE = mark(
    "The model answered without headings; what it said stands here. Ask again, write headings yourself, or take a larger model whose name says “Instruct”."
)


class OutlineSheet(Card):
    """Asks one question after the other; whoever shows it brings the answers by `begin`, `take` and `finish`."""

    asked = Signal(object)  # the messages of a question
    stop_asked = Signal()
    closed = Signal()
    changed = Signal()
    saving = Signal(object, str)  # a Path, and the text to write there

    def __init__(self, parent: QWidget | None = None) -> None:
        self._close = IconButton("close", "Close")
        super().__init__("Write from an outline", self._close, parent=parent)
        self._theme = the_theme()
        self._how = HOW
        self._doing = ""  # PLAN or PART, while a question is open
        self._answer = ""
        self._headings: tuple[str, ...] = ()  # that are being written out
        self._place = 0  # of the one that is being written
        self.about = Text(HOW, "muted", wrap=True)
        self.add(self.about)
        row = SideBySide()
        row.limit(row.add(self._build_plan(), 4), 240, 380)
        row.limit(row.add(self._build_text(), 7), 300)
        self.add(row, 1)
        self._connect()
        self._fit()
        self._tell()

    @property
    def is_busy(self) -> bool:
        """Say whether a question of this sheet is open."""
        return bool(self._doing)

    def set_model(self, model: SavedModel) -> None:
        """Say at once where a model cannot be expected to follow."""
        self._how = OWN if model.base.startswith(BLANK) else HOW
        self.about.set_words(self._how)

    def state(self) -> dict[str, object]:
        """Return what stands here, for after a restart."""
        return {"idea": self.idea.text(), "headings": self.headings.toPlainText(), "page": self.page.state()}

    def restore(self, state: Mapping[str, object]) -> None:
        """Show what `state` returned."""
        self.idea.setText(str(state.get("idea") or ""))
        self.headings.setPlainText(str(state.get("headings") or ""))
        page = state.get("page")
        if isinstance(page, dict):
            self.page.restore(page)

    def begin(self) -> None:
        """Make room for an answer."""
        self._answer = ""
        if self._doing == PLAN:
            self.headings.selectAll()  # an undo brings back what stood there
            self.headings.insertPlainText("")
        else:
            self.page.write_plain(heading_line(self._headings[self._place], self.page.toPlainText()))
            self.page.begin_writing()
        self._tell()

    def take(self, item: object) -> None:
        """Write on."""
        if not isinstance(item, Token):
            return
        self._answer += item.text
        if self._doing == PLAN:
            self._type(item.text)
        else:
            self.page.add_tokens([item])

    def finish(self, numbers: object) -> None:
        """End an answer; where it was whole, ask for the next part."""
        doing, self._doing = self._doing, ""
        if doing == PLAN:
            self._take_headings()
        else:
            self.page.end_writing()
            if numbers is not None and self._place + 1 < len(self._headings):
                self._ask_part(self._place + 1)
        self._tell()
        self.changed.emit()

    def primary(self) -> None:
        """Do the next thing: plan, or write out what is planned."""
        button = self.write_button if self._lines() else self.plan_button
        if not self.is_busy and button.isEnabled():
            button.click()

    def setFocus(self, *reason: Qt.FocusReason) -> None:
        """Go to the idea. (By a proxy the Tab key would leap over what stands above it.)"""
        self.idea.setFocus(*reason)

    def copied(self) -> str:
        """Return the text."""
        return self.page.toPlainText()

    def _build_plan(self) -> Card:
        card = Card("Outline", padding=12)
        self.idea = LineField("What is the text about?", name="Title or idea")
        self.headings = QPlainTextEdit()
        never_sideways(self.headings)
        self.headings.setTabChangesFocus(True)
        words(self.headings.setAccessibleName, "Headings, one a line")
        words(self.headings.setPlaceholderText, "Headings, one a line")
        scaled(self.headings.setMinimumHeight, 120)
        self.plan_button, self.write_button = WorkButton("Make an outline", kind="plain"), WorkButton("Write it out")
        for widget in (self.idea, self.plan_button):
            card.add(widget)
        card.add(self.headings, 1)
        card.add(self.write_button)
        return card

    def _build_text(self) -> Card:
        card = Card(padding=12)
        self.page = WrittenText("What is written out stands here. You can go on with it by hand.", name="The text")
        scaled(self.page.setMinimumHeight, 200)
        card.add(self.page, 1)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.copy_button, self.save_button = (
            IconButton("copy", "Copy the text"),
            IconButton("download", "Save the text…"),
        )
        self.progress = ElidedText("", "muted")
        self.progress.setAlignment(Qt.AlignmentFlag.AlignRight)
        row.addWidget(self.copy_button)
        row.addWidget(self.save_button)
        row.addWidget(self.progress, 1)
        card.body.addLayout(row)
        return card

    def _connect(self) -> None:
        self._close.clicked.connect(self._on_close)
        self.plan_button.started.connect(self._on_plan)
        self.write_button.started.connect(self._on_write)
        for button in (self.plan_button, self.write_button):
            button.stop_requested.connect(self.stop_asked)
        self.copy_button.clicked.connect(self._on_copy)
        self.save_button.clicked.connect(self._on_save)
        self._theme.changed.connect(self._fit)
        for each in (self.idea, self.headings, self.page):
            each.textChanged.connect(self._on_changed)

    def _lines(self) -> tuple[str, ...]:
        return tuple(line.strip() for line in self.headings.toPlainText().splitlines() if line.strip())

    def _ask(self, doing: str, question: str) -> None:
        self._doing = doing
        self.asked.emit(tuple(messages_to_plain((Message(USER, question),))))

    def _ask_part(self, place: int) -> None:
        self._place = place
        self._ask(PART, ask_for_part(self.idea.text().strip() or self._headings[0], self._headings, place))

    def _type(self, text: str) -> None:
        cursor = QTextCursor(self.headings.document())
        cursor.movePosition(QTextCursor.MoveOperation.End)
        cursor.insertText(text)

    def _take_headings(self) -> None:
        found = headings_in(self._answer)
        self.about.set_words(self._how if found else NONE)
        if found:
            self.headings.selectAll()
            self.headings.insertPlainText("\n".join(found))

    def _tell(self) -> None:
        """Offer what can be done now, and say how far it is."""
        for button, doing in ((self.plan_button, PLAN), (self.write_button, PART)):
            button.set_busy() if self._doing == doing else button.set_ready()
        self.plan_button.setEnabled(self._doing == PLAN or (not self._doing and bool(self.idea.text().strip())))
        self.write_button.setEnabled(self._doing == PART or (not self._doing and bool(self._lines())))
        self.headings.setReadOnly(self.is_busy)
        has_text = bool(self.page.toPlainText())
        self.copy_button.setEnabled(has_text)
        self.save_button.setEnabled(has_text)
        self.progress.set_words(self._progress_words)

    def _progress_words(self) -> str:
        if self._doing != PART:
            return ""
        heading = self._headings[self._place]
        return tr("{n} of {total}: {heading}", n=self._place + 1, total=len(self._headings), heading=heading)

    def _fit(self) -> None:
        self.headings.document().setDefaultFont(self._theme.font())

    def _on_plan(self) -> None:
        self._ask(PLAN, ask_for_headings(self.idea.text()))

    def _on_write(self) -> None:
        """Write all headings out. What stood on the page can be brought back by undo."""
        self._headings = self._lines()
        self.page.empty()
        if self.idea.text().strip():
            self.page.write_plain(title_line(self.idea.text()))
        self._ask_part(0)

    def _on_close(self) -> None:
        if self.is_busy:
            self.stop_asked.emit()
        self.closed.emit()

    def _on_copy(self) -> None:
        clipboard(self.copied())

    def _on_save(self) -> None:
        kinds = f"{tr('Markdown')} (*.md)"
        name = files.slug(self.idea.text()) or tr("text")
        out = ask_where_to_save(self, tr("Save the text"), f"{name}.md", kinds)
        if out is not None:
            self.saving.emit(out, self.copied())

    def _on_changed(self) -> None:
        if not self.is_busy:
            self._tell()
            self.changed.emit()
