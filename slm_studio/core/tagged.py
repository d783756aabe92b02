"""Tagged rows: words with a tag each, or texts with spans, as one form: a sentence and a BIO tag for each of its words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from slm_studio.core import spans as marks
from slm_studio.core.errors import StudioError
from slm_studio.core.prompt import Cell, read_cell
from slm_studio.core.saved import SavedModel
from slm_studio.core.tasks import all_tasks

T = TypeVar("T")
UNNAMED = "span"  # the type of what is marked without one: “B I O”, or “B M E S” where words are cut


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text taken apart."""

    text: str
    words: tuple[marks.Word, ...]

    @property
    def plain(self) -> list[str]:
        """Return the words without their places."""
        return [word.text for word in self.words]


def sentence_of(cell: Cell) -> Sentence:
    """Return a text taken apart, or words put together; each word knows its place."""
    meaning = read_cell(cell, "words") if isinstance(cell, str) else cell
    if isinstance(meaning, str):
        return Sentence(meaning, tuple(marks.words_with_offsets(meaning)))
    text, words = marks.place_words([str(word) for word in meaning])
    return Sentence(text, tuple(words))


def bio_tags(texts: Sequence[str], cells: Sequence[str], scheme: marks.Scheme) -> list[list[str]]:
    """Return a BIO tag for each word of each text, from cells of tags in any scheme or of spans of characters."""
    found = []
    for text, cell in zip(texts, cells, strict=True):
        sentence = sentence_of(text)
        found.append(marks.tags_of_words(spans_of_cell(sentence, cell, scheme), len(sentence.words)))
    return found


def unequal_rows(texts: Sequence[str], cells: Sequence[str]) -> list[int]:
    """Return the places of the rows that have more or fewer tags than words; spans of characters, and what is no list, have none."""
    return [place for place, (text, cell) in enumerate(zip(texts, cells, strict=True)) if _are_unequal(text, cell)]


def _are_unequal(text: str, cell: str) -> bool:
    if marks_spans(cell) or not cell.strip():
        return False
    try:
        words, tags = read_cell(text, "words"), marks.read_list(cell)
    except (StudioError, ValueError):
        return False  # whoever reads it says what it is
    if isinstance(words, str) and not tags:
        return False  # a text in which nothing is marked
    return len(marks.words_with_offsets(words) if isinstance(words, str) else words) != len(tags)


def spans_of_cell(sentence: Sentence, cell: str, scheme: marks.Scheme) -> list[marks.Span]:
    """Return what a cell of tags or of spans of characters marks, as spans of words; each has a label."""
    if marks_spans(cell):
        fitted, _ = marks.fit_spans(sentence.text, read_marks(marks.read_spans, cell), sentence.words)
    else:
        fitted, _ = marks.spans_of_tags(sentence.plain, read_marks(marks.read_list, cell), scheme)
    return [span if span.label else span._replace(label=UNNAMED) for span in fitted]


def scheme_of_cells(cells: Sequence[str]) -> marks.Scheme:
    """Return the scheme in which all cells that hold tags are written."""
    return marks.scheme_of(read_marks(marks.read_list, cell) for cell in cells if not marks_spans(cell))


def types_of(tags: Sequence[str]) -> list[str]:
    """Return what tags mark, each once. Example: types_of(["O", "B-PER", "I-PER"]) == ["PER"]"""
    return [label for label in dict.fromkeys(marks.split_tag(tag)[1] for tag in tags) if label]


def labels_of_model(model: SavedModel) -> list[str]:
    """Return the labels that a model answers with, or that it marks; none where it does not say."""
    found = model.facts.get("labels")
    labels = [str(label) for label in found] if isinstance(found, list | tuple) else []
    marking = any(info.key == model.task and info.answers == "spans" for info in all_tasks())
    return types_of(labels) if marking else labels


def marks_spans(cell: str) -> bool:
    """Say whether a cell holds spans of characters, not tags."""
    return cell.lstrip()[1:].lstrip().startswith("{")


def read_marks(read: Callable[[str], T], cell: str) -> T:
    """Return a cell of tags or spans as it is read. Raises StudioError where it holds something else."""
    try:
        return read(cell)
    except ValueError as error:
        raise StudioError(
            "cell-form",
            "“{cell}” is no list of {reads}.",
            "Choose another column, or mend the cell.",
            cell=cell[:80],
            reads="tags",
        ) from error
