"""Stat: a name over a big number with its unit, and perhaps a second line (an interval, a verdict)."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from slm_studio.ui.widgets.columns import Columns
from slm_studio.ui.widgets.labels import FittedText, Text
from slm_studio.ui.widgets.words import Words


class Stat(QWidget):
    """One number with its name. Numbers arrive as text, so that ranges and units are the caller's words."""

    def __init__(
        self, name: Words, value: str = "–", second: Words = "", *, big: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self.name = Text(name, "muted", wrap=True)  # cut or in tiny letters, it would name nothing
        self.value = FittedText("", "big" if big else "number")
        self.second = Text("", "muted", wrap=True)
        for each in (self.name, self.value, self.second):
            column.addWidget(each)
        column.addStretch(1)
        self.set_value(value, second)

    def set_value(self, value: Words, second: Words = "", **values: object) -> None:
        """Show a number (or a template) and what stands below it."""
        self.value.set_words(value, **values)
        self.second.set_words(second, **values)
        self.second.setVisible(bool(second))
        self.setAccessibleName(f"{self.name.text()}: {self.value.text()}")

    def copied(self) -> str:
        """Return the number with its name. Example: “accuracy: 0.931 (0.90 – 0.95)”"""
        second = " ".join(self.second.text().split()) if not self.second.isHidden() else ""
        return f"{self.name.text()}: {self.value.text()}" + (f" ({second})" if second else "")


class StatGrid(Columns):
    """Stats in even columns, as many as the width allows."""

    def __init__(self, least: int = 110, most: int = 4, parent: QWidget | None = None) -> None:
        super().__init__(least=least, most=most, gap=16, parent=parent)
        self._stats: dict[str, Stat] = {}

    def add_stat(self, key: str, name: Words, value: str = "–", second: Words = "") -> Stat:
        """Add a stat that `set_value(key, …)` finds again."""
        self._stats[key] = Stat(name, value, second)
        self.add(self._stats[key])
        return self._stats[key]

    def set_value(self, key: str, value: Words, second: Words = "", **values: object) -> None:
        """Show a new number."""
        self._stats[key].set_value(value, second, **values)
