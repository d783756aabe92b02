"""Pulse: whether a process that says nothing hangs, or has merely no time on a computer that is busy with others."""

import contextlib

import psutil

STEP = 0.01  # seconds of a processor that show that it works
LONGEST = 10  # times the limit, whatever it seems to do


class Pulse:
    """Counts how long a process has said nothing, and what it did meanwhile."""

    def __init__(self, pid: int, limit: float) -> None:
        """`limit`: seconds of silence that a process has that does nothing, or that works all the time."""
        self._limit = limit
        self._process: psutil.Process | None = None
        with contextlib.suppress(psutil.Error):
            self._process = psutil.Process(pid)
        self._silence = self._moved = self._began = self._used = 0.0
        self._was_heard = True

    def heard(self) -> None:
        """Begin anew: it said something."""
        self._was_heard = True

    def is_over(self, seconds: float) -> bool:
        """Count some more seconds of silence; say whether nothing is to be hoped for.

        Libraries that are loaded hold all of a process back, and beside busy ones for minutes: as long as it gets on, it is
        given time, until it has worked for as long as a process may be silent that has a processor of its own.
        """
        used = self._seconds()
        if self._was_heard:
            self._was_heard, self._silence, self._moved = False, 0.0, 0.0
            self._began = self._used = used
        self._silence += seconds
        if used - self._used >= STEP:
            self._used, self._moved = used, self._silence
        is_stuck = self._silence - self._moved > self._limit
        return is_stuck or used - self._began > self._limit or self._silence > LONGEST * self._limit

    def _seconds(self) -> float:
        """Return the seconds of a processor that it has used."""
        if self._process is None:
            return 0.0
        try:
            times = self._process.cpu_times()
        except psutil.Error:
            return 0.0
        return float(times.user + times.system)
