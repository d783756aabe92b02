"""Fill: a text whose words can be hidden by a click, and what the model expects in their place."""

import math
import re
from collections.abc import Sequence

from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slm_studio.core.gaps import WRITTEN, gaps_in
from slm_studio.core.report import Case
from slm_studio.core.results import Candidate, Span, likeliest_of_gaps
from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import mark, tr
from slm_studio.ui.tasks.view import QuickView
from slm_studio.ui.widgets.actions import Actions
from slm_studio.ui.widgets.bars import Bar, Bars
from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.gap_text import GapText, Part
from slm_studio.ui.widgets.labels import Rule, Text
from slm_studio.ui.widgets.page import GAP
from slm_studio.ui.widgets.plain_editor import PlainEditor
from slm_studio.ui.widgets.rows_model import Row, RowsModel
from slm_studio.ui.widgets.side_by_side import SideBySide
from slm_studio.ui.widgets.table import Table

PAUSE = 200  # milliseconds after the last key before the model is asked
TOP, MOST_EXAMPLES = 8, 5
MOST_LABEL = 180  # pixels of a word among the examples
SHORT = 3  # letters of a word that is no example
MOST_READ, BEFORE = 8000, 2000  # letters that the reading line shows of a long text; of them before its gap
WORD_LENGTH = 100  # letters within which a word ends
UNLIKELY = 4  # a word whose probability has so many noughts is as surprising as can be
# A word of letters that are joined, or one character of a script without blanks
WORD = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]|[^\W_]+(?:['’][^\W_]+)*")
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
LEFT_OUT = " … "
EXAMPLES = (mark("text"), mark("hidden"), mark("model said"))


class FillView(QuickView):
    """Weighs every word of a text as one types; where words are missing, it says what may stand there."""

    pieces = (Candidate, Span)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(PAUSE, parent)
        self._folder = ""
        self._asked_for = ""  # the text that the answer is of
        self._hidden: list[str] = []  # of each gap of the text, the word that stood there; "" where nobody knows
        self._gap = 0  # whose candidates are shown
        self._places: list[tuple[int, int]] = []  # of each part of the reading line, its characters
        self._by_label: dict[str, Candidate] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self._build_text())
        column.addWidget(self._build_answer())
        column.addWidget(self._build_examples())
        column.addStretch(1)
        self.field = self.editor
        self._connect()
        self._show_answer()

    def set_model(self, model: SavedModel, cases: Sequence[Case]) -> None:
        """Try another model; words that it was scored on become examples."""
        chosen = pick_examples(cases, MOST_EXAMPLES)
        self.examples_model.set_rows(
            [Row([case.text(key) for key in ("text", "expected", "predicted")], case) for case in chosen]
        )
        self.examples_card.setVisible(bool(chosen))
        if model.folder != self._folder:
            self._folder = model.folder
            self._items = []
        self._show_answer()
        self._ask()

    def text(self) -> str:
        """Return the text, with its gaps."""
        return self.editor.toPlainText()

    def fill(self, text: str) -> None:
        """Put a text into the field and ask at once."""
        self._hidden, self._gap = [""] * len(gaps_in(text)), 0
        self._write(text)

    def state(self) -> object:
        """Return the text and the words that are hidden in it."""
        return {"text": self.text(), "hidden": list(self._hidden)} if any(self._hidden) else self.text()

    def restore(self, state: object) -> None:
        """Show the text of before the restart."""
        if isinstance(state, dict) and isinstance(state.get("text"), str):
            self.fill(state["text"])
            hidden = state.get("hidden")
            if isinstance(hidden, list) and len(hidden) == len(self._hidden):
                self._hidden = [str(word) for word in hidden]
                self._show_answer()
            return
        super().restore(state)

    def _build_text(self) -> Card:
        card = Card()
        self.editor = PlainEditor(
            mark("Write a sentence, or choose one below. [MASK] or ___ is a gap."),
            name=mark("Text with or without gaps"), letters=15, height=48,
        )  # fmt: skip
        self.reading = GapText(name="Words to hide")
        self.told = Text("", "muted", wrap=True)
        self.hint = Text("answers as you type", "muted")
        self.back_button = Button("Put all words back", small=True, icon_name="refresh")
        row = SideBySide(gap=12)
        row.limit(row.add(self.told, 1), 220)
        row.add(Actions(self.hint, self.back_button), 0)
        for widget in (self.editor, Rule(), self.reading, row):
            card.add(widget)
        return card

    def _build_answer(self) -> Card:
        card = self.answer_card = Card("In the gap")
        self.bars = Bars(name="In the gap", scores=True, percent=True)
        self.own, self.nothing = Text("", wrap=True), Text("", "muted", wrap=True)
        for widget in (self.nothing, self.bars, self.own):
            card.add(widget)
        return card

    def _build_examples(self) -> Card:
        # Of sentences the same may stand among those that were learnt, so that nothing is said of having seen them.
        card = self.examples_card = Card("Texts that were held out", Text("a click tries a text", "muted"))
        self.examples = Table("Texts that were held out", fits=True)
        self.examples_model = RowsModel(EXAMPLES, self.examples)
        self.examples.setModel(self.examples_model)
        self.examples.set_style(0, "text", stretch=1)
        self.examples.set_style(1, "outline", most=MOST_LABEL)
        self.examples.set_style(2, "chip", most=MOST_LABEL)
        card.add(self.examples)
        return card

    def _connect(self) -> None:
        self.editor.textChanged.connect(self._on_text_changed)
        self.reading.chosen.connect(self._on_part)
        self.bars.label_clicked.connect(self._on_candidate)
        self.back_button.clicked.connect(self._on_back)
        self.examples.clicked.connect(self._on_example)
        self.examples.row_opened.connect(self._open_example)

    def _write(self, text: str) -> None:
        """Write another text into the field, and ask at once; what is hidden in it was settled by whoever writes."""
        hidden = list(self._hidden)
        self.editor.setPlainText(text)
        self.editor.moveCursor(QTextCursor.MoveOperation.End)
        self._hidden = hidden
        self._items = []
        self._show_answer()
        self.primary()

    def _ask(self) -> None:
        text = self.text()
        if not text.strip():
            self.stop_asked.emit()
            self._clear_answer()
            return
        self._asked_for = text
        has_gap = bool(gaps_in(text))
        options = {"top": TOP, "also": tuple(self._hidden)} if has_gap else {"each": True}
        self.asked.emit({"text": text}, options)

    def _is_still_asked(self) -> bool:
        return self.text() == self._asked_for

    def _clear_answer(self) -> None:
        self._items = []
        self._show_answer()

    def _show_answer(self) -> None:
        text = self.text()
        gaps = gaps_in(text)
        self._gap = max(0, min(self._gap, len(gaps) - 1))
        self._show_reading(text, gaps)
        self._show_candidates(gaps)
        self.back_button.setVisible(any(self._hidden))
        self.told.set_words(
            "Click a gap to see what may stand there, or another word to hide it, too."
            if gaps
            else "Click a word to hide it. The deeper its colour, the less the model expected it."
            if text.strip()
            else ""
        )

    def _show_reading(self, text: str, gaps: Sequence[tuple[int, int]]) -> None:
        """Write the text once more, with words that can be clicked and what may stand in its gaps."""
        spans = [item for item in self._items if isinstance(item, Span) and item.end <= len(text)]
        best = {each.gap: each for each in likeliest_of_gaps(self._items)}
        first, last = _read(text, gaps[self._gap][0] if gaps else 0)
        if gaps or not spans:
            taken = {at for gap in gaps for at in range(*gap)}
            words = WORD.finditer(text, first, last)
            spans = [Span(*each.span(), "", 1.0) for each in words if each.start() not in taken]
        stretches = sorted(
            [(span.start, span.end, span) for span in spans] + [(*gap, at) for at, gap in enumerate(gaps)],
            key=lambda each: each[0],
        )
        parts = [Part(LEFT_OUT)] if first else []
        self._places, done = [(first, first)] if first else [], first
        for start, end, what in stretches:
            if start < first or end > last:
                continue
            if start > done:
                parts.append(Part(text[done:start]))
                self._places.append((done, start))
            if isinstance(what, Span):
                parts.append(_word(text[start:end], what))
            else:
                parts.append(_gap(best.get(what), self._hidden_at(what), is_current=what == self._gap))
            self._places.append((start, end))
            done = end
        if done < len(text):
            parts.append(Part(text[done:last] + LEFT_OUT * (last < len(text))))
            self._places.append((done, last))
        self.reading.set_parts(parts)
        self.reading.setVisible(bool(parts))

    def _show_candidates(self, gaps: Sequence[tuple[int, int]]) -> None:
        title = "Gap {n} of {count}" if len(gaps) > 1 else "In the gap"
        self.answer_card.set_title(title, n=self._gap + 1, count=len(gaps))
        found = [item for item in self._items if isinstance(item, Candidate) and item.gap == self._gap]
        self._by_label = {_label(item): item for item in found if item.rank <= TOP}
        self.bars.set_bars([Bar(label, item.score) for label, item in self._by_label.items()])
        self.bars.setVisible(bool(found))
        own = next((item for item in found if item.rank > TOP), None)
        self.own.setVisible(own is not None)
        if own is not None:
            self.own.set_words(
                "“{word}”, which stood there, is {percent} % likely: number {rank} of all.",
                word=self._hidden_at(self._gap), percent=f"{100 * own.score:.2g}", rank=own.rank,
            )  # fmt: skip
        self.nothing.setVisible(not found)
        self.nothing.set_words(
            "What may stand in the gap appears here; a click puts it in."
            if gaps
            else "Hide a word, or write [MASK] or ___ for one: here appears what the model expects there."
        )

    def _hidden_at(self, gap: int) -> str:
        return self._hidden[gap] if gap < len(self._hidden) else ""

    def _on_text_changed(self) -> None:
        text = self.text()
        if len(gaps_in(text)) != len(self._hidden):  # typed: nobody knows which gap it was
            self._hidden = [""] * len(gaps_in(text))
        self._items = []
        self._show_answer()
        self._pause.start()
        self.edited.emit()

    def _on_part(self, place: int) -> None:
        """Hide a word, or show the candidates of a gap."""
        if place >= len(self._places):
            return
        start, end = self._places[place]
        text = self.text()
        gaps = gaps_in(text)
        if (start, end) in gaps:
            self._gap = gaps.index((start, end))
            self._show_answer()
            return
        before = sum(gap[0] < start for gap in gaps)
        word = text[start:end]
        letters = list(word) if UNSPACED.match(word) else [word]  # a piece of Chinese is a character
        self._hidden[before:before] = letters
        self._gap = before
        self._write(text[:start] + WRITTEN * len(letters) + text[end:])

    def _on_candidate(self, label: str) -> None:
        """Put a candidate into its gap."""
        item = self._by_label.get(label)
        gaps = gaps_in(self.text())
        if item is not None and item.gap < len(gaps):
            self._put(item.gap, item.text, joins=item.joins)

    def _put(self, gap: int, word: str, *, joins: bool = False) -> None:
        text = self.text()
        start, end = gaps_in(text)[gap]
        before = text[:start].rstrip(" ") if joins else text[:start]
        if gap < len(self._hidden):
            del self._hidden[gap]
        self._write(f"{before}{word}{text[end:]}")

    def _on_back(self) -> None:
        """Put the hidden words back."""
        text, hidden = self.text(), list(self._hidden)
        for (start, end), word in reversed(list(zip(gaps_in(text), hidden, strict=False))):
            text = text[:start] + (word or text[start:end]) + text[end:]
        self.fill(text)

    def _on_example(self, index: object) -> None:
        self._open_example(index.row())  # type: ignore[attr-defined]

    def _open_example(self, row: int) -> None:
        case = self.examples_model.value(row)
        if isinstance(case, Case):
            text, expected = case.text("text"), case.text("expected")
            letters = list(expected) if len(gaps_in(text)) > 1 else [expected]
            self._hidden, self._gap = letters, 0
            self._write(text)


VIEW = FillView


def pick_examples(cases: Sequence[Case], most: int) -> list[Case]:
    """Return scored words: two mistakes, and words spread over those that were found; signs and little words say little."""
    telling = [case for case in cases if len(case.text("expected")) > SHORT or UNSPACED.match(case.text("expected"))]
    wrong = [case for case in telling if case.right is False][:2]
    right = [case for case in telling if case.right]
    room = most - len(wrong)
    step = max(1, len(right) // room)
    return right[step // 2 :: step][:room] + wrong


def _read(text: str, gap: int) -> tuple[int, int]:
    """Return from where to where a long text is written once more: around its gap, from word to word."""
    if len(text) <= MOST_READ:
        return 0, len(text)
    first = max(0, min(gap - BEFORE, len(text) - MOST_READ))
    last = first + MOST_READ
    blank, end = text.find(" ", first, first + WORD_LENGTH), text.rfind(" ", last - WORD_LENGTH, last)
    return blank + 1 if first and blank >= 0 else first, end if last < len(text) and end >= 0 else last


def _label(item: Candidate) -> str:
    return f"…{item.text}" if item.joins else item.text


def _word(text: str, span: Span) -> Part:
    surprise = min(1.0, -math.log10(max(span.score, 1e-9)) / UNLIKELY)
    tip = tr(
        "“{word}”: {percent} % likely here · expected: “{best}”",
        word=text,
        percent=f"{100 * span.score:.2g}",
        best=span.label,
    )
    return Part(text, "word", surprise, tip if span.label else tr("Hide “{word}”", word=text))


def _gap(best: Candidate | None, hidden: str, *, is_current: bool) -> Part:
    shown = best.text if best is not None else "…"
    tip = (
        tr("a gap: “{word}”, {percent} % likely", word=shown, percent=f"{100 * best.score:.2g}")
        if best is not None
        else tr("a gap")
    )
    return Part(
        f"\u2009{shown}\u2009",
        "gap",
        tip=f"{tip} · {tr('it was “{word}”', word=hidden)}" if hidden else tip,
        is_current=is_current,
    )
