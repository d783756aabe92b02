"""Names of columns, labels, files, runs and models come from elsewhere: nowhere in the window are they read as HTML."""

import ast
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QLabel, QTextEdit, QToolTip, QWidget

from slm_studio import engine
from slm_studio.core.run import list_runs
from slm_studio.core.saved import list_models
from slm_studio.core.settings import Settings
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.main_window import MainWindow
from slm_studio.ui.shell.session import PLACES, Session
from slm_studio.ui.shell.training import Trainings
from tests.ui.places import until

UI = Path(__file__).parents[2] / "slm_studio" / "ui"
IMAGE = "<img src=//elsewhere/x.png>"
TEXT, LABEL = f"{IMAGE}<b>text</b>", f"{IMAGE}<i>label</i>"


def run_engine(verb: str, place: str = "", **arguments: object) -> Iterator[object]:
    """Run a verb in this process; settings name a place that does not matter here."""
    return iter(getattr(engine, verb)(**arguments))


@pytest.fixture
def window(theme, home, tmp_path) -> Iterator[MainWindow]:
    session = Session(Settings(language="en", place="thread"))
    jobs, trainings = Jobs(run_engine), Trainings(run_engine, lambda: session.settings)
    window = MainWindow(session, jobs, trainings)
    window.may_leave = lambda: True
    window.show()
    yield window
    assert trainings.shutdown() and jobs.shutdown()
    window.close()
    window.deleteLater()
    QTest.qWait(1)


@pytest.fixture
def hostile_file(tmp_path) -> Path:
    """Write a file whose columns, labels and texts are markup; some texts repeat, so that findings speak of them."""
    words = ("refund", "parcel", "charge", "thanks")
    rows = [f"{IMAGE} I write about {words[at % 4]} number {at // 2},{IMAGE}{words[at % 4]}" for at in range(80)]
    path = tmp_path / "tickets.csv"
    path.write_text("\n".join([f"{TEXT},{LABEL}", *rows]) + "\n", encoding="utf-8")
    return path


def test_names_from_files_are_never_read_as_html(window: MainWindow, hostile_file: Path, monkeypatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(QToolTip, "showText", lambda place, text, *rest: shown.append(text))
    open_and_train(window, hostile_file)

    for place in PLACES:
        window.show_place(place)
        QTest.qWait(20)
        point_everywhere(window)
    for widget in window.findChildren(QWidget):
        shown.append(widget.toolTip())
        # Qt's own label of a tooltip that stands just now is among them; what it was given is looked at below.
        if isinstance(widget, QLabel) and "<" in widget.text() and widget.objectName() != "qtooltip_label":
            assert widget.textFormat() == Qt.TextFormat.PlainText, widget.text()
        if isinstance(widget, QTextEdit):
            assert not images(widget), widget

    hostile = [text for text in shown if "elsewhere" in text]
    assert hostile, "no tooltip speaks of a hostile name: this test looks at nothing"
    for text in shown:
        plain = text.removeprefix('<div style="white-space: pre-wrap">').removesuffix("</div>")
        assert "<" not in plain, text
    assert any(IMAGE in label.text() for label in window.findChildren(QLabel))


def open_and_train(window: MainWindow, path: Path) -> None:
    session = window.session
    window.open_path(path)
    until(lambda: session.recipe is not None, 60)
    recipe = session.recipe
    assert recipe is not None and recipe.roles == {"text": TEXT, "label": LABEL}
    run = window.trainings.start(replace(recipe, name=IMAGE, epochs=1, base="blank:bag-nano"), session.dataset)
    until(lambda: not window.trainings.active, 120)
    session.set_run(list_runs()[0])
    assert run.name == IMAGE and list_models()[0].name == IMAGE
    session.set_model(list_models()[0])
    until(lambda: not window.jobs.is_busy, 60)


def point_everywhere(window: MainWindow) -> None:
    """Ask every widget that is seen for its tooltip, every few pixels, as a resting pointer does."""
    for widget in window.findChildren(QWidget):
        if not widget.isVisible():
            continue
        target = widget.viewport() if isinstance(widget, QAbstractItemView) else widget
        for x in range(4, target.width(), 40):
            for y in range(4, min(target.height(), 900), 24):
                point = QPoint(x, y)
                QApplication.sendEvent(target, QHelpEvent(QHelpEvent.Type.ToolTip, point, target.mapToGlobal(point)))


def images(view: QTextEdit) -> list[str]:
    found, block = [], view.document().begin()
    while block.isValid():
        pieces = block.begin()
        while not pieces.atEnd():
            if pieces.fragment().charFormat().isImageFormat():
                found.append(pieces.fragment().text())
            pieces += 1
        block = block.next()
    return found


def test_tooltips_are_made_in_one_place_that_escapes_them() -> None:
    """A bare setToolTip reads what looks like HTML as HTML, and may load a picture from elsewhere."""
    offences = []
    for path in sorted(UI.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            called, arguments = ast.unparse(node.func), [ast.unparse(each) for each in node.args]
            if called.endswith(".setToolTip") and not (arguments[0] == "''" or "plain_tooltip(" in arguments[0]):
                offences.append(f"{path.name}:{node.lineno}")
            if called == "QToolTip.showText" and "plain_tooltip(" not in arguments[1]:
                offences.append(f"{path.name}:{node.lineno}")

    assert not offences, "use tip(widget, …) or plain_tooltip(…)"
