"""GettingCard: for somebody who has no model yet, a list of small ones that answer as they are."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from slm_studio.core.bases import Base, find_here
from slm_studio.core.saved import list_models
from slm_studio.core.tasks import all_tasks
from slm_studio.core.texts import mark
from slm_studio.ui.parts.base_words import name_of
from slm_studio.ui.parts.shortlist import Shortlist
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.session import Session
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.labels import Text

SHOWN = 3  # models that are seen at once: then the button that fetches one stands in a small window, too


class GettingCard(Card):
    """Emits the model that the person took, once it is one of their own."""

    taken = Signal(object)  # SavedModel

    def __init__(self, session: Session, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__("Or chat at once", parent=parent)
        self.shortlist = Shortlist(session, jobs, go_on=mark("Chat with it"), as_they_are=True, shown=SHOWN)
        self.add(Text("Small models that answer as they are. You can train them further later.", "muted", wrap=True))
        self.add(self.shortlist)
        # what is imported as it is and answers at once: models that bring the template of their dialogues
        self.shortlist.show_plan(next(info.key for info in all_tasks() if info.templated), "")
        self.shortlist.chosen.connect(self._on_chosen)

    def _on_chosen(self, base: Base) -> None:
        folder, models = find_here(base), list_models()
        if folder is None:
            self.shortlist.refresh()  # somebody threw it away meanwhile
            return
        own = next((model for model in models if Path(model.folder) == folder), None)
        if own is not None:
            self.taken.emit(own)
        else:
            arguments = {"source": str(folder), "name": name_of(base)}
            self.shortlist.chain.run("adopt", arguments, self.taken.emit)
