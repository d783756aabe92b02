"""What engine processes do when things go wrong, and that nothing of them stays."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished, Note, Paused, Predicted, Progress, Step
from slm_studio.core.settings import Settings
from slm_studio.host.ending import how_it_ended
from slm_studio.host.engines import Engines
from slm_studio.host.environment import engine_environment, spare_cores
from slm_studio.host.process import EngineProcess, engine_command
from tests.host import fake_door
from tests.host.conftest import COMMAND, HASTE

posix = pytest.mark.skipif(os.name == "nt", reason="speaks of POSIX signals")


def pid_of(engines: Engines, role: str = "desk") -> int:
    return engines._warm[role].pid


def until(claim, seconds: float = 5.0) -> bool:
    end = time.monotonic() + seconds
    while not claim() and time.monotonic() < end:
        time.sleep(0.02)
    return bool(claim())


def test_prints_go_to_the_log(warm_engines):
    list(warm_engines.run("read", path="prints"))

    log = warm_engines._warm["desk"].log.read_text()
    for line in ("native line on fd 1", "native line on fd 2", "python line", "python warning"):
        assert line in log


def test_the_log_keeps_the_trace_but_not_the_token(warm_engines):
    with pytest.raises(StudioError):
        list(warm_engines.run("read", path="fails", token=fake_door.TOKEN))

    log = warm_engines._warm["desk"].log.read_text()
    assert "ValueError: no way with …" in log and fake_door.TOKEN not in log


def test_questions_on_stdin_are_answered_with_nothing(warm_engines):
    assert list(warm_engines.run("read", path="asks")) == [Finished("")]


def test_an_event_too_long_for_a_line_fails_its_job_only(warm_engines):
    job = warm_engines.run("read", path="huge")

    assert next(job) == Progress("Counting", 1, 2)
    with pytest.raises(StudioError) as caught:
        next(job)
    assert caught.value.code == "line-too-long"
    assert len(list(warm_engines.run("read", path="largest"))) == 2


def test_a_request_too_long_for_a_line_is_refused_at_once(warm_engines):
    with pytest.raises(StudioError) as caught:
        warm_engines.run("read", path="x" * 1_000_000)

    assert caught.value.code == "line-too-long"
    assert len(list(warm_engines.run("read", path="count"))) == 6


def test_a_second_job_of_the_desk_waits_for_the_first(warm_engines):
    first = warm_engines.run("read", path="slow")
    second = warm_engines.run("read", path="count")
    next(first)
    time.sleep(0.1)

    waited = not second._items
    first.stop()
    assert waited and list(second)[-1] == Finished({"rows": (1, 2, 3)})
    assert list(first)[-1] == Finished(None)


def test_a_waiting_job_stops_without_hurting_the_one_at_work(warm_engines):
    before = pid_of(warm_engines)
    first = warm_engines.run("read", path="slow")
    second = warm_engines.run("read", path="count")

    second.stop()
    assert list(second) == [Finished(None)]
    assert isinstance(next(first), Step)
    first.stop()
    assert list(first)[-1] == Finished(None) and pid_of(warm_engines) == before


def test_a_waiting_job_is_paused_at_once_and_waits_on_when_its_turn_comes(warm_engines):
    first = warm_engines.run("read", path="slow")
    second = warm_engines.run("read", path="count")

    second.pause()
    assert next(second) == Paused(0)
    first.stop()
    assert list(first)[-1] == Finished(None)  # it was still at work
    second.resume()
    assert isinstance(list(second)[-1], Finished)


@posix
def test_a_process_is_an_engine_of_its_own_kind(warm_engines):
    *_, finished = warm_engines.run("read", path="about")
    about = finished.result

    assert about["session"] and about["ignores_interrupts"]
    assert (about["GOMP_SPINCOUNT"], about["OMP_WAIT_POLICY"], about["HF_HUB_DISABLE_TELEMETRY"]) == (
        "2000",
        "PASSIVE",
        "1",
    )
    assert not {"PySide6", "torch", "typer", "transformers"} & set(about["modules"])


def test_threads_follow_the_settings():
    assert engine_environment(3)["OMP_NUM_THREADS"] == "3"


def test_threads_that_nobody_chose_leave_a_core_to_the_screen(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)

    assert engine_environment()["OMP_NUM_THREADS"] == str(spare_cores())


def test_a_frozen_app_starts_itself(monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)

    assert engine_command("desk") == [sys.executable, "--engine", "desk"]


@posix
def test_a_crash_is_said_and_the_next_call_gets_a_new_engine(warm_engines):
    first = warm_engines.run("read", path="slow")
    job = warm_engines.run("read", path="aborts")
    waiting = warm_engines.run("read", path="count")
    first.stop()

    assert next(job) == Progress("Counting", 1, 2)
    for each in (job, waiting):
        with pytest.raises(StudioError) as caught:
            list(each)
        assert caught.value.code == "engine-died" and "SIGABRT" in str(caught.value)
        assert Path(caught.value.values["log"]).exists()
    assert "Fatal Python error: Aborted" in Path(caught.value.values["log"]).read_text()
    assert len(list(warm_engines.run("read", path="count"))) == 6


@posix
def test_a_death_that_nobody_has_noticed_yet_costs_no_call(warm_engines):
    list(warm_engines.run("read", path="count"))
    os.kill(pid_of(warm_engines), signal.SIGKILL)
    try:
        events = list(warm_engines.run("read", path="count"))
    except StudioError as error:  # the request still went into the pipe of the dying one
        assert error.code == "engine-died" and "SIGKILL" in str(error)
        events = list(warm_engines.run("read", path="count"))

    assert len(events) == 6


@posix
def test_work_that_does_not_stop_is_killed_and_counts_as_stopped(warm_engines):
    job = warm_engines.run("read", path="hangs")
    next(job)
    pid = pid_of(warm_engines)
    time.sleep(0.1)  # a stop acts between two events, and this one's second never comes

    began = time.monotonic()
    job.stop()
    last = list(job)

    assert last == [Finished(None)] and time.monotonic() - began < 30
    assert not psutil.pid_exists(pid)


def test_warming_up_starts_what_the_window_will_need(warm_engines):
    warm_engines.warm()
    warm_engines.warm()
    for helper in warm_engines._helpers:
        helper.join(10)

    assert all(warm_engines._warm[role].is_alive for role in ("desk", "model"))
    assert len(list(warm_engines.run("read", path="count"))) == 6


@posix
def test_a_silent_engine_is_buried_and_its_jobs_hear_of_it(warm_engines):
    job = warm_engines.run("read", path="freezes")
    next(job)
    pid = pid_of(warm_engines)

    with pytest.raises(StudioError) as caught:
        list(job)

    assert "no sign of life" in str(caught.value) and not psutil.pid_exists(pid)


def test_a_newer_prompt_ends_older_ones_of_the_same_model(warm_engines):
    old = warm_engines.run("predict", handle="a", prompt="1", options={})
    assert isinstance(next(old), Predicted)
    waiting = warm_engines.run("predict", handle="a", prompt="2", options={})
    other = warm_engines.run("predict", handle="b", prompt="3", options={})
    newest = warm_engines.run("predict", handle="a", prompt="4", options={})

    assert list(old)[-1] == Finished(None) and list(waiting) == [Finished(None)]
    assert next(other).item.label == "3"
    other.stop()
    assert next(newest).item.label == "4"
    newest.stop()
    assert list(newest)[-1] == Finished(None)


@posix
def test_the_end_of_the_app_saves_paused_work_and_nothing_stays(tmp_path):
    marker, threads = tmp_path / "marker", set(threading.enumerate())
    with Engines(command=COMMAND, patience=HASTE) as engines:
        job = engines.run("train", marker=str(marker))
        next(job)
        job.pause()
        paused = next(event for event in job if isinstance(event, Paused))
        process = psutil.Process(engines._all[-1].pid)
        nice = process.nice()

    assert marker.read_text() == f"saved at {paused.n}"
    assert list(job)[-1] == Finished(None)
    assert nice == os.nice(0) + 10 and not process.is_running()
    assert set(threading.enumerate()) <= threads


@posix
def test_work_outlives_a_killed_app_just_long_enough_to_save(tmp_path):
    marker = tmp_path / "marker"
    app = f"""
from slm_studio.host.engines import Engines
engines = Engines(command={COMMAND!r})
job = engines.run("train", marker={str(marker)!r})
next(job)
print(engines._all[-1].pid, flush=True)
list(job)
"""
    with subprocess.Popen([sys.executable, "-c", app], stdout=subprocess.PIPE, text=True) as window:
        pid = int(window.stdout.readline())
        window.kill()

    assert until(lambda: not psutil.pid_exists(pid)) and marker.read_text().startswith("saved at")


@posix
def test_a_run_takes_the_process_that_waits_for_it(tmp_path):
    with Engines(command=COMMAND, patience=HASTE) as engines:
        engines.expect_training()
        assert until(lambda: engines._spare is not None)
        waiting = engines._spare
        first = engines.run("train", marker=str(tmp_path / "first"))
        next(first)
        second = engines.run("train", marker=str(tmp_path / "second"))
        next(second)

        assert engines._all[-2] is waiting and engines._all[-1] is not waiting and engines._spare is None
        for job in (first, second):
            job.stop()
            list(job)
        assert until(lambda: waiting.is_over)


@posix
def test_a_waiting_process_that_died_costs_no_run(tmp_path):
    with Engines(command=COMMAND, patience=HASTE) as engines:
        engines.expect_training()
        assert until(lambda: engines._spare is not None)
        os.kill(engines._spare.pid, signal.SIGKILL)
        assert until(lambda: not engines._spare.is_alive)

        job = engines.run("train", marker=str(tmp_path / "marker"))
        next(job)
        job.stop()
        assert list(job)[-1] == Finished(None)


@posix
def test_a_run_has_a_process_of_its_own_that_ends_with_it(tmp_path):
    with Engines(command=COMMAND, patience=HASTE) as engines:
        jobs = [engines.run("train", marker=str(tmp_path / f"marker-{n}")) for n in range(2)]
        processes = [psutil.Process(each.pid) for each in engines._all]
        for job in jobs:
            next(job)
        os.kill(processes[1].pid, signal.SIGTERM)  # the computer shuts down
        with pytest.raises(StudioError) as caught:
            list(jobs[1])
        assert caught.value.code == "engine-ended"  # and not a result of None, which nobody asked for
        jobs[0].stop()
        list(jobs[0])

        assert (tmp_path / "marker-0").exists() and (tmp_path / "marker-1").exists()
        assert until(lambda: not any(each.is_running() for each in processes))


def test_a_program_that_is_not_there_leaves_the_work_in_this_one(tmp_path):
    with Engines(door=fake_door, command=(str(tmp_path / "missing"),)) as engines:
        note, *events = engines.run("read", path="count")

    assert isinstance(note, Note) and note.code == "engine-in-thread" and "No such file" in note.values["how"]
    assert events[-1] == Finished({"rows": (1, 2, 3)})


def test_an_engine_that_never_greets_did_not_start(tmp_path):
    process = EngineProcess("desk", tmp_path / "log.txt", command=(sys.executable, "-c", "raise SystemExit(3)"))

    with pytest.raises(StudioError) as caught:
        process.start()

    assert caught.value.code == "engine-no-start" and "exit status 3" in str(caught.value)


def test_place_thread_is_obeyed(tmp_path):
    with Engines(Settings(place="thread"), door=fake_door, command=("never-started",)) as engines:
        job = engines.run("train", marker=str(tmp_path / "marker"))
        next(job)
        job.stop()
        list(job)
        forced = list(engines.run("read", place="thread", path="count"))

        assert engines._all == [] and (tmp_path / "marker").exists() and len(forced) == 6


def test_our_own_engine_greets_and_warms_up_without_torch_at_the_desk(home):
    """The real command line: python -m slm_studio --engine desk, from a folder with a random.py in it."""
    home.mkdir()
    (home / "random.py").write_text("raise SystemExit('not the standard library')")
    before = Path.cwd()
    os.chdir(home)
    try:
        with Engines() as engines:
            list(engines.run("warm", torch=False))
            events = list(engines.run("warm", torch=False))  # the verb is still the verb
    finally:
        os.chdir(before)

    assert events[-1] == Finished(None)


@posix
def test_exit_statuses_are_put_into_words():
    assert "out of memory" in how_it_ended(-signal.SIGKILL)
    assert "SIGSEGV" in how_it_ended(-signal.SIGSEGV)
    assert how_it_ended(7) == "exit status 7"
    assert "access violation" in how_it_ended(0xC0000005)
    assert how_it_ended(-200) == "killed by signal 200"


@posix
def test_an_engine_that_the_parent_ends_for_its_silence_does_not_say_that_the_system_did(tmp_path):
    with Engines(command=COMMAND, patience=HASTE) as engines:
        job = engines.run("train", marker=str(tmp_path / "marker"))
        next(job)
        (process,) = engines._all
        process._how = "it gave no sign of life for 2 seconds"
        os.kill(process.pid, signal.SIGTERM)

        with pytest.raises(StudioError) as caught:
            list(job)

    assert caught.value.code == "engine-died" and "no sign of life" in str(caught.value)
