"""CopiedLine: says what of a written text stands in the training text, and has it underlined there."""

from functools import partial

from PySide6.QtWidgets import QWidget

from slm_studio.core.copied import Copied
from slm_studio.core.texts import in_line, mark, tr
from slm_studio.ui.widgets.labels import Text, tip
from slm_studio.ui.widgets.written_text import WrittenText

MOST = 80  # characters of a stretch that are quoted: the whole of it is underlined
FOUND = mark("{n} characters of this stand in the training text: “{text}”")
NONE = mark("No {least} characters of this in a row stand in the training text.")


class CopiedLine(Text):
    """One sentence below a text; empty and hidden while nothing is known."""

    def __init__(self, page: WrittenText, inquired: object, parent: QWidget | None = None) -> None:
        """`inquired` is the view's signal (verb, arguments, whom to tell)."""
        super().__init__("", "muted", wrap=True, parent=parent)
        self._page, self._inquired = page, inquired
        self._turn = 0  # what is told of a text that was changed since counts no more
        tip(self, "Case does not count, and blanks and line breaks in a row count as one.")
        self.hide()

    def look(self) -> None:
        """Have what the model wrote compared with its training text."""
        self.clear()
        parts = self._page.written_parts()
        if parts:
            arguments = {"texts": tuple(text for _, text in parts)}
            told = partial(self._on_told, self._turn, [start for start, _ in parts])
            self._inquired.emit("trace", arguments, told)  # type: ignore[attr-defined]

    def clear(self) -> None:
        """Say nothing: the text is another."""
        self._turn += 1
        if not self.isHidden():
            self._page.underline(0, "")
            self.hide()

    def _on_told(self, turn: int, starts: list[int], told: object) -> None:
        if turn != self._turn or not isinstance(told, Copied):
            return  # a text from which nothing can be told is no reason to stop writing
        if told.length:
            _, text = self._page.written_parts()[told.part]
            self._page.underline(starts[told.part] + wide(text[: told.start]), told.text)
        self.set_words(partial(copied_words, told))
        self.show()


def copied_words(told: Copied) -> str:
    """Return what was found as a sentence."""
    why = tr(told.why, dataset=told.dataset) if told.why else ""
    if not told.read:
        return why
    text = " ".join(told.text.split())
    text = text if len(text) <= MOST else f"{text[: MOST // 2].rstrip()} … {text[-MOST // 2 :].lstrip()}"
    found = tr(FOUND, n=told.length, text=text) if told.length else tr(NONE, least=told.least)
    return in_line((found, why))


def wide(text: str) -> int:
    """Return how many places a text takes in a document: those beyond the first plane take two."""
    return len(text) + sum(character > "\uffff" for character in text)
