"""Leaving while something is at work: the question, what is remembered, and what is offered at the next start."""

# ruff: noqa: F811  (a fixture of another file is an argument here)

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from slm_studio.core.events import Machine, Paused, Started, Step
from slm_studio.core.recipe import make_recipe
from slm_studio.core.run import FINISHED, STOPPED, Run, create_run, save_run
from slm_studio.core.settings import Settings
from slm_studio.ui.shell.leaving import leave, left_runs, settle
from slm_studio.ui.shell.running import Running
from slm_studio.ui.shell.session import Session
from slm_studio.ui.shell.training import Trainings
from slm_studio.ui.train.story import Story
from slm_studio.ui.widgets.question import Question
from tests.ui.data.test_panel import ROWS, make_dataset
from tests.ui.train.test_panel import Place, make  # noqa: F401  (a fixture)

MACHINE = Machine(device="cpu", name="", precision="fp32", threads=1, steps=400)


def step(n: int) -> Step:
    return Step(n, n / 100, 5.0 + n * n / 100, 1.0, 0.1, 1.0, 1.0, 1)  # it becomes slower


@pytest.fixture
def run(tmp_path) -> Run:
    dataset = make_dataset(tmp_path / "rows", "tickets.csv", ROWS)
    made = create_run(make_recipe("classify", roles={"text": "text", "label": "label"}), dataset)
    return save_run(replace(made, state=STOPPED, step=40, steps=200))


@pytest.mark.parametrize(("tabs", "taken"), [(0, False), (1, True)])
def test_return_takes_the_button_that_has_the_focus(theme, tabs: int, taken: bool) -> None:
    question = Question("A model is still training.", action="Leave", back="Stay")
    question.show()
    for _ in range(tabs):
        QTest.keyClick(question, Qt.Key.Key_Tab)
    QTest.keyClick(question.focusWidget(), Qt.Key.Key_Return)

    assert (question.result() == Question.DialogCode.Accepted) is taken
    question.deleteLater()


def test_a_run_that_was_left_is_remembered_until_somebody_decides(home, run: Run) -> None:
    session = Session(Settings())
    leave(session, (run.id,))
    session.save()

    later = Session(Settings())
    assert [each.id for each in left_runs(later)] == [run.id]
    settle(later, run.id)
    assert left_runs(later) == []


def test_one_that_ended_or_is_gone_is_not_offered(home, run: Run) -> None:
    session = Session(Settings())
    leave(session, (run.id, "deleted since"))
    save_run(replace(run, state=FINISHED))

    assert left_runs(session) == []


def test_a_run_that_was_left_waits_at_the_foot_of_the_sidebar(theme, run: Run) -> None:
    trainings = Trainings(lambda verb, **rest: iter(()), Settings)
    running = Running(trainings, lambda run_id: "tickets")
    running.show_waiting([run])
    assert [(line.name, line.share, line.paused) for line in running.lines()] == [("tickets", 0.2, True)]

    trainings.run_started.emit(run.id)
    assert [line.paused for line in running.lines()] == [False]


def test_the_sidebar_and_the_page_tell_one_time_left(theme, run: Run) -> None:
    trainings = Trainings(lambda verb, **rest: iter(()), Settings)
    running, story = Running(trainings, lambda run_id: "tickets"), Story(run, "running")
    trainings.run_started.emit(run.id)
    for events in ([Started(run.id, MACHINE)], [step(n) for n in range(1, 120)], [step(n) for n in range(120, 200)]):
        trainings.run_events.emit(run.id, events)
        story.take(events)
        assert running.lines()[0].left == story.left()
    assert story.left() > 1.5 * 44.0 / 199 * 201  # by the latest steps, not by all of them

    again = [Started(run.id, MACHINE, 199), step(200), step(201), step(202)]  # it went on
    trainings.run_events.emit(run.id, again)
    story.take(again)
    assert running.lines()[0].left == story.left() is not None


def test_the_question_knows_a_paused_run_from_one_at_work(theme, run: Run) -> None:
    trainings = Trainings(lambda verb, **rest: iter(()), Settings)
    running = Running(trainings, lambda run_id: "tickets")
    trainings.run_started.emit(run.id)
    trainings.run_events.emit(run.id, [Started(run.id, MACHINE), step(1)])
    assert running.is_any_at_work()

    trainings.run_events.emit(run.id, [Paused(1)])
    assert not running.is_any_at_work()


def test_train_offers_the_run_that_was_left(make) -> None:
    place: Place = make()
    made = create_run(place.session.recipe, place.dataset)
    run = save_run(replace(made, state=STOPPED, step=40, steps=200))
    leave(place.session, (run.id,))
    place.session.show_plan()

    assert "“tickets” waits at step 40 of 200, where you left it." in place.words()
    place.panel.notes.interrupted.action.click()
    place.until(lambda: "resume" in [verb for verb, _ in place.engine.asked])
    assert left_runs(place.session) == []


def test_a_run_that_was_kept_as_a_model_no_longer_waits(make) -> None:
    place: Place = make()
    run = save_run(replace(create_run(place.session.recipe, place.dataset), state=STOPPED, step=40, steps=200))
    leave(place.session, (run.id,))
    place.session.set_run(run)

    place.panel._on_keep()

    assert left_runs(place.session) == []
    place.until(lambda: "keep" in [verb for verb, _ in place.engine.asked])


def test_the_offer_goes_when_the_run_goes(make) -> None:
    place: Place = make()
    run = save_run(replace(create_run(place.session.recipe, place.dataset), state=STOPPED, step=40, steps=200))
    leave(place.session, (run.id,))
    place.session.show_plan()
    place.panel.notes.interrupted.close_button.click()

    assert not place.panel.notes.interrupted.isVisible() and left_runs(place.session) == []
