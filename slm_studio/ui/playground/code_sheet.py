"""CodeSheet: how to do the same from Python and from the command line, ready to copy."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from slm_studio.core import snippets
from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import mark, tr
from slm_studio.ui.widgets.buttons import IconButton
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.code_view import CodeView
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.segmented import Segmented


class CodeSheet(Card):
    """Two tabs. The text is the one that stands in the playground."""

    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        self._close = IconButton("close", "Close")
        super().__init__("Use from code", self._close, parent=parent)
        self._model: SavedModel | None = None
        self._text = self._second = ""
        self.tabs = Segmented(
            (("python", mark("Python")), ("command", mark("Command line"))), name="Language of the code"
        )
        self.about = Text("", "muted", wrap=True)
        self.code, self.more = CodeView(most_lines=20), CodeView(most_lines=4)
        self.about_more = Text("Every row of a file:", "muted")
        for widget in (self.tabs, self.about, self.code, self.about_more, self.more):
            self.add(widget)
        self.body.addStretch(1)
        self._close.clicked.connect(self.closed)
        self.tabs.chosen.connect(self._show)

    def open_sheet(self, model: SavedModel, text: str, second: str = "") -> None:
        """Show code for a model and a text, or a pair of them."""
        example = tr(model.info.example)
        self._model, self._text, self._second = model, text or example, second or example
        self._show(self.tabs.current())

    def _show(self, tab: str) -> None:
        if self._model is None:
            return
        is_python = tab == "python"
        info, folder, own = self._model.info, self._model.folder, snippets.is_own_shape(self._model)
        for widget in (self.about_more, self.more):
            widget.setVisible(not is_python)
        if is_python:
            self.about.set_words(
                "Needs SLM Studio: pip install slm-studio"
                if own
                else "Needs Transformers only: pip install transformers torch"
            )
            if own:
                self.code.set_code(snippets.studio_code(info, folder, self._text, self._second))
            else:
                self.code.set_code(snippets.plain_code(info, folder, self._text, self._second, self._model.facts))
            return
        self.about.set_words("One text; with --json a program can read the answer.")
        self.code.set_code(snippets.command_line(info, folder, self._text, self._second))
        self.more.set_code(snippets.file_command(folder))
