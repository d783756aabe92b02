"""The view of word vectors, and its map."""

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from slm_studio.core.results import Hit
from slm_studio.core.saved import SavedModel
from slm_studio.ui.tasks.words import WordsView
from slm_studio.ui.widgets.word_map import Place, WordMap


@pytest.fixture
def view(qapp):
    made = WordsView()
    made.resize(1000, 700)
    made.show()
    yield made
    made.deleteLater()


@pytest.fixture
def heard(view) -> list:
    found = []
    view.asked.connect(lambda prompt, options: found.append((prompt, options)))
    return found


def model(**facts: object) -> SavedModel:
    return SavedModel(folder="/v", name="v", task="words", base="", facts=facts)


def test_frequent_words_are_offered_and_a_map_is_asked_for(view, heard):
    inquired = []
    view.inquired.connect(lambda verb, arguments, tell: inquired.append((verb, arguments)))

    view.set_model(model(common=["king", "sea"]), [])

    offers = [view._offers.itemAt(at).widget() for at in range(view._offers.count())]
    assert [offer.text() for offer in offers] == ["king", "sea"] and inquired[0][0] == "render"
    offers[1].click()
    assert heard[-1] == ({"text": "sea"}, {"ask": "near", "top": 10})


def test_an_analogy_is_asked_once_it_has_three_words(view, heard):
    view.kind._group.button(1).click()
    for field, word in ((view.first_word, "man"), (view.second_word, "king")):
        field.setText(word)
    view.primary()
    assert not heard

    view.third_word.setText("woman")
    view.primary()

    assert heard[-1] == ({"text": ("man", "king", "woman")}, {"ask": "analogy", "top": 10})


def test_the_answer_is_listed_and_marked_on_the_map(view, heard):
    view.map.set_places([Place("king", 0, 0, 1), Place("queen", 0.1, 0.1, 0.9), Place("sea", -1, -1, 0)])
    view.fill("king")

    view.begin()
    view.take(Hit("queen", 0.9, 1))
    view.finish({"seconds": 0.01})

    assert view.model.rowCount() == 1 and view.answers()[0].text == "queen"
    assert "queen" in view.map.accessibleDescription()


def test_the_odd_one_is_named(view):
    view.kind._group.button(2).click()
    view.list.setText("ship, sail，oven")
    view.primary()
    view.begin()
    view.take(Hit("oven", 0.1, 3))
    view.finish({})

    assert "oven" in view.answer_words.text() and view.answer_words.isVisible()


def test_what_stands_there_comes_back(view, qapp):
    view.kind._group.button(1).click()
    view.first_word.setText("man")
    again = WordsView()

    again.restore(view.state())

    assert again.kind.current() == "analogy" and again.first_word.text() == "man"
    again.deleteLater()


@pytest.fixture
def drawn(qapp):
    made = WordMap()
    made.resize(600, 400)
    made.set_places([Place("king", 0, 0, 1), Place("queen", 0.5, 0.5, 0.9), Place("sea", -1, -1, 0)])
    made.mark(["king"], ["queen"])
    made.show()
    yield made
    made.deleteLater()


def test_a_click_on_a_word_asks_for_it(drawn):
    chosen = []
    drawn.word_chosen.connect(chosen.append)

    QTest.mouseClick(drawn, Qt.MouseButton.LeftButton, pos=drawn._screen(drawn._places[1]).toPoint())

    assert chosen == ["queen"]


def test_zooming_keeps_what_is_under_the_pointer(drawn):
    at = QPointF(420, 120)
    before = drawn._world(at)

    drawn.zoom(4, at)

    after = drawn._world(at)
    assert (after.x(), after.y()) == pytest.approx((before.x(), before.y()))


def test_the_keyboard_goes_through_the_marked_words_first(drawn):
    chosen = []
    drawn.word_chosen.connect(chosen.append)
    for _ in range(2):
        QTest.keyClick(drawn, Qt.Key.Key_N)

    QTest.keyClick(drawn, Qt.Key.Key_Return)

    assert chosen == ["queen"] and "queen" in drawn.accessibleDescription()


def test_arrows_and_signs_move_and_zoom(drawn):
    start = drawn._screen(drawn._places[0])
    QTest.keyClick(drawn, Qt.Key.Key_Plus)
    QTest.keyClick(drawn, Qt.Key.Key_Left)
    assert drawn._screen(drawn._places[0]).x() > start.x()

    QTest.keyClick(drawn, Qt.Key.Key_0)

    assert drawn._screen(drawn._places[0]) == start
