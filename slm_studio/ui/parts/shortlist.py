"""Shortlist: small models to go on from, those first that suit this computer, the task and the rows; fetched when asked."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from slm_studio.core import bases
from slm_studio.core.bases import Base, Offer
from slm_studio.core.recipe import BLANK
from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import current_language, mark, tr
from slm_studio.host.machine import memory
from slm_studio.host.secrets import host_of
from slm_studio.ui.parts.base_words import (
    act_words,
    description,
    facts_words,
    found_in,
    language_words,
    license_words,
    memory_words,
    name_of,
    too_large,
    warning_words,
)
from slm_studio.ui.parts.chain import Chain
from slm_studio.ui.parts.errors import ErrorBox
from slm_studio.ui.parts.models import bytes_words
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.session import Session
from slm_studio.ui.widgets.buttons import WorkButton
from slm_studio.ui.widgets.fields import SearchField
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.progress import Progress
from slm_studio.ui.widgets.rows_model import Cell, Row, RowsModel
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.table import Table
from slm_studio.ui.widgets.theme import the_theme

NAME, LANGUAGES, LICENSE, DOWNLOAD, MEMORY, STATE = range(6)
GO_ON = mark("Go on from it")
ROW, SHOWN = 52, 5  # pixels of a row, rows that are seen at once
WIDTHS = {LANGUAGES: 128, LICENSE: 100, DOWNLOAD: 96, MEMORY: 128, STATE: 116}
ROOM = {LICENSE: 860, LANGUAGES: 760, DOWNLOAD: 620}  # pixels at zoom 1 below which the words under the list must do


class Shortlist(QWidget):
    """Says which base the person took, once it is on this computer."""

    chosen = Signal(object)  # Base

    def __init__(
        self,
        session: Session,
        jobs: Jobs,
        parent: QWidget | None = None,
        *,
        go_on: str = GO_ON,
        as_they_are: bool = False,
        shown: int = SHOWN,
    ) -> None:
        """`go_on`: what the button does with a base that is on this computer; `as_they_are`: only those that answer untrained.

        `shown`: how many are seen at once.
        """
        super().__init__(parent)
        self._session = session
        self._go_on, self._as_they_are = go_on, as_they_are
        self._task, self._base = "", ""
        self._offers: list[Offer] = []
        self._wanted: Base | None = None  # the one that is being fetched, or was
        self.search = SearchField("Find a model, a language, a licence")
        self.table = Table("Models to go on from", row_height=ROW)
        self.rows = RowsModel(
            (mark("model"), mark("languages"), mark("licence"), mark("download"), mark("GB use / train"), ""),
            self,
        )
        self.nothing = Text("No model of this list fits these words.", "muted", wrap=True)
        self.facts, self.warning, self.source = (Text("", role, wrap=True) for role in ("second", "warning", "muted"))
        self.button, self.progress, self.problem = WorkButton("Fetch", kind="plain"), Progress(), ErrorBox()
        self.chain = Chain(jobs, self.progress, self.button, self, in_bytes=True)
        self._build(shown)
        self._connect()

    def show_plan(self, task: str, base: str) -> None:
        """Offer what a task can go on from; `base` is what the plan starts from now."""
        if (task, base) != (self._task, self._base):
            self._task, self._base = task, base
            self.refresh()

    def has_offers(self) -> bool:
        """Say whether there is a model for the task in the list."""
        return any(self._task in base.tasks for base in bases.read_bases())

    def refresh(self) -> None:
        """Look again at what is here and what suits."""
        if self._task and self.isVisible():
            own = current_language().partition("_")[0]  # in which one will talk with it
            language = own if self._as_they_are else bases.wanted_language(self._session.languages)
            listed = [base for base in bases.read_bases() if base.template or not self._as_they_are]
            self._offers = bases.suited(listed, memory(), language, self._task)
            self._fill()

    def stop(self) -> None:
        """Stop what is being fetched; what has arrived is kept."""
        self.chain.stop()

    def retranslate(self) -> None:
        """Say it in the language of now."""
        if self.isVisible():
            self.refresh()
        else:
            self._fill()

    def _build(self, shown: int) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.table.setModel(self.rows)
        self.table.setSelectionMode(Table.SelectionMode.SingleSelection)
        self.table.set_style(NAME, "two", stretch=1.0)
        for place, width in WIDTHS.items():
            style = {DOWNLOAD: "number", MEMORY: "number", STATE: "chip"}.get(place, "muted")
            self.table.set_style(place, style, width=width)
        scaled(self.table.setFixedHeight, 38 + ROW * shown)
        foot, said = QHBoxLayout(), QVBoxLayout()
        foot.setSpacing(12)
        said.setSpacing(2)
        for words in (self.facts, self.warning, self.source):
            said.addWidget(words)
        foot.addLayout(said, 1)
        foot.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop)
        for widget in (self.search, self.table, self.nothing):
            column.addWidget(widget)
        column.addLayout(foot)
        column.addWidget(self.progress)
        column.addWidget(self.problem)

    def _connect(self) -> None:
        session = self._session
        for changed in (session.models_changed, session.languages_changed):
            changed.connect(self.refresh)
        session.settings_changed.connect(self._show_offer)
        self.search.searched.connect(self._fill)
        self.table.row_selected.connect(self._show_offer)
        self.table.row_opened.connect(self._on_act)
        self.button.started.connect(self._on_act)
        self.chain.changed.connect(self._show_offer)
        self.chain.stopped.connect(self._on_stopped)
        self.chain.failed.connect(self.problem.show_error)

    def current(self) -> Offer | None:
        """Return the offer that is selected."""
        row = self.table.current_row()
        offer = self.rows.value(row) if 0 <= row < self.rows.rowCount() else None
        return offer if isinstance(offer, Offer) else None

    def select(self, base: str) -> None:
        """Select a base, where it is in the list."""
        names = [offer.base.id for offer in self._shown()]
        if base in names:
            self.table.select(names.index(base))

    def _shown(self) -> list[Offer]:
        return [offer for offer in self._offers if found_in(offer.base, self.search.text())]

    def _fill(self) -> None:
        before, shown = self.current(), self._shown()
        self.rows.set_rows([self._row(offer) for offer in shown])
        self.rows.retranslate()
        self.table.setColumnHidden(STATE, not any(row.cells[STATE] for row in self.rows.rows()))
        self.nothing.setVisible(bool(self._offers) and not shown)
        names = [offer.base.id for offer in shown]
        is_elsewhere = bool(self._base) and not self._base.startswith(BLANK) and bases.listed(self._base) is None
        first = [] if is_elsewhere else names[:1]  # what begins from a model that is not in the list has none of it
        wished = (before.base.id if before else "", self._base, *first)
        self.select(next((name for name in wished if name in names), ""))
        self._show_offer()

    def _row(self, offer: Offer) -> Row:
        base = offer.base
        state = tr("chosen") if base.id == self._base else tr("already here") if offer.here else ""
        trains, fits = not self._as_they_are, offer.usable if self._as_they_are else offer.fits
        said = description(base) if fits else f"{too_large(base, memory(), to_train=trains)} {description(base)}"
        cells = (
            Cell(name_of(base), said), language_words(base), license_words(base), bytes_words(base.download),
            memory_words(base), state,
        )  # fmt: skip
        return Row(cells, offer, {NAME: f"{base.id}\n{said}", STATE: offer.here})

    def _show_offer(self, *_: object) -> None:
        offer = self.current()
        for widget in (self.facts, self.warning, self.source, self.button):
            widget.setVisible(offer is not None or (widget is self.button and self.chain.is_busy))
        if offer is None:
            return
        self.facts.set_words(partial(facts_words, offer, memory()))
        self.warning.set_words(partial(warning_words, offer, memory(), to_train=not self._as_they_are))
        self.warning.setVisible(bool(self.warning.text()))
        self.source.set_words(self._source_words)
        if not self.chain.is_busy:
            self.button.set_ready_words(partial(act_words, offer, offer.base.id == self._base, self._go_on))
            self.button.set_icon("" if offer.here else "download")
            may = offer.base.id != self._base if offer.here else not self._session.settings.offline
            self.button.setEnabled(may)

    def _source_words(self) -> str:
        offer, settings = self.current(), self._session.settings
        if self.chain.is_busy and self._wanted is not None:
            return tr(
                "“{name}” is on its way from {host}.", name=name_of(self._wanted), host=host_of(settings.endpoint)
            )
        if offer is None or offer.here:
            return tr("It lies in {folder}", folder=offer.here) if offer else ""
        if settings.offline:
            return tr("SLM Studio is set to offline: nothing is fetched.")
        return tr("from {host}, when you press Fetch", host=host_of(settings.endpoint))

    def _on_act(self, *_: object) -> None:
        offer, settings = self.current(), self._session.settings
        if offer is None or self.chain.is_busy or not self.button.isEnabled():
            return
        self.problem.clear()
        if offer.here:
            self.chosen.emit(offer.base)
            return
        self._wanted = offer.base
        # Every model of the list is open to everybody: no token is sent.
        arguments = {
            "id": offer.base.id, "endpoint": settings.endpoint, "revision": offer.base.revision, "out": "", "token": "",
        }  # fmt: skip
        self.chain.run("fetch", arguments, partial(self._on_fetched, offer.base))

    def _on_fetched(self, base: Base, model: SavedModel) -> None:
        self._session.models_changed.emit()
        self._session.toast(tr("“{name}” is one of your models now", name=model.name))
        self.chosen.emit(base)

    def _on_stopped(self) -> None:
        self.source.set_words("Stopped. What has arrived is kept: Fetch goes on from there.")

    def showEvent(self, event: QShowEvent) -> None:
        """Show what suits now."""
        super().showEvent(event)
        self.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Leave out columns for which there is no room; the words under the list say the same."""
        super().resizeEvent(event)
        for column, least in ROOM.items():
            self.table.setColumnHidden(column, self.width() < the_theme().px(least))
