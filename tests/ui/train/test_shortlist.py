"""The list of bases under “Continue another model”: what fits stands first, what is fetched is begun from."""

# ruff: noqa: F811  (fixtures of another file are arguments here)

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest

from slm_studio import engine
from slm_studio.core import bases, paths
from slm_studio.core.bases import read_bases
from slm_studio.core.events import Finished, Progress
from slm_studio.core.recipe import make_recipe
from slm_studio.core.saved import SavedModel, list_models, save_facts
from slm_studio.core.settings import save_settings
from slm_studio.ui.parts import shortlist as room
from slm_studio.ui.parts.base_words import name_of
from slm_studio.ui.shell.language import speak
from slm_studio.ui.widgets.words import retranslate
from tests.engine.sharing.conftest import hub, plain, tiny_source  # noqa: F401
from tests.hub_server import Fault, HubServer
from tests.ui.places import forget_other_caches
from tests.ui.train.test_panel import Place, make, place  # noqa: F401

WEIGHTS = "/get/"  # large files come from the CDN
GB = 10**9
CHINESE = "BAAI/bge-small-zh-v1.5"
MINI = "sentence-transformers/all-MiniLM-L6-v2"
CHARACTERS = "google-bert/bert-base-chinese"
LARGE = "FacebookAI/xlm-roberta-base"


@pytest.fixture(autouse=True)
def a_bare_computer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    forget_other_caches(monkeypatch, tmp_path)
    monkeypatch.setattr(room, "memory", lambda: 4 * GB)


def opened(place: Place):
    """Choose “Continue another model” and return its list."""
    place.panel.setup.beginning.cards.card("other").click()
    QTest.qWait(10)
    return place.panel.setup.beginning.shortlist


def names(shortlist) -> list[str]:
    return [row.value.base.id for row in shortlist.rows.rows()]


def fetched(place: Place, base: str = MINI) -> None:
    """Let the fake engine put a model where `fetch` puts one."""
    known = next(each for each in read_bases() if each.id == base)
    folder = paths.models() / name_of(known)
    folder.mkdir(parents=True)
    model = SavedModel(
        folder=str(folder), name=name_of(known), task="", base=base, origin=f"hub:{base}@{known.revision}"
    )

    def fetch(**arguments: object):
        yield Progress("Fetching the model", 1_000_000, 4_000_000)
        while not place.engine.gate.wait(0.01):
            yield Progress("Fetching the model", 1_000_000, 4_000_000)
        save_facts(model)
        (folder / "config.json").write_text("{}")
        (folder / "model.safetensors").write_bytes(b"0")
        yield Finished(model)

    place.engine.fetch = fetch


def test_what_fits_the_task_and_the_rows_stands_first(place):
    shortlist = opened(place)
    assert all("classify" in row.value.base.tasks for row in shortlist.rows.rows())

    place.session.set_languages({"zh": 0.9, "en": 0.1})
    assert names(shortlist)[0] == CHINESE

    place.session.set_languages({"en": 1.0})
    assert shortlist.rows.rows()[0].value.base.languages == ("en",)
    assert names(shortlist).index(CHINESE) > names(shortlist).index(LARGE)

    place.session.set_recipe(make_recipe("write", base="", roles={"text": "text"}))
    assert names(shortlist) and all("write" in row.value.base.tasks for row in shortlist.rows.rows())


def test_the_languages_of_other_rows_are_forgotten(place):
    place.session.set_languages({"zh": 1.0})
    place.session.set_dataset(None)

    assert place.session.languages == {}


def test_what_is_too_large_is_said_with_the_figure_and_not_hidden(place):
    shortlist = opened(place)
    row = next(row for row in shortlist.rows.rows() if row.value.base.id == LARGE)
    assert row.cells[0].second.startswith("Too large for this computer: training all of it takes 6.1 GB of 4.0 GB.")

    shortlist.select(LARGE)

    assert "Too large for this computer: training all of it takes 6.1 GB of 4.0 GB." in place.words()
    assert "memory: 1.8 GB to use, 6.1 GB to train all of it; this computer has 4.0 GB" in place.words()
    for words in (LARGE, "many languages", "MIT", "download 1.1 GB", "The strong one for many languages"):
        assert words in place.words(), words


def test_a_base_of_another_language_says_so(place):
    place.session.set_languages({"en": 1.0})
    shortlist = opened(place)

    shortlist.select(CHINESE)

    assert "Not made for the language of your rows." in place.words()


def test_the_list_is_searched_by_name_language_licence_and_use(place):
    shortlist = opened(place)
    for words, expected in (("bge zh", [CHINESE]), ("character apache", [CHARACTERS]), ("按字切分", [CHARACTERS])):
        shortlist.search.setText(words)
        shortlist.search.searched.emit(words)
        assert names(shortlist) == expected, words

    shortlist.search.setText("nothing of the kind")
    shortlist.search.searched.emit("")

    assert names(shortlist) == [] and "No model of this list fits these words." in place.words()
    assert not shortlist.button.isVisible()


def test_nothing_is_fetched_before_a_click_and_then_it_is_begun_from(place):
    fetched(place)
    shortlist = opened(place)
    shortlist.select(MINI)
    assert [verb for verb, _ in place.engine.asked if verb == "fetch"] == []
    assert "from huggingface.co, when you press Fetch" in place.words()

    shortlist.button.click()
    place.until(lambda: "1.0 MB of 4.0 MB" in place.words())
    assert "“all-MiniLM-L6-v2” is on its way from huggingface.co." in place.words()
    place.engine.gate.set()
    place.until(lambda: place.session.recipe.base == MINI)

    known = next(base for base in read_bases() if base.id == MINI)
    asked = next(arguments for verb, arguments in place.engine.asked if verb == "fetch")
    assert asked == {
        "id": MINI, "endpoint": "https://huggingface.co", "revision": known.revision, "out": "", "token": "",
    }  # fmt: skip
    assert place.panel.setup.beginning.cards.current() == "other"
    assert place.panel.setup.beginning.other.text() == MINI
    states = {row.value.base.id: row.cells[-1] for row in shortlist.rows.rows()}
    assert states.pop(MINI) == "chosen" and set(states.values()) == {""}
    assert shortlist.button.text() == "Chosen" and not shortlist.button.isEnabled()


def test_a_download_is_stopped_by_esc_and_goes_on_from_there(place):
    fetched(place)
    shortlist = opened(place)
    shortlist.select(MINI)
    shortlist.button.click()
    place.until(lambda: "1.0 MB of 4.0 MB" in place.words())
    assert shortlist.button.state == "busy"

    place.panel.stop()
    place.until(lambda: shortlist.button.state == "ready")

    assert "Stopped. What has arrived is kept: Fetch goes on from there." in place.words()
    assert place.session.recipe.base == "" and shortlist.button.isEnabled()


def test_who_went_on_to_something_else_meanwhile_is_left_alone(place):
    fetched(place)
    shortlist = opened(place)
    shortlist.select(MINI)
    shortlist.button.click()
    place.panel.setup.beginning.cards.card("scratch").click()
    blank = place.session.recipe.base

    place.engine.gate.set()
    place.until(lambda: list_models() and not place.jobs.is_busy)

    assert place.session.recipe.base == blank != MINI


def test_what_is_here_already_is_taken_at_once(place):
    fetched(place)
    place.engine.gate.set()
    list(place.engine.fetch())
    shortlist = opened(place)
    shortlist.select(MINI)
    assert next(row.cells[-1] for row in shortlist.rows.rows() if row.value.base.id == MINI) == "already here"
    assert shortlist.button.text() == "Go on from it"

    shortlist.button.click()

    assert place.session.recipe.base == MINI
    assert "fetch" not in [verb for verb, _ in place.engine.asked]


def test_offline_fetches_nothing_and_says_why(place):
    place.session.change_settings(offline=True)
    shortlist = opened(place)

    assert "SLM Studio is set to offline: nothing is fetched." in place.words()
    assert not shortlist.button.isEnabled()
    shortlist.table.row_opened.emit(0)
    assert "fetch" not in [verb for verb, _ in place.engine.asked]


def test_an_error_stands_under_the_list(place):
    def fetch(**arguments: object):
        raise OSError("no route")
        yield

    place.engine.fetch = fetch
    shortlist = opened(place)
    shortlist.button.click()

    place.until(shortlist.problem.isVisible)
    assert shortlist.button.state == "ready" and place.session.recipe.base == ""


def test_the_keyboard_alone_finds_fetches_and_begins(place):
    fetched(place)
    place.engine.gate.set()
    shortlist = opened(place)
    assert shortlist.search.hasFocus()

    QTest.keyClicks(shortlist.search, "all-minilm-l6")
    QTest.keyClick(shortlist.search, Qt.Key.Key_Return)
    assert names(shortlist) == [MINI]
    QTest.keyClick(shortlist.search, Qt.Key.Key_Tab)
    assert shortlist.table.hasFocus()
    QTest.keyClick(shortlist.table, Qt.Key.Key_Return)

    place.until(lambda: place.session.recipe.base == MINI)


def test_a_screen_reader_hears_names_and_what_a_row_says(place):
    shortlist = opened(place)

    assert shortlist.search.accessibleName() == "Find a model, a language, a licence"
    table = QAccessible.queryAccessibleInterface(shortlist.table)
    assert table.text(QAccessible.Text.Name) == "Models to go on from"
    cell = shortlist.rows.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    first = shortlist.rows.rows()[0].value.base
    assert cell == f"{name_of(first)}: {first.good_for['en']}"


def test_the_list_speaks_chinese(place):
    shortlist = opened(place)
    speak("zh_CN")
    retranslate(place.panel)
    shortlist.select(LARGE)

    assert "对本机太大：全量训练需要 6.1 GB，本机共 4.0 GB。" in place.words()
    assert all(row.value.base.good_for["zh"][0] >= "\u4e00" or True for row in shortlist.rows.rows())
    assert any(row.cells[0].second == row.value.base.good_for["zh"] for row in shortlist.rows.rows())


@pytest.mark.parametrize(("width", "zoom"), [(1024, 1.0), (1024, 1.5), (1400, 1.0)])
def test_the_name_keeps_its_room_in_a_small_window(place, theme, width: int, zoom: float):
    shortlist = opened(place)
    theme.set_zoom(zoom)
    place.panel.resize(width - 200, 640)
    QTest.qWait(20)

    table = shortlist.table
    assert table.columnWidth(0) >= theme.px(180)
    assert sum(table.columnWidth(at) for at in range(6)) <= table.viewport().width() + 1
    assert table.isColumnHidden(2) == (width == 1024)


def test_only_models_that_a_task_can_go_on_from_are_offered(place):
    for task in ("", "classify", "write", "tag"):
        folder = paths.models() / f"one-{task}"
        folder.mkdir(parents=True)
        save_facts(SavedModel(folder=str(folder), name=f"one-{task}", task=task, base="x"))
    place.session.models_changed.emit()
    beginning = place.panel.setup.beginning
    assert {model.name for model in beginning._models} == {"one-", "one-classify", "one-write"}

    place.session.set_recipe(make_recipe("write", roles={"text": "text"}))
    assert {model.name for model in beginning._models} == {"one-", "one-write"}


def test_through_a_mirror_a_base_is_fetched_resumed_and_begun_from(place, hub: HubServer, plain: Path, monkeypatch):
    """The whole way with the real verb: a download breaks, is taken up where it was, and the plan begins from it."""
    content = {path.name: path.read_bytes() for path in plain.iterdir() if path.is_file()}
    known = next(base for base in read_bases() if base.id == MINI)
    pinned = replace(known, revision=hub.add_model(MINI, content))
    hub.add_model(MINI, content | {"config.json": b"{}"})  # a newer commit, at which nobody looked yet
    monkeypatch.setattr(bases, "read_bases", lambda: (pinned,))
    place.engine.fetch = engine.fetch
    place.session.change_settings(endpoint=hub.endpoint)
    save_settings(place.session.settings)
    shortlist = opened(place)
    hub.faults.append(Fault(WEIGHTS, kind="slow", seconds=0.15))
    assert "127.0.0.1" in shortlist.source.text() and not hub.seen

    shortlist.button.click()
    place.until(lambda: shortlist.progress.bar.share() > 0.3, 60)
    shortlist.button.click()
    place.until(lambda: shortlist.button.state == "ready", 60)
    assert place.session.recipe.base == ""
    shortlist.button.click()
    place.until(lambda: place.session.recipe.base == MINI, 60)

    model = next(iter(list_models()))
    assert model.origin == f"hub:{MINI}@{pinned.revision}"
    assert (Path(model.folder) / "model.safetensors").read_bytes() == content["model.safetensors"]
    first = int(hub.requests(WEIGHTS)[-1].range.removeprefix("bytes=").rstrip("-"))
    assert 0 < first < len(content["model.safetensors"])  # from where it was
    assert [row.cells[-1] for row in shortlist.rows.rows()] == ["chosen"]
