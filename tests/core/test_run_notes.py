"""Run notes: what was said of a run and stays true, the latest of each kind, on its page and for programs."""

from pathlib import Path

import pytest

from slm_studio.core.events import Note, Step
from slm_studio.core.nouns import event_to_json
from slm_studio.core.run import History, Run
from slm_studio.core.run_notes import LASTING, lasting_notes, notes_json
from slm_studio.ui.train.story import Story

SAID = [
    Note("texts-cut", "{count} cut", {"count": 3}),
    Note("how-it-runs", "fast"),
    Note("pairs-kept", "{count} {count:pair stays|pairs stay}", {"count": 1}),
    Note("texts-cut", "{count} cut", {"count": 4}),
]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run whose history says some things between two steps."""
    made = Run(
        id="r", folder=str(tmp_path), name="r", task="rewrite", base="blank:t5-nano", dataset="d", fingerprint="f",
        state="finished", created="",
    )  # fmt: skip
    history = History(made.path)
    step = Step(1, 0.1, 1.0, 2.0, 0.1, 1.0, 10.0, 1)
    for event in (step, *SAID, step):
        history.append(event_to_json(event))
    return made


def test_the_latest_of_each_lasting_note_is_told_in_whole_sentences(run: Run) -> None:
    assert lasting_notes(run) == [SAID[3], SAID[2]]
    assert notes_json(run) == [
        {"code": "texts-cut", "message": "4 cut"},
        {"code": "pairs-kept", "message": "1 pair stays"},
    ]


@pytest.mark.parametrize("code", LASTING)
def test_the_page_of_a_run_shows_what_lasts(run: Run, code: str) -> None:
    story = Story(run, "running")

    story.take([Note(code, "said"), Note("something-else", "said")])

    assert list(story.remarks) == [code]
