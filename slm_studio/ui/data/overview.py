"""Overview: what the rows are like. Label bars and lengths beside the table, or, for texts to write like, their facts."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from slm_studio.core.dataset import Dataset, counted
from slm_studio.core.errors import show
from slm_studio.core.recipe import Recipe, column_read_as
from slm_studio.core.recipes import certain_length
from slm_studio.core.tasks import task_info
from slm_studio.core.texts import mark, tr
from slm_studio.ui.widgets.bars import Bars
from slm_studio.ui.widgets.card import Card
from slm_studio.ui.widgets.histogram import Histogram
from slm_studio.ui.widgets.labels import Text
from slm_studio.ui.widgets.stat import StatGrid

LANGUAGES = {
    "en": mark("English"),
    "zh": mark("Chinese"),
    "other": mark("other"),
    "short": mark("too short to tell"),
}


class Overview(QWidget):
    """Fed with what the verb `describe` found."""

    label_clicked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        self.labels = Card("Labels")
        self.bars = Bars(name="Labels")
        self.labels.add(self.bars)
        self.numbers = Card("Numbers")
        self.spread, self.spread_words = Histogram(exact=True), Text("", "muted", wrap=True)
        for widget in (self.spread, self.spread_words):
            self.numbers.add(widget)
        self.facts = Card("Text")
        self.grid = StatGrid(least=90, most=2)
        for key, name in (
            ("rows", mark("lines")),
            ("characters", mark("characters")),
            ("distinct", mark("different lines")),
            ("language", mark("language")),
        ):
            self.grid.add_stat(key, name)
        self.facts.add(self.grid)
        self.lengths = Card("Length in tokens")
        self.histogram = Histogram()
        self.length_words = Text("", "muted", wrap=True)
        self.languages = Text("", "muted", wrap=True)
        for widget in (self.histogram, self.length_words, self.languages):
            self.lengths.add(widget)
        for card in (self.labels, self.numbers, self.facts, self.lengths):
            column.addWidget(card)
            card.hide()
        column.addStretch(1)
        self.bars.label_clicked.connect(self.label_clicked)

    def clear(self) -> None:
        """Show nothing, until something was counted."""
        for card in (self.labels, self.numbers, self.facts, self.lengths):
            card.hide()

    def show_found(self, dataset: Dataset, recipe: Recipe, found: Mapping[str, object]) -> None:
        """Show what was counted."""
        labels = found.get("labels")
        counts = labels if isinstance(labels, Mapping) else {}
        self.bars.set_counts([(str(label), int(count)) for label, count in counts.items()])
        self.labels.setVisible(bool(counts))
        beside = next((role for role in task_info(recipe.task).roles if role.asked and role.reads == "label"), None)
        self.labels.set_title(beside.title if beside else "Labels")
        spread = found.get("numbers")
        numbers = spread if isinstance(spread, Mapping) else {}
        self.numbers.setVisible(bool(numbers))
        if numbers:
            self.spread.set_bins(numbers["counts"], numbers["edges"])
            self.spread_words.set_words(lambda: spread_words(numbers))
        languages = found.get("languages")
        shares = languages if isinstance(languages, Mapping) else {}
        is_packed = task_info(recipe.task).packs  # how much text there is tells more than how many rows
        has_facts = (is_packed or not (counts or numbers)) and bool(column_read_as(recipe, "text"))
        self.languages.set_words(lambda: language_words(shares))
        self.languages.setVisible(
            not has_facts or len(told_languages(shares)) > 1
        )  # the facts name the one that there is
        self._show_lengths(recipe, found)
        self.facts.setVisible(has_facts)
        if has_facts:
            self._show_facts(dataset, recipe, found, shares)

    def _show_lengths(self, recipe: Recipe, found: Mapping[str, object]) -> None:
        info = task_info(recipe.task)
        in_tokens = not info.packs
        lengths = lengths_of(found.get("token_lengths" if in_tokens else "lengths"))
        self.lengths.setVisible(lengths is not None)
        if lengths is None:
            return
        self.lengths.set_title("Length in words or characters" if in_tokens else "Length in characters")
        limit = certain_length(recipe) if info.cuts else None
        self.histogram.set_bins(lengths.counts, lengths.edges)
        self.histogram.set_limit(limit)
        self.length_words.set_words(lambda: length_words(lengths, limit))

    def _show_facts(
        self, dataset: Dataset, recipe: Recipe, found: Mapping[str, object], shares: Mapping[str, float]
    ) -> None:
        lengths = lengths_of(found.get("lengths"))
        self.grid.set_value("rows", show(dataset.rows))
        self.grid.set_value("characters", partial(about, lengths.total) if lengths else "–")
        column = next((each for each in dataset.columns if each.name == column_read_as(recipe, "text")), None)
        self.grid.set_value("distinct", distinct_words(column.distinct) if column else "–")
        self.grid.set_value("language", lambda: main_language(shares))


@dataclass(frozen=True, slots=True)
class Lengths:
    """Bars over the lengths of texts, as the verb `describe` brings them."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    median: float
    longest: float

    @property
    def total(self) -> float:
        """Return about the sum of all lengths: every text counts as the middle of its bar."""
        return sum(count * (self.edges[at] + self.edges[at + 1] - 1) / 2 for at, count in enumerate(self.counts))

    def share_above(self, limit: float) -> float:
        """Return the share of texts in bars that begin above `limit`."""
        above = sum(count for at, count in enumerate(self.counts) if self.edges[at] > limit)
        return above / max(1, sum(self.counts))


def lengths_of(plain: object) -> Lengths | None:
    """Return what `describe` found as Lengths; None where it found none."""
    if not isinstance(plain, Mapping) or not plain.get("counts"):
        return None
    return Lengths(
        tuple(float(edge) for edge in plain["edges"]),
        tuple(int(count) for count in plain["counts"]),
        float(plain.get("median", 0)),
        float(plain.get("longest", 0)),
    )


def about(count: float) -> str:
    """Return an estimate with two digits that count. Example: about(32_588) == "about 33,000\""""
    if count < 100:
        return show(round(count))
    digits = 10 ** (int(math.log10(count)) - 1)
    return tr("about {count}", count=round(count / digits) * digits)


def distinct_words(distinct: int) -> str:
    """Return a count that stops at 10,000."""
    return show(counted(distinct))


def spread_words(numbers: Mapping[str, object]) -> str:
    """Return “from 1 to 5 · mean 3.42 · median 4”, and how many cells hold none."""
    low, high, mean, median = (show(float(str(numbers[key]))) for key in ("low", "high", "mean", "median"))
    parts = [tr("from {low} to {high}", low=low, high=high), tr("mean {n}", n=mean), tr("median {n}", n=median)]
    if none := int(str(numbers.get("none", 0))):
        parts.append(tr("{n} {n:cell holds|cells hold} no number", n=none))
    return " · ".join(parts)


def length_words(lengths: Lengths, limit: int | None) -> str:
    """Return “median 12 · longest 98 · at 64 tokens 0.4 % is cut”.

    These are words or characters; a vocabulary makes more tokens of them. So nothing is said where none looks too long:
    the plan, which counts the model's own tokens, knows.
    """
    parts = [tr("median {n}", n=round(lengths.median)), tr("longest {n}", n=round(lengths.longest))]
    share = 100 * lengths.share_above(limit) if limit is not None else 0.0
    if share >= 0.05:
        told = f"{share:.1f}" if share < 10 else f"{share:.0f}"
        parts.append(tr("at {limit} tokens {share} % is cut", limit=limit, share=told))
    return " · ".join(parts)


def language_words(shares: Mapping[str, float]) -> str:
    """Return “English 97 % · other 3 %”, or the name of the only language."""
    named = told_languages(shares)
    if [key for _, key in named] == ["short"]:
        return tr("language: too short to tell")
    if len(named) == 1:
        return tr(LANGUAGES.get(named[0][1], named[0][1]))
    return " · ".join(f"{tr(LANGUAGES.get(key, key))} {share:.0%}".replace("%", " %") for share, key in named)


def told_languages(shares: Mapping[str, float]) -> list[tuple[float, str]]:
    """Return the languages that are told with their shares, the most frequent first."""
    return sorted(((share, key) for key, share in shares.items() if share >= 0.01), reverse=True)


def main_language(shares: Mapping[str, float]) -> str:
    """Return the language that most texts are in."""
    told = {key: share for key, share in shares.items() if key != "short" and share > 0} or shares
    best = max(told, key=lambda key: told[key], default="")
    return tr(LANGUAGES[best]) if best in LANGUAGES and shares[best] > 0 else "–"
