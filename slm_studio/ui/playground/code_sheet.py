"""CodeSheet: how to do the same from Python, from the command line and by the local server, ready to copy."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from slm_studio.core import snippets
from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import mark, tr
from slm_studio.serve.limits import PORT
from slm_studio.serve.models import served_as
from slm_studio.ui.playground.serving import Serving
from slm_studio.ui.widgets.buttons import IconButton
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.code_view import CodeView
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.segmented import Segmented

PYTHON, SERVER = "python", "server"


class CodeSheet(Card):
    """Three tabs. The text is the one that stands in the playground."""

    closed = Signal()

    def __init__(self, serving: Serving, parent: QWidget | None = None) -> None:
        self._serving = serving
        self._close = IconButton("close", "Close")
        super().__init__("Use from code", self._close, parent=parent)
        self._model: SavedModel | None = None
        self._text = self._second = ""
        self.tabs = Segmented(
            ((PYTHON, mark("Python")), ("command", mark("Command line")), (SERVER, mark("Local server"))),
            name="Language of the code",
        )
        self.about = Text("", "muted", wrap=True)
        self.code, self.more = CodeView(most_lines=20), CodeView(most_lines=5)
        self.about_more = Text("Every row of a file:", "muted")
        for widget in (self.tabs, self.about, self.code, self.about_more, self.more):
            self.add(widget)
        self.body.addStretch(1)
        self._close.clicked.connect(self.closed)
        self.tabs.chosen.connect(self._show)

    def open_sheet(self, model: SavedModel, text: str, second: str = "") -> None:
        """Show code for a model and a text, or a pair of them."""
        example, about = tr(model.info.example), model.info.about
        self._model, self._text, self._second = model, text or example, second or (tr(about) if about else example)
        is_served = bool(model.info.route)
        self.tabs.set_enabled(SERVER, is_served)
        if not is_served and self.tabs.current() == SERVER:
            self.tabs.choose(PYTHON)
        self._show(self.tabs.current())

    def _show(self, tab: str) -> None:
        if self._model is None:
            return
        for widget in (self.about_more, self.more):
            widget.setVisible(tab != PYTHON)
        if tab == PYTHON:
            self._show_python(self._model)
        elif tab == SERVER:
            self._show_server(self._model)
        else:
            self._show_command(self._model)

    def _show_python(self, model: SavedModel) -> None:
        own = snippets.is_own_shape(model)
        self.about.set_words(
            "Needs SLM Studio: pip install slm-studio"
            if own
            else "Needs Transformers only: pip install transformers torch"
        )
        if own:
            self.code.set_code(snippets.studio_code(model.info, model.folder, self._text, self._second))
        else:
            self.code.set_code(snippets.plain_code(model.info, model.folder, self._text, self._second, model.facts))

    def _show_command(self, model: SavedModel) -> None:
        self.about.set_words("One text; with --json a program can read the answer.")
        self.code.set_code(snippets.command_line(model.info, model.folder, self._text, self._second))
        self.about_more.set_words("Every row of a file:")
        self.more.set_code(snippets.file_command(model.folder))

    def _show_server(self, model: SavedModel) -> None:
        """Show how other programs ask the model while it is served, here or by the command."""
        name, url = served_as(model).id, self._serving.url or f"http://127.0.0.1:{PORT}"
        self.about.set_words(
            "While the model is served (Serve…), with its key in the variable {variable}:",
            variable=snippets.KEY_VARIABLE,
        )
        self.code.set_code(snippets.client_code(model.info, name, self._text, url, self._second))
        self.about_more.set_words("Without this window it is served by:")
        self.more.set_code(snippets.serve_command(model.folder))
