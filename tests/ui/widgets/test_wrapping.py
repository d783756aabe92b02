"""A word that never ends, such as a picture pasted as letters, breaks anywhere: else Qt would look for its end for minutes."""

import importlib
import pkgutil

import pytest
from PySide6.QtGui import QGuiApplication, QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit

from slm_studio import ui
from slm_studio.ui.tasks.chat.line import MessageLine
from slm_studio.ui.widgets.cell_editor import LongEditor
from slm_studio.ui.widgets.changed_text import ChangedText
from slm_studio.ui.widgets.code_view import CodeView
from slm_studio.ui.widgets.gap_text import GapText
from slm_studio.ui.widgets.hinted_text import HintedText
from slm_studio.ui.widgets.lit_text import LitText
from slm_studio.ui.widgets.mark_field import MarkField
from slm_studio.ui.widgets.markdown_view import MarkdownView
from slm_studio.ui.widgets.marked_text import MarkedText
from slm_studio.ui.widgets.plain_editor import PlainEditor
from slm_studio.ui.widgets.prose_view import ProseView
from slm_studio.ui.widgets.wrapping import ENDLESS, has_endless_word
from slm_studio.ui.widgets.written_text import WrittenText

FIELDS = {
    MessageLine: lambda: MessageLine(name="Message"),
    LongEditor: lambda: LongEditor("", None),
    ChangedText: lambda: ChangedText("", name="Text"),
    GapText: lambda: GapText(name="Text"),
    MarkField: MarkField,
    MarkdownView: MarkdownView,
    MarkedText: lambda: MarkedText("", name="Text"),
    PlainEditor: lambda: PlainEditor("", name="Text", letters=15, height=90),
    ProseView: lambda: ProseView(name="Text"),
    WrittenText: lambda: WrittenText("", name="Text"),
}
OTHERS = {HintedText, CodeView}  # what others are made of; what never breaks its lines
ANYWHERE = QTextOption.WrapMode.WrapAnywhere


@pytest.mark.parametrize("kind", FIELDS)
def test_an_endless_word_breaks_anywhere_as_long_as_it_stands_there(theme, kind: type) -> None:
    field = FIELDS[kind]()
    usual = field.wordWrapMode()

    field.setPlainText(f"see\n{'a' * ENDLESS}\nhere")
    assert usual != field.wordWrapMode() == ANYWHERE
    field.setPlainText("see " * ENDLESS)
    assert field.wordWrapMode() == usual
    field.setPlainText("看" * ENDLESS * 2)
    assert field.wordWrapMode() == usual
    field.deleteLater()


def test_what_is_pasted_into_a_word_counts_with_it(theme) -> None:
    field = MessageLine(name="Message")
    field.setPlainText("a" * (ENDLESS - 1))
    usual = field.wordWrapMode()
    QGuiApplication.clipboard().setText("a")

    field.paste()
    assert usual != field.wordWrapMode() == ANYWHERE
    field.undo()
    assert field.wordWrapMode() == usual
    field.deleteLater()


def test_every_field_of_text_is_among_them() -> None:
    for module in pkgutil.walk_packages(ui.__path__, "slm_studio.ui."):
        importlib.import_module(module.name)

    def below(kind: type) -> set[type]:
        return {each for sub in kind.__subclasses__() for each in {sub, *below(sub)}}

    found = {each for kind in (QPlainTextEdit, QTextEdit) for each in below(kind)}
    assert {each for each in found if each.__module__.startswith("slm_studio.")} == {*FIELDS, *OTHERS}


def test_a_passage_with_an_endless_word_shows_its_first_lines(theme) -> None:
    passage = LitText("a" * 3 * ENDLESS)
    passage.resize(300, 100)

    assert has_endless_word("a" * ENDLESS) and not has_endless_word("a" * (ENDLESS - 1))
    assert passage.is_cut() and passage._lines(300)[0].textOption().wrapMode() == ANYWHERE
    passage.deleteLater()
