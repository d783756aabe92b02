"""Question: the few things that are asked before they are done. The safe answer has the focus."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.copying import let_copy
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.words import Words


class Question(QDialog):
    """A title, a sentence, an action and a way back."""

    def __init__(
        self,
        title: Words,
        sentence: Words = "",
        *,
        action: Words,
        back: Words = "Cancel",
        danger: bool = False,
        parent: QWidget | None = None,
        **values: object,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("SLM Studio")
        scaled(self.setMinimumWidth, 440)
        let_copy(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 16)
        column.setSpacing(8)
        column.addWidget(Text(title, "heading", wrap=True, **values))
        if sentence:
            column.addWidget(Text(sentence, "second", wrap=True, **values))
        column.addSpacing(12)
        self.back_button = Button(back, **values)
        self.action_button = Button(action, "danger" if danger else "primary", **values)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        row.addWidget(self.back_button)
        row.addWidget(self.action_button)
        column.addLayout(row)
        # Return takes the button that has the focus; the safe one has it first.
        self.action_button.setAutoDefault(True)
        self.back_button.setDefault(True)
        self.back_button.setFocus(Qt.FocusReason.OtherFocusReason)
        self.action_button.clicked.connect(self.accept)
        self.back_button.clicked.connect(self.reject)


def ask(
    parent: QWidget | None,
    title: Words,
    sentence: Words = "",
    *,
    action: Words,
    back: Words = "Cancel",
    danger: bool = False,
    **values: object,
) -> bool:
    """Ask, and say whether the person took the action. Values serve all sentences."""
    question = Question(title, sentence, action=action, back=back, danger=danger, parent=parent, **values)
    taken = question.exec() == QDialog.DialogCode.Accepted
    question.deleteLater()
    return taken
