"""Write: one page of text. The model goes on where it ends; what it wrote stands on a tinted ground."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QVBoxLayout,
    QWidget,
)

from slm_studio.core import files, targets
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Progress
from slm_studio.core.generation import DecodingOptions
from slm_studio.core.report import Case
from slm_studio.core.results import Token
from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import mark, tr
from slm_studio.ui.parts.copied_line import CopiedLine
from slm_studio.ui.parts.exporting import unwritable
from slm_studio.ui.parts.forms import KnobForm
from slm_studio.ui.parts.saving import ask_where_to_save
from slm_studio.ui.parts.style_choice import StyleChoice
from slm_studio.ui.parts.suggestions import Suggestions
from slm_studio.ui.parts.weighed_tokens import likely, visible
from slm_studio.ui.tasks.view import READING, TaskView
from slm_studio.ui.widgets.actions import Actions
from slm_studio.ui.widgets.bars import Bar, Bars
from slm_studio.ui.widgets.buttons import Button, ElidedButton, IconButton, WorkButton
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.copying import clipboard
from slm_studio.ui.widgets.flow import Flow
from slm_studio.ui.widgets.fold import Fold
from slm_studio.ui.widgets.labels import ElidedText, Text, tip
from slm_studio.ui.widgets.page import GAP
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.side_by_side import SideBySide, column_of
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.written_text import WrittenText

KNOBS = ("temperature", "top_k", "top_p", "repetition_penalty", "max_new_tokens", "seed")
ALTERNATIVES = 5
SUGGESTED, SUGGESTED_CHARACTERS = 40, 120  # tokens of a suggestion, where they are pieces and where they are characters
NO_OUTLINE = mark(
    "This model follows no instructions, so it plans no outline. Chat models named “Instruct” do: Chat ▾, “Write from an outline…”."
)
MOST_BEGINNINGS, BEGINNING = 3, 36  # how many beginnings are offered, and about how many characters each has


class WriteView(TaskView):
    """Prompt and answer are one text, so that both can be edited and written on."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = the_theme()
        self._waiting: list[Token] = []  # arrived, not yet shown: one insertion for a whole batch
        self._count = 0  # tokens of the answer that is on its way
        self._numbers: tuple[int, float] | None = None  # tokens and seconds of the last answer
        self._suggested = SUGGESTED
        self._suggests = False  # the next question is for suggestions
        self._flush = QTimer(self)
        self._flush.setSingleShot(True)
        self._flush.setInterval(0)
        row = SideBySide()
        row.limit(row.add(self._build_page(), 7), 320)
        row.limit(row.add(self._build_side(), 3), 220, 304)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(row, 1)
        self.suggestions = Suggestions(self.page)
        column.addWidget(self.suggestions)
        column.addWidget(self._build_knobs())
        self.field = self.page
        self._connect()
        self._show_token(None)
        self.retranslate()
        self._tell()

    def set_model(self, model: SavedModel, cases: Sequence[Case]) -> None:
        """Try another model; its samples, or passages it has never seen, become beginnings."""
        self.suggestions.close_all()
        self._suggested = SUGGESTED_CHARACTERS if model.facts.get("tokens") == "characters" else SUGGESTED
        self.style_choice.set_model(model)
        self._beginnings.clear()
        for text in beginnings(model, cases):
            button = _Beginning(text)
            button.clicked.connect(self._on_beginning)
            self._beginnings.addWidget(button)
        self._tell()

    def text(self) -> str:
        """Return the whole text, the written parts too."""
        return self.page.toPlainText()

    def second(self) -> str:
        """Return a style that may be asked for, where the model knows some."""
        return self.style_choice.example()

    def fill(self, text: str) -> None:
        """Begin anew with this text."""
        self.suggestions.close_all()
        self.page.start_with(text)
        self._count, self._numbers = 0, None
        self._tell()

    def state(self) -> object:
        """Return the text, and which parts the model wrote."""
        return {**self.page.state(), "style": self.style_choice.style_name()}

    def restore(self, state: object) -> None:
        """Show the text of before the restart."""
        if isinstance(state, dict):
            self.page.restore(state)
            self.style_choice.choose(state.get("style"))
            self._tell()

    def begin(self) -> None:
        """Leave the text to the model, or let it suggest."""
        self._waiting.clear()
        if self._suggests:
            self.suggestions.begin()
            self._tell()
            return
        self.suggestions.finish()
        self.suggestions.hide()
        self._count, self._numbers = 0, None
        self.page.begin_writing()
        self.button.set_busy()
        self._tell()

    def take(self, item: object) -> None:
        """Keep a token for the next look at the page; say how far a long text is read."""
        if isinstance(item, Progress):
            self.numbers.set_words(READING, done=item.done, total=item.total)
        elif isinstance(item, Token):
            self._waiting.append(item)
            if not self._flush.isActive():
                self._flush.start()

    def finish(self, numbers: object) -> None:
        """Give the text back and say how fast it was."""
        self._on_flush()
        if self.button.state != "busy":
            self._end_suggestions()
            return
        if isinstance(numbers, dict) and isinstance(numbers.get("seconds"), int | float):
            self._numbers = (int(numbers.get("count", 0)), float(numbers["seconds"]))
        self._rest()
        self.recited.look()

    def fail(self) -> None:
        """Give the text back."""
        self._on_flush()
        self._rest() if self.button.state == "busy" else self._end_suggestions()

    def stop(self) -> None:
        """Stop what is on its way; else close the suggestions."""
        if self.button.state != "busy" and not self.suggestions.is_drawing and self.suggestions.isVisible():
            self.suggestions.close_all()
        else:
            self.stop_asked.emit()

    def primary(self) -> None:
        """Write on."""
        if self.button.state != "busy" and not self.form.has_problem():
            self._ask()

    def options(self) -> dict[str, object]:
        """Return how to write."""
        return self.form.values() | {"alternatives": ALTERNATIVES}

    def retranslate(self) -> None:
        """Say what an empty seed means."""
        self.form.set_placeholders({"seed": tr("a new one each time")})

    def _build_page(self) -> Card:
        card = Card()
        self.page = WrittenText(
            "Write a beginning. The model goes on from where the text ends.", name="Text to go on with"
        )
        scaled(self.page.setMinimumHeight, 130)
        card.add(self.page, 1)
        self.recited = CopiedLine(self.page, self.inquired)
        card.add(self.recited)
        self.style_choice = StyleChoice()
        card.add(self.style_choice)
        self._beginnings_row = QWidget()
        self._beginnings = Flow(self._beginnings_row)
        card.add(self._beginnings_row)
        self.button = WorkButton("Write")
        self.suggest_button = Button("Suggest")
        tip(self.suggest_button, "Three ways to go on, side by side, of which you may take one")
        self.again_button, self.clear_button = ElidedButton("Regenerate"), Button("Clear", "quiet")
        self.again_button.set_icon("refresh")
        self.numbers = ElidedText("", "muted")
        self.numbers.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.copy_button = IconButton("copy", "Copy the text")
        self.save_button = IconButton("download", "Save the text…")
        buttons = (self.button, self.suggest_button, self.again_button, self.clear_button)
        row = SideBySide(gap=8)
        row.add(Actions(*buttons, self.copy_button, self.save_button), 0)
        row.limit(row.add(self.numbers, 1), 170)
        card.add(row)
        return card

    def _build_side(self) -> QWidget:
        card = Card("What it weighed")
        self.token, self.bars = Text("", wrap=True), Bars(name="What it weighed", scores=True, percent=True)
        card.add(self.token)
        card.add(self.bars)
        self.no_outline = Text(NO_OUTLINE, "muted", wrap=True)
        return column_of(card, self.no_outline)

    def _build_knobs(self) -> Fold:
        self.form = KnobForm(DecodingOptions, names=KNOBS, columns=3)
        self.fold = Fold("How it writes")
        self.fold.add(self.form)
        self._on_form({})
        return self.fold

    def _connect(self) -> None:
        self._flush.timeout.connect(self._on_flush)
        self.button.started.connect(self.primary)
        self.button.stop_requested.connect(self.stop_asked)
        self.suggest_button.clicked.connect(self._on_suggest)
        self.suggestions.asked.connect(self._on_suggest)
        self.suggestions.shown.connect(self.no_outline.setHidden)
        self.suggestions.stop_asked.connect(self.stop_asked)
        self.suggestions.taken.connect(self.recited.look)
        self.again_button.clicked.connect(self._on_again)
        self.clear_button.clicked.connect(self._on_clear)
        self.copy_button.clicked.connect(self._on_copy)
        self.save_button.clicked.connect(self._on_save)
        self.page.pointed.connect(self._show_token)
        self.page.textChanged.connect(self._on_text_changed)
        self.style_choice.changed.connect(self.edited)
        self.form.changed.connect(self._on_form)
        self.form.problem_changed.connect(self._tell)

    def _ask(self) -> None:
        self._suggests = False
        self.asked.emit(self._prompt(), self.options())

    def _prompt(self) -> dict[str, str]:
        """Return the text, in the style that was chosen."""
        style = self.style_choice.asked()
        return {"text": self.text()} | ({} if style is None else {"style": style})

    def _rest(self) -> None:
        self.page.end_writing()
        self.button.set_ready()
        self._tell()

    def _tell(self) -> None:
        """Offer what can be done now, and say how it went."""
        busy, written = self.button.state == "busy", self.page.written() > 0
        if not busy:
            self.button.set_words("Continue" if written else "Write")
        has_problem = self.form.has_problem()
        self.button.setEnabled(busy or not has_problem)
        self.suggest_button.setEnabled(not busy and not self.suggestions.is_drawing and not has_problem)
        self.again_button.setEnabled(written and not busy)
        has_text = not self.page.document().isEmpty()
        self.clear_button.setEnabled(has_text and not busy)
        self.copy_button.setEnabled(has_text)
        self.save_button.setEnabled(has_text)
        self._beginnings_row.setVisible(self._beginnings.count() > 0 and not has_text)
        self.numbers.set_words(self._state_words)

    def _state_words(self) -> str:
        if self._numbers is None:
            return tr("{n} {n:token|tokens}", n=self._count) if self._count else ""
        count, seconds = self._numbers
        speed = f"{count / max(seconds, 1e-9):,.0f}"
        return f"{tr('{n} {n:token|tokens}', n=count)} · {tr('{speed} a second', speed=speed)}"

    def _show_token(self, token: Token | None) -> None:
        self.bars.setVisible(token is not None)
        if token is None:
            self.token.set_words(
                "Point at a written word: here stands how likely it was, and what else could have come."
            )
            return
        self.token.set_words(lambda: likely(token))
        self.bars.set_bars([Bar(f"“{visible(text)}”", score) for text, score in token.alternatives])

    def _on_flush(self) -> None:
        self._flush.stop()
        if self._waiting:
            tokens, self._waiting = self._waiting, []
            if self.button.state != "busy":
                self.suggestions.add_tokens(tokens)
                return
            self._count += len(tokens)
            self.page.add_tokens(tokens)
            self.numbers.set_words(self._state_words)

    def _on_text_changed(self) -> None:
        self.recited.clear()
        self.edited.emit()
        if self.button.state != "busy":  # while the model writes, only the count moves
            self._tell()

    def _on_suggest(self) -> None:
        values = self.options()
        if values.get("temperature") == 0:
            self.suggestions.refuse()
            return
        self._suggests = True
        self.asked.emit(self._prompt(), self.suggestions.options(values, self._suggested))

    def _end_suggestions(self) -> None:
        self.suggestions.finish()
        self._tell()

    def _on_again(self) -> None:
        self.page.take_back()
        self.primary()

    def _on_clear(self) -> None:
        self.fill("")
        self.page.setFocus()

    def _on_copy(self) -> None:
        clipboard(self.text())

    def _on_save(self) -> None:
        out = ask_where_to_save(self, tr("Save the text"), tr("text") + ".txt", tr("Text") + " (*.txt)")
        if out is not None:
            self.save(out)

    def save(self, out: Path) -> None:
        """Write the text to a file, and tell whether that went well."""
        try:
            files.write_atomic(targets.check_file(out), self.text())
        except StudioError as error:
            self.failed.emit(error)
        except OSError as error:
            self.failed.emit(unwritable(out, error))
        else:
            self.saved.emit(out)

    def _on_beginning(self) -> None:
        button = self.sender()
        if isinstance(button, _Beginning):
            self.fill(button.beginning)
            self.primary()

    def _on_form(self, values: object) -> None:
        self.fold.set_summary("{now}", now=self.form.summary)


VIEW = WriteView


class _Beginning(ElidedButton):
    """A beginning to click; where the room is narrow, it ends in … sooner."""

    def __init__(self, beginning: str) -> None:
        super().__init__("{text} …", small=True, text=" ".join(beginning.split()))
        self.beginning = beginning


def beginnings(model: SavedModel, cases: Sequence[Case]) -> list[str]:
    """Return texts to begin with: those of the training's samples, else beginnings of passages it has never seen."""
    options = model.recipe.get("options")
    prompts = str(options.get("prompts") or "") if isinstance(options, dict) else ""
    found = [prompt for prompt in prompts.split("|") if prompt.strip()]
    return (found or [text for case in cases if (text := _beginning(case.text("text")))])[:MOST_BEGINNINGS]


def _beginning(passage: str) -> str:
    """Return the first whole words of a passage's second line (it begins in the middle of the first), or ""."""
    lines = [line.strip() for line in passage.split("\n")[1:] if len(line.strip()) >= BEGINNING // 2]
    if not lines:
        return ""
    cut = lines[0][:BEGINNING]
    return cut if len(lines[0]) <= BEGINNING or " " not in cut else cut.rpartition(" ")[0]
