"""FindingRow and its Dot: the mark stands beside its words."""

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget

from slm_studio.ui.widgets.finding_row import ONE_LINE, Dot
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.theme import Theme
from slm_studio.ui.widgets.words import retranslate


@pytest.mark.parametrize("sentence", ["Epochs", "训练轮数"])
def test_a_dot_at_the_top_is_as_high_as_the_first_line(qapp: QApplication, theme: Theme, sentence: str) -> None:
    words = Text(sentence, wrap=True)

    dot = Dot("good", words)

    assert dot.height() == words.heightForWidth(ONE_LINE)
    theme.zoom_in()
    assert dot.height() == words.heightForWidth(ONE_LINE)


def test_a_dot_follows_its_words_into_another_language(
    qapp: QApplication, theme: Theme, language: Callable[[str], str]
) -> None:
    holder = QWidget()
    row, words = QHBoxLayout(holder), Text("Epochs", wrap=True)
    words.setContentsMargins(0, 3, 0, 3)
    dot = Dot("good", words)
    row.addWidget(dot)
    row.addWidget(words)

    language("zh_CN")
    retranslate(holder)

    assert words.text() == "训练轮数" and dot.height() == words.heightForWidth(ONE_LINE)
