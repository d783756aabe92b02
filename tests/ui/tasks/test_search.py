"""What the view of search shows: hits with their places and lit words, honesty, and passages that may be cited."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QAbstractButton, QApplication

from slm_studio.core import codec
from slm_studio.core.dataset import Remark
from slm_studio.core.events import Finished
from slm_studio.core.index import INDEXES, Index
from slm_studio.core.report import Case
from slm_studio.core.results import Hit
from slm_studio.core.saved import INDEX_FILE, SavedModel
from slm_studio.core.settings import Settings
from slm_studio.core.tasks.search import WORDS
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.session import Session
from slm_studio.ui.tasks.search import SearchView
from slm_studio.ui.widgets.buttons import ElidedButton
from slm_studio.ui.widgets.lit_text import LitText
from tests.ui.places import until

LATE = Hit(
    "Late books cost 20 cents.", 0.98, 1, meaning=0.7, words=3.1, chosen=True, source="rules.md", line=7, heading="Fees"
)
MILL = Hit("The mill burnt down.", 0.5, 2, meaning=0.1, words=0.0, chosen=False, source="history.txt", line=1)


def view_model(folder: str) -> SavedModel:
    return SavedModel(folder=folder, name="m", task="search", base="")


@pytest.fixture
def view(qapp):
    made = SearchView()
    made.show()
    made.set_model(view_model("/m"), [])
    yield made
    made.deleteLater()


def answer(view, *hits: Hit) -> None:
    view.fill("late books")
    view.begin()
    for hit in hits:
        view.take(hit)
    view.finish({"seconds": 0.01})


def test_each_hit_says_where_it_stands_and_how_well_it_fits(view) -> None:
    answer(view, LATE, MILL)

    first, second = view.hits.cards
    assert first.place.text() == "rules.md · line 7 · Fees" and second.place.text() == "history.txt · line 1"
    assert first.scores.text() == "together 0.98 · meaning 0.70 · words 3.1"
    assert [LATE.text[start:end] for start, end in first.passage._places] == ["Late", "books"]
    assert view.none.isHidden()


def test_of_a_document_with_pages_the_page_is_named(view) -> None:
    answer(view, replace(LATE, source="book.pdf", page=12))

    assert view.hits.cards[0].place.text() == "book.pdf · page 12 · Fees"

    answer(view, Hit("late they are", 0.5, 0, source="book.pdf", line=90, page=3, last_page=4))
    assert view.hits.cards[0].place.text() == "book.pdf · pages 3–4"


def test_of_an_index_it_is_said_what_the_model_did_not_read(view) -> None:
    index = Index(folder="/i", name="i", source="/library", kind="documents", documents=2, passages=9, cut=3)
    view.corpus.show_index(index)
    assert view.corpus.state.text() == "2 documents · 9 passages · 3 longer than the model reads"

    view.corpus.show_index(replace(index, kind="column", cut=1))
    assert view.corpus.state.text() == "9 different passages in 2 rows · 1 longer than the model reads"


def test_of_an_index_the_files_are_named_that_were_not_read(view) -> None:
    lost = Remark(code="files-unreadable", message="{count} {count:file|files} could not be read: {names}.", count=2,
                  values={"names": "scan.pdf, locked.pdf"})  # fmt: skip
    index = Index(folder="/i", name="i", source="/library", kind="documents", documents=2, passages=9, left_out=2)

    view.corpus.show_index(replace(index, remarks=(lost,)))

    first, second = view.corpus.state.text().split("\n")
    assert first == "2 documents · 9 passages · 2 files not read"
    assert second == "2 files could not be read: scan.pdf, locked.pdf."


@pytest.mark.parametrize("back", ["place", "window"])
def test_documents_that_changed_meanwhile_are_said_when_the_person_comes_back(view, back: str) -> None:
    index = Index(folder="/i", name="i", source="/library", kind="documents", documents=2, passages=9)
    now = [()]

    def run(verb, **arguments):
        yield Finished(replace(index, old=now[0]))

    jobs = Jobs(run)
    view.join(Session(Settings()), jobs)
    view.corpus.show_index(index)
    view.model_opened("h")
    until(lambda: not jobs.is_busy)
    assert view.corpus.old.isHidden()

    now[0] = ("documents",)
    if back == "place":
        view.hide()
        view.show()
    else:
        view.activateWindow()
        QApplication.sendEvent(view.corpus, QEvent(QEvent.Type.ActivationChange))
    until(view.corpus.old.isVisible)
    now[0] = ()
    view.hide()
    view.show()

    until(view.corpus.old.isHidden)
    assert jobs.shutdown()


def test_what_was_searched_last_and_how_stands_there_again(view, tmp_path: Path) -> None:
    model = view_model(str(tmp_path))
    for day, name in enumerate(("older", "newer"), 1):
        made = Index(folder="", name=name, source=f"/{name}", kind="documents", created=f"2026-01-0{day}")
        codec.write(tmp_path / INDEXES / name / INDEX_FILE, codec.to_json(made))
    view.set_model(model, [])
    assert view.corpus.index.name == "newer"
    kept = []
    view.edited.connect(lambda: kept.append(json.dumps(view.state())))
    view.corpus.choice.chosen.emit(str(tmp_path / INDEXES / "older"))
    assert len(kept) == 1
    next(each for each in view.way.findChildren(QAbstractButton) if each.text() == "Words").click()
    assert len(kept) == 2

    again = SearchView()
    again.restore(json.loads(kept[-1]))
    again.set_model(model, [])

    assert again.corpus.index.name == "older" and again.way.current() == WORDS
    assert again.chosen() == {"index": again.corpus.index.folder}
    again.restore({"way": "luck", "searched": 3, "question": "late books"})
    assert again.way.current() == WORDS and again.text() == "late books"
    again.deleteLater()


def test_the_heading_of_the_answer_is_whole_where_its_card_is_narrow(view) -> None:
    view.resize(640, 500)
    answer(view, LATE)
    title = view.asking.title

    assert title.width() >= title.sizeHint().width()
    assert title.mapTo(view.asking, title.rect().bottomRight()).x() < view.asking.width()


def test_a_question_that_is_offered_never_makes_the_page_wider(view) -> None:
    before = view.minimumSizeHint().width()
    long = "What precautions should be taken for R&D animals that have recently been imported " * 3

    view.set_model(view_model("/other"), [Case(row=0, cells={"query": long, "right": True})])

    assert view.offered.isVisible() and view.minimumSizeHint().width() <= max(before, 500)
    button = view.offered.findChild(ElidedButton)
    assert button.copied() == long and "R&&D" in button.text()
    button.click()
    assert view.text() == long


def test_it_is_honest_where_nothing_stands_out(view) -> None:
    answer(view, MILL)

    assert not view.none.isHidden() and not view.asking.button.isEnabled()
    assert "no model is asked" in view.asking.answer.text() or view.asking.choice.count() == 0


def test_nothing_is_claimed_where_nothing_is_known(view) -> None:
    answer(view, Hit("Late books.", 2.0, 0, words=2.0, source="a.txt", line=1))

    assert view.none.isHidden() and view.hits.cards[0].scores.text() == "words 2.0"


def test_a_long_passage_opens_at_a_click_and_closes_again(qapp) -> None:
    text = LitText("word " * 400)
    text.resize(300, 10)
    text._fit()
    short = text.height()

    text.set_open(True)
    assert text.height() > 3 * short and text.is_cut()
    text.set_open(False)
    assert text.height() == short


def test_several_files_dropped_at_once_are_answered_with_a_sentence(view, tmp_path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path / name)) for name in ("a.txt", "b.txt")])
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("text", encoding="utf-8")
    drop = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )

    view.corpus.dropEvent(drop)

    assert "Several files were dropped" in view.corpus.problem._message.text()
