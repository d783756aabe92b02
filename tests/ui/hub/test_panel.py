"""Hub: my models, bringing one in, giving one away; nothing is asked of the engine that no button named."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog

from slm_studio.core import paths, texts
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished, Note, Progress
from slm_studio.core.results import FileResult
from slm_studio.core.saved import Lineage, list_models, open_saved
from slm_studio.core.settings import Settings
from slm_studio.host.secrets import Secrets
from slm_studio.ui.hub.about import history
from slm_studio.ui.hub.library import score_cell
from slm_studio.ui.hub.panel import HubPanel
from slm_studio.ui.shell.session import Session
from slm_studio.ui.widgets.rows_model import Cell
from slm_studio.ui.widgets.words import retranslate
from tests.studio import NoSafe
from tests.ui.places import make_model, until

HUGGING_FACE, MIRROR, TOKEN = "https://huggingface.co", "https://mirror.example", "hf_secret"
PLAN = {
    "card": "---\nlicense: mit\n---\n# What it learnt",
    "files": [{"name": "README.md", "bytes": 6000}, {"name": "model.safetensors", "bytes": 9_600_000}],
}


class Engine:
    """Answers like the door; remembers what it was asked. A verb given by name answers instead."""

    def __init__(self, **verbs) -> None:
        self.asked: list[tuple[str, dict]] = []
        self._verbs = verbs

    def __call__(self, verb, **arguments):
        self.asked.append((verb, arguments))
        return self._verbs.get(verb, getattr(self, verb))(**arguments)

    def told(self, verb: str) -> dict:
        """Return what the verb was last called with."""
        return next(arguments for name, arguments in reversed(self.asked) if name == verb)

    def verbs(self) -> list[str]:
        return [verb for verb, _ in self.asked]

    def plan_publish(self, folder, options, endpoint="", token=""):
        yield Finished(PLAN)

    def publish(self, folder, name, endpoint, options, token):
        yield Progress("Sending", 4_800_000, 9_600_000)
        visibility = "private" if options["private"] else "public"
        result = {"url": f"{endpoint}/{name}", "commit": "c", "files": [], "checked": 3, "visibility": visibility}
        yield Finished(result)

    def fetch(self, id, endpoint, revision, out, token):  # noqa: A002
        yield Progress("Fetching", 1_000_000, 4_000_000)
        yield Finished(make_model(id.partition("/")[2]))

    def adopt(self, source, name):
        yield Finished(make_model("brought"))

    def export(self, folder, kind, out):
        yield Progress("Writing", 1, 2)
        yield Finished(FileResult(rows=0, out=out))


class Busy:
    """A verb that says how far it is and goes on until it is stopped, as the host's jobs do."""

    def __init__(self, *events) -> None:
        self._events, self._stopped = list(events), False

    def __call__(self, **arguments):
        return self

    def __iter__(self):
        return self

    def __next__(self):
        if self._events:
            return self._events.pop(0)
        while not self._stopped:
            time.sleep(0.005)
        return Finished(None)

    def stop(self) -> None:
        self._stopped = True


def refused(**arguments):
    raise StudioError("hub-401", "{host} wants a token.", "Set one in Settings.", host="huggingface.co")
    yield


@pytest.fixture
def place(shown):
    """Return a function that shows the panel with an engine, perhaps with tokens (address → token)."""

    def show(run=None, tokens=None, **settings) -> HubPanel:
        session = Session(Settings(**settings), Secrets(NoSafe(), {}))
        for endpoint, token in (tokens or {}).items():
            session.secrets.keep(endpoint, token)
        return shown(HubPanel, session, run or Engine())

    return show


def session(panel: HubPanel) -> Session:
    return panel._session


def open_publish(panel: HubPanel) -> None:
    """Press Publish… and wait for the list of files."""
    panel.publish_button.click()
    until(lambda: panel.publish._files.count())


def names(panel: HubPanel) -> list[str]:
    return [row.cells[0].text for row in panel.library.rows.rows()]


def files(panel: HubPanel) -> list[str]:
    grid = panel.publish._files
    return [grid.itemAt(at).widget().text() for at in range(grid.count())]


# My models


def test_without_a_model_the_page_says_how_to_get_one_and_opens_the_import(place):
    went = []
    panel = place()
    session(panel).place_requested.connect(went.append)

    assert panel.empty.isVisible()
    assert panel.bring.isVisible()
    assert not panel.publish_button.isEnabled()
    panel.empty.acted.emit()
    assert went == ["data"]


def test_models_are_listed_with_score_size_and_shape(place):
    make_model("Support tickets")
    make_model("alice", task="write")

    panel = place()

    assert sorted(names(panel)) == ["Support tickets", "alice"]
    row = next(row for row in panel.library.rows.rows() if row.cells[0].text == "Support tickets")
    assert row.cells[1:] == (Cell("–"), "9.6 MB", "Open")
    assert row.cells[0].second.startswith("classify · LSTM small · ")


def test_the_score_is_that_of_the_task():
    assert score_cell(replace(make_model(), metrics={"accuracy": 0.9123, "f1_macro": 0.9})) == Cell("0.912", "accuracy")
    assert score_cell(replace(make_model(task="write"), metrics={"bits_per_byte": 1.944})) == Cell(
        "1.94", "bits per byte"
    )


def test_opening_a_model_leads_to_the_playground(place):
    make_model()
    went = []
    panel = place()
    session(panel).place_requested.connect(went.append)

    panel.library.table.action_clicked.emit(0)

    assert session(panel).model.name == "Support tickets"
    assert went == ["playground"]


def test_renaming_writes_the_name_and_tells_the_other_places(place):
    model = make_model()
    panel = place()
    session(panel).set_model(model)

    panel.about.name.settled.emit("  Tickets 2026 ")

    assert open_saved(Path(model.folder)).name == "Tickets 2026"
    assert names(panel) == ["Tickets 2026"]
    assert session(panel).model.name == "Tickets 2026"


def test_deleting_moves_to_the_trash_and_undo_brings_it_back(place):
    model = make_model()
    toasts = []
    panel = place()
    session(panel).set_model(model)
    session(panel).toast_requested.connect(lambda words, undo: toasts.append((words, undo)))

    panel.about.delete_button.click()

    assert list_models() == []
    assert session(panel).model is None
    assert panel.empty.isVisible()
    assert any(paths.trash().rglob("model.safetensors"))
    words, undo = toasts[0]
    assert words == "“Support tickets” was moved to the trash"
    undo()
    assert names(panel) == ["Support tickets"]
    assert not panel.empty.isVisible()


def test_the_card_of_a_model_is_shown_without_its_front_matter(place):
    model = make_model()
    (Path(model.folder) / "README.md").write_text("---\nlicense: mit\n---\n# Tickets\n\nWhat it is for.")
    panel = place()

    panel.about.card_button.click()

    assert panel.about.card.toPlainText().startswith("Tickets")
    assert "license" not in panel.about.card.toPlainText()


# Bringing one in


def test_import_opens_its_tab_and_asks_nothing(place):
    make_model()
    engine = Engine()
    panel = place(engine)

    panel.import_button.click()

    assert panel.bring.isVisible()
    assert not panel.about.isVisible()
    assert panel.bring.hint.text() == "from huggingface.co, when you press Fetch"
    panel.bring.button.click()  # without a name there is nothing to fetch
    assert engine.asked == []


def test_fetching_shows_bytes_and_ends_with_one_more_model(place):
    engine = Engine()
    panel = place(engine)
    seen = []
    kept = panel.bring.show_progress
    panel.bring.show_progress = lambda event: (kept(event), seen.append(panel.bring.progress.words.text()))

    panel.bring.id.setText(" ada/tiny ")
    panel.bring.button.click()
    assert panel.bring.button.state == "busy"
    until(lambda: session(panel).model is not None)

    assert seen == ["1.0 MB of 4.0 MB"]
    assert engine.told("fetch") == {"id": "ada/tiny", "endpoint": HUGGING_FACE, "revision": "", "out": "", "token": ""}
    assert session(panel).model.name == "tiny"
    assert names(panel) == ["tiny"]
    assert panel.bring.button.state == "ready"
    assert panel.about.isVisible()


@pytest.mark.parametrize(
    ("endpoint", "allowed", "sent"),
    [(HUGGING_FACE, False, TOKEN), (MIRROR, False, ""), (MIRROR, True, TOKEN)],
)
def test_fetching_takes_the_token_along_only_where_it_may(place, endpoint, allowed, sent):
    engine = Engine()
    panel = place(engine, {HUGGING_FACE: TOKEN}, endpoint=endpoint, send_token_to_mirrors=allowed)

    panel.bring.fetch_requested.emit("ada/tiny", "v2")
    until(lambda: session(panel).model is not None)

    assert engine.told("fetch")["token"] == sent
    assert engine.told("fetch")["revision"] == "v2"


def test_the_key_that_publishes_does_not_stop_a_publication_and_a_stopped_one_says_what_may_stand_there(place):
    make_model()
    panel = place(Engine(publish=Busy(Progress("Sending", 1, 2))), {HUGGING_FACE: TOKEN}, namespace="ada")
    open_publish(panel)
    panel.primary()
    until(lambda: panel.publish.progress.bar.share() == 0.5)

    panel.primary()
    QTest.qWait(60)
    assert panel.publish.button.state == "busy" and not panel.said.isVisible()
    panel.stop()
    until(lambda: panel.publish.button.state == "ready")

    assert "huggingface.co" in panel.said.sentence.text() and not panel.publish.done.isVisible()


def test_a_file_that_is_dropped_while_something_is_on_its_way_waits(place, tmp_path):
    engine = Engine(fetch=Busy(Progress("Fetching", 1, 4)))
    panel = place(engine)
    panel.bring.id.setText("ada/tiny")
    panel.bring.button.click()

    panel.open_file(tmp_path / "model.zip")

    assert panel.error.error.code == "hub-at-work" and "adopt" not in engine.verbs()
    panel.stop()
    until(lambda: panel.bring.button.state == "ready")


def test_what_came_has_the_focus(place, tmp_path):
    panel = place()
    panel.activateWindow()
    panel.bring.id.setFocus()

    panel.open_file(tmp_path / "model.zip")
    until(lambda: names(panel) == ["brought"])

    assert panel.library.table.hasFocus()


def test_files_of_another_plan_stand_in_the_place_of_the_former_ones_at_once(place):
    make_model()
    panel = place()
    open_publish(panel)
    until(lambda: panel.publish._files.count() == 4)
    QTest.qWait(20)  # until they show
    former = [panel.publish._files.itemAt(at).widget() for at in range(4)]

    panel.publish.show_plan(PLAN)

    assert all(each.isHidden() for each in former)


@pytest.mark.parametrize("zoom", [1.5, 2.0])
def test_the_cards_have_room_in_a_small_window(place, theme, zoom):
    make_model("a model with a name of some length")
    panel = place()
    theme.set_zoom(zoom)
    panel.resize(1024 - int(208 * zoom), 640)
    open_publish(panel)
    until(lambda: panel.publish._files.count() == 4)
    QTest.qWait(50)

    table = panel.library.table
    assert panel._column.width() <= panel._area.viewport().width()
    assert table.horizontalScrollBar().maximum() == 0 and table.columnWidth(0) >= 110 * zoom


def test_a_download_can_be_stopped_and_nothing_else_starts_meanwhile(place):
    make_model()
    panel = place(Engine(fetch=Busy(Progress("Fetching", 1_000_000, 4_000_000))))
    panel.import_button.click()
    panel.bring.id.setText("ada/tiny")

    panel.bring.button.click()
    until(lambda: panel.bring.progress.words.text() == "1.0 MB of 4.0 MB")
    assert not panel.take_away.isEnabled()
    assert not panel.publish.isEnabled()
    assert not panel.about.delete_button.isEnabled()
    panel.stop()  # Esc
    until(lambda: panel.bring.button.state == "ready")

    assert not panel.error.isVisible()
    assert not panel.bring.progress.isVisible()
    assert panel.take_away.isEnabled()
    assert names(panel) == ["Support tickets"]


def test_an_error_stands_in_the_page_and_goes_with_the_next_try(place):
    engine = Engine(fetch=refused)
    panel = place(engine)
    panel.bring.id.setText("ada/gated")

    panel.bring.button.click()
    until(panel.error.isVisible)
    assert panel.error.error.code == "hub-401"
    assert panel.bring.button.state == "ready"
    engine._verbs.clear()
    panel.bring.button.click()

    assert not panel.error.isVisible()


def test_offline_is_said_where_one_would_fetch(place):
    panel = place(offline=True)

    assert panel.bring.hint.text() == "SLM Studio is set to offline: nothing is fetched."
    assert panel.header.facts.text() == "offline · nothing is fetched or sent"


def test_a_dropped_folder_is_taken_in(place, tmp_path):
    engine = Engine()
    panel = place(engine)

    panel.open_file(tmp_path / "model.zip")
    until(lambda: session(panel).model is not None)

    assert engine.told("adopt") == {"source": str(tmp_path / "model.zip"), "name": ""}
    assert names(panel) == ["brought"]


# Giving one away


def test_what_would_be_sent_is_listed_before_anything_is_sent(place):
    make_model()
    engine = Engine()
    panel = place(engine)

    open_publish(panel)

    assert files(panel) == ["README.md", "6.0 kB", "model.safetensors", "9.6 MB"]
    assert panel.publish.where.text() == "what is sent, to huggingface.co"
    assert set(engine.verbs()) == {"plan_publish"}
    panel.publish.card_button.click()
    assert panel.publish.view.toPlainText() == "What it learnt"


@pytest.mark.parametrize("tab", ["publish", "import"])
def test_a_card_that_was_asked_for_comes_into_view_in_a_small_window(place, tab):
    for number in range(6):
        make_model(f"model {number}")
    panel = place()
    panel.resize(800, 560)
    QTest.qWait(20)
    button, card = {
        "publish": (panel.publish_button, panel.publish),
        "import": (panel.import_button, panel.bring),
    }[tab]

    button.click()

    view = panel._area.viewport()
    until(lambda: 0 <= card.mapTo(view, QPoint(0, 0)).y() <= view.height() / 2)


def test_publishing_waits_for_a_token_and_says_where_to_set_it(place):
    make_model()
    went = []
    panel = place(namespace="ada")
    session(panel).place_requested.connect(went.append)

    open_publish(panel)

    assert panel.publish.token.isVisible()
    assert not panel.publish.button.isEnabled()
    panel.publish.token.action.click()
    assert went == ["settings"]


def test_coming_back_with_a_token_keeps_the_name_that_was_written(place):
    make_model()
    panel = place(namespace="ada")
    open_publish(panel)
    panel.publish.name.setText("ada/mine")

    panel.hide()
    session(panel).secrets.keep(HUGGING_FACE, TOKEN)
    panel.show()

    assert panel.publish.name.text() == "ada/mine"
    assert not panel.publish.token.isVisible()
    assert panel.publish.button.isEnabled()


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        *(("ada/tickets", True), ("tickets", False), ("/tickets", False), ("ada/", False), ("a/b/c", False)),
        *(("ada/工单", False), ("ada/my tickets", False), ("ada/a--b", False)),
    ],
)
def test_only_a_whole_name_can_be_published(place, name, whole):
    make_model()
    panel = place(tokens={HUGGING_FACE: TOKEN})
    open_publish(panel)

    panel.publish.name.setText(name)

    assert panel.publish.button.isEnabled() == whole


def test_a_model_with_a_chinese_name_gets_one_that_a_hub_takes_and_that_is_explained(place):
    make_model("工单")
    panel = place(tokens={HUGGING_FACE: TOKEN}, namespace="ada")
    open_publish(panel)

    proposal = panel.publish.name.text()
    assert proposal.startswith("ada/text-classification-") and panel.publish.button.isEnabled()
    assert "“工单”" in panel.publish.made_up.text() and panel.publish.made_up.isVisible()
    panel.publish.name.setText("ada/工单")
    assert proposal in panel.publish.owner.text() and not panel.publish.button.isEnabled()
    panel.publish.name.setText("ada/tickets-zh")
    assert panel.publish.button.isEnabled()


def test_private_is_the_default_and_public_says_so_on_the_button(place):
    make_model()
    panel = place(tokens={HUGGING_FACE: TOKEN})
    open_publish(panel)

    assert panel.publish.seen.current() is True
    assert panel.publish.button.text() == "Publish privately"
    panel.publish.seen.choose(False)
    panel.publish.seen.chosen.emit(False)

    assert panel.publish.button.text() == "Publish for everybody"


def test_publishing_sends_what_was_chosen_and_says_where_it_stands(place):
    model = make_model()
    engine = Engine()
    panel = place(engine, {HUGGING_FACE: TOKEN}, namespace="ada")
    open_publish(panel)
    panel.publish.license.choose("mit")
    panel.publish.license.chosen.emit("mit")

    panel.primary()  # Ctrl+Return
    until(panel.publish.done.isVisible)

    assert engine.told("publish") == {
        "folder": model.folder,
        "name": "ada/support-tickets",
        "endpoint": HUGGING_FACE,
        "options": {"license": "mit", "language": "", "private": True, "overwrite": False},
        "token": TOKEN,
    }
    assert panel.publish.done.sentence.text() == "Published, loaded back, and it answers the same."
    assert panel.publish.done.hint.text() == f"Only you can see it: {HUGGING_FACE}/ada/support-tickets"
    assert panel.publish.button.state == "ready"


def test_pressing_publish_names_the_place_so_the_token_may_go_there(place):
    make_model()
    engine = Engine()
    panel = place(engine, {HUGGING_FACE: TOKEN}, namespace="ada", endpoint=MIRROR)

    open_publish(panel)
    assert panel.publish.where.text() == "what is sent, to mirror.example"
    assert "publish" not in engine.verbs()
    panel.publish.button.click()
    until(panel.publish.done.isVisible)

    assert engine.told("publish")["token"] == TOKEN
    assert engine.told("publish")["endpoint"] == MIRROR
    before = engine.asked[: engine.verbs().index("plan_publish") + 1]  # up to what the button started
    assert all("token" not in arguments for _, arguments in before)


def test_a_publication_keeps_its_model_while_another_one_is_looked_at(place):
    make_model("one")
    make_model("two")
    panel = place(Engine(publish=Busy()), {HUGGING_FACE: TOKEN}, namespace="ada")
    open_publish(panel)
    sent = panel.publish.name.text()

    panel.publish.button.click()
    other = next(model for model in list_models() if model.folder != panel._model.folder)
    panel.library.chosen.emit(other)
    assert panel.publish.name.text() == sent
    panel.publish.button.click()  # Stop
    until(lambda: panel.publish.button.state == "ready")
    panel.library.chosen.emit(other)

    assert panel.publish.name.text() == f"ada/{other.name}"


def test_forms_that_other_programs_read_are_offered_where_the_task_has_some(place, tmp_path, monkeypatch):
    model = make_model(task="words")
    engine = Engine()
    asked = []
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *words: (asked.append(words), (str(tmp_path / "v.bin"), ""))[1]
    )
    panel = place(engine)

    panel.take_away.forms["word2vec-binary"].click()
    until(panel.take_away.done.isVisible)

    assert [*panel.take_away.forms] == ["word2vec", "word2vec-binary", "glove"]
    assert engine.told("export") == {"folder": model.folder, "kind": "word2vec-binary", "out": str(tmp_path / "v.bin")}


def test_an_export_is_checked_and_says_where_it_lies(place, tmp_path, monkeypatch):
    model = make_model()
    engine = Engine()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "out.zip"), ""))
    panel = place(engine)

    panel.take_away.zip_button.click()
    until(panel.take_away.done.isVisible)

    assert engine.told("export") == {"folder": model.folder, "kind": "zip", "out": str(tmp_path / "out.zip")}
    assert panel.take_away.done.sentence.text() == "Checked: it answers as the model here does."
    assert panel.take_away.done.hint.text() == str(tmp_path / "out.zip")
    panel.refresh()
    assert panel.take_away.done.isVisible()


def test_what_work_says_of_pairs_that_stay_is_shown_until_the_next(place, tmp_path):
    def export(folder, kind, out):
        if kind == "zip":
            yield Note("pairs-stay", "The pairs stay here.")
        yield Finished(FileResult(rows=0, out=out))

    make_model()
    panel = place(Engine(export=export))
    assert not panel.said.isVisible()

    panel.export_to("zip", str(tmp_path / "out.zip"))
    until(panel.take_away.done.isVisible)
    assert panel.said.isVisible() and panel.said.sentence.text() == "The pairs stay here."

    panel.export_to("folder", str(tmp_path / "out"))
    until(panel.take_away.done.isVisible)
    assert not panel.said.isVisible()


def test_a_dialog_that_is_cancelled_exports_nothing(place, monkeypatch):
    make_model()
    engine = Engine()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    panel = place(engine)

    panel.take_away.folder_button.click()

    assert engine.asked == []


# In Chinese


def test_the_whole_place_speaks_chinese(place, monkeypatch):
    spoken = {
        "Publish privately": "私密发布",
        "what is sent, to {host}": "将发送到 {host} 的内容",
        "Open": "打开",
        "score": "得分",
    }
    make_model()
    panel = place(tokens={HUGGING_FACE: TOKEN})
    open_publish(panel)

    monkeypatch.setattr(
        texts._current._catalogue, "gettext", lambda message: spoken.get(message, message), raising=False
    )
    retranslate(panel)

    assert panel.publish.button.text() == "私密发布"
    assert panel.publish.where.text() == "将发送到 huggingface.co 的内容"
    assert panel.library.rows.rows()[0].cells[3] == "打开"
    assert panel.library.rows.headerData(1, panel.library.table.horizontalHeader().orientation()) == "得分"
    assert panel.publish.name.text() == "support-tickets"


def test_a_name_without_an_account_is_no_name_on_the_hub_and_says_what_lacks(place):
    make_model("messages")
    panel = place(tokens={HUGGING_FACE: TOKEN})

    open_publish(panel)
    assert panel.publish.name.text() == "messages"
    assert panel.publish.owner.text() == "Begin with your account's name: your-name/messages"
    assert panel.publish.owner.isVisible() and not panel.publish.button.isEnabled()

    panel.publish.name.setText("ada/messages")
    assert panel.publish.owner.isHidden() and panel.publish.button.isEnabled()


def test_a_card_opens_at_its_beginning(place):
    model = make_model()
    (Path(model.folder) / "README.md").write_text("# The title\n\n" + "A line of the card.\n\n" * 400)
    panel = place()

    panel.about.card_button.click()
    until(lambda: panel.about.card.verticalScrollBar().maximum() > 0)

    assert panel.about.card.verticalScrollBar().value() == 0


@pytest.mark.parametrize("task", ["classify", "write"])
def test_a_model_from_scratch_had_one_training_and_no_steps_that_were_none(task):
    model = replace(make_model("m", task), lineage=(Lineage(step="data", what="x"),), dataset_name="rows.csv")
    continued = replace(model, base="bert-base")

    assert [name for name, _ in history(model)] == ["Data", "Training", "Output"]
    assert history(model)[1][1].startswith("from scratch as")
    assert [name for name, _ in history(continued)] == ["Data", "Pre-training", "Fine-tuning", "Output"]
    assert all(words.strip(" –") for _, words in history(model) + history(continued))
    begun = replace(model, lineage=(*model.lineage, Lineage(step="pre-training", what="w2v", detail="word vectors")))
    assert history(begun)[1:2] == [("Pre-training", "word vectors of “w2v”")] and len(history(begun)) == 4


def test_a_model_that_learnt_nothing_here_says_where_it_comes_from_and_no_noughts():
    step = (Lineage(step="pre-training", what="smollm2", detail="file:smollm2"),)
    model = replace(make_model("m", "chat"), lineage=step, origin="file:smollm2", parameters=1234, steps=0, rows={})

    assert history(model) == [("Origin", "imported from “smollm2”"), ("Size", "1,234 parameters · 9.6 MB")]
    assert history(replace(model, origin="hub:ada/tiny"))[0][1] == "ada/tiny"
    assert history(replace(model, origin="", lineage=()))[0][1] == "imported from a folder"
