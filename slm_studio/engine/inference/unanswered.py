"""Unanswered: which rows of a file have no answer, or not a whole one, and why. An empty cell by itself says nothing."""

from collections.abc import Mapping

from slm_studio.core.dataset import Remark
from slm_studio.core.texts import mark
from slm_studio.engine.data.notes import Notes

SHOWN = 5  # rows that a sentence names
BLANK, UNASKED, TOO_LONG, EMPTY = "rows-blank", "rows-unasked", "rows-too-long", "answers-empty"
UNSEARCHED = "rows-unsearched"
UNKNOWN, NO_GAP, UNEQUAL, STRANGE = "rows-unknown", "rows-without-gap", "rows-unequal", "rows-of-strange-style"
CUT, UNREAD, WRONG_SIDE = "answers-cut", "rows-cut", "rows-turned"
PARTLY_KNOWN = "rows-partly-known"
REASONS = {
    BLANK: mark(
        "{count} {count:row has|rows have} no answer, because no word stands in “{columns}” there: {count:row|rows} {places}."
    ),
    UNASKED: mark(
        "{count} {count:row has|rows have} no answer, because “{columns}” holds no question there: {count:row|rows} {places}."
    ),
    UNSEARCHED: mark(
        "{count} {count:row has|rows have} no answer, because no passage stands beside the question there, and no index was named: {count:row|rows} {places}."
    ),
    TOO_LONG: mark(
        "{count} {count:row has|rows have} no answer, because the model has no room for what stands before the question: {count:row|rows} {places}."
    ),
    UNKNOWN: mark(
        "{count} {count:row has|rows have} no answer, because the model knows no word in “{columns}” there: {count:row|rows} {places}."
    ),
    NO_GAP: mark(
        "{count} {count:row has|rows have} no answer, because “{columns}” has no gap ([MASK] or ___) there: {count:row|rows} {places}."
    ),
    STRANGE: mark(
        "{count} {count:row has|rows have} no answer, because the model knows no such style: {count:row|rows} {places}."
    ),
    UNEQUAL: mark(
        "{count} {count:row has|rows have} no answer, because there are not as many scores as candidates: {count:row|rows} {places}."
    ),
}
HALVES = {
    CUT: mark(
        "{count} {count:answer was|answers were} cut at {limit} tokens, before {count:it ended|they ended}: {count:row|rows} {places}."
    ),
    UNREAD: mark(
        "{count} {count:row is|rows are} longer than the model reads, and {count:is|are} answered without a part: {count:row|rows} {places}."
    ),
    PARTLY_KNOWN: mark(
        "{count} {count:row holds|rows hold} words that are not among those of these vectors, and {count:is|are} answered without them: {count:row|rows} {places}."
    ),
    WRONG_SIDE: mark(
        "{count} {count:row is|rows are} in the language that the model writes in this direction, not in the one that it reads: {count:row|rows} {places}."
    ),
    EMPTY: mark("The model ended {count} {count:answer|answers} at once, without a word: {count:row|rows} {places}."),
}
OF_ERRORS = {
    "text-empty": BLANK, "empty-prompt": BLANK, "context-too-small": TOO_LONG, "word-unknown": UNKNOWN, "no-gap": NO_GAP,
    "nothing-to-search": UNSEARCHED, "scores-unequal": UNEQUAL, "style-unknown": STRANGE,
}  # fmt: skip


class Unanswered:
    """Counts rows by what they lack; `asking` says which column plays each role that asks something."""

    def __init__(self, asking: Mapping[str, str]) -> None:
        self._asking = asking
        self._columns = ", ".join(asking.values())
        self._notes = Notes()

    @property
    def count(self) -> int:
        """Return how many rows have no answer."""
        return sum(note.count for code, note in self._notes.found.items() if code in REASONS)

    def add(self, code: str, row: int, **values: int) -> None:
        """Count a row (from 0); `code` is one of REASONS and HALVES, or that of the error of its prompt."""
        code = OF_ERRORS.get(code, code)
        self._notes.add(code, (REASONS | HALVES)[code], place=row, columns=self._columns, **values)

    def add_blank(self, row: int, cells: Mapping[str, str]) -> None:
        """Count a row that asks nothing; `cells` are its own, by role."""
        self.add(UNASKED if any(cells[role].strip() for role in self._asking) else BLANK, row)

    def remarks(self) -> tuple[Remark, ...]:
        """Return a sentence for each reason, with the first rows, counted from 1."""
        for note in self._notes.found.values():
            more = [", …"] if note.count > SHOWN else []
            note.values["places"] = "".join([", ".join(f"{row + 1:,}" for row in note.places[:SHOWN]), *more])
        return self._notes.report().remarks
