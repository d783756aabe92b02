"""The view of gaps: words are hidden by a click, candidates put in by another."""

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from slm_studio.core.report import Case
from slm_studio.core.results import Candidate, Span
from slm_studio.core.saved import SavedModel
from slm_studio.ui.tasks.fill import FillView, pick_examples
from slm_studio.ui.widgets.gap_text import GapText, Part

NUMBERS = {"count": 1, "seconds": 0.01}


@pytest.fixture
def view(qapp):
    made = FillView()
    made.resize(1000, 700)
    made.show()
    made.set_model(SavedModel(folder="/v", name="v", task="fill", base=""), [])
    yield made
    made.deleteLater()


@pytest.fixture
def heard(view) -> list:
    found = []
    view.asked.connect(lambda prompt, options: found.append((prompt["text"], options)))
    return found


def answer(view, *items: object) -> None:
    view.begin()
    for item in items:
        view.take(item)
    view.finish(NUMBERS)


def part(view, text: str) -> int:
    return next(at for at, each in enumerate(view.reading.parts()) if each.text.strip("\u2009") == text)


def test_the_words_of_a_text_are_weighed_and_the_unexpected_are_tinted(view, heard):
    view.fill("we went home")
    assert heard[-1] == ("we went home", {"each": True})

    answer(view, Span(0, 2, "we", 0.9), Span(3, 7, "came", 0.0001), Span(8, 12, "home", 0.5))

    shown = {each.text: each for each in view.reading.parts() if each.kind == "word"}
    assert shown["went"].surprise > 0.9 > 0.2 > shown["we"].surprise
    assert "came" in shown["went"].tip and "0.01 %" in shown["went"].tip


def test_a_click_hides_a_word_and_its_own_chance_is_told(view, heard):
    view.fill("we went home")
    answer(view, Span(0, 2, "we", 0.9), Span(3, 7, "went", 0.5), Span(8, 12, "home", 0.5))

    view.reading.chosen.emit(part(view, "went"))
    assert view.text() == "we [MASK] home" and heard[-1][1] == {"top": 8, "also": ("went",)}
    answer(view, Candidate("came", 0.6, 0, 1, 7), Candidate("ran", 0.2, 0, 2, 8), Candidate("went", 0.01, 0, 57, 9))

    assert [bar.label for bar in view.bars.bars()] == ["came", "ran"]
    assert "“went”" in view.own.text() and "57" in view.own.text() and view.own.isVisible()
    assert part(view, "came") >= 0, "the likeliest stands in the gap"


def test_a_click_puts_a_candidate_in_and_a_part_of_a_word_goes_on_with_it(view, heard):
    view.fill("two cat [MASK] sat")
    answer(view, Candidate("s", 0.6, 0, 1, 7, joins=True), Candidate("s", 0.2, 0, 2, 8))

    assert [bar.label for bar in view.bars.bars()] == ["…s", "s"]
    view.bars.label_clicked.emit("…s")

    assert view.text() == "two cats sat" and heard[-1] == ("two cats sat", {"each": True})


def test_of_several_gaps_one_is_shown_and_a_click_shows_another(view, heard):
    view.fill("a [MASK] and ___")
    answer(view, Candidate("cat", 0.6, 0, 1, 7), Candidate("dog", 0.4, 1, 1, 8))
    assert view.answer_card.title.text() == "Gap 1 of 2" and [bar.label for bar in view.bars.bars()] == ["cat"]

    view.reading.chosen.emit(part(view, "dog"))

    assert view.answer_card.title.text() == "Gap 2 of 2" and [bar.label for bar in view.bars.bars()] == ["dog"]


def test_a_chinese_word_is_hidden_character_by_character_and_comes_back(view, heard):
    view.fill("我们去面包店。")
    answer(view, Span(0, 2, "我们", 0.9), Span(2, 3, "去", 0.9), Span(3, 6, "商店", 0.2))

    view.reading.chosen.emit(part(view, "面包店"))
    assert view.text() == "我们去[MASK][MASK][MASK]。" and heard[-1][1]["also"] == ("面", "包", "店")

    view.back_button.click()
    assert view.text() == "我们去面包店。" and not view.back_button.isVisible()


def test_typing_forgets_what_was_hidden_only_where_gaps_come_or_go(view):
    view.fill("we went home")
    view.reading.chosen.emit(part(view, "went"))

    view.editor.insertPlainText(" now")
    assert view.state() == {"text": "we [MASK] home now", "hidden": ["went"]}
    view.editor.insertPlainText(" ___")

    assert view.state() == "we [MASK] home now ___"


def test_what_was_hidden_is_known_after_a_restart(view):
    view.restore({"text": "we [MASK] home", "hidden": ["went"]})

    view.back_button.click()

    assert view.text() == "we went home"


def test_scored_words_become_examples(view, heard):
    cells = {"text": "to the [MASK] now", "expected": "quay", "predicted": "sea", "score": 0.5, "right": False}
    view.set_model(SavedModel(folder="/w", name="w", task="fill", base=""), [Case(row=0, cells=cells)])

    view._open_example(0)

    assert heard[-1] == ("to the [MASK] now", {"top": 8, "also": ("quay",)})


def test_two_mistakes_are_among_the_examples():
    cases = [Case(row=n, cells={"right": n > 5, "expected": "harbour"}) for n in range(40)]

    chosen = pick_examples(cases, 5)

    assert [case.right for case in chosen].count(False) == 2 and len(chosen) == 5


@pytest.fixture
def reading(qapp):
    made = GapText(name="Words")
    made.resize(300, 60)
    made.show()
    made.set_parts([Part("a", "word"), Part(" "), Part("🙂", "plain"), Part(" "), Part("gap", "gap")])
    yield made
    made.deleteLater()


def test_words_are_found_under_the_pointer_and_signs_are_not(reading):
    layout = reading.document().documentLayout()
    box = layout.blockBoundingRect(reading.document().firstBlock())
    middle = box.top() + box.height() / 2
    found = {reading.part_at(QPointF(x, middle)) for x in range(int(reading.document().idealWidth()))}

    assert found == {0, 4, -1}


def test_arrow_keys_and_return_choose_a_word(reading):
    chosen = []
    reading.chosen.connect(chosen.append)
    QApplication.sendEvent(reading, QFocusEvent(QEvent.Type.FocusIn))

    for key in (Qt.Key.Key_Return, Qt.Key.Key_Right, Qt.Key.Key_Return, Qt.Key.Key_Left, Qt.Key.Key_Space):
        QTest.keyClick(reading, key)

    assert chosen == [0, 4, 0]


def test_of_a_long_text_the_stretch_around_its_gap_can_be_clicked(view, heard):
    words = " ".join(f"word{n}" for n in range(5000))
    text = words.replace("word3000 ", "___ ")
    view.fill(text)

    shown = [each for each in view.reading.parts() if each.kind == "word"]
    assert sum(len(each.text) for each in view.reading.parts()) < 10_000
    assert {"word2999", "word3001"} <= {each.text for each in shown} and "word0" not in {each.text for each in shown}
    assert all(each.text in text.split() for each in shown), "no word is cut"
    assert [view.reading.parts()[at].text.strip() for at in (0, -1)] == ["…", "…"]

    view.reading.chosen.emit(part(view, "word3001"))
    assert view.text() == text.replace("word3001", "[MASK]") and heard[-1][0] == view.text()


@pytest.mark.parametrize("text", ["a" * 20_000, "中文" * 10_000, "a" * 20_000 + " ___", "___ " + "b" * 20_000])
def test_a_long_text_without_a_blank_is_shown_in_part_too(view, text):
    view.fill(text)

    shown = "".join(each.text for each in view.reading.parts() if each.kind != "gap").strip(" …\u2009")
    assert 0 < len(shown) <= 8000 and shown in text
