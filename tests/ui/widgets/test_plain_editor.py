"""The field in which a question is written: its letters and height follow the zoom, and a tab leaves it unless it is text."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from slm_studio.ui.widgets.plain_editor import PlainEditor
from slm_studio.ui.widgets.theme import Theme


@pytest.fixture
def holder(theme: Theme) -> Iterator[QWidget]:
    made = QWidget()
    QVBoxLayout(made)
    yield made
    made.close()
    made.deleteLater()


def editor_in(holder: QWidget) -> PlainEditor:
    editor = PlainEditor("Write.", name="Question", letters=15, height=48)
    holder.layout().addWidget(editor)
    holder.show()
    editor.setFocus()
    return editor


def beside(holder: QWidget) -> QLineEdit:
    other = QLineEdit()
    holder.layout().addWidget(other)
    other.show()
    return other


def test_letters_and_height_follow_the_zoom(holder: QWidget, theme: Theme) -> None:
    editor = editor_in(holder)
    small = editor.height(), editor.document().defaultFont().pointSizeF()

    theme.set_zoom(2.0)

    assert small == (theme.px(48) // 2, small[1]) and editor.height() == theme.px(48)
    assert editor.document().defaultFont().pointSizeF() == theme.font(15).pointSizeF() > small[1]


def test_tab_leaves_a_field_for_sentences(holder: QWidget) -> None:
    editor, after = editor_in(holder), beside(holder)

    QTest.keyClicks(editor, "a sentence")
    QTest.keyClick(editor, Qt.Key.Key_Tab)

    assert (editor.toPlainText(), holder.focusWidget()) == ("a sentence", after)
    assert (editor.accessibleName(), editor.placeholderText()) == ("Question", "Write.")


def test_a_tab_is_text_where_a_score_may_follow_and_never_a_trap(holder: QWidget) -> None:
    editor, after = editor_in(holder), beside(holder)
    editor.set_tabs(1)

    QTest.keyClicks(editor, "it rains")
    QTest.keyClick(editor, Qt.Key.Key_Tab)
    QTest.keyClicks(editor, "-3")
    inside = holder.focusWidget()
    QTest.keyClick(editor, Qt.Key.Key_Tab)

    assert (editor.toPlainText(), inside, holder.focusWidget()) == ("it rains\t-3", editor, after)
    editor.setFocus()
    editor.clear()
    QTest.keyClick(editor, Qt.Key.Key_Tab, Qt.KeyboardModifier.ShiftModifier)
    assert (editor.toPlainText(), holder.focusWidget()) == ("", after)
