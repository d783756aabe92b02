"""EmptyState: what belongs here, in a sentence, and the one next action."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.icons import IconLabel
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.words import Words


class EmptyState(QWidget):
    """Icon, title, sentence, one action (and perhaps a second, quieter one)."""

    acted = Signal()
    second_acted = Signal()

    def __init__(
        self, icon_name: str, title: Words, sentence: Words = "", action: Words = "", second: Words = "", *,
        compact: bool = False, parent: QWidget | None = None, **values: object,
    ) -> None:  # fmt: skip
        """`compact`: there is something else below it, which shall be seen too."""
        super().__init__(parent)
        column = QVBoxLayout(self)
        air = 4 if compact else 40
        column.setContentsMargins(24, air, 24, air)
        column.setSpacing(8)
        self.icon = IconLabel(icon_name, "muted", 36)
        self.title = Text(title, "heading", wrap=True, **values)
        self.sentence = Text(sentence, "muted", wrap=True, **values)
        self.action, self.second = Button(action, "primary"), Button(second, "plain")
        column.addStretch(1)
        column.addWidget(self.icon, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(0 if compact else 8)
        for label in (self.title, self.sentence):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            scaled(label.setMaximumWidth, 520)
            scaled(label.setMinimumWidth, 320)
            # Between two stretches the layout asks for the height at the width that the label really gets.
            centred = QHBoxLayout()
            centred.addStretch(1)
            centred.addWidget(label, 1000)
            centred.addStretch(1)
            column.addLayout(centred)
        column.addSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        row.addWidget(self.action)
        row.addWidget(self.second)
        row.addStretch(1)
        column.addLayout(row)
        column.addStretch(2)
        self.icon.setVisible(not compact)
        self.action.setVisible(bool(action))
        self.second.setVisible(bool(second))
        self.sentence.setVisible(bool(sentence))
        self.action.clicked.connect(self.acted)
        self.second.clicked.connect(self.second_acted)

    def set_words(self, title: Words, sentence: Words = "", **values: object) -> None:
        """Say something else."""
        self.title.set_words(title, **values)
        self.sentence.set_words(sentence, **values)
        self.sentence.setVisible(bool(sentence))
