"""A message grows by its end: words and code stand as they come, and every letter knows its token."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from slm_studio.core.results import Token
from slm_studio.ui.widgets.code_view import CodeView
from slm_studio.ui.widgets.message_text import MessageText
from slm_studio.ui.widgets.prose_view import ProseView

SOURCE = "# Title\n\nSome **bold** words.\n- one\n- two\n\n```python\nprint('hi')\n\n# x\n```\nAfter `it`."


def tokens(*texts: str) -> list[Token]:
    return [Token(text, 0.5, number) for number, text in enumerate(texts)]


def shown(message: MessageText) -> list[str]:
    return [view.toPlainText() for view in message.views()]


@pytest.fixture
def message(qapp):
    made = MessageText()
    made.resize(500, 400)
    yield made
    made.deleteLater()


def test_words_and_code_are_parts(message):
    message.set_text(SOURCE)

    assert [type(view) for view in message.views()] == [ProseView, CodeView, ProseView]
    assert shown(message) == ["Title\n\nSome bold words.\n•\u2002one\n•\u2002two\n", "print('hi')\n\n# x", "After it."]
    assert message.text() == SOURCE


def test_what_comes_in_pieces_ends_as_what_comes_whole(message):
    whole = MessageText()
    whole.set_text(SOURCE)

    for letter in SOURCE:
        message.add_tokens(tokens(letter))
    message.finish()

    assert shown(message) == shown(whole) and message.text() == SOURCE


@given(st.text(alphabet="a*`#-\n ~你🙂", max_size=60), st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_pieces_of_any_size_show_the_same(text, size):
    QApplication.instance() or QApplication([])
    whole, grown = MessageText(), MessageText()
    whole.set_text(text)
    for at in range(0, len(text), size):
        grown.add_tokens(tokens(text[at : at + size]))
    grown.finish()

    assert shown(grown) == shown(whole)


def test_a_line_is_seen_before_it_ends_and_is_not_written_again_after(message):
    message.add_tokens(tokens("one", " **two", "**"))
    assert shown(message) == ["one two"]
    message.add_tokens(tokens("\nthree"))
    view = message.views()[0]
    first = view.document().firstBlock()
    revision = first.revision()

    message.add_tokens(tokens(" four"))

    assert shown(message) == ["one two\nthree four"] and first.revision() == revision


def test_every_letter_knows_its_token(message):
    written = tokens("Hel", "lo", "", " **wor", "ld** 你", "\n", "好")
    message.add_tokens(written)
    message.finish()
    view = message.views()[0]

    numbers = [view.number_at(at) for at in range(len(view.toPlainText()))]

    assert view.toPlainText() == "Hello world 你\n好"
    assert numbers == [0, 0, 0, 1, 1, 3, 3, 3, 3, 4, 4, 4, 4, -1, 6]


def test_a_persons_words_are_no_markdown(qapp):
    message = MessageText(markdown=False)

    message.set_text("# 1\n\n```\n**x** <b>")

    assert shown(message) == ["# 1\n\n```\n**x** <b>"]


def test_it_is_as_high_as_its_words(message, theme):
    message.show()
    message.set_text("word " * 20)
    few = message.views()[0].height()
    message.set_text("word " * 400)
    view = message.views()[0]
    QTest.qWait(10)
    wide = view.height()

    message.resize(250, 400)
    QTest.qWait(10)

    assert few < wide < view.height()
    assert view.viewport().height() >= view.document().size().height()


def test_another_zoom_keeps_the_words(message, theme):
    message.set_text(SOURCE)
    before = shown(message)

    theme.set_zoom(1.5)

    assert shown(message) == before
