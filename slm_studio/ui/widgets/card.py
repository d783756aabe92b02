"""Card: one thing on a quiet ground, with a title and perhaps something at the title's right."""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QFrame, QVBoxLayout, QWidget

from slm_studio.core.texts import tr
from slm_studio.ui.widgets.actions import Actions
from slm_studio.ui.widgets.copying import Copy, copied_within
from slm_studio.ui.widgets.labels import Text, restyle
from slm_studio.ui.widgets.side_by_side import SideBySide
from slm_studio.ui.widgets.words import Words


class Card(QFrame):
    """Fill it with `add`; `body` is its layout. Tones: "" (surface), soft, warning, bad."""

    def __init__(
        self, title: Words = "", trailing: QWidget | None = None, *, tone: str = "", padding: int = 16,
        parent: QWidget | None = None, **values: object,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setProperty("tone", tone)
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(padding, padding, padding, padding)
        self._outer.setSpacing(12)
        self.title = Text("", "heading", wrap=True)
        self._head: SideBySide | None = None  # the line of the title, where something else stands in it
        self._outer.addWidget(self.title)
        self.body = QVBoxLayout()
        self.body.setSpacing(8)
        self._outer.addLayout(self.body, 1)
        if trailing is not None:
            self.set_trailing(trailing)
        self.set_title(title, **values)

    def set_title(self, title: Words, **values: object) -> None:
        """Name the card; "" gives the room back."""
        self.title.set_words(title, **values)
        self.title.setVisible(bool(title))

    @property
    def head(self) -> SideBySide:
        """The line of the title; what stands in it goes below each other where the card is too narrow."""
        if self._head is None:
            self._head = SideBySide(gap=8)
            self._outer.removeWidget(self.title)
            self._outer.insertWidget(0, self._head)
            self._head.add(self.title, 1)
        return self._head

    def set_leading(self, widget: QWidget) -> None:
        """Place a widget in the title's stead: it takes the room that is left."""
        self.head.add(widget, 1, first=True)

    def set_trailing(self, widget: QWidget) -> None:
        """Place a widget at the title's right."""
        part = Actions(widget) if isinstance(widget, QAbstractButton) else widget  # a button is never as wide as a card
        self.head.add(part, 0)
        self.head.layout().setAlignment(part, Qt.AlignmentFlag.AlignVCenter)

    def add(self, widget: QWidget, stretch: int = 0) -> QWidget:
        """Place a widget below the others and return it."""
        self.body.addWidget(widget, stretch)
        return widget

    def copies(self) -> list[Copy]:
        """Offer all that the card shows."""
        return [Copy(tr("Copy the whole card"), partial(copied_within, self))]

    def set_tone(self, tone: str) -> None:
        """Tint the ground."""
        self.setProperty("tone", tone)
        self.title.set_role({"soft": "accent", "warning": "warning", "bad": "bad"}.get(tone, "heading"))
        restyle(self)
