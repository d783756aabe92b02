"""What was found: a card for each passage, with where it stands and how well meaning and words fit."""

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from slm_studio.core.matching import matches
from slm_studio.core.results import Hit
from slm_studio.core.texts import tr
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.emptying import empty
from slm_studio.ui.widgets.labels import ElidedText, Text
from slm_studio.ui.widgets.lit_text import LitText


class HitCard(Card):
    """One passage. A click on its words shows all of it."""

    def __init__(self, number: int, hit: Hit, question: str, parent: QWidget | None = None) -> None:
        super().__init__(padding=12, parent=parent)
        self.hit = hit
        row = QHBoxLayout()
        row.setSpacing(10)
        self.number = Text("[{number}]", "accent", number=number)
        self.place = ElidedText(lambda: place_words(hit), "muted")
        row.addWidget(self.number)
        row.addWidget(self.place, 1)
        self.body.addLayout(row)
        self.passage = LitText(hit.text, matches(question, hit.text))
        self.add(self.passage)
        self.scores = Text(lambda: score_words(hit), "muted")
        self.add(self.scores)
        self.set_tone("soft" if hit.chosen and number == 1 else "")


class HitList(QWidget):
    """The cards below each other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cards: list[HitCard] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)

    def show_hits(self, hits: Sequence[Hit], question: str) -> None:
        """Show these passages in their order."""
        opened = {card.hit.text for card in self.cards if card.passage.is_open}
        empty(self._column)
        self.cards = [HitCard(number, hit, question) for number, hit in enumerate(hits, 1)]
        for card in self.cards:
            card.passage.set_open(card.hit.text in opened)
            self._column.addWidget(card)
        self._column.addStretch(1)


def place_words(hit: Hit) -> str:
    """Return where a passage stands. Examples: “rules.md · line 12 · Loans”, “book.pdf · page 7”, “book.pdf · pages 3–4”"""
    place = tr("line {line}", line=hit.line) if hit.line else ""
    if hit.last_page:
        place = tr("pages {page}–{last}", page=hit.page, last=hit.last_page)
    elif hit.page:
        place = tr("page {page}", page=hit.page)
    parts = [hit.source, place, hit.heading]
    return " · ".join(part for part in parts if part)


def score_words(hit: Hit) -> str:
    """Return how well it fits. Example: “together 0.98 · meaning 0.71 · words 4.1”"""
    parts = (
        [tr("together {score}", score=f"{hit.score:.2f}")] if hit.meaning is not None and hit.words is not None else []
    )
    parts += [tr("meaning {score}", score=f"{hit.meaning:.2f}")] if hit.meaning is not None else []
    parts += [tr("words {score}", score=f"{hit.words:.1f}")] if hit.words is not None else []
    return " · ".join(parts)
