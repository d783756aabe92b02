"""Text that breaks its lines moves up and down, never sideways, and in no time however long a word in it is."""

import re

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextOption
from PySide6.QtWidgets import QAbstractScrollArea, QPlainTextEdit, QTextEdit

# Letters without a place to break a line: no blank, and nothing of the scripts that break anywhere. Between words Qt looks
# for such a place again from every line on: 200,000 letters took 8 s, and each further key 4.
ENDLESS = 2000
_ENDLESS_WORD = re.compile(rf"[^\s\u1100-\U0010ffff]{{{ENDLESS}}}")


def has_endless_word(text: str) -> bool:
    """Say whether a word is so long that its lines should break anywhere."""
    return len(text) >= ENDLESS and _ENDLESS_WORD.search(text) is not None


def never_sideways(field: QAbstractScrollArea) -> None:
    """Show no bar below a text that breaks its lines: on a screen at 150 % Qt shows one for a part of a pixel."""
    field.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    if isinstance(field, QPlainTextEdit | QTextEdit):
        break_endless_words(field)


def break_endless_words(field: QPlainTextEdit | QTextEdit) -> None:
    """Break lines anywhere while a word stands in the text that is longer than many pages."""
    anywhere = QTextOption.WrapMode.WrapAnywhere
    usual = field.wordWrapMode()

    def look(place: int, removed: int, added: int) -> None:
        """Look at what came, or else whether what was there went; Qt breaks the lines only after this."""
        is_endless = field.wordWrapMode() != usual
        wanted = anywhere if has_endless_word(field.toPlainText() if is_endless else around(place, added)) else usual
        if wanted != field.wordWrapMode():
            field.setWordWrapMode(wanted)

    def around(place: int, added: int) -> str:
        """Return the whole lines in which something came: a message that comes line by line is not read from its beginning."""
        block, found = field.document().findBlock(place), []
        while block.isValid() and block.position() <= place + added:
            found.append(block.text())
            block = block.next()
        return "\n".join(found)

    field.document().contentsChange.connect(look)
