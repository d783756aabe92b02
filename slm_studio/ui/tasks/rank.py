"""Rank: candidates a line each, and below them their new order: how likely each is, how far it moved, what is other in it."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slm_studio.core.candidate_columns import (
    BEFORE,
    LISTED,
    OWN_NAMED,
    OWNS,
    SCORE_NAMES,
    candidates_prompt,
    lines_of,
    written_candidates,
)
from slm_studio.core.measures import measure
from slm_studio.core.report import Case
from slm_studio.core.results import Ranked, Report
from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import mark, tr
from slm_studio.ui.tasks.view import QuickView, ReportCard
from slm_studio.ui.widgets.buttons import IconButton
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.copying import clipboard
from slm_studio.ui.widgets.fields import LineField
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.page import GAP
from slm_studio.ui.widgets.plain_editor import PlainEditor
from slm_studio.ui.widgets.rows_model import Cell, Row, RowsModel, changes_cell
from slm_studio.ui.widgets.side_by_side import SideBySide
from slm_studio.ui.widgets.table import Table
from slm_studio.ui.widgets.theme import the_theme
from slm_studio.ui.widgets.words import Words, sentence, words

PAUSE = 250  # milliseconds after the last key before the model is asked
MOST_EXAMPLES, LINES = 6, 5  # lines of the field for candidates
ORDER = (mark("now"), mark("before"), mark("candidate"), mark("likely"))
OWN_SCORE, SAID = mark("own score"), mark("model says")
EXAMPLES = (mark("right text"), mark("first before"), mark("first now"))
WRITE = mark("Write or paste candidates, one a line, or choose a list below.")
WRITE_SCORED = mark(
    "Write or paste candidates, one a line, or choose a list below. A tab and a number behind each is its own score."
)
WRITE_SEVERAL = mark(
    "Write or paste candidates, one a line, or choose a list below. Behind each stand its own scores, each after a tab: {names}."
)


class RankView(QuickView):
    """Puts candidates in order as one types them."""

    pieces = (Ranked,)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(PAUSE, parent)
        self._folder, self._asks = "", frozenset[str]()
        self._weighed: dict[str, str] = {}  # the roles of own scores that the model weighs, and how they were called
        self._asked_for: tuple[str, str] = ("", "")  # candidates and context that the answer is of
        self._right = ""  # the right text of the list that was chosen, where its file says it
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        column.addWidget(self._build_candidates())
        column.addWidget(self._build_order())
        column.addWidget(self._build_examples())
        column.addStretch(1)
        self.field = self.editor
        self._connect()
        self._show_answer()

    def set_model(self, model: SavedModel, cases: Sequence[Case]) -> None:
        """Try another model; lists that it was scored on become examples."""
        asks = model.facts.get("asks")
        self._asks = frozenset(map(str, asks if isinstance(asks, list | tuple) else ()))
        self.context.setVisible(BEFORE in self._asks)
        names = model.facts.get(SCORE_NAMES)
        known = names if isinstance(names, dict) else {}
        self._weighed = {role: str(known.get(role, role)) for role in OWNS if role in self._asks}
        template = WRITE_SEVERAL if len(self._weighed) > 1 else WRITE_SCORED if self._weighed else WRITE
        self.editor.set_tabs(len(self._weighed))  # a tab stands before each score
        words(self.editor.setPlaceholderText, template, names=", ".join(self._weighed.values()))
        chosen = pick_examples(cases)
        self.examples_model.set_rows([_example(case) for case in chosen])
        self.examples_card.setVisible(bool(chosen))
        if model.folder != self._folder:
            self._folder, self._right = model.folder, ""
            self._clear_answer()
        self._ask()

    def text(self) -> str:
        """Return the candidates, one a line."""
        return "\n".join(written_candidates(self.editor.toPlainText())[0])

    def fill(self, text: str) -> None:
        """Put candidates into the field and ask at once."""
        self._write(text, self.context.text(), "")

    def state(self) -> object:
        """Return the candidates and what stands before them."""
        return {"candidates": self.editor.toPlainText(), "context": self.context.text()}

    def restore(self, state: object) -> None:
        """Show the candidates of before the restart."""
        if isinstance(state, dict) and isinstance(state.get("candidates"), str):
            self._write(state["candidates"], str(state.get("context") or ""), "")

    def _build_candidates(self) -> Card:
        card = Card("Candidates")
        self.context = LineField("What stands before: a question, the sentence before", name="Context")
        self.editor = PlainEditor(WRITE, name=mark("Candidates, one a line"), letters=15, height=24 * LINES)
        self.told, self.hint = Text("", "muted", wrap=True), Text("answers as you type", "muted")
        row = SideBySide(gap=12)
        row.limit(row.add(self.told, 1), 120)
        row.add(self.hint, 0)
        for part in (self.context, self.editor, row):
            card.add(part)
        return card

    def _build_order(self) -> Card:
        self.copy_button = IconButton("copy", "Copy the first one")
        card = self.order_card = Card("New order", self.copy_button)
        self.nothing = Text("Of two candidates or more the likeliest comes first here.", "muted", wrap=True)
        self.right = Text("", "muted", wrap=True)
        self.order = Table("New order", row_height=34, fits=True)
        self.order_model = RowsModel(ORDER, self.order)
        self.order.setModel(self.order_model)
        for widget in (self.nothing, self.order, self.right):
            card.add(widget)
        return card

    def _build_examples(self) -> Card:
        card = self.examples_card = Card("Lists it has never seen", Text("a click tries a list", "muted"))
        self.examples = Table("Lists it has never seen", fits=True)
        self.examples_model = RowsModel(EXAMPLES, self.examples)
        self.examples.setModel(self.examples_model)
        for at, style in enumerate(("text", "changes", "changes")):
            self.examples.set_style(at, style, stretch=1)
        card.add(self.examples)
        return card

    def _connect(self) -> None:
        self.editor.textChanged.connect(self._on_typed)
        self.context.textChanged.connect(self._on_typed)
        self.copy_button.clicked.connect(self._on_copy)
        self.examples.clicked.connect(self._on_example)
        self.examples.row_opened.connect(self._open_example)

    def _write(self, candidates: str, context: str, right: str) -> None:
        self._right = ""
        self.context.setText(context)
        self.editor.setPlainText(candidates)
        self.editor.moveCursor(QTextCursor.MoveOperation.End)
        self._right = right
        self.primary()

    def _ask(self) -> None:
        texts, scores = self._candidates()
        if not texts:
            self.stop_asked.emit()
            self._clear_answer()
            return
        self._asked_for = (self.editor.toPlainText(), self.context.text())
        context = self.context.text() if BEFORE in self._asks else ""
        self.asked.emit(candidates_prompt(texts, scores, context), {})

    def _candidates(self) -> tuple[tuple[str, ...], dict[str, tuple[float, ...]]]:
        """Return what is written; scores that the model does not weigh are left out."""
        texts, scores = written_candidates(self.editor.toPlainText())
        return texts, dict(zip(self._weighed, scores, strict=False))

    def _is_still_asked(self) -> bool:
        return (self.editor.toPlainText(), self.context.text()) == self._asked_for

    def _clear_answer(self) -> None:
        self._items = []
        self._show_answer()

    def _show_answer(self) -> None:
        items = [item for item in self._items if isinstance(item, Ranked)]
        has_own = any(item.own is not None for item in items)
        names = [*dict.fromkeys(name for item in items for name in item.further)]
        first = next(iter(self._weighed.values()), "")
        bar, number = (110, 96) if names else (170, 100)  # several scores leave the candidates their room
        own: list[Words] = [partial(str, first) if names and first else OWN_SCORE] * has_own
        self.order_model.set_headers((*ORDER, *own, *(partial(str, name) for name in names), SAID))
        with self.order.dressing():
            self.order.clear_styles()
            self.order.set_style(0, "number", width=56)
            self.order.set_style(1, "text", width=76)
            self.order.set_style(2, "changes", stretch=1)
            self.order.set_style(3, "bar", most=bar)
            for at in range(len(ORDER), self.order_model.columnCount()):
                # Own scores stand beside the candidates above, too, and in the tip of each candidate.
                self.order.set_style(at, "number", width=number, spare=True)
        called = [*map(sentence, own), *names, tr(SAID)]
        rows = []
        for place, item in enumerate(items, 1):
            scores = [item.own] * has_own + [item.further.get(name) for name in names]
            rows.append(_row(place, item, items[0].text, list(zip(called, [*scores, item.model], strict=True))))
        self.order_model.set_rows(rows)
        self.order.setVisible(bool(items))
        self.nothing.setVisible(not items)
        self.copy_button.setVisible(bool(items))
        self.right.setVisible(bool(items and self._right))
        self.right.set_words("The file says: “{right}”", right=self._right)
        self._tell()

    def _tell(self) -> None:
        """Say what was read of the lines."""
        texts, scores = self._candidates()
        written = written_candidates(self.editor.toPlainText())[1]
        template = ""
        if len(written) > len(scores) > 0:
            template = "{n} {n:candidate|candidates}; of their own scores those are left out with which the model did not learn"
        elif scores:
            template = "{n} {n:candidate|candidates}, with their own scores"
        elif written:
            template = "{n} {n:candidate|candidates}; the model learnt without own scores, so these are left out"
        elif texts:
            template = "{n} {n:candidate|candidates}"
        self.told.set_words(template, n=len(texts))

    def _line_up(self) -> None:
        """Let scores stand below each other, behind the longest candidate."""
        metrics = self.editor.fontMetrics()
        texts = written_candidates(self.editor.toPlainText())[0]
        widest = max((metrics.horizontalAdvance(text) for text in texts), default=0)
        gap, document = the_theme().px(24), self.editor.document()
        column = metrics.horizontalAdvance("-00000.00") + gap
        option = document.defaultTextOption()
        option.setTabArray([widest + gap + column * place for place in range(len(OWNS))])
        document.setDefaultTextOption(option)

    def _on_typed(self) -> None:
        self._right = ""
        self._line_up()
        self._tell()
        self._pause.start()
        self.edited.emit()

    def _on_copy(self) -> None:
        if self._items:
            clipboard(self._items[0].text)

    def _on_example(self, index: object) -> None:
        self._open_example(index.row())  # type: ignore[attr-defined]

    def _open_example(self, row: int) -> None:
        case = self.examples_model.value(row)
        if isinstance(case, Case):
            texts, *scores = (list(case.cells.get(name) or ()) for name in (LISTED, *self._weighed))  # type: ignore[call-overload]
            self._write(lines_of(texts, scores), case.text("context"), case.text("reference"))


class Weighed(ReportCard):
    """By how much errors fell, what counts for how much, and how errors were counted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("What the order is made of", parent=parent)
        self.gain, self.weights, self.counted = Text("", wrap=True), Text("", wrap=True), Text("", "muted", wrap=True)
        for widget in (self.gain, self.weights, self.counted):
            self.add(widget)

    def set_report(self, report: Report) -> None:
        """Show the words of a report."""
        facts = report.facts
        self.setVisible("gain" in facts)
        if "gain" not in facts:
            return
        rate = measure("wer" if report.value("wer") is not None else "cer")
        self.gain.set_words(
            "Before, {before} of every 100 were wrong, now {now}; with the best candidates it would be {best}. The difference is {gain} (95 % between {low} and {high}).",
            **{name: f"{100 * (report.value(f'{rate.key}{end}') or 0):.1f}" for name, end in (("before", "_before"), ("now", ""), ("best", "_oracle"))},
            **{name: f"{100 * facts[key]:.1f}" for name, key in (("gain", "gain"), ("low", "gain_low"), ("high", "gain_high"))},
        )  # fmt: skip
        numbers = {name: f"{facts.get(name, 0.0):.3g}" for name in ("own", "model", "length")}
        several = [name for name in facts if name.startswith(OWN_NAMED)]
        if several:
            named = [f"{facts[name]:.3g} · {name.removeprefix(OWN_NAMED)}" for name in several]
            template = "score = {own} + {model} · what the model says + {length} · length"
            self.weights.set_words(template, **numbers | {"own": " + ".join(named)})
        else:
            template = "score = {own} · own score + {model} · what the model says + {length} · length"
            self.weights.set_words(template, **numbers)
        self.counted.set_words("{words}", words=report.counted)


VIEW = RankView
CARDS = (Weighed,)


def pick_examples(cases: Sequence[Case]) -> list[Case]:
    """Return scored lists: those that the new order mended or spoiled first, then others from all over."""
    held = [case for case in cases if case.cells.get("candidates")]
    changed = [case for case in held if case.text("predicted") != case.text("before")]
    right = [case for case in changed if case.right][: MOST_EXAMPLES - 2]
    wrong = [case for case in changed if not case.right][:2]
    rest = [case for case in held if case not in (*right, *wrong)]
    return [*right, *wrong, *rest][:MOST_EXAMPLES]


def _example(case: Case) -> Row:
    right = case.text("reference")
    cells = (changes_cell(right, case.text(key)) for key in ("before", "predicted"))
    return Row((right, *cells), case)


def _row(place: int, item: Ranked, first: str, scores: Sequence[tuple[str, float | None]]) -> Row:
    """Return a candidate; `scores` stand behind it, each as it is called, the last of them what the model says."""
    up = item.place - place
    moved = f"{item.place}  ↑{up}" if up > 0 else f"{item.place}  ↓{-up}" if up < 0 else f"{item.place}"
    text: str | Cell = changes_cell(first, item.text)
    *own, model = (score for _, score in scores)
    written = [_written(score, "g") for score in own] + [_written(model, ".2f")]
    said = tr("{now}, before {before}: {text}", now=place, before=item.place, text=item.text)
    told = " · ".join(
        [said, *(f"{name} {score}" for name, score in zip((name for name, _ in scores), written, strict=True))]
    )
    return Row((str(place), moved, text, Cell(f"{item.score:.2f}", share=item.score), *written), item, {2: told})


def _written(score: float | None, form: str) -> str:
    return format(score, form) if score is not None else "–"
