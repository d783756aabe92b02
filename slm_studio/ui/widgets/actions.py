"""Actions: buttons on one line, which go on in the next where even a line of their own is too narrow for them."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget

from slm_studio.ui.widgets.flow import Flow


class Actions(QWidget):
    """Stands in a SideBySide: below its neighbour before its own line breaks."""

    def __init__(self, *widgets: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.flow = Flow(self, gap=8)
        for widget in widgets:
            self.flow.addWidget(widget)

    def sizeHint(self) -> QSize:
        """Return the size of one line."""
        width = self.flow.one_line()
        return QSize(width, self.flow.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        """Return the size of one line, so that it stands below its neighbour before it breaks; then that of the widest action."""
        around = self.parentWidget()
        if around is None or around.width() >= self.flow.one_line():
            return self.sizeHint()
        return QSize(self.flow.minimumSize().width(), self.flow.heightForWidth(around.width()))
