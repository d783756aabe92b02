"""An answer from what was found: by a model that points at words, with the passage in which they stand, or honestly none."""

import pytest

from slm_studio.core.events import Finished, Predicted
from slm_studio.core.results import Hit, Opened, Quote
from slm_studio.core.settings import Settings
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.session import Session
from slm_studio.ui.tasks.search.asking import Asking
from tests.ui.places import make_model, until

HITS = [
    Hit("The mill burnt down in 1911.", 0.9, 0, chosen=True, source="history.txt", line=1),
    Hit("Late books cost 20 cents.", 0.8, 1, chosen=True, source="rules.md", line=7),
]
READ = "\n\n".join(hit.text for hit in HITS)
COST = Quote("20 cents", 0.8, READ.index("20 cents"), READ.index("20 cents") + 8, chosen=True)


@pytest.fixture
def ask(qapp):
    made = []

    def start(*quotes: Quote) -> Asking:
        def run(verb, **arguments):
            if verb == "open":
                yield Finished(Opened(handle="h", task="answer", device="cpu", seconds=0.1))
                return
            assert arguments["prompt"] == {"question": "what do late books cost", "passage": READ}
            yield from map(Predicted, quotes)
            yield Finished({"count": len(quotes), "seconds": 0.1})

        make_model(name="Reader", task="answer")
        jobs, asking = Jobs(run), Asking()
        made.append((jobs, asking))
        asking.join(Session(Settings()), jobs)
        asking.set_hits(HITS, "what do late books cost")
        asking.button.started.emit()
        until(lambda: not asking.cited.isHidden())
        return asking

    yield start
    for jobs, asking in made:
        assert jobs.shutdown()
        asking.deleteLater()


def test_words_that_are_pointed_at_stand_with_their_passage(ask) -> None:
    asking = ask(COST, Quote("", 0.1))

    assert asking.answer.text() == "20 cents"
    assert asking.cited.text() == "From: [2] rules.md · line 7"


def test_where_most_speaks_for_none_that_is_said(ask) -> None:
    asking = ask(Quote("", 0.7, chosen=True), COST)

    assert asking.answer.text() == "Not in these documents." and "finds no answer" in asking.cited.text()
