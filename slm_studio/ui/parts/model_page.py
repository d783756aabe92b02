"""ModelPage: what a place that uses the session's model has in common: its title, its emptiness, and when to look again."""

from functools import partial

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from slm_studio.core.saved import SavedModel
from slm_studio.ui.parts.errors import ErrorBox
from slm_studio.ui.parts.models import ModelTitle, settle_model
from slm_studio.ui.parts.onward import ContinueButton
from slm_studio.ui.shell.session import Session
from slm_studio.ui.widgets.deck import Deck
from slm_studio.ui.widgets.empty_state import EmptyState
from slm_studio.ui.widgets.page import Page
from slm_studio.ui.widgets.side_by_side import column_of
from slm_studio.ui.widgets.words import Words


class ModelPage(Page):
    """Shows the model when somebody looks, and again when it changed since; without one, says what belongs here."""

    def __init__(
        self, title: Words, icon: str, session: Session, below: QWidget | None = None, parent: QWidget | None = None
    ) -> None:
        """`below`: what stands under the words of an empty place."""
        super().__init__(title, parent=parent)
        self._session = session
        self._folder = ""  # of the model that was shown last
        self._is_stale = True  # the model changed since this page was last looked at
        self.title = ModelTitle(session)
        self.title.hide()
        self.header.put_title(self.title)
        self.onward = ContinueButton()
        self.header.add_action(self.onward)
        self.onward.chosen.connect(self._on_onward)
        self.problem = ErrorBox()
        self.notices.addWidget(self.problem)
        self.deck = Deck()
        self.empty = EmptyState(icon, "", action="Train one", second="Try an example", compact=below is not None)
        self._nothing = column_of(self.empty, below) if below is not None else self.empty
        self.deck.add(self._nothing)
        self.add(self.deck, 1)
        self.empty.acted.connect(session.show_plan)
        self.empty.second_acted.connect(partial(session.go_to, "data"))
        session.model_changed.connect(self._on_model_changed)
        session.models_changed.connect(self._on_models_changed)

    def show_model(self) -> None:
        """Show the session's model; a place extends this with what it shows of it."""
        self._is_stale = False
        self.title.show_model(self._session.model)
        self.header.title.setVisible(self._session.model is None)
        self.onward.show_model(self._session.model)
        self.problem.clear()

    def _show_empty(self, title: Words, words: Words) -> None:
        """Teach what belongs here."""
        self.empty.set_words(title, words)
        # An example is for those who have nothing of their own yet.
        self.empty.second.setVisible(self._session.dataset is None)
        self.deck.show_only(self._nothing)

    def _on_model_changed(self, model: SavedModel | None) -> None:
        self._is_stale = True
        folder = model.folder if model is not None else ""
        if folder != self._folder:  # else it is the same one, scored or renamed
            self._folder = folder
            self.to_top()
        if self.isVisible():
            self.show_model()

    def _on_onward(self, task: object) -> None:
        if self._session.model is not None:
            self._session.continue_with(self._session.model, str(task))

    def _on_models_changed(self) -> None:
        if self.isVisible():
            settle_model(self._session)

    def showEvent(self, event: QShowEvent) -> None:
        """Show a model that is new since the last look."""
        super().showEvent(event)
        settle_model(self._session)
        if self._is_stale:
            self.show_model()
