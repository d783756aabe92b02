"""What a change of colours costs the window's thread: `python -m tests.benchmarks.look [rounds]`.

The real window, every place visited, a run trained and shown. Beside what the theme does it is measured what it would
cost to lay the new style sheet over the old one, in the same process, in turns: own time, which a busy machine hardly
moves.
"""

import os
import sys
import time
from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from slm_studio.core import paths
from slm_studio.core.saved import list_models
from slm_studio.ui.shell.session import PLACES, SETTINGS
from slm_studio.ui.widgets.style_sheet import style_sheet
from slm_studio.ui.widgets.theme import Theme
from tests.benchmarks.sheet import Line, home, print_machine, print_table, times
from tests.studio import SMALL, Studio, studio


def main(rounds: int = 5) -> None:
    """Print the table."""
    print_machine("From light to dark and back")
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    with home(), studio(application) as window:
        visit_everything(window)
        theme, now, over = window.window.theme, [], []
        for _ in range(rounds):
            for look in ("dark", "light"):
                now.append(worked(lambda look=look: (theme.choose(look), application.processEvents())))
                over.append(worked(lambda: laid_over(application, theme)))
        widgets = len(application.allWidgets())
    here, before = sorted(now)[rounds], sorted(over)[rounds]
    print_table(
        [
            Line("widgets", f"{widgets:,}"),
            Line("a change of colours, p50 of own time", f"{here:.0f} ms"),
            Line("the sheet alone laid over the old one", f"{before:.0f} ms", "", times(before, here)),
        ]
    )


def visit_everything(window: Studio) -> None:
    """Train a small model, look at it everywhere, and end in Train."""
    window.drop(paths.resources() / "samples" / "en" / "messages.csv")
    train = window.panel("train")
    window.plan(**SMALL)
    window.wait(lambda: train.setup.sizes is not None)
    window.click(train.actions_row.primary)
    window.wait(lambda: list_models() and not window.trainings.active)
    window.session.set_model(list_models()[0])
    for place in (*PLACES, SETTINGS, "train"):
        window.panel(place)
        window.wait(lambda: not window.jobs.is_busy)
        QTest.qWait(200)


def laid_over(application: QApplication, theme: Theme) -> None:
    """Set the sheet of now once more, as one that differs."""
    sheet = style_sheet(theme.tokens, theme.px, theme._points)
    application.setStyleSheet(sheet + "\n" * (1 + len(application.styleSheet()) - len(sheet)))


def worked(what: Callable[[], object]) -> float:
    """Return the milliseconds of own time that something takes."""
    began = time.thread_time()
    what()
    return (time.thread_time() - began) * 1000


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
