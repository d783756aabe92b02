"""One application for all tests of the window, its theme fresh for each, its language English."""

import gettext
import time
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from slm_studio.core import texts
from slm_studio.ui.theme import Theme, the_theme


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    return QApplication.instance() or QApplication([])


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    found = the_theme()
    found.choose("light")
    yield found
    found.choose("light")
    found.zoom_reset()


CHINESE = {"Open…": "打开…", "Epochs": "训练轮数", "{n} rows": "{n} 行"}


class Catalogue(gettext.NullTranslations):
    """A few Chinese sentences, whatever stands in resources/locale today."""

    def gettext(self, message: str) -> str:
        return CHINESE.get(message, message)

    def ngettext(self, one: str, many: str, n: int) -> str:
        return CHINESE.get(many, one if n == 1 else many)


@pytest.fixture
def language(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], str]]:
    """Return `use_language` with CHINESE as its zh_CN; English is back afterwards."""
    plain = gettext.NullTranslations()
    monkeypatch.setattr(
        texts.gettext, "translation", lambda domain, folder, names, fallback: plain if names == ["en"] else Catalogue()
    )
    yield texts.use_language
    texts.use_language("en")


@pytest.fixture
def until() -> Callable[[Callable[[], bool]], None]:
    """Return a function that lets the window live until a claim holds."""

    def wait(claim: Callable[[], bool], seconds: float = 5.0) -> None:
        end = time.monotonic() + seconds
        while not claim() and time.monotonic() < end:
            QTest.qWait(5)
        assert claim()

    return wait
