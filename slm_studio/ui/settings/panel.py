"""Settings: what the person chooses once for the whole app. Every change counts at once; there is no Save."""

from pathlib import Path

from PySide6.QtCore import QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from slm_studio import __version__
from slm_studio.core import paths
from slm_studio.core.errors import StudioError
from slm_studio.core.settings import HUGGING_FACE, Settings
from slm_studio.core.texts import LANGUAGES, mark
from slm_studio.host.secrets import ENVIRONMENT, KEYRING, MEMORY, VARIABLE, host_of
from slm_studio.ui.parts.devices import device_options
from slm_studio.ui.parts.forms import KnobForm
from slm_studio.ui.settings.trash_card import TrashCard
from slm_studio.ui.shell.jobs import JobHandle, Jobs
from slm_studio.ui.shell.session import Session
from slm_studio.ui.shell.training import Trainings
from slm_studio.ui.widgets.actions import Actions
from slm_studio.ui.widgets.buttons import Button
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.field_rows import FieldRows
from slm_studio.ui.widgets.fields import Choice, LineField
from slm_studio.ui.widgets.labels import ElidedText, Rule, Text
from slm_studio.ui.widgets.page import Page
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.segmented import Segmented
from slm_studio.ui.widgets.side_by_side import SideBySide
from slm_studio.ui.widgets.theme import ZOOMS, the_theme
from slm_studio.ui.widgets.words import words

COMPUTING = ("device", "threads", "place", "notify")
HUB = ("endpoint", "namespace", "offline", "send_token_to_mirrors")
NO_TOKEN = mark("No token for {host}. Only publishing and private models need one.")
PAUSE = 500  # milliseconds after the last key before a typed setting is written


class SettingsPanel(Page):
    """Language and look, where models compute, the hub and its token, folders, version."""

    def __init__(self, session: Session, jobs: Jobs, trainings: Trainings, parent: QWidget | None = None) -> None:
        super().__init__("Settings", "Every change counts at once.", parent=parent)
        self._session, self._jobs = session, jobs
        self._asked: JobHandle | None = None  # which devices there are
        self._theme = the_theme()
        self._pending: dict[str, object] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAUSE)
        self._build_look()
        self._build_computing()
        self._build_hub()
        self._build_folders()
        self._build_trash()
        self._build_about()
        self.body.addStretch(1)
        self._connect()
        self._fill()

    def _build_look(self) -> None:
        card = Card("Language and look")
        system = mark("As the system")
        self.language = Segmented(
            (("auto", system), *((key, _Name(name)) for key, name in LANGUAGES.items())), kind="pills", wraps=True
        )
        self.look = Segmented(
            (("auto", system), ("light", mark("Light")), ("dark", mark("Dark"))), kind="pills", wraps=True
        )
        self.zoom = Choice(
            [(zoom, _Name(f"{zoom:.0%}".replace("%", " %"))) for zoom in ZOOMS], name="Size of the words"
        )
        rows = FieldRows()
        for name, field in ((mark("Language"), self.language), (mark("Colours"), self.look), (mark("Size"), self.zoom)):
            rows.add(_name(name), Actions(field) if field is self.zoom else field)  # not as wide as its row
            words(field.setAccessibleName, name)
        card.add(rows)
        self.add(card)

    def _build_computing(self) -> None:
        card = Card("Computing")
        self.computing = KnobForm(Settings, names=COMPUTING, columns=2)
        self.computing.field("device").offer(device_options(("auto",)))
        card.add(self.computing)
        card.add(Text("A run keeps the device it began with; a change counts for the next one.", "muted", wrap=True))
        self.add(card)

    def _build_hub(self) -> None:
        card = Card("Hub")
        self.hub = KnobForm(Settings, names=HUB, columns=2)
        card.add(self.hub)
        card.add(Rule())
        self.token_state = Text("", "body", wrap=True)
        self.token_field = LineField("Paste a token", name="Hub token")
        self.token_field.setEchoMode(QLineEdit.EchoMode.Password)
        self.keep_button, self.forget_button = Button("Keep"), Button("Forget", "danger")
        row = SideBySide(gap=8)
        row.add(self.token_field, 1)
        row.add(Actions(self.keep_button, self.forget_button), 0)
        card.add(self.token_state)
        card.add(row)
        card.add(
            Text(
                "A token is kept in the system's own safe, is shown to nobody, and leaves only with what you publish or fetch.",
                "muted",
                wrap=True,
            )
        )
        self.add(card)

    def _build_folders(self) -> None:
        card = Card("Folders")
        self.folder_buttons: list[FolderButton] = []
        folders = (
            (mark("Datasets"), paths.datasets()),
            (mark("Runs"), paths.runs()),
            (mark("Models"), paths.models()),
            (mark("Log files"), paths.logs()),
        )
        rows = FieldRows()
        for name, folder in folders:
            button = FolderButton(str(folder))
            self.folder_buttons.append(button)
            rows.add(_name(name), ElidedText("{folder}", "muted", folder=str(folder)), button)
        card.add(rows)
        card.add(Text("Everything here is yours, in open formats, readable without SLM Studio.", "muted", wrap=True))
        self.add(card)

    def _build_trash(self) -> None:
        self.trash = TrashCard()
        self.add(self.trash)

    def _build_about(self) -> None:
        card = Card("About")
        card.add(
            Text(
                "SLM Studio {version} · Apache-2.0 · nothing is sent without you",
                "second",
                wrap=True,
                version=__version__,
            )
        )
        self.add(card)

    def _connect(self) -> None:
        self.language.chosen.connect(self._on_language)
        self.look.chosen.connect(self._on_look)
        self.zoom.chosen.connect(self._on_zoom)
        self.computing.changed.connect(self._on_form)
        self.hub.changed.connect(self._on_form)
        self.token_field.textChanged.connect(self._on_token_typed)
        self.token_field.returnPressed.connect(self._on_keep)
        self.keep_button.clicked.connect(self._on_keep)
        self.forget_button.clicked.connect(self._on_forget)
        self._timer.timeout.connect(self._write)
        self._session.settings_changed.connect(self._on_settings_changed)
        self._theme.changed.connect(self._on_theme_changed)
        self.trash.restored.connect(self._on_restored)

    def _fill(self) -> None:
        settings = self._session.settings
        self.language.choose(settings.language)
        self.look.choose(settings.theme)
        self.zoom.choose(self._theme.zoom)
        self.computing.set_values({name: getattr(settings, name) for name in COMPUTING})
        self.hub.set_values({name: getattr(settings, name) for name in HUB})
        self.keep_button.setEnabled(False)

    def _tell_token(self) -> None:
        endpoint = self._session.settings.endpoint
        host = host_of(endpoint)
        where = self._session.secrets.where(endpoint)
        sentences = {
            ENVIRONMENT: mark("The token for {host} comes from {variable}."),
            KEYRING: mark("A token for {host} is set, in the system's safe."),
            MEMORY: mark("A token for {host} is set until SLM Studio is closed: this system has no safe."),
        }
        self.token_state.set_words(sentences.get(where, NO_TOKEN), host=host, variable=VARIABLE)
        self.forget_button.setVisible(where in (KEYRING, MEMORY))
        self.token_field.setEnabled(where != ENVIRONMENT)

    def _write(self) -> None:
        pending, self._pending = self._pending, {}
        self._session.change_settings(**pending)

    def _on_language(self, language: str) -> None:
        self._session.change_settings(language=language)

    def _on_look(self, look: str) -> None:
        self._session.change_settings(theme=look)

    def _on_zoom(self, zoom: object) -> None:
        if isinstance(zoom, float):
            self._theme.set_zoom(zoom)
            self._session.remember("zoom", zoom)

    def _on_form(self, values: dict[str, object]) -> None:
        if isinstance(values.get("endpoint"), str):
            values["endpoint"] = str(values["endpoint"]).rstrip("/") or HUGGING_FACE
        self._pending |= values
        self._timer.start()

    def _on_token_typed(self, text: str) -> None:
        self.keep_button.setEnabled(bool(text.strip()))

    def _on_keep(self) -> None:
        token = self.token_field.text().strip()
        if token:
            self._session.secrets.keep(self._session.settings.endpoint, token)
            self.token_field.clear()
            self._tell_token()

    def _on_forget(self) -> None:
        self._session.secrets.forget(self._session.settings.endpoint)
        self._tell_token()

    def _on_settings_changed(self, settings: Settings) -> None:
        self.language.choose(settings.language)
        self.look.choose(settings.theme)
        if self.isVisible():
            self._tell_token()

    def _on_restored(self) -> None:
        self._session.runs_changed.emit()
        self._session.models_changed.emit()

    def _on_devices(self, found: object) -> None:
        if isinstance(found, tuple | list):
            self.computing.field("device").offer(device_options(("auto", *map(str, found))))

    def _on_no_devices(self, error: StudioError) -> None:
        """Ask again when somebody looks the next time; until then the choice is what stands."""
        self._asked = None

    def _on_theme_changed(self) -> None:
        self.zoom.choose(self._theme.zoom)

    def showEvent(self, event: QShowEvent) -> None:
        """Begin to be seen."""
        super().showEvent(event)
        # The safe is asked when somebody looks, never at start: it may want to be unlocked.
        QTimer.singleShot(0, self._tell_token)
        self.trash.refresh()
        if self._asked is None:
            self._asked = self._jobs.start("devices", {}, self._on_devices, None, self._on_no_devices, owner=self)


class FolderButton(Button):
    """Opens a folder in the system's file manager."""

    def __init__(self, folder: str, parent: QWidget | None = None) -> None:
        super().__init__("Open folder", "plain", "folder", small=True, parent=parent)
        self._folder = folder
        self.clicked.connect(self._on_clicked)

    def _on_clicked(self) -> None:
        Path(self._folder).mkdir(parents=True, exist_ok=True)
        QDesktopServices.openUrl(QUrl.fromLocalFile(self._folder))


class _Name:
    """A name that is the same in every language."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self) -> str:
        return self._name


def _name(name: str) -> Text:
    label = Text(name)
    scaled(label.setMinimumWidth, 100)
    return label
