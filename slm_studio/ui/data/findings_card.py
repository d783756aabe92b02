"""FindingsCard: what is worth a look before training, each with what it costs, its rows, and the step that mends it."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from slm_studio.core.cleaning import step_called
from slm_studio.core.dataset import Finding
from slm_studio.core.texts import say
from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.emptying import empty
from slm_studio.ui.widgets.finding_row import FindingRow
from slm_studio.ui.widgets.labels import Rule, Text


class FindingsCard(Card):
    """Emits the step that shall be applied, and the rows that shall be shown."""

    fix_clicked = Signal(str)
    rows_clicked = Signal(object)  # Sequence[int]
    undo_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Worth a look before training", parent=parent)
        self.body.setSpacing(0)
        self.undo = Button("Undo the cleaning", "quiet", "undo", small=True)
        self.set_trailing(self.undo)
        self.undo.hide()
        self.undo.clicked.connect(self.undo_clicked)
        self.wait()

    def wait(self) -> None:
        """Say that the rows are being looked at."""
        self._clear()
        self.add(Text("Looking at the rows …", "muted"))

    def show_nothing(self) -> None:
        """Say that nobody could look (no column was chosen)."""
        self._clear()
        self.add(Text("Choose the columns first.", "muted"))

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """Show what was found, the serious first."""
        self._clear()
        if not findings:
            good = FindingRow("Nothing that would hurt: no duplicates, no contradictions, no leaks.", level="good")
            self.add(good).show()
        ordered = sorted(findings, key=lambda finding: not finding.serious)
        for at, finding in enumerate(ordered):
            # Shown at once: left to the event loop, the page would be lower for a moment and lose its place.
            if at:
                self.add(Rule()).show()
            self.add(self._row(finding)).show()

    def busy(self, busy: bool) -> None:
        """Let nothing be clicked while a step is applied."""
        for button in self.findChildren(Button):
            button.setEnabled(not busy)

    def rows(self) -> list[FindingRow]:
        """Return the rows that are shown."""
        return [row for row in self.findChildren(FindingRow) if not row.isHidden()]

    def _row(self, finding: Finding) -> FindingRow:
        values = finding.told
        level = "bad" if finding.serious else "warning" if finding.fix or finding.cost else "quiet"
        row = FindingRow(
            partial(say, finding.message, values), partial(say, finding.cost, values) if finding.cost else "", level=level,
            action=step_called(finding.fix).word if finding.fix else "",
        )  # fmt: skip
        if finding.fix:
            row.acted.connect(partial(self.fix_clicked.emit, finding.fix))
        if finding.rows:
            show = Button("Show", "quiet", small=True)
            show.clicked.connect(partial(self.rows_clicked.emit, finding.rows))
            row.layout().insertWidget(row.layout().count() - 1, show, 0, Qt.AlignmentFlag.AlignVCenter)  # type: ignore[union-attr]
        return row

    def _clear(self) -> None:
        empty(self.body)
