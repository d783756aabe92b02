"""An outline in the playground of a chat: planned, changed by hand, written out part by part; stopped, kept, saved."""

from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from slm_studio.core.copied import Copied
from slm_studio.core.results import Token
from slm_studio.ui.tasks.chat import outline as module
from slm_studio.ui.tasks.chat.view import ChatView
from slm_studio.ui.tasks.write import WriteView
from slm_studio.ui.widgets.labels import Text
from tests.ui.places import make_model

DONE = {"count": 3, "seconds": 0.1, "ended": True}


@pytest.fixture
def view(qapp: QApplication) -> ChatView:
    made = ChatView()
    made.resize(1000, 700)
    made.questions, made.stops, made.kept = [], [], []
    made.asked.connect(lambda prompt, options: (made.questions.append(prompt["messages"]), made.begin()))
    made.stop_asked.connect(lambda: (made.stops.append(1), made.finish(None)))
    made.edited.connect(lambda: made.kept.append(1))
    made.set_model(make_model("helper", "chat"), ())
    made.show()
    made._on_menu("outline")
    yield made
    made.deleteLater()


def answer(view: ChatView, text: str, *, ends: bool = True) -> None:
    for at, word in enumerate(text.split(" ")):
        view.take(Token((" " if at else "") + word, 0.5, at))
    if ends:
        view.finish(DONE)


def plan(view: ChatView) -> None:
    view.outline.idea.setText("My garden")
    view.outline.plan_button.click()
    answer(view, "Here:\n1. **Spring**\n2. Summer")


def test_an_idea_becomes_headings_that_are_written_out_one_after_another(view: ChatView) -> None:
    sheet = view.outline
    assert sheet.isVisible() and not sheet.plan_button.isEnabled() and not sheet.write_button.isEnabled()

    plan(view)
    assert sheet.headings.toPlainText() == "Spring\nSummer" and not sheet.is_busy
    sheet.headings.setPlainText("Spring\n\nMy summer")
    view.primary()
    assert sheet.progress.text() == "1 of 2: Spring"
    answer(view, "It rains.")
    assert sheet.progress.text() == "2 of 2: My summer" and sheet.write_button.state == "busy"
    answer(view, "It is hot.")

    assert sheet.copied() == "# My garden\n\n## Spring\n\nIt rains.\n\n## My summer\n\nIt is hot."
    assert not sheet.is_busy and sheet.write_button.state == "ready" and sheet.page.written() == 5
    asked = [question[-1]["content"] for question in view.questions]
    assert "“Spring”" in asked[1] and "“My summer”" in asked[2] and "Spring" in asked[2]
    assert not view.chat.turns  # the conversation knows nothing of it


def test_what_was_written_out_is_held_against_the_training_text(view: ChatView) -> None:
    sheet, inquiries = view.outline, []
    view.inquired.connect(lambda *asked: inquiries.append(asked) if asked[0] == "trace" else None)
    plan(view)
    sheet.write_button.click()
    answer(view, "It rains.")
    assert not inquiries  # the second part is still to come

    answer(view, "It is hot all day.")
    ((_, arguments, tell),) = inquiries
    tell(Copied(text="is hot all day", part=1, start=3, end=17, read=1000))

    assert arguments == {"texts": ("It rains.", "It is hot all day.")}
    assert sheet.page.underlined() == "is hot all day"
    assert sheet.recited.text() == "14 characters of this stand in the training text: “is hot all day”"
    sheet.page.insertPlainText("!")
    assert sheet.recited.isHidden() and not sheet.page.underlined()


def test_it_stops_where_it_is_and_keeps_what_came(view: ChatView) -> None:
    plan(view)
    view.outline.write_button.click()
    answer(view, "It rains", ends=False)

    view.stop()

    assert view.stops and len(view.questions) == 2 and view.outline.isVisible()
    assert view.outline.copied().endswith("It rains") and not view.outline.page.isReadOnly()
    view.stop()
    assert not view.outline.isVisible() and view.talk.isVisible()


def test_an_answer_without_headings_is_shown_and_said(view: ChatView) -> None:
    view.outline.idea.setText("My garden")
    view.outline.plan_button.click()

    answer(view, "I cannot do that.")

    assert view.outline.headings.toPlainText() == "I cannot do that."
    assert "without headings" in view.outline.about.text()
    plan(view)
    assert "without headings" not in view.outline.about.text()


def test_undo_brings_back_the_headings_and_the_text_of_before(view: ChatView) -> None:
    sheet = view.outline
    sheet.headings.setPlainText("Mine")
    sheet.page.insertPlainText("My words")
    sheet.write_button.click()
    answer(view, "Other words.")

    while sheet.page.document().isUndoAvailable() and sheet.copied() != "My words":
        sheet.page.undo()

    assert sheet.copied() == "My words"
    plan(view)
    while sheet.headings.document().isUndoAvailable() and sheet.headings.toPlainText() != "Mine":
        sheet.headings.undo()
    assert sheet.headings.toPlainText() == "Mine"


def test_a_model_that_learnt_from_dialogues_alone_is_told_of(view: ChatView) -> None:
    view.set_model(make_model("own", "chat"), ())
    own = view.outline.about.text()
    instruct = make_model("smollm", "chat")
    object.__setattr__(instruct, "base", "HuggingFaceTB/SmolLM2-135M-Instruct")

    view.set_model(instruct, ())

    assert "dialogues alone" in own and "dialogues alone" not in view.outline.about.text()


def test_it_stands_there_again_after_a_restart_and_is_saved(view: ChatView, tmp_path: Path, monkeypatch) -> None:
    plan(view)
    view.outline.write_button.click()
    answer(view, "It rains.", ends=True)
    view.stop()
    saved = []
    view.saved.connect(saved.append)
    monkeypatch.setattr(module, "ask_where_to_save", lambda *_: tmp_path / "garden.md")

    view.outline.save_button.click()
    again = ChatView()
    again.restore(view.state())

    assert saved == [tmp_path / "garden.md"] and (tmp_path / "garden.md").read_text() == view.outline.copied()
    assert again.outline.copied() == view.outline.copied() and again.outline.idea.text() == "My garden"
    assert view.kept


def test_a_conversation_goes_on_beside_it(view: ChatView) -> None:
    plan(view)
    view.stop()
    view.talk.composer.fill("Hi")

    view.primary()
    answer(view, "Hello you")

    assert [turn.content for turn in view.chat.turns] == ["Hi", "Hello you"]


def test_a_model_that_only_goes_on_says_what_would_make_an_outline(qapp: QApplication) -> None:
    view = WriteView()

    said = [label.text() for label in view.findChildren(Text)]

    assert any("follows no instructions" in text and "Instruct" in text for text in said)


def test_the_keyboard_reaches_every_part(view: ChatView) -> None:
    view.activateWindow()
    QTest.qWaitForWindowActive(view)
    plan(view)
    view.outline.idea.setFocus()
    reached = []
    for _ in range(4):
        view.focusNextChild()
        reached.append(QApplication.focusWidget().accessibleName() or QApplication.focusWidget().text())

    assert reached == ["Make an outline", "Headings, one a line", "Write it out", "The text"]
