"""ServeSheet: the switch by which other programs of this computer may ask a model; where, with which key, and how."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from slm_studio.core import snippets
from slm_studio.core.routes import VERSION
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks import task_info
from slm_studio.core.texts import mark, tr
from slm_studio.ui.playground.serving import Serving
from slm_studio.ui.widgets.buttons import IconButton
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.code_view import CodeView
from slm_studio.ui.widgets.copying import clipboard
from slm_studio.ui.widgets.fields import Check
from slm_studio.ui.widgets.labels import ElidedText, Text
from slm_studio.ui.widgets.segmented import Segmented

HIDDEN = "•" * 24
ABOUT = mark(
    "Other programs on this computer can then ask this model, with the key; no other computer can. It ends when you switch it off or close the window."
)


class ServeSheet(Card):
    """Emits what the person switched; shows what `Serving` says of a model."""

    closed = Signal()
    switched = Signal(bool)
    copied = Signal()

    def __init__(self, serving: Serving, parent: QWidget | None = None) -> None:
        self._close = IconButton("close", "Close")
        super().__init__("Serve", self._close, parent=parent)
        self._serving = serving
        self._model: SavedModel | None = None
        self._text = ""
        self._known_key = ""  # of the server that stands
        self._shown_key = ""  # the same, until it was copied or the sheet was left: then only its copy can be had
        self._build()
        self._close.clicked.connect(self.closed)
        self.switch.toggled.connect(self.switched)
        self.tabs.chosen.connect(self._show_code)
        self.copy_address.clicked.connect(self._on_copy_address)
        self.copy_key.clicked.connect(self._on_copy_key)
        serving.changed.connect(self.show_state)

    def open_sheet(self, model: SavedModel, text: str) -> None:
        """Show a model, and code that asks it what stands in the playground."""
        self._model, self._text = model, text or tr(task_info(model.task).example)
        self.show_state()

    def show_state(self) -> None:
        """Show what is served now."""
        if self._model is None:
            return
        serving, name = self._serving, self._serving.name_of(self._model)
        if serving.key != self._known_key:
            self._known_key = self._shown_key = serving.key
        self.switch.blockSignals(True)
        self.switch.setChecked(serving.is_opening or (bool(name) and not serving.is_busy))
        self.switch.blockSignals(False)
        self.state.set_words(self._state_words)
        self._facts.setVisible(bool(name))
        for widget in (self.tabs, self.hint, self.code):
            widget.setVisible(bool(name))
        if name:
            self._show_facts()
            self._show_code(self.tabs.current())

    def _build(self) -> None:
        self.about = Text(ABOUT, "muted", wrap=True)
        self.switch, self.state = Check("Serve on this computer"), Text("", "muted")
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.switch)
        row.addWidget(self.state, 1)
        self.address, self.key = ElidedText(), ElidedText()
        self.copy_address, self.copy_key = IconButton("copy", "Copy the address"), IconButton("copy", "Copy the key")
        self.requests, self.others = Text(), ElidedText()
        self._facts, grid = QWidget(), QGridLayout()
        self._facts.setLayout(grid)
        grid.setContentsMargins(0, 4, 0, 4)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        self.others_name = Text("Served too", "muted")
        rows = (
            (Text("Address", "muted"), self.address, self.copy_address),
            (Text("Key", "muted"), self.key, self.copy_key),
            (Text("Requests", "muted"), self.requests, None),
            (self.others_name, self.others, None),
        )
        for at, (title, widget, button) in enumerate(rows):
            grid.addWidget(title, at, 0)
            grid.addWidget(widget, at, 1)
            if button is not None:
                grid.addWidget(button, at, 2)
        self.tabs = Segmented((("python", mark("Python")), ("curl", mark("curl"))), name="Language of the code")
        self.hint = Text("", "muted", wrap=True)
        self.code = CodeView(most_lines=14)
        self.add(self.about)
        self.body.addLayout(row)
        for widget in (self._facts, self.tabs, self.hint, self.code):
            self.add(widget)
        self.body.addStretch(1)

    def _state_words(self) -> str:
        if self._serving.is_opening:
            return tr("opening the model…")
        return tr("ending…") if self._serving.is_busy else ""

    def _show_facts(self) -> None:
        serving, model = self._serving, self._model
        assert model is not None
        self.address.set_words("{address}", address=serving.url + VERSION)
        self.key.set_words("{key}", key=serving.key if self._shown_key == serving.key else HIDDEN)
        self.requests.set_words("{count}", count=serving.requests)
        others = serving.others(model)
        for widget in (self.others_name, self.others):
            widget.setVisible(bool(others))
        self.others.set_words("{names}", names=", ".join(others))

    def _show_code(self, tab: str) -> None:
        model = self._model
        if model is None or not (name := self._serving.name_of(model)):
            return
        info, url = task_info(model.task), self._serving.url
        is_python = tab == "python"
        write = snippets.client_code if is_python else snippets.curl_command
        self.code.set_code(write(info, name, self._text, url))
        needs_client = is_python and "openai" in self.code.toPlainText()
        self.hint.set_words(
            "Needs the client of OpenAI: pip install openai. The key is expected in the variable {variable}."
            if needs_client
            else "The key is expected in the variable {variable}.",
            variable=snippets.KEY_VARIABLE,
        )

    def _on_copy_address(self) -> None:
        clipboard(self._serving.url + VERSION)
        self.copied.emit()

    def _on_copy_key(self) -> None:
        clipboard(self._serving.key)
        self._shown_key = ""
        self.show_state()
        self.copied.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """Hide the key for good."""
        super().hideEvent(event)
        self._shown_key = ""
