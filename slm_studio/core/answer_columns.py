"""The columns that a file of answers has beside its own: what they are called, and what stands in them."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from slm_studio.core.answers import PAIR
from slm_studio.core.moderation import FOR_A_PERSON, person_of
from slm_studio.core.results import further_cells
from slm_studio.core.saved import SavedModel
from slm_studio.core.texts import mark

PREDICTION, SCORE = "prediction", "score"
PAIRS_FILE = "known_pairs.jsonl"  # of a model that keeps what it learnt from; it never travels with the model
LISTS = (".jsonl", ".ndjson", ".jl", ".json")  # ends of files in which the spans of a text stand as they are
SCORELESS = ("tokens", "number")  # kinds of answers of which nothing says how sure they are
ABOUT = {
    "marked": mark("“{column}” is the text with its marks."),
    "filled": mark("“{column}” is the text with its gaps filled."),
    "ranking": mark("“{column}” holds all texts in their new order, each with its score."),
    FOR_A_PERSON: mark("“{column}” says yes where the answer is too unsure to stand by itself."),
    PAIR: mark("“{column}” is the learnt text whose answer was taken, where one was."),
}
NO_SCORE = mark("“{column}” stays empty: such an answer has none.")


def added_columns(model: SavedModel, ending: str, taken: Iterable[str] = ()) -> dict[str, str]:
    """Return each column and a sentence about it ("" where its name says it), for a file with this ending.

    A name that the file has `taken` already ends in “_”.
    """
    used = list(taken)
    found: dict[str, str] = {}
    for name in _names(model, ending):
        free = free_name(name, used)
        used.append(free)
        is_empty = name == SCORE and model.info.answers in SCORELESS
        found[free] = NO_SCORE if is_empty else ABOUT.get(name, "")
    return found


def free_name(name: str, taken: Iterable[str]) -> str:
    """Return a name that no column has yet."""
    while name in taken:
        name += "_"
    return name


def _names(model: SavedModel, ending: str) -> Iterator[str]:
    yield from (PREDICTION, SCORE)
    yield from (name for name in further_cells("", (), model.info.answers) if name != "marked" or ending not in LISTS)
    if model.info.answers == "labels" and person_of(model.facts) is not None:
        yield FOR_A_PERSON
    if (Path(model.folder) / PAIRS_FILE).is_file():
        yield PAIR
