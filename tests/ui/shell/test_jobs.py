"""Short work of the window: callbacks on its own thread, a mailbox instead of signals, nothing left at the end."""

import gc
import threading
import time
from collections import deque

import pytest
import shiboken6
from PySide6.QtCore import QObject, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished, Note, Progress
from slm_studio.host.engines import Engines
from slm_studio.ui.shell import jobs as shell
from slm_studio.ui.shell.jobs import Jobs, all_have_ended
from tests.host import fake_door
from tests.ui.places import until


@pytest.fixture
def start(qapp):
    """Return a function that makes Jobs with a given `run`; all are shut down at the end."""
    made = []

    def make(run) -> Jobs:
        made.append(Jobs(run))
        return made[-1]

    yield make
    assert not [jobs for jobs in made if not jobs.shutdown()]


def counting(verb, **arguments):
    yield Progress(verb, 1, 2)
    yield Progress(verb, 2, 2)
    yield Finished(arguments)


def ticking(verb):
    while True:
        time.sleep(0.005)
        yield Progress(verb, 0, 0)


class Heard(list):
    """Collects what was called, and on which thread."""

    def __init__(self) -> None:
        self.threads = set()

    def __call__(self, item) -> None:
        self.append(item)
        self.threads.add(threading.get_ident())


def test_events_then_the_result_arrive_on_the_windows_thread(start):
    events, results = Heard(), Heard()
    handle = start(counting).start("read", {"path": "a"}, results, events)

    until(lambda: results)

    assert events == [Progress("read", 1, 2), Progress("read", 2, 2)] and results == [{"path": "a"}]
    assert events.threads | results.threads == {threading.get_ident()}
    assert not handle.is_running


def test_the_work_is_not_done_on_the_windows_thread(start):
    results = Heard()

    def where(verb):
        yield Finished(threading.get_ident())

    start(where).start("read", {}, results)
    until(lambda: results)

    assert results[0] != threading.get_ident()


def test_an_error_is_told_once(start):
    def failing(verb):
        yield Progress(verb, 1, 2)
        raise StudioError("no-rows", "There are no rows.")

    results, errors, events = Heard(), Heard(), Heard()
    start(failing).start("read", {}, results, events, errors)
    until(lambda: errors)

    assert [error.code for error in errors] == ["no-rows"] and len(events) == 1 and not results


def test_an_error_nobody_asked_for_is_a_signal(start):
    def failing(verb):
        raise KeyError("x")
        yield

    heard = Heard()
    jobs = start(failing)
    jobs.job_failed.connect(heard)
    jobs.start("read", {}, Heard())
    until(lambda: heard)

    assert heard[0].code == "unexpected"


def test_an_error_that_cannot_say_itself_ends_its_job_too(start):
    class Speechless(Exception):
        def __str__(self) -> str:
            raise ValueError

    def failing(verb):
        raise Speechless
        yield

    errors = Heard()
    start(failing).start("read", {}, Heard(), on_error=errors)
    until(lambda: errors)

    assert errors[0].values["kind"] == "Speechless"


class Lingering(deque):
    """A mailbox whose worker is still there for a while after it put the end into it."""

    def append(self, item) -> None:
        super().append(item)
        time.sleep(0.1)


class Held(Heard):
    """Stands for a widget that is told of a job; Qt would crash if another thread than the window's let it go."""

    def __init__(self, gone: list[int]) -> None:
        super().__init__()
        self._gone = gone

    def __del__(self) -> None:
        self._gone.append(threading.get_ident())


@pytest.mark.parametrize("ending", ["finished", "failed", "stopped", "left"])
def test_what_a_job_holds_of_the_window_goes_on_the_windows_thread(start, monkeypatch, ending):
    def failing(verb):
        raise KeyError("x")
        yield

    monkeypatch.setattr(shell, "deque", Lingering)
    jobs, owner, gone = start({"finished": counting, "failed": failing}.get(ending, ticking)), QObject(), []
    held = Held(gone)
    handle = jobs.start("read", {}, held, held, held, owner)
    del held

    if ending == "stopped":
        handle.stop()
    if ending == "left":
        shiboken6.delete(owner)
    until(lambda: not jobs.is_busy)
    until(lambda: gone or gc.collect())

    assert gone == [threading.get_ident()]


def test_work_that_cannot_even_start_is_an_error(start):
    def refused(verb):
        raise StudioError("unknown-verb", "There is no such work.")

    errors = Heard()
    start(refused).start("dance", {}, Heard(), on_error=errors)
    until(lambda: errors)

    assert errors[0].code == "unknown-verb"


def test_stop_returns_at_once_and_ends_in_nothing(start):
    results, events = Heard(), Heard()
    handle = start(ticking).start("read", {}, results, events)
    until(lambda: events)

    began = time.monotonic()
    handle.stop()
    assert time.monotonic() - began < 1

    until(lambda: results)
    assert results == [None] and not handle.is_running


def test_a_stop_before_the_job_is_there_is_remembered(start):
    gate, results = threading.Event(), Heard()

    def slow_to_start(verb):
        gate.wait(5)
        return ticking(verb)

    handle = start(slow_to_start).start("read", {}, results)
    handle.stop()
    gate.set()
    until(lambda: results)

    assert results == [None]


def test_a_result_for_a_widget_that_is_gone_is_dropped_and_its_job_stopped(start):
    jobs = start(ticking)
    widget, heard = QWidget(), Heard()
    jobs.start("read", {}, heard, heard, heard, owner=widget)
    until(lambda: heard)

    shiboken6.delete(widget)
    heard.clear()
    until(lambda: not jobs.is_busy)

    assert heard == []


def test_a_flood_of_events_does_not_freeze_the_window(start):
    def flooding(verb):
        for n in range(20_000):
            yield Progress(verb, n, 20_000)
        yield Finished("all")

    lateness, seen, results, last = [], Heard(), Heard(), [time.monotonic()]

    def tick() -> None:
        now = time.monotonic()
        lateness.append(now - last[0])
        last[0] = now

    timer = QTimer()
    timer.timeout.connect(tick)
    timer.start(5)
    start(flooding).start("read", {}, results, seen)
    until(lambda: results, 20)
    timer.stop()

    assert len(seen) == 20_000 and [event.done for event in seen] == list(range(20_000))
    assert max(lateness) < 0.25


def test_a_callback_that_fails_does_not_silence_the_others(start, monkeypatch):
    import sys

    jobs, failures, results = start(counting), [], Heard()
    monkeypatch.setattr(sys, "excepthook", lambda *error: failures.append(error))

    def broken(event) -> None:
        raise RuntimeError("a bug of a panel")

    jobs.start("read", {}, results, broken)
    until(lambda: results)

    assert results == [{}] and len(failures) == 2


def test_many_jobs_run_at_once(start):
    jobs, results = start(counting), Heard()
    for n in range(30):
        jobs.start("read", {"n": n}, results)
    until(lambda: len(results) == 30)

    assert sorted(result["n"] for result in results) == list(range(30)) and not jobs.is_busy


def test_shutdown_ends_everything_and_calls_nobody(qapp):
    heard, jobs = Heard(), Jobs(ticking)
    for _ in range(3):
        jobs.start("read", {}, heard, heard)

    assert jobs.shutdown()
    heard.clear()
    QTest.qWait(80)

    assert heard == []
    assert not jobs.start("read", {}, heard).is_running


def test_shutdown_says_when_something_hangs(qapp):
    gate = threading.Event()

    def hanging(verb):
        gate.wait(10)
        yield Finished(None)

    jobs = Jobs(hanging)
    jobs.start("read", {}, Heard())

    assert not jobs.shutdown(0.1)
    assert not all_have_ended()
    gate.set()
    until(all_have_ended)


def test_the_window_may_use_real_jobs(start):
    with Engines(door=fake_door) as engines:
        jobs, events, results = start(engines.run), Heard(), Heard()
        handle = jobs.start("read", {"path": "slow"}, results, events)
        until(lambda: events)
        handle.stop()
        until(lambda: results)

    assert results == [None] and any(isinstance(event, Note) for event in events)


def test_jobs_die_with_their_parent(qapp):
    parent = QObject()
    jobs = Jobs(counting, parent)

    assert jobs.parent() is parent and jobs.shutdown()
