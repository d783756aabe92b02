"""Jobs one after another for one wish: the line and the button follow, and what was left behind is not heard."""

import threading

import pytest
import shiboken6
from PySide6.QtWidgets import QWidget

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished, Note
from slm_studio.core.events import Progress as Far
from slm_studio.ui.parts.chain import Chain
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.widgets.buttons import WorkButton
from slm_studio.ui.widgets.progress import Progress
from tests.ui.places import until


class Place(QWidget):
    """A line, a button and a chain, with what it said."""

    def __init__(self, run) -> None:
        super().__init__()
        self.jobs = Jobs(run)
        self.progress, self.button = Progress(self), WorkButton("Go", parent=self)
        self.chain = Chain(self.jobs, self.progress, self.button, self)
        self.heard, self.busy = [], []
        self.chain.stopped.connect(lambda: self.heard.append("stopped"))
        self.chain.failed.connect(lambda error: self.heard.append(error.code))
        self.chain.changed.connect(lambda: self.busy.append(self.chain.is_busy))
        self.show()


@pytest.fixture
def make(qapp):
    made = []

    def one(run) -> Place:
        made.append(Place(run))
        return made[-1]

    yield one
    for place in made:
        assert place.jobs.shutdown()
        shiboken6.delete(place)


def waiting(verb, gate=None):
    """Work until the gate opens, with signs of life."""
    yield Far("Reading rows", 1, 4)
    while gate is not None and not gate.wait(0.005):
        yield Far("Reading rows", 1, 4)
    yield Finished(f"{verb}ed")


def test_the_result_of_one_job_leads_to_the_next(make):
    place = make(waiting)

    def opened(result):
        place.heard.append(result)
        place.chain.run("answer", {}, place.heard.append)

    place.chain.run("open", {}, opened)
    until(lambda: len(place.heard) == 2)

    assert place.heard == ["opened", "answered"]
    assert place.busy == [True, False, True, False] and not place.chain.is_busy


def test_the_line_and_the_button_follow_the_work(make):
    place, gate = make(waiting), threading.Event()
    assert not place.progress.isVisible()

    place.chain.run("read", {"gate": gate}, place.heard.append)
    assert place.progress.isVisible() and place.button.state == "busy" and place.progress.bar.share() < 0

    until(lambda: place.progress.bar.share() == 0.25)
    assert "Reading rows" in place.progress.words.text()

    gate.set()
    until(lambda: place.heard)
    assert not place.progress.isVisible() and place.button.state == "ready"


def test_the_button_stops_the_work_and_nothing_follows(make):
    place = make(waiting)
    place.chain.run("read", {"gate": threading.Event()}, place.heard.append)

    place.button.click()
    assert not place.button.isEnabled()
    until(lambda: place.heard)

    assert place.heard == ["stopped"] and place.button.state == "ready" and place.button.isEnabled()


def test_a_newer_wish_ends_the_older_one_unheard(make):
    place, gate = make(waiting), threading.Event()
    place.chain.run("read", {"gate": gate}, place.heard.append)
    place.chain.run("open", {}, place.heard.append)
    until(lambda: place.heard)
    until(lambda: not place.jobs.is_busy)  # without the gate: the older one was stopped

    assert place.heard == ["opened"]


def test_an_error_is_told_and_the_place_is_ready_again(make):
    def failing(verb):
        yield Far(verb, 0, 0)
        raise StudioError("file-gone", "It is gone.", "Choose another.")

    place = make(failing)
    place.chain.run("read", {}, place.heard.append)
    until(lambda: place.heard)

    assert place.heard == ["file-gone"] and place.button.state == "ready" and not place.progress.isVisible()


def test_work_that_was_left_says_nothing_more(make):
    place = make(waiting)
    place.chain.run("read", {"gate": threading.Event()}, place.heard.append)
    place.chain.leave()
    assert not place.chain.is_busy and place.button.state == "ready" and not place.progress.isVisible()

    until(lambda: not place.jobs.is_busy)  # without the gate: it was stopped
    assert place.heard == []


def test_a_chain_needs_no_line_and_no_button_and_tells_what_else_happened(make):
    def telling(verb):
        yield Far(verb, 1, 2)
        yield Note("slow", "It is slow.")
        yield Finished(verb)

    place = make(telling)
    chain = Chain(place.jobs, parent=place)
    chain.happened.connect(place.heard.append)
    chain.run("read", {}, place.heard.append)
    until(lambda: len(place.heard) == 2)

    assert place.heard == [Note("slow", "It is slow."), "read"]
