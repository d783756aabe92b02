"""FieldRows: names and their fields in columns; where the window is too narrow for that, each name above its field."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QSpacerItem, QWidget

from slm_studio.ui.widgets.fitting import Fitting

ACROSS, DOWN = 16, 12  # pixels between what stands beside and below each other
ABOVE = 4  # pixels between a name and the field below it


class FieldRows(Fitting):
    """Never asks for more width than its widest field with the button beside it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: list[tuple[QWidget, QWidget, QWidget | None]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(ACROSS)
        self._is_wide = True
        self._place()

    def add(self, name: QWidget, field: QWidget, button: QWidget | None = None) -> None:
        """Add a field below the others, its name before or above it, and perhaps a button behind it."""
        self._rows.append((name, field, button))
        self._place()

    def minimumSizeHint(self) -> QSize:
        """Return the least size that makes sense."""
        names = max((_least(name) for name, _, _ in self._shown()), default=0)
        return QSize(max(names, self._fields()), super().minimumSizeHint().height())

    def _shown(self) -> list[tuple[QWidget, QWidget, QWidget | None]]:
        return [row for row in self._rows if not row[1].isHidden()]

    def _fields(self) -> int:
        """Return the width that fields and buttons need."""
        fields = max((_least(field) for _, field, _ in self._shown()), default=0)
        buttons = max((_least(button) for _, _, button in self._shown() if button is not None), default=0)
        return fields + (ACROSS + buttons if buttons else 0)

    def _fit(self) -> None:
        names = max((_least(name) for name, _, _ in self._shown()), default=0)
        is_wide = names + ACROSS + self._fields() <= self.width()
        if is_wide != self._is_wide:
            self._is_wide = is_wide
            self._place()

    def _place(self) -> None:
        while self._grid.takeAt(0) is not None:
            pass
        self._grid.setVerticalSpacing(DOWN if self._is_wide else ABOVE)
        wide = 1 if self._is_wide else 0
        for column in range(3):
            self._grid.setColumnStretch(column, int(column == wide))
        # A field may have a most width; its column has none, or the others would grow in its stead.
        policy = QSizePolicy.Policy
        self._grid.addItem(QSpacerItem(0, 0, policy.Expanding, policy.Minimum), 0, wide)
        for at, (name, field, button) in enumerate(self._rows):
            if self._is_wide:
                self._grid.addWidget(name, at, 0)
                self._grid.addWidget(field, at, 1)
            else:
                self._grid.addWidget(name, 2 * at, 0, 1, 2)
                self._grid.addWidget(field, 2 * at + 1, 0)
            if button is not None:
                self._grid.addWidget(button, at if self._is_wide else 2 * at + 1, 2 if self._is_wide else 1)


def _least(widget: QWidget) -> int:
    return widget.minimumSizeHint().width()
