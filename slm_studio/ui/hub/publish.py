"""PublishCard: name, licence, language and who can see it; what is sent; then one commit, loaded back and checked."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from slm_studio.core.events import Progress
from slm_studio.core.hub_names import MADE_UP, RULE, is_repository_name, is_whole_name, loses_letters, proposed_name
from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import mark, say
from slm_studio.host.secrets import host_of
from slm_studio.ui.parts.models import bytes_words
from slm_studio.ui.widgets.actions import Actions
from slm_studio.ui.widgets.banner import Banner
from slm_studio.ui.widgets.buttons import Button, WorkButton
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.emptying import empty
from slm_studio.ui.widgets.fields import Choice, LineField
from slm_studio.ui.widgets.labels import ElidedText, Text
from slm_studio.ui.widgets.markdown_view import MarkdownView
from slm_studio.ui.widgets.progress import Progress as ProgressLine
from slm_studio.ui.widgets.scaling import scaled
from slm_studio.ui.widgets.side_by_side import SideBySide, column_of

# Identifiers as the hubs list them; names of licences are not translated.
LICENSES = ("apache-2.0", "mit", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc0-1.0", "openrail", "other")
LANGUAGES = (
    ("en", mark("English")),
    ("zh", mark("Chinese")),
    ("en,zh", mark("English and Chinese")),
    ("multilingual", mark("several")),
    ("", mark("not said")),
)
PUBLISHED = mark("Published, loaded back, and it answers the same.")


class PublishCard(Card):
    """Emits what shall be published; nothing is sent before that."""

    publish_requested = Signal(str, object)  # namespace/name, options
    stop_requested = Signal()
    plan_requested = Signal(object)  # options: the file list and the card depend on them
    settings_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Publish", parent=parent)
        self._card = self._proposal = ""
        self._shown: tuple[str, str, str] = ("", "", "")  # folder, name and namespace of the model
        self._build_fields()
        self._build_plan()
        self._build_actions()
        self.license.chosen.connect(self._on_changed)
        self.language.chosen.connect(self._on_changed)
        self.seen.chosen.connect(self._on_seen_chosen)
        self.name.textChanged.connect(self._show_ready)
        self.button.started.connect(self._on_started)
        self.button.stop_requested.connect(self.stop_requested)
        self.card_button.clicked.connect(self._on_card_clicked)
        self.token.acted.connect(self.settings_requested)

    def show_model(self, model: SavedModel, namespace: str) -> None:
        """Take a model; the name is guessed from ours, once: what the person wrote over it stays."""
        if (model.folder, model.name, namespace) == self._shown:
            self._on_changed()
            return
        self._shown = (model.folder, model.name, namespace)
        self.set_title("Publish “{name}”", name=model.name)
        self._proposal = proposal = proposed_name(model)
        self.name.setText(f"{namespace}/{proposal}" if namespace else proposal)
        self.made_up.setVisible(loses_letters(model.name))
        self.made_up.set_words(MADE_UP, name=model.name)
        languages = ",".join(sorted({model.language, *model.languages} - {""}))
        self.language.choose(languages if languages in dict(LANGUAGES) else "")
        self.done.hide()
        self.view.hide()
        self._on_changed()

    def show_place(self, endpoint: str, has_token: bool) -> None:
        """Say where it would go, and whether there is a token for it."""
        self.where.set_words("what is sent, to {host}", host=host_of(endpoint))
        self.token.setVisible(not has_token)
        self._has_token = has_token
        self._show_ready()

    def show_plan(self, plan: Mapping[str, object]) -> None:
        """List the files that would be sent."""
        self._card = str(plan.get("card", ""))
        empty(self._files)  # hidden at once: a question may stand before the page from now on
        listed = plan.get("files", ())
        for row, each in enumerate(listed if isinstance(listed, tuple | list) else ()):
            self._files.addWidget(ElidedText("{name}", name=each["name"]), row, 0)
            size = Text("{size}", "muted", size=bytes_words(int(each["bytes"])))
            self._files.addWidget(size, row, 1, Qt.AlignmentFlag.AlignRight)

    def set_busy(self) -> None:
        """Show that it is being sent."""
        self.done.hide()
        self.button.set_busy()
        self.progress.show()

    def set_idle(self) -> None:
        """Show the choice."""
        self.button.set_ready()
        self.progress.hide()
        self._show_ready()

    def show_progress(self, event: Progress) -> None:
        """Show how far it is."""
        if event.total > 1000:
            self.progress.set_words("{done} of {total}", done=bytes_words(event.done), total=bytes_words(event.total))
            self.progress.bar.set_share(event.done / event.total)
        else:
            self.progress.set_count(say(event.what, None), event.done, event.total)

    def show_result(self, result: Mapping[str, object]) -> None:
        """Say where it stands now."""
        self.set_idle()
        who = (
            mark("Everybody can see it: {url}")
            if result.get("visibility") == "public"
            else mark("Only you can see it: {url}")
        )
        self.done.set_words(PUBLISHED, hint=who, tone="good", url=result.get("url", ""))
        self.done.show()

    def _build_fields(self) -> None:
        self.name = LineField("your-name/model-name", name="Name on the hub")
        self.license = Choice([(each, _Plain(each)) for each in LICENSES], name="Licence")
        self.language = Choice(LANGUAGES, name="Language")
        self.seen = Choice(((True, mark("only me, for now")), (False, mark("everybody"))), name="Who can see it")
        pair = SideBySide()
        for words, field in ((mark("licence"), self.license), (mark("language"), self.language)):
            pair.add(column_of(Text(words, "muted"), field, gap=4), 1)
        for words, field in ((mark("name"), self.name), (mark("who can see it"), self.seen)):
            self.add(column_of(Text(words, "muted"), field, gap=4))
        self.add(pair)
        self.owner, self.made_up = Text("", "warning", wrap=True), Text("", "muted", wrap=True)
        self.made_up.hide()
        self.add(self.owner)
        self.add(self.made_up)
        self.body.addSpacing(4)

    def _build_plan(self) -> None:
        self.where = Text("", "muted")
        self.add(self.where)
        box = QWidget()
        self._files = QGridLayout(box)
        self._files.setContentsMargins(0, 0, 0, 0)
        self._files.setVerticalSpacing(6)
        self._files.setColumnStretch(0, 1)
        self.add(box)
        self.add(Banner("Your rows are not sent.", tone="good", hint="The card speaks of them in numbers only."))
        self.token = Banner("Publishing needs a token of this hub.", tone="warning", action="Settings")
        self.add(self.token)
        self._has_token = False

    def _build_actions(self) -> None:
        self.progress = ProgressLine()
        self.progress.hide()
        self.add(self.progress)
        self.done = Banner("", tone="good")
        self.done.hide()
        self.add(self.done)
        self.card_button = Button("Read the card")
        self.button = WorkButton("Publish privately", kind="primary", icon_name="upload")
        row = SideBySide(gap=8)
        row.add(Actions(self.card_button), 1)
        row.add(Actions(self.button), 0)
        self.add(row)
        self.view = MarkdownView(bare=True)
        scaled(self.view.setMinimumHeight, 360)
        self.view.hide()
        self.add(self.view)

    def _options(self) -> dict[str, object]:
        return {"license": self.license.current(), "language": self.language.current(), "private": self.seen.current()}

    def _show_ready(self) -> None:
        owner, _, short = self.name.text().strip().partition("/")
        has_owner = bool(owner and short) and "/" not in short
        whole = is_whole_name(f"{owner}/{short}")
        self.owner.setVisible(not whole)
        if has_owner:
            self.owner.set_words(
                RULE, proposal=f"{owner if is_repository_name(owner) else 'your-name'}/{self._proposal}"
            )
        else:
            self.owner.set_words(
                "Begin with your account's name: your-name/{name}", name=(short or owner).strip("/") or "…"
            )
        self.button.setEnabled((whole and self._has_token) or self.button.state != "ready")

    def _on_changed(self) -> None:
        self.plan_requested.emit(self._options() | {"name": self.name.text().strip()})

    def _on_seen_chosen(self) -> None:
        self.button.set_ready_words("Publish privately" if self.seen.current() else "Publish for everybody")

    def _on_started(self) -> None:
        self.publish_requested.emit(self.name.text().strip(), self._options())

    def _on_card_clicked(self) -> None:
        self.view.setVisible(not self.view.isVisible())
        if self.view.isVisible():
            self.view.set_markdown(self._card)


class _Plain:
    """A word that is the same in every language."""

    def __init__(self, word: str) -> None:
        self._word = word

    def __call__(self) -> str:
        return self._word
