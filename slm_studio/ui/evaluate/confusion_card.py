"""ConfusionCard: which labels are taken for which; a cell opens its rows."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from slm_studio.core.results import Report
from slm_studio.core.texts import tr
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.matrix import ConfusionMatrix
from slm_studio.ui.widgets.theme import the_theme


class ConfusionCard(Card):
    """The matrix, and below it what the cell under the pointer says."""

    cell_opened = Signal(str, str, object)  # true label, predicted label, how many rows

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Where it mixes labels up", parent=parent)
        self._report: Report | None = None
        self.matrix = ConfusionMatrix()
        self.caption = Text("", "muted", wrap=True)
        self.add(self.matrix)
        self.add(self.caption)
        self.body.addStretch(1)
        the_theme().changed.connect(self._fit)
        self._fit()
        self.matrix.cell_opened.connect(self._on_opened)
        self.matrix.cell_pointed.connect(self._on_pointed)

    def _fit(self) -> None:
        # What a cell says may take two lines; the card must not grow under the pointer.
        self.caption.setMinimumHeight(the_theme().px(36))

    def set_report(self, report: Report) -> None:
        """Show the matrix of a report; one without a matrix hides the card."""
        self._report = report
        self.setVisible(bool(report.confusion))
        if report.confusion:
            self.matrix.set_matrix(report.labels, report.confusion)
        self._on_pointed("")

    def _hint(self) -> str:
        shown, every = len(self.matrix.labels()), len(self._report.labels) if self._report else 0
        if shown < every:
            return tr(
                "the {shown} most confused of {every}; true labels down, answers across by the same numbers · a cell opens its rows",
                shown=shown,
                every=every,
            )
        return tr("true labels down, answers across by the same numbers · a cell opens its rows")

    def _on_pointed(self, cell: str) -> None:
        if cell:
            self.caption.set_words("{cell}", cell=cell)
        else:
            self.caption.set_words(self._hint)

    def _on_opened(self, true: str, predicted: str) -> None:
        if self._report is not None:
            labels = self._report.labels
            count = self._report.confusion[labels.index(true)][labels.index(predicted)]
            self.cell_opened.emit(true, predicted, count)
