"""An empty Playground offers small models that chat as they are; one that is fetched, or here already, is opened at once."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtTest import QTest

from slm_studio.core import bases, paths
from slm_studio.core.bases import read_bases
from slm_studio.core.events import Event, Finished
from slm_studio.core.saved import SavedModel, save_facts
from slm_studio.core.settings import Settings
from slm_studio.ui.parts.base_words import name_of
from slm_studio.ui.parts.shortlist import STATE
from slm_studio.ui.playground.panel import PlaygroundPanel
from slm_studio.ui.shell.language import speak
from slm_studio.ui.shell.session import Session
from slm_studio.ui.widgets.words import retranslate
from tests.ui.places import forget_other_caches, until
from tests.ui.playground.test_panel import Engine

SMALL = "HuggingFaceTB/SmolLM2-135M-Instruct"


@pytest.fixture(autouse=True)
def a_bare_computer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    forget_other_caches(monkeypatch, tmp_path)


@pytest.fixture
def snapshot(monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let another program have fetched the only model of the list; return where."""
    known = replace(next(base for base in read_bases() if base.id == SMALL), revision="abc")
    monkeypatch.setattr(bases, "read_bases", lambda: (known,))
    folder = bases.hub_cache() / "models--HuggingFaceTB--SmolLM2-135M-Instruct" / "snapshots" / "abc"
    write_model(folder)
    return folder


def write_model(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"0")


def brought(origin: str) -> SavedModel:
    """Make a model of one's own, as `fetch` and `adopt` do."""
    folder = paths.models() / "SmolLM2"
    write_model(folder)
    model = SavedModel(folder=str(folder), name="SmolLM2", task="chat", base=SMALL, origin=origin)
    save_facts(model)
    return model


def offered(panel: PlaygroundPanel) -> list[str]:
    return [row.value.base.id for row in panel.getting.shortlist.rows.rows()]


def test_only_models_that_answer_untrained_are_offered_those_of_ones_own_language_first(shown):
    panel = shown(PlaygroundPanel, Session(Settings()), Engine())
    assert panel.empty.isVisible() and panel.getting.isVisible()
    ready = {base.id for base in read_bases() if base.template}
    assert set(offered(panel)) == ready and offered(panel)[0] == SMALL

    speak("zh_CN")
    retranslate(panel)

    assert set(offered(panel)) == ready and offered(panel)[0].startswith("Qwen/")


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_what_fetches_a_model_is_seen_in_the_smallest_window(shown, language: str):
    panel = shown(PlaygroundPanel, Session(Settings()), Engine())
    speak(language)
    retranslate(panel)
    panel.resize(1024 - 208, 640)
    QTest.qWait(20)

    shortlist = panel.getting.shortlist
    button = shortlist.button
    assert button.visibleRegion().boundingRect() == button.rect()
    assert shortlist.table.isColumnHidden(STATE), "no model is here: nothing stands in that column"


def test_one_that_is_fetched_becomes_the_model_of_the_window(shown):
    def fetch(id: str, revision: str, **_: object) -> Iterator[Event]:  # noqa: A002  (as the verb calls it)
        yield Finished(brought(f"hub:{id}@{revision}"))

    session = Session(Settings())
    panel = shown(PlaygroundPanel, session, Engine(fetch=fetch))
    assert panel.getting.shortlist.button.text() == "Fetch"

    panel.getting.shortlist.button.click()
    until(lambda: session.model is not None)

    assert session.model.origin.startswith(f"hub:{SMALL}@")
    assert not panel.getting.isVisible() and panel.view is not None


def test_one_that_another_program_fetched_is_taken_over(shown, snapshot: Path):
    asked: list[tuple[str, str]] = []

    def adopt(source: str, name: str) -> Iterator[Event]:
        asked.append((source, name))
        yield Finished(brought(f"file:{name}"))

    session = Session(Settings())
    panel = shown(PlaygroundPanel, session, Engine(adopt=adopt))
    assert panel.getting.shortlist.button.text() == "Chat with it"
    panel.getting.shortlist.button.click()
    until(lambda: session.model is not None)

    assert asked == [(str(snapshot), name_of(bases.read_bases()[0]))], (
        "called as its list calls it, not by a commit's number"
    )


def test_one_that_is_gone_meanwhile_is_offered_for_fetching_again(shown, snapshot: Path):
    session = Session(Settings())
    panel = shown(PlaygroundPanel, session, Engine())
    (snapshot / "config.json").unlink()

    panel.getting.shortlist.button.click()

    assert panel.getting.shortlist.button.text() == "Fetch" and session.model is None
