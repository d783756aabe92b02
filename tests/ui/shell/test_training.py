"""Training in the window: workers on their threads, batches, pause, stop and the end."""

import gc
import threading
import time
import weakref

import pytest
from PySide6.QtCore import QCoreApplication, Qt, QThread
from PySide6.QtTest import QTest

from slm_studio.core.dataset import Dataset, ReadReport
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished, Paused, Step
from slm_studio.core.recipe import Recipe
from slm_studio.core.settings import Settings
from slm_studio.host.job import LocalJob
from slm_studio.ui.shell.training import Trainings, TrainingWorker
from tests.host import fake_door
from tests.ui.places import until

RECIPE = Recipe(task="classify", base="blank:bag-nano", roles={"text": "text", "label": "label"})


@pytest.fixture
def dataset(tmp_path) -> Dataset:
    return Dataset(
        id="d", name="reviews.csv", source="", folder=str(tmp_path), columns=(), rows=0, held_out={}, fingerprint="f",
        report=ReadReport(format="csv"), created="2025-01-01T00:00:00+00:00",
    )  # fmt: skip


class Door:
    """Trains as long as nobody stops it; remembers what it was asked."""

    def __init__(self, steps: int = 10**9) -> None:
        self.asked: list[dict] = []
        self.saved = threading.Event()
        self._steps = steps

    def run(self, verb, place=None, **arguments):
        self.asked.append({"verb": verb, "place": place})
        return LocalJob(self, verb, {})

    def train(self):
        try:
            for n in range(1, self._steps + 1):
                time.sleep(0.002)
                yield fake_door.step(n)
            yield Finished("model")
        except GeneratorExit:
            self.saved.set()
            raise

    resume = train


class Ears:
    """Hears all signals of Trainings."""

    def __init__(self, trainings: Trainings) -> None:
        self.started, self.batches, self.ended, self.threads = [], [], [], set()
        trainings.run_started.connect(self.started.append)
        trainings.run_events.connect(self._on_events)
        trainings.run_finished.connect(lambda run_id, result: self.ended.append((run_id, result)))
        trainings.run_failed.connect(lambda run_id, error: self.ended.append((run_id, error)))

    @property
    def events(self) -> list:
        return [event for _, batch in self.batches for event in batch]

    def _on_events(self, run_id: str, batch: object) -> None:
        self.batches.append((run_id, batch))
        self.threads.add(threading.get_ident())


@pytest.fixture
def trainings(qapp):
    made = []

    def make(run, place: str = "process") -> tuple[Trainings, Ears]:
        made.append(Trainings(run, lambda: Settings(place=place)))
        return made[-1], Ears(made[-1])

    yield make
    assert not [each for each in made if not each.shutdown()]


def test_a_run_is_made_and_its_events_arrive_in_batches(trainings, dataset):
    door = Door(steps=150)
    each, ears = trainings(door.run)
    began = time.monotonic()
    run = each.start(RECIPE, dataset)
    assert each.active == (run.id,) and run.path.is_dir()

    until(lambda: ears.ended)

    assert ears.started == [run.id] and ears.ended == [(run.id, "model")] and each.active == ()
    assert [event.n for event in ears.events] == list(range(1, 151))
    assert ears.threads == {threading.get_ident()}
    assert len(ears.batches) <= 2 + 20 * (time.monotonic() - began)


@pytest.mark.parametrize("place", ["process", "thread"])
def test_the_place_comes_from_the_settings(trainings, dataset, place):
    door = Door(steps=1)
    each, ears = trainings(door.run, place)
    each.start(RECIPE, dataset)
    until(lambda: ears.ended)

    assert door.asked == [{"verb": "train", "place": place}]


def test_pause_resume_and_stop(trainings, dataset):
    door = Door()
    each, ears = trainings(door.run)
    run = each.start(RECIPE, dataset)
    worker = each.worker(run.id)
    until(lambda: ears.events)

    worker.pause()
    until(lambda: isinstance(ears.events[-1], Paused))
    before = len(ears.events)
    QTest.qWait(120)
    assert len(ears.events) == before

    worker.resume()
    until(lambda: isinstance(ears.events[-1], Step))
    worker.stop()
    until(lambda: ears.ended)
    assert ears.ended == [(run.id, None)] and door.saved.is_set() and each.worker(run.id) is None


@pytest.mark.parametrize("is_stopped", [False, True])
def test_a_worker_goes_on_the_windows_thread_also_where_its_own_lingers(trainings, dataset, monkeypatch, is_stopped):
    gone, quitting = [], QThread.quit
    monkeypatch.setattr(QThread, "quit", lambda thread: time.sleep(0.1) or quitting(thread))
    each, ears = trainings(Door(steps=1 if not is_stopped else 10**9).run)
    run = each.start(RECIPE, dataset)
    weakref.finalize(each.worker(run.id), lambda: gone.append(threading.get_ident()))

    if is_stopped:
        each.worker(run.id).stop()
    until(lambda: ears.ended)
    until(lambda: gone or gc.collect())

    assert gone == [threading.get_ident()]


def test_a_stopped_run_may_be_resumed_from_the_slot_that_hears_of_it(trainings, dataset):
    door = Door()
    each, _ = trainings(door.run)
    run = each.start(RECIPE, dataset)
    with pytest.raises(StudioError):
        each.resume(run)
    each.run_finished.connect(lambda *_: len(door.asked) == 1 and each.resume(run))
    each.worker(run.id).stop()
    until(lambda: len(door.asked) == 2)

    assert each.active == (run.id,) and door.asked[1]["verb"] == "resume"


def test_an_error_is_told_with_its_run(trainings, dataset):
    def failing(verb, **arguments):
        yield fake_door.step(1)
        raise StudioError("out-of-memory", "The memory is full.")

    each, ears = trainings(failing)
    run = each.start(RECIPE, dataset)
    until(lambda: ears.ended)

    assert ears.ended[0][0] == run.id and ears.ended[0][1].code == "out-of-memory" and len(ears.events) == 1


def test_shutdown_saves_paused_and_running_work(qapp, dataset):
    doors = [Door(), Door()]
    runs = iter(doors)
    each = Trainings(lambda verb, **arguments: next(runs).run(verb, **arguments), Settings)
    first, _ = each.start(RECIPE, dataset), each.start(RECIPE, dataset)
    ears = Ears(each)
    each.worker(first.id).pause()
    until(lambda: any(isinstance(event, Paused) for event in ears.events))

    assert each.shutdown()
    assert all(door.saved.is_set() for door in doors) and each.active == ()


def test_a_worker_may_be_used_alone(qapp):
    worker = TrainingWorker(Door(steps=3).run, "train", {})
    batches, ends = [], []
    worker.events_arrived.connect(batches.append, Qt.ConnectionType.DirectConnection)
    worker.finished.connect(ends.append, Qt.ConnectionType.DirectConnection)
    worker.start()
    assert worker.thread() is not QCoreApplication.instance().thread()

    until(lambda: worker.deliver() or ends)

    assert sum(map(len, batches)) == 3 and ends == ["model"]
