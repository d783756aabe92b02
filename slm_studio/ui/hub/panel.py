"""Hub: the person's models, bringing models in, and giving them away. Nothing is sent unless a button that says so is pressed."""

from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFileDialog, QSizePolicy, QWidget

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Note, Progress
from slm_studio.core.saved import SavedModel, list_models, open_saved, save_facts
from slm_studio.core.tasks import task_info
from slm_studio.core.texts import mark, say, tr
from slm_studio.host.secrets import host_of, token_for
from slm_studio.ui.hub.about import AboutCard
from slm_studio.ui.hub.asking import AT_WORK, may_publish
from slm_studio.ui.hub.bring import BringCard
from slm_studio.ui.hub.library import LibraryCard
from slm_studio.ui.hub.publish import PUBLISHED, PublishCard
from slm_studio.ui.hub.take_away import TakeAwayCard
from slm_studio.ui.parts.errors import ErrorBox
from slm_studio.ui.parts.removal import Removal
from slm_studio.ui.parts.saving import ask_where_to_save, show_in_files
from slm_studio.ui.shell.jobs import JobHandle, Jobs
from slm_studio.ui.shell.session import SETTINGS, Session
from slm_studio.ui.shell.training import Trainings
from slm_studio.ui.widgets.banner import Banner
from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.empty_state import EmptyState
from slm_studio.ui.widgets.page import Page
from slm_studio.ui.widgets.segmented import Segmented
from slm_studio.ui.widgets.side_by_side import SideBySide, column_of

ABOUT, PUBLISH, IMPORT = "about", "publish", "import"
STOPPED = mark("Stopped. What was sent until then may stand at {host}: look there.")
STAY = "pairs-stay"  # the code of what work says of rows that do not go along with a model


class HubPanel(Page):
    """Left the models, right what is done with one of them."""

    def __init__(self, session: Session, jobs: Jobs, trainings: Trainings, parent: QWidget | None = None) -> None:
        super().__init__("Hub", parent=parent)
        self._session, self._jobs = session, jobs
        self._model: SavedModel | None = None
        # After a deletion none is chosen: the click or key that deleted one must not delete the next.
        self._is_cleared = False
        self._job: JobHandle | None = None
        self._is_stopped = False  # the person pressed Stop; what was on its way may have ended all the same
        self.import_button = Button("Import…", icon_name="download")
        self.publish_button = Button("Publish…", "primary", "upload")
        self.header.add_action(self.import_button)
        self.header.add_action(self.publish_button)
        self.error = ErrorBox()
        self.notices.addWidget(self.error)
        self.said = Banner(tone="plain", closable=True)  # by the work itself: what of a model did not go along
        self.said.hide()
        self.notices.addWidget(self.said)
        self._build_body()
        self._connect()
        self._show_settings()

    def open_file(self, path: Path) -> None:
        """Import a file or a folder that was dropped here."""
        self._adopt(path)

    def primary(self) -> None:
        """Publish, where that card is open; else open it (Ctrl+Return)."""
        if self._tab != PUBLISH:
            self._choose_tab(PUBLISH)
        elif self.publish.button.isEnabled() and self.publish.button.state != "busy":  # it says Stop then
            self.publish.button.click()

    def stop(self) -> None:
        """Stop what is on its way (Esc). A download goes on where it was when it is fetched again."""
        if self._job is not None:
            self._job.stop()
            self._is_stopped = True

    def retranslate(self) -> None:
        """Say it in the language of now."""
        self._show_settings()

    def refresh(self) -> None:
        """Read the folder of models again."""
        models = list_models()
        self.empty.setVisible(not models)
        self._left.setVisible(bool(models))
        folders = {model.folder: model for model in models}
        current = folders.get(self._model.folder if self._model else "") or folders.get(
            self._session.model.folder if self._session.model else ""
        )
        if current is None and models and not self._is_cleared:
            current = models[0]
        self.library.show_models(models, current)
        self._take(current)
        if not models:
            self._choose_tab(IMPORT)

    def _build_body(self) -> None:
        self.library, self.take_away = LibraryCard(), TakeAwayCard()
        self.about, self.publish, self.bring = AboutCard(), PublishCard(), BringCard()
        self.empty = EmptyState(
            "download", "No models yet", "Train one, or import one from a hub, a folder or a file.", "Train a model"
        )
        self.tabs = Segmented(
            ((ABOUT, mark("About")), (PUBLISH, mark("Publish")), (IMPORT, mark("Import"))),
            ABOUT,
            kind="pills",
            name="What to do",
        )
        self._tab = ABOUT
        self._left = column_of(self.library, self.take_away)
        left = column_of(self.empty, self._left)
        right = column_of(self.tabs, self.about, self.publish, self.bring)
        row = SideBySide()
        for half, share in ((left, 57), (right, 43)):
            # Both halves keep their share of the window, whatever stands in them.
            half.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            row.add(half, share)
        row.limit(left, 320)  # else names of models are cut to a few letters
        self.add(row)
        self.body.addStretch(1)
        self._choose_tab(ABOUT)

    def _connect(self) -> None:
        session = self._session
        session.models_changed.connect(self.refresh)
        session.settings_changed.connect(self._show_settings)
        self.import_button.clicked.connect(lambda: self._show_card(IMPORT, self.bring, self.bring.id))
        self.publish_button.clicked.connect(lambda: self._show_card(PUBLISH, self.publish, self.publish.name))
        self.empty.acted.connect(lambda: self._session.go_to("data"))
        self.tabs.chosen.connect(self._choose_tab)
        self.library.chosen.connect(self._take)
        self.library.opened.connect(self._on_opened)
        self.about.renamed.connect(self._on_renamed)
        self.about.delete_requested.connect(self._on_delete)
        self.about.onward_requested.connect(self._on_onward)
        self.about.folder_requested.connect(self._on_show_folder)
        self.take_away.requested.connect(self._on_export)
        self.take_away.stop_requested.connect(self.stop)
        self.take_away.folder_requested.connect(show_in_files)
        self.bring.fetch_requested.connect(self._on_fetch)
        self.bring.stop_requested.connect(self.stop)
        self.bring.folder_requested.connect(self._on_import_folder)
        self.bring.file_requested.connect(self._on_import_file)
        self.publish.plan_requested.connect(self._on_plan)
        self.publish.publish_requested.connect(self._on_publish)
        self.publish.stop_requested.connect(self.stop)
        self.publish.settings_requested.connect(lambda: self._session.go_to(SETTINGS))

    def _show_settings(self) -> None:
        settings = self._session.settings
        host = host_of(settings.endpoint)
        self.header.set_facts(
            "{host} · nothing is sent without you" if not settings.offline else "offline · nothing is fetched or sent",
            host=host,
        )
        self.bring.show_endpoint(settings.endpoint, settings.offline)

    def _take(self, model: SavedModel | None) -> None:
        self._model = model
        self.publish_button.setEnabled(model is not None)
        self.take_away.setVisible(model is not None)
        for tab in (ABOUT, PUBLISH):
            self.tabs.set_enabled(tab, model is not None)
        if model is not None:
            self._is_cleared = False
            self.about.show_model(model)
            self.take_away.show_model(model)
        self._choose_tab(self._tab)

    def _choose_tab(self, tab: str) -> None:
        self._tab = tab
        self.tabs.choose(tab)
        for key, card in ((ABOUT, self.about), (PUBLISH, self.publish), (IMPORT, self.bring)):
            card.setVisible(key == tab and (key == IMPORT or self._model is not None))
        if tab == PUBLISH:
            self._open_publish()

    def _open_publish(self) -> None:
        if self._model is not None and self.publish.button.state != "busy":
            endpoint = self._session.settings.endpoint
            self.publish.show_place(endpoint, bool(self._token(may_leave=True)))
            self.publish.show_model(self._model, self._session.settings.namespace)

    def _token(self, may_leave: bool = False) -> str:
        settings = self._session.settings
        return token_for(
            settings.endpoint, may_leave=may_leave or settings.send_token_to_mirrors, secrets=self._session.secrets
        )

    def _start(self, verb: str, arguments: dict[str, object], on_result, card) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
        self.error.clear()
        self.said.hide()
        self._is_stopped = False
        card.set_busy()
        self._let_others(card, False)

        def finished(result: object) -> None:
            ended()
            if result is not None:
                on_result(result)
            elif verb == "publish":
                self.said.set_words(STOPPED, host=host_of(str(arguments["endpoint"])))
                self.said.show()

        def failed(error: StudioError) -> None:
            ended()
            self.error.show_error(error)

        def ended() -> None:
            self._job = None
            card.set_idle()
            self._let_others(card, True)

        def happened(event: Event) -> None:
            if isinstance(event, Progress):
                card.show_progress(event)
            elif isinstance(event, Note) and event.code == STAY:
                self.said.set_words(partial(say, event.message, event.values))
                self.said.show()

        self._job = self._jobs.start(verb, arguments, finished, happened, failed, owner=self)

    def _let_others(self, card: QWidget, may: bool) -> None:
        """One thing at a time: what is at work must not lose its model, nor its Stop."""
        for other in (self.take_away, self.publish, self.bring, self.about.delete_button):
            if other is not card:
                other.setEnabled(may)

    def _on_opened(self, model: SavedModel) -> None:
        self._session.set_model(model)
        self._session.go_to("playground" if model.task else "train")

    def _on_onward(self, task: str) -> None:
        assert self._model is not None
        self._session.continue_with(self._model, task)

    def _on_renamed(self, name: str) -> None:
        assert self._model is not None
        before = self._model.name
        rename = partial(self._rename, Path(self._model.folder))
        rename(name)
        words = tr("“{old}” is called “{new}” now", old=before, new=name)
        self._session.did(words, partial(rename, before), partial(rename, name))

    def _rename(self, folder: Path, name: str) -> None:
        renamed = replace(open_saved(folder), name=name)
        save_facts(renamed)
        if self._model is not None and self._model.folder == renamed.folder:
            self._model = renamed
        if self._session.model is not None and self._session.model.folder == renamed.folder:
            self._session.set_model(renamed)
        self._session.models_changed.emit()

    def _on_delete(self) -> None:
        assert self._model is not None
        model, removal = self._model, Removal(Path(self._model.folder))
        self._throw(model.folder, removal)
        words = tr("“{name}” was moved to the trash", name=model.name)
        self._session.did(words, partial(self._bring_back, removal), partial(self._throw, model.folder, removal))

    def _throw(self, folder: str, removal: Removal) -> None:
        removal.throw()
        if self._session.model is not None and self._session.model.folder == folder:
            self._session.set_model(None)
        self._model, self._is_cleared = None, True
        self.library.table.setFocus()
        self._session.models_changed.emit()

    def _bring_back(self, removal: Removal) -> None:
        removal.bring_back()
        self._is_cleared = False
        self._session.models_changed.emit()

    def _on_show_folder(self) -> None:
        if self._model is not None:
            show_in_files(self._model.folder)

    def _on_export(self, kind: str) -> None:
        assert self._model is not None
        name = Path(self._model.folder).name
        form = (
            next((each for each in task_info(self._model.task).exports if each.key == kind), None)
            if self._model.task
            else None
        )
        if form is not None:
            out = str(ask_where_to_save(self, tr(form.title), f"{name}{form.ending}", f"(*{form.ending})") or "")
        elif kind == "zip":
            out = str(ask_where_to_save(self, tr("Save the zip as"), f"{name}.zip", "Zip (*.zip)") or "")
        else:
            parent = QFileDialog.getExistingDirectory(self, tr("Choose a folder to put it in"))
            out = str(Path(parent) / name) if parent else ""
        if out:
            self.export_to(kind, out)

    def export_to(self, kind: str, out: str) -> None:
        """Write the chosen model to `out`."""
        assert self._model is not None
        self._start(
            "export",
            {"folder": self._model.folder, "kind": kind, "out": out},
            self.take_away.show_result,
            self.take_away,
        )

    def _on_fetch(self, name: str, revision: str) -> None:
        settings = self._session.settings
        arguments = {"id": name, "endpoint": settings.endpoint, "revision": revision, "out": "", "token": self._token()}
        self._start("fetch", arguments, self._on_brought, self.bring)

    def _adopt(self, path: Path) -> None:
        if self._job is not None:  # its Stop would be lost
            self.error.show_error(AT_WORK)
            return
        self._choose_tab(IMPORT)
        self._start("adopt", {"source": str(path), "name": ""}, self._on_brought, self.bring)

    def _on_brought(self, model: SavedModel) -> None:
        self._model = model
        self._session.offer_model(model)
        self._session.models_changed.emit()
        self._choose_tab(ABOUT)
        if self.isVisible():  # what had the focus is hidden now
            self.library.table.setFocus()
        self._session.toast(tr("“{name}” is one of your models now", name=model.name))

    def _on_import_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Choose a model folder"))
        if folder:
            self._adopt(Path(folder))

    def _on_import_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, tr("Choose a model file"), "", "(*.zip *.gguf *.txt *.vec *.bin *.gz);;(*)"
        )
        if path:
            self._adopt(Path(path))

    def _on_plan(self, options: dict[str, object]) -> None:
        if self._model is not None:
            plan = {"folder": self._model.folder, "options": options}
            self._jobs.start("plan_publish", plan, self._on_planned, on_error=self.error.show_error, owner=self)

    def _on_planned(self, plan: object) -> None:
        if isinstance(plan, dict):
            self.publish.show_plan(plan)

    def _on_publish(self, name: str, options: dict[str, object]) -> None:
        assert self._model is not None
        # Pressing Publish names the destination, so the token may go there.
        endpoint, token = self._session.settings.endpoint, self._token(may_leave=True)
        arguments = {
            "folder": self._model.folder, "name": name, "endpoint": endpoint, "options": options, "token": token,
        }  # fmt: skip
        look = {key: arguments[key] for key in ("folder", "endpoint", "token")} | {"options": options | {"name": name}}
        self._start("plan_publish", look, partial(self._on_looked, arguments), self.publish)

    def _on_looked(self, arguments: dict[str, object], plan: dict[str, object]) -> None:
        name, options = str(arguments["name"]), arguments["options"]
        self.publish.show_plan(plan)
        if self._is_stopped or not may_publish(self, name, plan):
            return
        # The person has seen what stands there and said yes.
        agreed = arguments | {"options": {**options, "overwrite": bool(plan.get("standing"))}}  # type: ignore[dict-item]
        self._start("publish", agreed, partial(self._on_published, str(arguments["folder"])), self.publish)

    def _on_published(self, folder: str, result: dict[str, object]) -> None:
        self.publish.show_result(result)
        if self._model is None or self._model.folder != folder:  # the person looks at another one by now
            self._session.toast(tr(PUBLISHED))
            self._open_publish()

    def _show_card(self, tab: str, card: QWidget, first: QWidget) -> None:
        """Open a card and bring it into view: in a small window it stands below the models."""
        self._choose_tab(tab)
        first.setFocus()
        QTimer.singleShot(0, card, lambda: self.reveal(card))  # once it has its place

    def showEvent(self, event: QShowEvent) -> None:
        """Show what stands on disk now."""
        self._is_cleared = False
        self.refresh()
        super().showEvent(event)
