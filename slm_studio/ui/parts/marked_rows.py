"""MarkedRows: words with a tag each, or texts with spans, as a person reads them: a text, and what is marked in it."""

from collections.abc import Callable, Iterable, Mapping

from slm_studio.core.dataset import Dataset
from slm_studio.core.errors import StudioError
from slm_studio.core.marking import Form, Marking, form_of, marking_of
from slm_studio.core.prompt import read_cell
from slm_studio.core.results import Span
from slm_studio.core.spans import characters_of
from slm_studio.core.tagged import sentence_of, spans_of_cell
from slm_studio.core.tasks.info import Reads
from slm_studio.ui.widgets.arrow_model import ArrowModel
from slm_studio.ui.widgets.marks import Marked, order_of
from slm_studio.ui.widgets.rows_model import Cell, marks_cell

LOOKED_AT = 500  # rows that tell the scheme of the tags and the labels


class MarkedRows:
    """Knows which column holds texts and which one marks them; neither where a dataset has none."""

    def __init__(self, model: ArrowModel, dataset: Dataset, reads: Mapping[str, Reads]) -> None:
        """`reads` says how columns that play a role are read; without it their kinds tell."""
        kinds = {column.name: column.kind for column in dataset.columns}
        self._model = model
        self.texts = _first(name for name, each in reads.items() if each == "words") or _of_kind(kinds, "words")
        self.marks = _first(name for name, each in reads.items() if each == "tags")
        if not self.marks and self.texts:
            self.marks = _of_kind(kinds, "tags")
        self.form = Form()
        self.order: tuple[str, ...] = ()
        if self.texts and self.marks:
            self._look()

    def _look(self) -> None:
        rows = range(min(LOOKED_AT, self._model.total))
        try:
            is_of_words = any(isinstance(read_cell(self._model.cell(row, self.texts), "words"), tuple) for row in rows)
            self.form = form_of([self._model.cell(row, self.marks) for row in rows], of_words=is_of_words)
        except StudioError:
            self.marks = ""  # its cells hold something else
            return
        found = [self.marked(row) for row in rows]
        self.order = order_of([span.label for each in found if each for span in each.spans])

    def marked(self, row: int) -> Marked | None:
        """Return a row's text with its marks, or None where its cells hold something else; `row` counts in the file."""
        if not (self.texts and self.marks):
            return None
        text, tags = self._model.cell(row, self.texts), self._model.cell(row, self.marks)
        try:
            sentence = sentence_of(text)
            found = spans_of_cell(sentence, tags, self.form.scheme)
        except StudioError:
            return None
        spans = tuple(Span(start, end, label, 1.0) for start, end, label in characters_of(found, sentence.words))
        return Marked(sentence.text, spans, self.order)

    @property
    def total(self) -> int:
        """Return how many rows there are."""
        return self._model.total

    def row(self, row: int) -> dict[str, str]:
        """Return the cells of a row, by column."""
        return self._model.row(row)

    def marking(self, row: int) -> Marking:
        """Return a row as it can be marked. Raises StudioError where it cannot."""
        marking = marking_of(self._model.cell(row, self.texts), self._model.cell(row, self.marks), self.form)
        self.order = tuple(dict.fromkeys([*self.order, *(span.label for span in marking.spans)]))
        return marking

    def shows(self) -> dict[str, Callable[[int], Cell | None]]:
        """Return what columns show of a row: the words as a text, the tags as what they mark."""
        found: dict[str, Callable[[int], Cell | None]] = {}
        if self.texts:
            found[self.texts] = self._text_cell
        if self.marks:
            found[self.marks] = self._marks_cell
        return found

    def _text_cell(self, row: int) -> Cell | None:
        return Cell(self.text(row))

    def text(self, row: int) -> str:
        """Return a row's words as a text."""
        cell = self._model.cell(row, self.texts)
        try:
            return sentence_of(cell).text
        except StudioError:
            return cell

    def _marks_cell(self, row: int) -> Cell | None:
        marked = self.marked(row)
        return marks_cell(marked.text, marked.spans) if marked else None


def _first(names: Iterable[str]) -> str:
    return next(iter(names), "")


def _of_kind(kinds: Mapping[str, str], kind: str) -> str:
    return _first(name for name, each in kinds.items() if each == kind)
