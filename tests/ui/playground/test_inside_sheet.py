"""Inside: steps, formulas and numbers of a real net, as one types and clicks."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished
from slm_studio.core.settings import Settings
from slm_studio.engine.tasks.classify import TASK
from slm_studio.ui.playground.panel import PlaygroundPanel
from slm_studio.ui.shell.session import Session
from tests.engine.inside.nets import made
from tests.ui.places import classify_report, make_model, until
from tests.ui.playground.test_panel import Engine


class Looking(Engine):
    """Answers by a real net."""

    def __init__(self, family: str) -> None:
        super().__init__()
        self.loaded = made(family)

    def look_inside(self, handle, prompt, step):
        yield Finished(TASK.inside(self.loaded, prompt, step))


@pytest.fixture
def model():
    found = make_model()
    classify_report(Path(found.folder) / "report")
    return found


def opened(shown, engine):
    panel = shown(PlaygroundPanel, Session(Settings()), engine)
    panel.inside_button.click()
    sheet = panel.inside_sheet
    until(lambda: sheet.steps_model.rowCount() > 0)
    return panel, sheet


def steps(sheet) -> list[str]:
    model = sheet.steps_model
    return [model.index(row, 0).data() for row in range(model.rowCount())]


def test_it_shows_the_steps_of_a_scored_row_where_nothing_was_typed(shown, model):
    panel, sheet = opened(shown, Looking("lstm"))

    assert panel.deck.current() is sheet and sheet.text.text() and not sheet.waiting.isVisible()
    assert steps(sheet) == [
        "Embedding", "Layer 1: LSTM forwards", "Layer 1: LSTM backwards", "The whole text", "The answer",
    ]  # fmt: skip
    assert "Every piece becomes a vector" in sheet.says.text() and "piece(t)" in sheet.formula.copied()
    assert sheet.map.isVisible() and not sheet.answers.isVisible()


def test_a_step_brings_its_numbers_and_the_last_one_the_answer(shown, model):
    engine = Looking("lstm")
    _, sheet = opened(shown, engine)

    sheet.steps.select(1)
    until(lambda: sheet.title.text() == "Layer 1: LSTM forwards")
    QTest.mouseClick(sheet.chooser._group.button(1), Qt.MouseButton.LeftButton)
    forget = sheet.map.copied()
    assert "wider open" in sheet.legend.text() and "each column a gate" in sheet.legend.text()
    sheet.steps.select(2)
    until(lambda: sheet.title.text() == "Layer 1: LSTM backwards")
    assert sheet.chooser.current() == "1" and sheet.map.copied() != forget, "from layer to layer the same gate stays"

    sheet.steps.select(4)
    until(lambda: sheet.answers.isVisible())
    labels = engine.loaded.facts["labels"]
    assert {sheet.answers_model.index(row, 0).data() for row in range(2)} == set(labels)
    assert not sheet.map.isVisible()


def test_it_follows_the_typing_and_stays_at_its_step(shown, model):
    engine = Looking("bert")
    _, sheet = opened(shown, engine)
    sheet.steps.select(1)
    until(lambda: sheet.title.text() == "Layer 1: attention")

    sheet.text.setText("red grass")
    until(lambda: engine.asked[-1] == ("look_inside", {"handle": sheet._answering.handle, "prompt": {"text": "red grass"}, "step": "attention-1"}))  # fmt: skip
    until(lambda: "red" in sheet.map.copied())
    count = len(engine.asked)
    sheet.text.setText("  ")
    QTest.qWait(300)
    assert len(engine.asked) == count, "of nothing there is nothing to see"


def test_what_cannot_be_looked_at_is_said_and_the_next_text_shows_again(shown, model):
    engine = Looking("lstm")
    _, sheet = opened(shown, engine)

    def refuse(handle, prompt, step):
        raise StudioError("no-room", "This text is a stone.", "Try another.")
        yield

    engine._verbs["look_inside"] = refuse
    sheet.text.setText("stone")
    until(lambda: sheet.problem.isVisible())
    assert not sheet.row.isVisible()

    engine._verbs.clear()
    sheet.text.setText("green")
    until(lambda: sheet.row.isVisible())
    assert not sheet.problem.isVisible()


def test_escape_closes_it(shown, model):
    panel, _ = opened(shown, Looking("bag"))

    panel.stop()

    assert panel.deck.current() is panel.view


def test_of_a_long_text_some_pieces_are_shown_and_the_answer_is_that_of_the_whole(shown, model):
    engine = Looking("lstm")
    _, sheet = opened(shown, engine)
    sheet.text.setText("red apples and green grass " * 10)
    until(lambda: "pieces are computed, 32 are shown" in sheet.legend.text())

    assert "not read" not in sheet.about.text()
    sheet.steps.select(3)
    until(lambda: sheet.title.text() == "The whole text")
    assert "32 are shown" in sheet.legend.text() and "each row" not in sheet.legend.text(), "there is one row"
    QTest.mouseClick(sheet.chooser._group.button(1), Qt.MouseButton.LeftButton)
    assert "each column a number of the vector" in sheet.legend.text() and "each row" not in sheet.legend.text()
    assert "green is above zero" in sheet.legend.text()
    sheet.steps.select(4)
    until(lambda: sheet.answers.isVisible())
    assert not sheet.legend.text()


def test_a_text_that_is_not_computed_whole_is_said_in_the_first_line(shown, model):
    engine = Looking("lstm")
    _, sheet = opened(shown, engine)

    sheet.text.setText("red apples and green grass " * 60)  # of which the model reads 64 tokens

    until(lambda: "64 pieces of this text" in sheet.about.text())
