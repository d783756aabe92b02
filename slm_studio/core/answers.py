"""Answers as JSON: what `predict --json` prints is what the local API sends."""

from collections.abc import Iterable, Mapping, Sequence

from slm_studio.core import codec
from slm_studio.core.errors import fill
from slm_studio.core.events import Note
from slm_studio.core.moderation import FOR_A_PERSON
from slm_studio.core.prompt import Prompt
from slm_studio.core.results import Item, Span, Variant, in_cells
from slm_studio.core.tagged import sentence_of
from slm_studio.core.tasks.info import TaskInfo

UNKNOWN_WORDS = "unknown_words"  # of a prompt, which a model of words has no vector for
# What a task may say that a model does not receive of a prompt:
LEFT_OUT = ("not_sent", "cut", "unread", "end_unread", UNKNOWN_WORDS)
PAIR = "known_pair"  # the learnt pair whose target an answer is: its source, its target, how like the source is (0…1)
REMARKS = "remarks"  # sentences on what an answer was looked for in: an index that is older than its documents
UNKNOWN = ("chosen", "meaning", "words", "own", "model")  # parts of an item that are left out where they are not known
UNSAID = ("source", "line", "page", "last_page", "heading", "place", "further")  # … and where they are empty


def answer_json(items: Sequence[Item], prompt: Prompt, info: TaskInfo, done: Mapping[str, object]) -> dict[str, object]:
    """Return a whole answer; `done` is what `predict` ended with. What is written stands there as a text, too."""
    pieces = [item for item in items if not isinstance(item, Variant)]
    found: dict[str, object] = {"items": [item_json(item, _marked_text(prompt, info)) for item in pieces]}
    if FOR_A_PERSON in done:
        found[FOR_A_PERSON] = done[FOR_A_PERSON]
    if info.answers == "quotes":
        found["text"] = in_cells(items, info.answers)[0]
    found |= left_out(done) | remarks_in(done)
    if info.answers != "tokens":
        return found
    if variants := [item_json(item, "") for item in items if isinstance(item, Variant)]:
        found["variants"] = variants
    if PAIR in done:
        found[PAIR] = done[PAIR]
    return found | {"text": in_cells(items, info.answers)[0], "ended": done["ended"]}


def item_json(item: Item, text: str) -> dict[str, object]:
    """Return one item; what a span marks in `text` stands with it, so that nobody has to count characters."""
    found = codec.to_json(item)
    assert isinstance(found, dict)
    found = {name: value for name, value in found.items() if value is not None or name not in UNKNOWN}
    found = {name: value for name, value in found.items() if value or name not in UNSAID}
    words: dict[str, object] = {"text": text[item.start : item.end]} if isinstance(item, Span) else {}
    return words | found


def left_out(done: Mapping[str, object]) -> dict[str, object]:
    """Return what of a prompt the model did not receive, where it was not all of it."""
    return {name: done[name] for name in LEFT_OUT if done.get(name)}


def remarks_json(notes: Iterable[Note]) -> dict[str, object]:
    """Return what `done` says of the place in which an answer was looked for; {} where there is nothing to say."""
    said = [{"code": note.code, "message": fill(note.message, note.values)} for note in notes]
    return {REMARKS: said} if said else {}


def remarks_in(done: Mapping[str, object]) -> dict[str, object]:
    """Return what was said of the place in which an answer was looked for, where there was something to say."""
    return {REMARKS: done[REMARKS]} if done.get(REMARKS) else {}


def _marked_text(prompt: Prompt, info: TaskInfo) -> str:
    """Return the text in which spans count characters, "" where they are not the answer."""
    return sentence_of(prompt[info.asked[0].name]).text if info.answers == "spans" else ""
