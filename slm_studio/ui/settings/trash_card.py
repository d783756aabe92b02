"""TrashCard: what lies in the app's own trash, with the way back; there is nothing to see where the system keeps one."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from slm_studio.core.texts import mark, tr
from slm_studio.host.trash import Kept, Thrown, bring_back, empty_trash, list_kept
from slm_studio.ui.parts.models import bytes_words
from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.question import ask
from slm_studio.ui.widgets.rows_model import Cell, Row, RowsModel
from slm_studio.ui.widgets.table import Table


class TrashCard(Card):
    """Hidden while the trash is empty."""

    restored = Signal(object)  # Path: where it stands again

    def __init__(self, parent: QWidget | None = None) -> None:
        self.empty_button = Button("Empty the trash", "danger", small=True)
        super().__init__("Trash", self.empty_button, padding=12, parent=parent)
        self._kept: list[Kept] = []
        self.table = Table("Trash", row_height=52, fits=True)
        self.rows = RowsModel((mark("what"), mark("size"), ""), self)
        self.table.setModel(self.rows)
        self.table.set_style(0, "two", stretch=1.0)
        self.table.set_style(1, "muted", width=90)
        self.table.set_style(2, "action", width=110)
        self.add(self.table)
        self.table.action_clicked.connect(self._on_restore)
        self.empty_button.clicked.connect(self._on_empty)
        self.hide()

    def refresh(self) -> None:
        """Look into the trash again."""
        self._kept = list_kept()
        self.setVisible(bool(self._kept))
        self.rows.set_rows(
            [
                Row((Cell(kept.origin.name, str(kept.origin.parent)), bytes_words(kept.bytes), tr("Restore")), kept)
                for kept in self._kept
            ]
        )

    def retranslate(self) -> None:
        """Say it in the language of now."""
        self.refresh()

    def _on_restore(self, row: int) -> None:
        kept = self._kept[row]
        bring_back(Thrown(origin=kept.origin, place=kept.place))
        self.refresh()
        self.restored.emit(kept.origin)

    def _on_empty(self) -> None:
        count = len(self._kept)
        sentence = partial(tr, "{n} {n:thing is|things are} deleted for good.", n=count)
        if ask(self, "Empty the trash?", sentence, action="Delete for good", danger=True):
            empty_trash()
            self.refresh()
