"""CopiedCard: how much of what a model writes stands in its training text, beside what held-out text shares with that."""

from PySide6.QtWidgets import QWidget

from slm_studio.core.results import Report
from slm_studio.core.texts import mark, tr
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.rows_model import Cell, Row, RowsModel
from slm_studio.ui.widgets.table import Table

EXPLAINED = mark(
    "The share of {drawn} characters that stands in the training text word for word, in stretches of {least} and more. What held-out text shares with it anyway is what to compare with: a model far above that recites."
)


class CopiedCard(Card):
    """Two rows: what the model wrote, and as much text that it has never seen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Copied from the training text", parent=parent)
        self.table = Table("Copied from the training text", fits=True)
        self.model = RowsModel((mark("text"), mark("copied"), mark("longest stretch")), self.table)
        self.table.setModel(self.model)
        self.table.set_style(0, "text", width=176)
        self.table.set_style(1, "bar", stretch=1)
        self.table.set_style(2, "number", width=136)
        self.quote, self.explained = Text("", wrap=True), Text("", "muted", wrap=True)
        for widget in (self.table, self.quote, self.explained):
            self.add(widget)
        self._report: Report | None = None

    def set_report(self, report: Report) -> None:
        """Show a report; hide where it was written before this was counted."""
        self._report = report
        self.setVisible("copied_share" in report.facts)
        self.retranslate()

    def retranslate(self) -> None:
        """Fill the table in the language of now."""
        if self._report is None or "copied_share" not in self._report.facts:
            return
        facts = self._report.facts
        self.model.set_rows(
            [
                _row(tr("what it wrote"), facts["copied_share"], facts["copied_longest"]),
                _row(tr("held-out text"), facts["held_out_share"], facts["held_out_longest"]),
            ]
        )
        told = next((each for each in self._report.remarks if each.code == "copied"), None)
        text = " ".join(str((told.values or {}).get("text", "")).split()) if told else ""
        self.quote.setText(tr("The longest begins “{text}”.", text=text) if text else "")
        self.quote.setVisible(bool(text))
        self.explained.setText(tr(EXPLAINED, drawn=round(facts["copied_drawn"]), least=round(facts["copied_least"])))


def _row(name: str, share: float, longest: float) -> Row:
    percent = 100 * share
    shown = f"{percent:.0f} %" if percent >= 10 else f"{percent:.1f} %"  # beside a bar there is room for that
    return Row((name, Cell(shown, share=share), f"{longest:,.0f}" if longest else "–"), name)
