"""The contract of a job, the same in both places: an engine process and the calling thread."""

import math
import os
import signal
import threading
import time

import pytest

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished, Note, Paused, Predicted, Progress, Step
from slm_studio.core.results import Label, Sizes
from tests.host import fake_door


def test_events_arrive_in_order_and_end_with_the_result(engines):
    events = list(engines.run("read", path="count"))

    assert events == [Progress("Counting", n, 5) for n in range(5)] + [Finished({"rows": (1, 2, 3)})]


def test_a_job_can_be_iterated_only_once(engines):
    job = engines.run("read", path="count")
    list(job)

    assert list(job) == []


def test_text_and_numbers_cross_unchanged(engines):
    note, predicted, finished = engines.run("read", path="odd")

    assert note == Note("odd", "{text}", {"text": fake_door.ODD})
    assert isinstance(predicted, Predicted) and isinstance(predicted.item, Label)
    assert predicted.item.label == fake_door.ODD and math.isnan(predicted.item.score)
    assert finished.result == {"text": fake_door.ODD, "numbers": (math.inf, -math.inf)}


def test_nouns_cross_as_themselves(engines):
    (finished,) = engines.run("read", path="results")

    sizes = finished.result
    assert isinstance(sizes, Sizes) and math.isnan(sizes.tokens_per_second)
    assert (sizes.memory, sizes.seconds_high, sizes.rows) == (2**50, 1e300, {"train": 3})


def test_a_sentence_for_the_person_arrives_with_its_values(engines):
    with pytest.raises(StudioError) as caught:
        list(engines.run("read", path="advises"))

    assert str(caught.value) == "“a {b}.csv” has 0 rows."
    assert (caught.value.code, caught.value.advice) == ("no-rows", "Choose another.")


@pytest.mark.parametrize("name", ["fails", "panics"])
def test_a_foreign_error_becomes_a_sentence_after_the_events_before_it(engines, name):
    job = engines.run("read", path=name)

    assert next(job) == Progress("Counting", 1, 2)
    with pytest.raises(StudioError) as caught:
        next(job)
    assert caught.value.code == "unexpected"
    assert list(job) == []


def test_a_token_stays_out_of_errors(engines):
    with pytest.raises(StudioError) as caught:
        list(engines.run("read", path="fails", token=fake_door.TOKEN))

    assert fake_door.TOKEN not in str(caught.value) + str(caught.value.to_json())


def test_work_without_a_result_is_an_error(engines):
    with pytest.raises(StudioError) as caught:
        list(engines.run("read", path="nothing"))

    assert caught.value.code == "no-result"


def test_a_verb_that_does_not_exist_is_refused(engines):
    with pytest.raises(StudioError) as caught:
        engines.run("slow")

    assert caught.value.code == "unknown-verb"


def test_a_wrong_argument_is_refused_in_words(engines):
    with pytest.raises(StudioError) as caught:
        list(engines.run("read", file="count"))

    assert caught.value.code == "unexpected"


def test_native_prints_do_not_break_a_line(engines):
    assert [type(event) for event in engines.run("read", path="prints")] == [Progress, Finished]


def test_stop_ends_with_nothing_as_the_result(engines):
    job = engines.run("read", path="slow")
    first = next(job)

    began = time.monotonic()
    job.stop()
    acknowledged = time.monotonic() - began
    rest = list(job)

    assert isinstance(first, Step) and acknowledged < 1
    assert rest[-1] == Finished(None)
    assert [event.code for event in rest if isinstance(event, Note)] == ["stopping"]
    assert time.monotonic() - began < 20


def test_stop_before_the_first_event_ends_at_once(engines):
    job = engines.run("read", path="endless")
    job.stop()
    job.stop()

    assert list(job)[-1] == Finished(None)


def test_controls_after_the_end_do_nothing(engines):
    job = engines.run("read", path="count")
    list(job)

    for control in (job.pause, job.resume, job.stop):
        control()

    assert list(job) == []


def test_pause_waits_with_the_last_step_and_resume_goes_on(engines):
    job = engines.run("read", path="slow")
    next(job)
    job.pause()
    steps = []
    for event in job:
        if isinstance(event, Paused):
            paused = event
            threading.Timer(0.2, job.resume).start()
            break
        steps.append(event.n)
    began = time.monotonic()
    following = next(job)
    waited = time.monotonic() - began
    job.stop()

    assert paused.n == [1, *steps][-1]
    assert following.n == paused.n + 1 and waited > 0.15
    assert list(job)[-1] == Finished(None)


def test_stop_ends_a_pause(engines):
    job = engines.run("read", path="slow")
    next(job)
    job.pause()
    for event in job:
        if isinstance(event, Paused):
            threading.Timer(0.1, job.stop).start()

    assert event == Finished(None)


def test_controls_may_come_from_any_thread(engines):
    job = engines.run("read", path="endless")

    def fiddle() -> None:
        for _ in range(20):
            job.pause()
            job.resume()
        job.stop()

    thread = threading.Thread(target=fiddle)
    thread.start()
    last = [event for event in job if not isinstance(event, Progress)][-1]
    thread.join()

    assert last == Finished(None)


def test_a_stopped_trainer_saves_first(engines, tmp_path):
    marker = tmp_path / "marker"
    job = engines.run("train", marker=str(marker))
    steps = [next(job).n for _ in range(3)]
    job.stop()
    rest = list(job)

    saved = marker.read_text()  # before Finished arrived
    n = max([event.n for event in rest if isinstance(event, Step)], default=steps[-1])
    assert rest[-1] == Finished(None) and saved == f"saved at {n}"


@pytest.mark.skipif(os.name == "nt", reason="speaks of POSIX signals")
def test_ctrl_c_leaves_the_work_whole_so_that_it_can_save(engines, tmp_path):
    marker = tmp_path / "marker"
    job = engines.run("train", marker=str(marker), seconds=0.1)
    next(job)
    threading.Timer(0.03, os.kill, (os.getpid(), signal.SIGINT)).start()

    with pytest.raises(KeyboardInterrupt):
        for _ in job:
            pass
    job.stop()

    assert list(job)[-1] == Finished(None) and marker.read_text().startswith("saved at")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
