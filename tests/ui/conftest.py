"""One application for all tests of the window, its theme fresh for each, its language English."""

import gettext
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtWidgets import QApplication, QWidget

from slm_studio.core import texts
from slm_studio.core.saved import SavedModel
from slm_studio.ui.shell.jobs import Jobs, Run
from slm_studio.ui.shell.language import speak
from slm_studio.ui.shell.session import Session
from slm_studio.ui.widgets.theme import Theme, the_theme
from tests.ui.playgrounds import little_model


@pytest.fixture(autouse=True)
def english_words_of_qt() -> Iterator[None]:
    """Let Qt speak English again after a test in which the window spoke another language."""
    yield
    if texts.current_language() != "en":
        speak("en")


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    found = the_theme()
    found.choose("light")
    yield found
    found.choose("light")
    found.zoom_reset()


CHINESE = {"Open…": "打开…", "Epochs": "训练轮数", "{n} {n:row|rows}": "{n} 行"}


class Catalogue(gettext.NullTranslations):
    """A few Chinese sentences, whatever stands in resources/locale today."""

    def gettext(self, message: str) -> str:
        return CHINESE.get(message, message)


@pytest.fixture
def language(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Return `use_language` with CHINESE as its zh_CN."""
    plain = gettext.NullTranslations()
    monkeypatch.setattr(
        texts.gettext, "translation", lambda domain, folder, names, fallback: plain if names == ["en"] else Catalogue()
    )
    return texts.use_language


@pytest.fixture
def shown(qapp: QApplication) -> Iterator[Callable[..., QWidget]]:
    """Return a function that shows a place with its session and a `run`; all are taken down at the end."""
    made = []

    def show(place: type[QWidget], session: Session, run: Run) -> QWidget:
        jobs = Jobs(run)
        jobs._timer.setInterval(5)
        panel = place(session, jobs, None)
        panel.resize(1072, 800)
        panel.show()
        made.append((panel, jobs))
        return panel

    yield show
    for panel, jobs in made:
        assert jobs.shutdown()
        shiboken6.delete(panel)


@pytest.fixture(scope="session")
def home_of_little_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the one home in which these models stand."""
    return tmp_path_factory.mktemp("playgrounds") / "home"


@pytest.fixture(scope="session")
def learnt() -> dict[str, SavedModel]:
    """Return the little models that were trained until now."""
    return {}


@pytest.fixture
def model_of(
    home_of_little_models: Path, learnt: dict[str, SavedModel], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], SavedModel]:
    """Return a function that returns a tiny model of a task, trained once for all tests; its home is that of the test."""
    monkeypatch.setenv("SLM_STUDIO_HOME", str(home_of_little_models))

    def learn(task: str) -> SavedModel:
        if task not in learnt:
            learnt[task] = little_model(task)
        return learnt[task]

    return learn
