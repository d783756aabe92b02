"""Correcting: the row of the data that a scored row came from, so that its marks can be mended where one sees the mistake."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from slm_studio.core.dataset import Dataset, Split, list_datasets
from slm_studio.core.editing import Change, check_change, check_length, moved_on
from slm_studio.core.errors import StudioError
from slm_studio.core.marking import Marking
from slm_studio.core.recipe import reads_of, recipe_from_json
from slm_studio.core.report import Case
from slm_studio.core.results import Report, Span
from slm_studio.core.saved import SavedModel
from slm_studio.core.spans import Span as Stretch
from slm_studio.core.spans import fit_spans
from slm_studio.core.tasks.info import Reads
from slm_studio.ui.parts.marked_rows import MarkedRows
from slm_studio.ui.parts.naming import file_words
from slm_studio.ui.shell.session import Session
from slm_studio.ui.widgets.arrow_model import ArrowModel
from slm_studio.ui.widgets.mark_editor import Markable

NOT_OPEN = "rows-not-open"


@dataclass(frozen=True, slots=True)
class _Found:
    """A scored row as it stands in the data now."""

    marking: Marking
    column: str  # that marks it
    order: tuple[str, ...]
    cells: Mapping[str, str]


class Correcting(QObject):
    """Changes rows through whoever keeps the changes to the open dataset, as Data does: one undo, one version."""

    failed = Signal(object)  # StudioError: why a row cannot be mended
    corrected = Signal(object)  # the Case whose row has other marks now

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._report: Report | None = None
        self._reads: dict[str, Reads] = {}
        self._model = ArrowModel(self)
        self._marked: MarkedRows | None = None  # what is open of the data
        self._path = Path()  # … its file
        self._of: tuple[str, ...] = ()  # … and what a version of it has in common with it

    def set_report(self, report: Report, model: SavedModel | None) -> None:
        """Correct the rows of a report, read as its model reads them."""
        self._report = report
        self._forget()
        try:
            self._reads = reads_of(recipe_from_json(model.recipe)) if model is not None and model.recipe else {}
        except StudioError:
            self._reads = {}  # the kinds of the columns tell

    def markable(self, case: Case, text: str, said: tuple[Span, ...], order: Sequence[str]) -> Markable | None:
        """Return the marks of a scored row's own row, beside those that the model `said`; None after telling why not.

        Labels have their colours in this `order`; those of the data that are not in it come after.
        """
        try:
            found = self._find(case, text)
            check_length(found.marking.cell)
        except StudioError as error:
            self.failed.emit(error)
            return None
        sentence = found.marking.sentence
        stretches = [Stretch(each.start, each.end, each.label) for each in said]
        fitted, _ = fit_spans(sentence.text, stretches, sentence.words)
        colours = tuple(dict.fromkeys([*order, *found.order, *(span.label for span in fitted)]))
        return Markable(found.marking, colours, partial(self._keep, case, text), said=tuple(fitted))

    def marks(self, texts: Mapping[int, str]) -> dict[int, tuple[Span, ...]]:
        """Return what marks the rows in these places now; of those that hold other texts nothing is said."""
        dataset, report = self._session.dataset, self._report
        if dataset is None or report is None:
            return {}
        rows = self._rows(dataset, report.part)
        shown = {place: rows.marked(place) for place in texts if rows is not None and place < rows.total}
        return {
            place: found.spans for place, found in shown.items() if found is not None and found.text == texts[place]
        }

    def newest(self) -> Dataset | None:
        """Return the newest version of the rows that were scored, where one is still kept."""
        own = self._own()
        return next((each for each in list_datasets() if own is not None and each.source == own.source), None)

    def _own(self) -> Dataset | None:
        """Return the dataset that was scored, where it is still kept."""
        wanted = self._report.rows_of if self._report is not None else ""
        return next((each for each in list_datasets() if each.id == wanted), None) if wanted else None

    def _find(self, case: Case, text: str) -> _Found:
        """Return the row that a scored row came from. Raises StudioError where it is not at hand, or holds another text."""
        dataset, report = self._session.dataset, self._report
        if report is None or case.place < 0:
            raise StudioError(
                "rows-unknown",
                "This report does not say which rows of the file it is of, so they cannot be corrected here.",
                "Train again, or score the file again; or correct the row in Data.",
            )
        if dataset is not None and self._session.keeper is not None:
            rows = self._rows(dataset, report.part)
            if rows is not None and case.place < rows.total and rows.text(case.place) == text:
                marking = rows.marking(case.place)
                return _Found(marking, rows.marks, rows.order, rows.row(case.place))
        raise self._not_there(dataset, report, case)

    def _rows(self, dataset: Dataset, part: Split) -> MarkedRows | None:
        """Return one file of a dataset with the changes that wait for it; None where nothing in it is marked."""
        path, of = dataset.part(part), (dataset.source, part, *(column.name for column in dataset.columns))
        try:
            if self._marked is not None and of == self._of:
                if path != self._path:  # a version: how its column writes marks is known
                    self._model.open_version(path)
            else:
                self._marked = None
                self._model.open(path)
                reads = {column: each for column, each in self._reads.items() if column in self._model.columns}
                self._marked = MarkedRows(self._model, dataset, reads)
        except (OSError, StudioError):
            self._forget()
            return None
        self._path, self._of = path, of
        waiting = self._session.keeper.pending if self._session.keeper is not None else ()
        self._model.set_edits({(each.row, each.column): each.after for each in waiting if each.split == part})
        return self._marked if self._marked.marks else None

    def _forget(self) -> None:
        """Let the file go."""
        self._model.close()
        self._marked, self._path, self._of = None, Path(), ()

    def _keep(self, case: Case, text: str, before: str, after: str) -> bool:
        """Change the row's cell; say whether that went well."""
        dataset, report, keeper = self._session.dataset, self._report, self._session.keeper
        try:
            found = self._find(case, text)
            assert dataset is not None and report is not None and keeper is not None
            change = Change(split=report.part, row=case.place, column=found.column, before=before, after=after)
            check_change(change, {each.name: each.kind for each in dataset.columns}, found.cells)
            if found.marking.cell != before:
                raise moved_on(change, found.marking.cell)
            keeper.change((change,))
        except StudioError as error:
            self.failed.emit(error)
            return False
        self.corrected.emit(case)
        return True

    def _not_there(self, dataset: Dataset | None, report: Report, case: Case) -> StudioError:
        own = self._own()
        if own is None:
            return StudioError(
                "rows-gone",
                "The rows of “{name}” that were scored are no longer kept here, so they cannot be corrected.",
                "Open the file in Data and score it again.",
                name=file_words(report.dataset),
            )
        if dataset is None or dataset.source != own.source:
            return StudioError(
                NOT_OPEN,
                "This row is in “{name}”, which is not open.",
                "Open it, then correct the row.",
                name=file_words(own.name),
            )
        return StudioError(
            "rows-moved",
            "Row {row} of “{name}” holds another text than the one that was scored: the data has changed since.",
            "Score the file again, or correct the row in Data.",
            row=case.place + 1,
            name=file_words(dataset.name),
        )
