"""The start page: samples stand by what one would do with them, one button a language, within reach of the keyboard."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from slm_studio.core.tasks import all_tasks
from slm_studio.core.texts import use_language
from slm_studio.ui.data.examples import applications, examples, own_examples
from slm_studio.ui.data.welcome import Welcome
from slm_studio.ui.widgets.buttons import Button


@pytest.fixture
def welcome(qapp):
    made = Welcome()
    made.resize(744, 900)  # what a window of 1024 leaves
    made.refresh()
    made.show()
    yield made
    made.close()
    made.deleteLater()


def test_every_sample_stands_under_its_application_once() -> None:
    grouped = [example for group in applications().values() for example in group]

    assert grouped == list(examples())
    assert {example.about for example in grouped} == {
        each.about or info.title for info in all_tasks() for each in info.files
    }
    assert {
        "Sentiment",
        "Moderation",
        "Frequent questions",
        "Several labels",
        "Word in context",
    } <= applications().keys()
    assert all(len(group) > 1 for group in applications().values())  # English and Chinese


@pytest.mark.parametrize(("language", "first"), [("en", "English"), ("zh_CN", "中文")])
def test_ones_own_language_is_the_first_button(welcome, language: str, first: str) -> None:
    use_language(language)
    welcome.retranslate()

    for holder in welcome._groups.items():
        named = [button.text() for button in holder.findChildren(Button)]
        assert named[0] == first and len(named) == len(set(named))
    assert {each.language for each in own_examples()} == {"en" if language == "en" else "zh"}


def test_a_sample_opens_by_a_key_and_is_called_by_its_title(welcome) -> None:
    opened: list[Path] = []
    welcome.path_chosen.connect(opened.append)
    holder = welcome._groups.items()[1]
    button = holder.findChildren(Button)[0]

    button.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(button, Qt.Key.Key_Space)

    assert [path.name for path in opened] == ["reviews.csv"]
    assert button.accessibleName() == "English reviews, good and bad"
    assert button.focusPolicy() & Qt.FocusPolicy.TabFocus


def test_nothing_is_cut_where_the_window_is_small(welcome, qapp) -> None:
    for language in ("en", "zh_CN"):
        use_language(language)
        welcome.retranslate()
        qapp.processEvents()

        for holder in welcome._groups.items():
            assert holder.width() >= holder.minimumSizeHint().width()
            assert holder.geometry().right() <= welcome._groups.width()
