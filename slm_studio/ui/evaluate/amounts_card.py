"""AmountsCard: true numbers across, answers upwards; on the diagonal they are the same. A point opens its row."""

from pathlib import Path

from PySide6.QtWidgets import QWidget

from slm_studio.core.report import all_cases
from slm_studio.core.results import Report
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.scatter import Scatter

MOST = 2000  # points that are painted: more are a cloud


class AmountsCard(Card):
    """Hidden where the answers of a report are no numbers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("True and answered", parent=parent)
        self.scatter = Scatter()
        self.add(self.scatter)
        self.add(Text("true numbers across, answers upwards; on the line they are the same", "muted", wrap=True))
        self.body.addStretch(1)

    def set_report(self, report: Report) -> None:
        """Show the rows of a report."""
        has_numbers = report.value("mae") is not None
        cases = all_cases(Path(report.folder)) if has_numbers else ()
        step = max(1, len(cases) // MOST)
        self.scatter.set_points([(case.number("true"), case.number("value")) for case in cases[::step]])
        off = report.facts.get("range")
        self.scatter.set_band(off if off is not None else 0.0)
        self.setVisible(bool(cases))
