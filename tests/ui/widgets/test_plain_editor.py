"""The field in which a question is written: its letters and height follow the zoom, and a tab leaves it unless it is text."""

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slm_studio.ui.widgets.plain_editor import PlainEditor
from slm_studio.ui.widgets.theme import Theme


@pytest.fixture
def holder(theme: Theme) -> Iterator[QWidget]:
    made = QWidget()
    QVBoxLayout(made)
    yield made
    made.close()
    made.deleteLater()


def editor_in(holder: QWidget, *, keeps_tabs: bool = False) -> PlainEditor:
    editor = PlainEditor("Write.", name="Question", letters=15, height=48, keeps_tabs=keeps_tabs)
    holder.layout().addWidget(editor)
    holder.show()
    return editor


def test_letters_and_height_follow_the_zoom(holder: QWidget, theme: Theme) -> None:
    editor = editor_in(holder)
    small = editor.height(), editor.document().defaultFont().pointSizeF()

    theme.set_zoom(2.0)

    assert small == (theme.px(48) // 2, small[1]) and editor.height() == theme.px(48)
    assert editor.document().defaultFont().pointSizeF() == theme.font(15).pointSizeF() > small[1]


@pytest.mark.parametrize("keeps_tabs", [True, False])
def test_a_tab_is_text_only_where_that_is_wanted(holder: QWidget, keeps_tabs: bool) -> None:
    editor = editor_in(holder, keeps_tabs=keeps_tabs)

    assert editor.tabChangesFocus() is not keeps_tabs
    assert (editor.accessibleName(), editor.placeholderText()) == ("Question", "Write.")
