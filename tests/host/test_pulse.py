"""A process that sleeps or spins without a word is given up; one that gets on slowly is given time."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from slm_studio.host.pulse import LONGEST, Pulse

LIMIT, TICK = 1.0, 0.1
SLOWLY = (
    "while True:\n    end = time.process_time() + 0.02\n    while time.process_time() < end: pass\n    time.sleep(0.08)"
)


@contextmanager
def child(code: str) -> Iterator[int]:
    process = subprocess.Popen([sys.executable, "-c", f"import time\n{code}"])
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


def silence(pulse: Pulse, most: float) -> float:
    """Return after how many seconds a process is given up; `most` where it is not by then."""
    began = time.monotonic()
    while (passed := time.monotonic() - began) < most:
        time.sleep(TICK)
        if pulse.is_over(TICK):
            return passed
    return most


@pytest.mark.parametrize("code", ["time.sleep(60)", "while True: pass"], ids=["sleeps", "spins"])
def test_a_process_that_does_nothing_or_works_all_the_time_is_given_up(code: str) -> None:
    with child(code) as pid:
        assert silence(Pulse(pid, LIMIT), 60.0) < 60.0


def test_a_process_that_gets_on_slowly_is_given_time_and_none_is_given_it_for_ever() -> None:
    with child(SLOWLY) as pid:
        pulse = Pulse(pid, LIMIT)
        assert silence(pulse, 2 * LIMIT) == 2 * LIMIT  # it has worked for less than half a second of them
        pulse.heard()
        assert not pulse.is_over(TICK)
        assert pulse.is_over(LONGEST * LIMIT)


def test_a_process_that_is_gone_is_over() -> None:
    with child("pass") as pid:
        time.sleep(0.5)
    assert silence(Pulse(pid, LIMIT), 10.0) < 10.0
