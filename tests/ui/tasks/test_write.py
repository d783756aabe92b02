"""Write in the playground: suggestions side by side, taken by a key or a click, and nothing lost on the way."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QScrollArea

from slm_studio.core.results import Token
from slm_studio.ui.tasks.write import WriteView
from tests.ui.places import make_model, until

WORDS = (" a time there", " the hill", "\nNo.")


@pytest.fixture
def view(qapp: QApplication) -> WriteView:
    made = WriteView()
    made.resize(1000, 700)
    made.set_model(make_model("alice", "write", reads="book"), ())
    made.asked_with = []
    made.stops = []
    made.asked.connect(lambda prompt, options: (made.asked_with.append((prompt, options)), made.begin()))
    made.stop_asked.connect(lambda: (made.stops.append(1), made.finish(None)))
    made.show()
    made.activateWindow()
    QTest.qWaitForWindowActive(made)
    made.fill("Once upon")
    made.page.setFocus()
    yield made
    made.deleteLater()


def suggest(view: WriteView, *, ends: bool = True) -> None:
    """Ask for suggestions and let them come, word by word, by turns."""
    view.suggest_button.click()
    for at in range(3):
        for place, text in enumerate(WORDS):
            if pieces := text.split(" ")[at : at + 1]:
                view.take(Token((" " if at else "") + pieces[0], 0.5, at, place=place))
    if ends:
        view.finish({"count": 9, "seconds": 0.1})
    QApplication.processEvents()


def test_three_are_asked_for_and_grow_side_by_side(view: WriteView) -> None:
    assert not view.suggestions.isVisible()

    suggest(view, ends=False)

    ((prompt, options),) = view.asked_with
    assert prompt == {"text": "Once upon"} and options["count"] == 3 and options["max_new_tokens"] == 40
    assert [card.shown() for card in view.suggestions.cards] == ["a time", "the hill", "No."]
    assert not view.page.isReadOnly() and view.suggestions.again_button.state == "busy"
    assert not view.suggest_button.isEnabled() and view.text() == "Once upon"
    view.suggestions.again_button.click()
    assert view.stops and view.suggestions.isVisible() and view.suggest_button.isEnabled()


@pytest.mark.parametrize(
    ("key", "modifier", "text"),
    [
        (Qt.Key.Key_1, Qt.KeyboardModifier.AltModifier, "Once upon a time"),
        (Qt.Key.Key_2, Qt.KeyboardModifier.AltModifier, "Once upon the hill"),
        (Qt.Key.Key_3, Qt.KeyboardModifier.AltModifier, "Once upon\nNo."),
        (Qt.Key.Key_Tab, Qt.KeyboardModifier.NoModifier, "Once upon a time"),
    ],
)
def test_a_key_takes_one_and_undo_takes_it_back(view: WriteView, key, modifier, text: str) -> None:
    suggest(view)

    QTest.keyClick(view.page, key, modifier)

    assert view.text() == text and view.page.written() > 0 and view.page.hasFocus()
    assert not view.suggestions.isVisible() and view.page.textCursor().atEnd()
    view.page.undo()
    assert view.text() == "Once upon"


def test_without_suggestions_tab_leaves_the_text(view: WriteView) -> None:
    QTest.keyClick(view.page, Qt.Key.Key_Tab)

    assert not view.page.hasFocus() and view.text() == "Once upon"


def test_a_click_takes_what_is_there_and_stops_the_rest(view: WriteView) -> None:
    suggest(view, ends=False)

    view.suggestions.cards[1].click()

    assert view.text() == "Once upon the hill" and view.stops and not view.suggestions.isVisible()


def test_what_comes_at_the_last_moment_is_not_written_into_the_text(view: WriteView) -> None:
    suggest(view, ends=False)
    view.take(Token(" late", 0.5, 9, place=0))

    view.suggestions.cards[1].click()
    QApplication.processEvents()

    assert view.text() == "Once upon the hill"


def test_what_is_typed_meanwhile_stays_behind_what_is_taken(view: WriteView) -> None:
    suggest(view, ends=False)
    asked = view.suggestions.how.text()

    QTest.keyClicks(view.page, "! It")
    view.page.moveCursor(view.page.textCursor().MoveOperation.Start)
    QTest.keyClicks(view.page, "(")
    assert "before your last change" in view.suggestions.how.text() != asked
    view.suggestions.cards[1].click()

    assert view.text() == "(Once upon the hill! It"
    view.again_button.click()  # takes nothing of the person's back
    assert view.text() == "(Once upon the hill! It"


def test_others_are_drawn_with_other_seeds_and_the_same_again_after_a_restart(view: WriteView) -> None:
    view.form.set_values(view.form.values() | {"seed": 7})
    for _ in range(2):
        suggest(view)
    view.page.moveCursor(view.page.textCursor().MoveOperation.End)
    QTest.keyClicks(view.page, ".")
    suggest(view)

    assert [options["seed"] for _, options in view.asked_with] == [7, 10, 7]


def test_at_temperature_0_it_says_that_all_are_the_same(view: WriteView) -> None:
    view.form.set_values(view.form.values() | {"temperature": 0.0})

    view.suggest_button.click()

    assert not view.asked_with and "temperature 0" in view.suggestions.how.text().lower()
    QTest.keyClick(view.page, Qt.Key.Key_Tab)
    assert view.text() == "Once upon" and not view.page.hasFocus()


def test_escape_stops_first_and_closes_then(view: WriteView) -> None:
    suggest(view, ends=False)

    view.stop()
    assert len(view.stops) == 1 and view.suggestions.isVisible()
    view.stop()
    assert len(view.stops) == 1 and not view.suggestions.isVisible()


def test_writing_on_leaves_the_suggestions(view: WriteView) -> None:
    suggest(view)

    view.primary()
    view.take(replace(Token(" now", 0.5, 1)))
    view.finish({"count": 1, "seconds": 0.1})

    assert view.text() == "Once upon now" and not view.suggestions.isVisible()


def test_they_come_into_view_in_a_small_window(view: WriteView) -> None:
    around = QScrollArea()
    around.setWidgetResizable(True)
    around.setWidget(view)
    around.resize(700, 330)
    around.show()

    suggest(view)
    until(lambda: around.verticalScrollBar().value() > 0)

    bottom = view.suggestions.mapTo(around.viewport(), view.suggestions.rect().bottomLeft()).y()
    until(lambda: bottom <= around.viewport().height())
    around.takeWidget()


def test_a_screen_reader_hears_number_key_and_text(view: WriteView) -> None:
    suggest(view)

    card = view.suggestions.cards[0]
    assert card.text() == "Suggestion 1 · Alt+1 · Tab" and card.accessibleDescription() == "a time"


def test_the_end_of_a_text_has_a_name(view):
    weighed = ((" there", 0.2), ("<|endoftext|>", 0.7000001))

    view.page.pointed.emit(Token("", 0.7, 2, weighed))

    assert view.token.text() == "“<|endoftext|>” was 70 % likely."


def test_a_piece_that_spells_nothing_is_not_quoted(view):
    view.page.pointed.emit(Token("", 0.00372, 900, ((" there", 0.2),)))

    assert view.token.text() == "This piece, which spells nothing by itself, was 0.372 % likely."
