"""Actions: buttons on one line, which go on in the next where even a line of their own is too narrow for them."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget

from slm_studio.ui.widgets.flow import Flow


class Actions(QWidget):
    """Stands in a SideBySide: below its neighbour before its own line breaks."""

    def __init__(self, *widgets: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._breaks = False
        self.flow = Flow(self, gap=8)
        for widget in widgets:
            self.flow.addWidget(widget)

    def beside(self) -> int:
        """Return the width in which all stand on one line."""
        return self.flow.one_line()

    def set_breaking(self, breaks: bool) -> None:
        """Break into lines where the room ends, or ask for the room of one line."""
        if breaks != self._breaks:
            self._breaks = breaks
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Return the size of one line."""
        width = self.beside()
        return QSize(width, self.flow.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """Return the size of one line beside a neighbour, else that of the widest action."""
        if not self._breaks:
            return self.sizeHint()
        return QSize(self.flow.minimumSize().width(), self.flow.heightForWidth(max(1, self.width())))
