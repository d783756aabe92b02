"""The real window with real engines, offscreen, for journeys: what a person does, and what they then see."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from slm_studio.core.events import Event, Step
from slm_studio.core.recipe import Recipe
from slm_studio.core.settings import Settings, save_settings
from slm_studio.host.engines import Engines
from slm_studio.host.secrets import Secrets
from slm_studio.ui.shell.app import Expecting
from slm_studio.ui.shell.collecting import Collector
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.main_window import MainWindow
from slm_studio.ui.shell.session import Session
from slm_studio.ui.shell.training import Trainings
from slm_studio.ui.widgets.theme import the_theme

PATIENCE = 120.0  # seconds for one piece of work on a busy machine
SMALL = {
    "base": "blank:lstm-nano", "epochs": 3, "batch": 16, "max_length": 16, "precision": "fp32", "checkpoint_seconds": 0.3,
    "learning_rate": 0.01, "patience": 0,
}  # fmt: skip


class NoSafe:
    """A system without a keyring."""

    def get_password(self, service_name: str, username: str) -> str | None:
        return None

    def set_password(self, service_name: str, username: str, password: str) -> None:
        raise RuntimeError

    def delete_password(self, service_name: str, username: str) -> None:
        raise RuntimeError


class Studio:
    """One window and the hands of the person before it."""

    def __init__(self, settings: Settings) -> None:
        save_settings(settings)
        self.session = Session(settings, Secrets(NoSafe(), {}))
        self.collector = Collector()
        self.engines = Engines(settings)
        self.jobs = Jobs(self.engines.run)
        self.trainings = Trainings(self.engines.run, lambda: self.session.settings)
        self.window = MainWindow(self.session, self.jobs, self.trainings)
        self.losses: list[float] = []
        self.trainings.run_events.connect(self._on_events)
        Expecting(self.engines, self.session)
        self.window.resize(1280, 800)
        self.window.show()

    def panel(self, key: str) -> QWidget:
        """Go to a place as Ctrl+1…5 does."""
        self.window.show_place(key)
        return self.window.panel(key)

    def drop(self, path: Path) -> None:
        """Drop a file and wait for the plan that is guessed from it."""
        self.window.open_path(path)
        self.wait(lambda: self.session.recipe is not None)

    def plan(self, **settings: object) -> Recipe:
        """Change the plan, as the form would."""
        recipe = replace(self.session.recipe, **settings)  # type: ignore[type-var]
        self.session.set_recipe(recipe)
        return recipe

    def click(self, button: QPushButton) -> None:
        """Click a button that can be seen and pressed."""
        self.wait(lambda: button.isVisible() and button.isEnabled())
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def wait(self, claim: Callable[[], object], seconds: float = PATIENCE) -> None:
        """Let the window live until a claim holds."""
        end = time.monotonic() + seconds
        while not claim():
            assert time.monotonic() < end, "the claim did not come true"
            QTest.qWait(20)

    def close(self) -> None:
        """Leave as app.py does."""
        self.trainings.stop_all()
        self.jobs.stop_all()
        self.engines.close()
        assert self.trainings.shutdown(10.0)
        assert self.jobs.shutdown(10.0)
        self.window.may_leave = lambda: True
        self.window.close()
        self.window.deleteLater()
        QTest.qWait(10)
        self.collector.stop()

    def _on_events(self, run_id: str, batch: list[Event]) -> None:
        self.losses += [event.loss for event in batch if isinstance(event, Step)]


@contextmanager
def studio(qapp: QApplication, settings: Settings | None = None) -> Iterator[Studio]:
    """Open a window, and leave nothing behind."""
    the_theme()
    found = Studio(settings or Settings(language="en", theme="light"))
    try:
        yield found
    finally:
        found.close()


def customer_messages(path: Path) -> Path:
    """Write a small classification file: 160 rows, three labels."""
    stems = {
        "delivery": ("where is my parcel", "the courier lost box", "no delivery again on day", "parcel stuck at depot"),
        "refund": (
            "I want my money back for order",
            "refund please for",
            "when do I get paid back for",
            "charged twice for",
        ),
        "product": (
            "does the kettle fit",
            "is the lamp bright, model",
            "how big is the shelf",
            "which colour is chair",
        ),
    }
    rows = [f"{stem} {n},{label}" for n in range(14) for label, each in stems.items() for stem in each]
    path.write_text("text,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path
