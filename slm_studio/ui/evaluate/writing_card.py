"""WritingCard: a writing model's bits per byte beside counting and a compressor, and what that means."""

from PySide6.QtWidgets import QWidget

from slm_studio.core.measures import measure, method
from slm_studio.core.results import Report
from slm_studio.core.texts import mark, tr
from slm_studio.core.verdict import verdict_of_report
from slm_studio.ui.evaluate.report_words import baseline_value
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.rows_model import Cell, Row, RowsModel
from slm_studio.ui.widgets.table import Table
from slm_studio.ui.widgets.theme import the_theme

EXPLAINED = mark(
    "Bits per byte: what storing one byte of unseen text costs when the model foresees it. Fewer is better; 8 is no idea."
)


class WritingCard(Card):
    """Shorter bars are better."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Bits per byte, fewer is better", parent=parent)
        self._report: Report | None = None
        self.table = Table("Bits per byte", fits=True)
        self.model = RowsModel((mark("method"), mark("bits per byte")), self.table)
        self.table.setModel(self.model)
        self.table.set_style(0, "text", width=128)
        self.table.set_style(1, "bar", stretch=1)
        self.table.horizontalHeader().hide()
        self.meaning = Text("", wrap=True)
        self.add(self.table)
        self.add(self.meaning)
        self.add(Text(EXPLAINED, "muted", wrap=True))
        self.body.addStretch(1)
        the_theme().changed.connect(self.retranslate)

    def set_report(self, report: Report) -> None:
        """Show a report of the task write; others hide the card."""
        self._report = report
        self.setVisible(report.value("bits_per_byte") is not None)
        self.retranslate()

    def retranslate(self) -> None:
        """Fill the table in the language of now."""
        report = self._report
        mine = report.value("bits_per_byte") if report else None
        if report is None or mine is None:
            return
        rows = [(tr("this model"), mine)]
        rows += [
            (method(each.key).name, value)
            for each in report.baselines
            if (value := baseline_value(each, "bits_per_byte")) is not None
        ]
        longest = max(value for _, value in rows)
        self.model.set_rows(
            [Row((name, Cell(measure("bits_per_byte").written(value), share=value / longest))) for name, value in rows]
        )
        self.table.setFixedHeight(the_theme().px(38) * len(rows) + 1)
        sentence = verdict_of_report(report).sentence
        self.meaning.setText(tr(sentence) if sentence else "")
        self.meaning.setVisible(bool(sentence))
