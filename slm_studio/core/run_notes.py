"""Run notes: what was said while a run worked that its numbers do not say by themselves, and that stays true of its model."""

from slm_studio.core.errors import fill
from slm_studio.core.events import Note
from slm_studio.core.nouns import event_from_json
from slm_studio.core.run import History, Run

LASTING = (
    "all-learnt",
    "length-fitted",
    "length-limited",
    "texts-cut",
    "labels-unseen",
    "labels-unscored",
    "labels-alike",
    "labels-nothing",
    "rows-unlabelled",
    "rows-blank",
    "lists-unscored",
    "pairs-kept",
    "pairs-left",
)


def lasting_notes(run: Run) -> list[Note]:
    """Return the notes of a run that stay true, the latest of each code."""
    found: dict[str, Note] = {}
    for line in History(run.path).lines():
        if line.get("event") == "note" and line.get("code") in LASTING:
            note = event_from_json(line)
            assert isinstance(note, Note)
            found[note.code] = note
    return list(found.values())


def notes_json(run: Run) -> list[dict[str, object]]:
    """Return the same in whole sentences, as programs read them."""
    return [{"code": note.code, "message": fill(note.message, note.values)} for note in lasting_notes(run)]
