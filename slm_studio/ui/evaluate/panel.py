"""Evaluate: how good a model is, with intervals and beside simple methods; where it errs, row by row."""

from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from slm_studio.core.errors import StudioError
from slm_studio.core.report import read_report
from slm_studio.core.results import Report
from slm_studio.core.saved import REPORT_FOLDER, SavedModel
from slm_studio.core.tagged import labels_of_model
from slm_studio.core.texts import explain, tr
from slm_studio.core.verdict import NOTHING, UNSURE, verdict_of_report
from slm_studio.ui.evaluate.amounts_card import AmountsCard
from slm_studio.ui.evaluate.cases_card import CasesCard
from slm_studio.ui.evaluate.class_table import ClassTable
from slm_studio.ui.evaluate.confusion_card import ConfusionCard
from slm_studio.ui.evaluate.copied_card import CopiedCard
from slm_studio.ui.evaluate.correcting import NOT_OPEN, Correcting
from slm_studio.ui.evaluate.figures import Figures
from slm_studio.ui.evaluate.report_words import learnt_words, remarks_tone, where_scored
from slm_studio.ui.evaluate.score_card import ScoreCard
from slm_studio.ui.evaluate.writing_card import WritingCard
from slm_studio.ui.parts import exporting
from slm_studio.ui.parts.model_page import ModelPage
from slm_studio.ui.parts.naming import file_words
from slm_studio.ui.parts.remarks import remarks_words
from slm_studio.ui.parts.saving import ask_where_to_save
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.session import Session
from slm_studio.ui.shell.training import Trainings
from slm_studio.ui.tasks import cards_of
from slm_studio.ui.tasks.view import ReportCard
from slm_studio.ui.widgets.banner import Banner
from slm_studio.ui.widgets.buttons import Button, MenuButton
from slm_studio.ui.widgets.empty_state import EmptyState
from slm_studio.ui.widgets.page import GAP
from slm_studio.ui.widgets.side_by_side import SideBySide

WRITERS = {"classes": exporting.write_classes, "cases": exporting.write_cases, "report": exporting.write_report}
# kind → name of the file, and what the dialog offers
FILES = {
    "classes": ("labels.csv", "CSV (*.csv)"),
    "cases": ("rows.csv", "CSV (*.csv);;JSON lines (*.jsonl)"),
    "report": ("report.json", "JSON (*.json)"),
}
TOLD_ELSEWHERE = ("handed-on", "copied")  # codes of remarks that a card shows as it is now


class EvaluatePanel(ModelPage):
    """Shows the report of the session's model at once; any other labelled file can be scored."""

    def __init__(self, session: Session, jobs: Jobs, trainings: Trainings, parent: QWidget | None = None) -> None:
        super().__init__("Evaluate", "bars", session, parent=parent)
        self._jobs = jobs
        self.report: Report | None = None
        self.own_cards: dict[str, list[ReportCard]] = {}  # task → the cards that only its reports have
        self._build_header()
        self._build_notices()
        self._build_body()
        self._connect()

    def show_model(self) -> None:
        """Read the report of the session's model and show it."""
        super().show_model()
        model = self._session.model
        self.score_card.close_card()
        self.report = None
        if model is not None:
            try:
                self.report = read_report(Path(model.folder) / REPORT_FOLDER)
            except StudioError as error:
                self.problem.show_error(error)
        self._show_report(self.report)

    def primary(self) -> None:
        """Try the model in the Playground."""
        if self._session.model is not None:
            self._session.go_to("playground")

    def stop(self) -> None:
        """Stop what is being scored."""
        self.score_card.stop()

    def open_file(self, path: Path) -> None:
        """Score the model on a file."""
        if self._session.model is not None:
            self.score_card.start(self._session.model, path)

    def _build_header(self) -> None:
        self.file_button = Button("Score another file…")
        self.export_button = MenuButton("Export")
        self.export_button.add("classes", "Scores of each label (CSV)…")
        self.export_button.add("cases", "Every scored row (CSV)…")
        self.export_button.add("report", "The whole report (JSON)…")
        self.try_button = Button("Try it", "primary")
        for button in (self.file_button, self.export_button, self.try_button):
            self.header.add_action(button)

    def _build_notices(self) -> None:
        self.other = Banner(tone="plain", action="Back to its own report")
        self.verdict, self.remarks = Banner(tone="warning"), Banner(tone="warning")
        self.mended = Banner(tone="good", action="Train again")
        self.elsewhere = Banner(tone="plain", action="Open it", closable=True)
        for banner in (self.other, self.verdict, self.remarks, self.mended, self.elsewhere):
            banner.hide()
        self.score_card = ScoreCard(self._jobs, self._session.settings.device)
        for widget in (self.other, self.verdict, self.remarks, self.mended, self.elsewhere, self.score_card):
            self.notices.addWidget(widget)

    def _build_body(self) -> None:
        self.correcting = Correcting(self._session, self)
        self.figures, self.confusion, self.cases = Figures(), ConfusionCard(), CasesCard(self.correcting)
        self.classes, self.writing, self.amounts = ClassTable(), WritingCard(), AmountsCard()
        self.recited = CopiedCard()
        self.unscored = EmptyState("bars", "", action="Score a file…")
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GAP)
        row = SideBySide()
        # What the matrix needs for its names and cells, and the mistakes for their texts; else below each other.
        row.limit(row.add(self.confusion, 10), 300, 340)
        row.limit(row.add(self.writing, 10), 300, 340)
        row.limit(row.add(self.amounts, 10), 300, 380)
        row.limit(row.add(self.cases, 21), 520)
        column.addWidget(self.figures)
        column.addWidget(row)
        column.addWidget(self.classes)
        column.addWidget(self.recited)
        self._own_cards = QVBoxLayout()
        self._own_cards.setSpacing(GAP)
        column.addLayout(self._own_cards)
        column.addStretch(1)
        self.whole = whole
        for widget in (whole, self.unscored):
            self.deck.add(widget)

    def _connect(self) -> None:
        self._session.settings_changed.connect(self._on_settings_changed)
        self.file_button.clicked.connect(self._on_choose_file)
        self.unscored.acted.connect(self._on_choose_file)
        self.export_button.chosen.connect(self._on_export)
        self.try_button.clicked.connect(self.primary)
        self.other.acted.connect(self.show_model)
        self.score_card.scored.connect(self._on_scored)
        self.confusion.cell_opened.connect(self._on_cell_opened)
        self.classes.label_opened.connect(self._on_label_opened)
        self.cases.pages.row_shown.connect(partial(self.reveal, self.cases))
        self.correcting.failed.connect(self._on_not_corrected)
        self.correcting.corrected.connect(self.cases.show_mended)
        self.correcting.corrected.connect(self._show_mended)
        self._session.cells_changed.connect(self._on_rows_changed)
        self._session.settling.connect(self.cases.pages.keep_marks)
        self._session.dataset_changed.connect(self._on_rows_changed)
        self.mended.acted.connect(self._session.show_plan)
        self.elsewhere.acted.connect(self._on_open_rows)

    def _on_cell_opened(self, true: str, predicted: str, count: int) -> None:
        self.cases.show_cell(true, predicted, count)
        self.reveal(self.cases)

    def _on_label_opened(self, label: str) -> None:
        self.cases.show_label(label)
        self.reveal(self.cases)

    def _on_not_corrected(self, error: StudioError) -> None:
        """Say why a row cannot be corrected; where its file is merely not open, offer to open it."""
        self.elsewhere.hide()
        if error.code == NOT_OPEN:
            self.elsewhere.set_words(lambda: explain(error)[0], hint=lambda: explain(error)[1])
            self.elsewhere.show()
        else:
            self.problem.show_error(error)

    def _on_open_rows(self) -> None:
        self._session.set_dataset(self.correcting.newest())

    def _on_rows_changed(self) -> None:
        self.elsewhere.hide()
        self.cases.show_data()
        self._show_mended()

    def _show_mended(self) -> None:
        """Say that the model knows nothing of what was corrected."""
        count = self.cases.mended
        self.mended.setVisible(bool(count))
        self.mended.set_words(
            lambda: tr("{n} {n:row was|rows were} corrected in the data.", n=count),
            hint="The model learnt before that, and these scores are of the marks as they were.",
        )

    def _show_report(self, report: Report | None) -> None:
        model = self._session.model
        own = report is not None and model is not None and Path(report.folder) == Path(model.folder) / REPORT_FOLDER
        self.other.setVisible(report is not None and not (own and not report.learnt))
        self.other.set_action("" if own else "Back to its own report")
        verdict = verdict_of_report(report) if report is not None else None
        self.verdict.setVisible(verdict is not None and verdict.code in (NOTHING, UNSURE))
        if verdict is not None:
            self.verdict.set_words(verdict.sentence)
        remarks = [each for each in report.remarks if each.code not in TOLD_ELSEWHERE] if report is not None else []
        self.remarks.setVisible(bool(remarks))
        self.remarks.set_words(partial(remarks_words, remarks), tone=remarks_tone(remarks))
        for button in (self.file_button, self.try_button):
            button.setVisible(model is not None)
        self.export_button.setVisible(report is not None)
        if report is None:
            self._show_nothing(model)
            return
        self.header.set_facts(lambda: where_scored(report, own))
        self.other.set_words(
            "These are the scores on {file}.",
            hint=(lambda: learnt_words(report)) if report.learnt else "",
            tone="warning" if report.split == "train" else "plain",
            file=partial(file_words, report.dataset),
        )
        self.elsewhere.hide()
        self.correcting.set_report(report, model)
        self.figures.set_report(report)
        self.confusion.set_report(report)
        self.writing.set_report(report)
        self.amounts.set_report(report)
        self.recited.set_report(report)
        self.cases.set_report(report, labels_of_model(model) if model is not None else ())
        self.cases.setVisible(self.cases.is_needed)
        self.classes.set_report(report)
        self._show_mended()
        self._show_own_cards(report)
        self.deck.show_only(self.whole)

    def _show_own_cards(self, report: Report) -> None:
        """Show the cards that only reports of this task have, made at the first use."""
        if report.task not in self.own_cards:
            self.own_cards[report.task] = [kind() for kind in cards_of(report.task)]
            for card in self.own_cards[report.task]:
                self._own_cards.addWidget(card)
                card.settled.connect(self._session.set_model)
        for task, cards in self.own_cards.items():
            for card in cards:
                card.set_report(report) if task == report.task else card.hide()

    def _show_nothing(self, model: SavedModel | None) -> None:
        if model is None:
            self.header.set_facts("how good a model is, and where it errs")
            self._show_empty(
                "Here you see how good a model is.",
                "Scores on rows it has never seen, with their intervals, beside simple methods for scale; which labels it mixes up; its surest mistakes.",
            )
        else:
            self.header.set_facts("not scored yet")
            self.unscored.set_words(
                "This model comes without a report.",
                "Choose a file with texts and their right answers, and it is scored on them.",
            )
            self.deck.show_only(self.unscored)

    def _on_settings_changed(self, settings: object) -> None:
        self.score_card.device = self._session.settings.device

    def _on_choose_file(self) -> None:
        folder = str(self._session.recall("folder", ""))
        name, _ = QFileDialog.getOpenFileName(self, tr("A file with texts and right answers"), folder)
        if name:
            self._session.remember("folder", str(Path(name).parent))
            self.open_file(Path(name))

    def _on_scored(self, report: Report) -> None:
        self.report = report
        self._show_report(report)

    def _on_export(self, kind: object) -> None:
        name, kinds = FILES[str(kind)]
        folder = Path(str(self._session.recall("folder", "")) or Path.home())
        out = ask_where_to_save(self, tr("Export"), str(folder / name), kinds)
        if out is not None:
            self.export(str(kind), out)

    def export(self, kind: str, out: Path) -> None:
        """Write a part of the report to a file and say where it lies."""
        if self.report is None:
            return
        try:
            WRITERS[kind](self.report, out)
        except StudioError as error:
            self.problem.show_error(error)
            return
        self._session.toast(tr("Written to {file}.", file=str(out)))
