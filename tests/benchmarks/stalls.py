"""How the window's timer ticks while a model trains: `python -m tests.benchmarks.stalls [seconds]`.

The real window with Train in front, a real run in an engine process of its own (place “process”). The same is
measured before anything trains, so that what the machine itself does can be told apart.
"""

import os
import sys
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from slm_studio.core import paths
from slm_studio.core.errors import StudioError
from tests.benchmarks.sheet import Line, against, home, print_machine, print_table
from tests.studio import studio

TICK = 16  # milliseconds
OWN = 12.0  # milliseconds of processor time that the thread may take between two ticks, p99
TYPICAL, WORST = 16.0, 100.0  # milliseconds that p99 and the latest tick may be late
PLAN = {"base": "blank:lstm-nano", "epochs": 1000, "batch": 16, "max_length": 64, "patience": 0, "eval_every": 50}


class Metronome(QObject):
    """Notes how late each tick of a precise timer comes, and how long the thread itself was at work since the last one."""

    def __init__(self) -> None:
        super().__init__()
        self._ticks: list[tuple[float, float]] = []
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK)
        self._timer.timeout.connect(self._on_tick)

    def listen(self, seconds: float) -> np.ndarray:
        """Let the window live for a while; return for each tick the milliseconds it was late, and those of own work."""
        self._ticks, self._last, self._worked = [], time.perf_counter(), time.thread_time()
        loop = QEventLoop()
        QTimer.singleShot(round(seconds * 1000), loop.quit)
        self._timer.start()
        loop.exec()
        self._timer.stop()
        return np.array(self._ticks)

    def _on_tick(self) -> None:
        now, worked = time.perf_counter(), time.thread_time()
        self._ticks.append((max(0.0, (now - self._last) * 1000 - TICK), (worked - self._worked) * 1000))
        self._last, self._worked = now, worked


def main(seconds: float = 30.0) -> None:
    """Print the table: own work and lateness apart. A training that fails ends the measuring, not the table."""
    print_machine(f"A {TICK} ms tick in the window's thread, {seconds:g} s")
    application = QApplication.instance() or QApplication([])
    lines: list[Line] = []
    with home(), studio(application) as window:
        problems: list[StudioError] = []
        window.trainings.run_failed.connect(lambda _, error: problems.append(error))
        metronome = Metronome()
        window.drop(paths.resources() / "samples" / "en" / "messages.csv")
        train = window.panel("train")
        window.plan(**PLAN)
        window.wait(lambda: train.setup.sizes is not None)
        lines += _lines("nothing trains", metronome.listen(seconds / 3))
        window.click(train.actions_row.primary)
        window.wait(lambda: len(window.losses) > 20 or problems)
        steps = len(window.losses)
        if not problems:
            busy = metronome.listen(seconds)
            lines += _lines("while it trains", busy, judged=True)
        lines.append(Line("steps meanwhile", f"{len(window.losses) - steps:,}"))
        lines += [Line("the training failed", str(error), "", "NOT met") for error in problems]
        if not problems:
            train.stop()
            window.wait(lambda: not window.trainings.active)
    print_table(lines)


def _lines(when: str, ticks: np.ndarray, judged: bool = False) -> list[Line]:
    """What others on a busy machine cannot do to us is our own work; how late a tick comes is theirs, too."""
    late, own = ticks.T
    return [
        Line(f"{when}: ticks", f"{len(late):,}"),
        _line(f"{when}: own work between two, p50", float(np.median(own))),
        _line(f"{when}: own work between two, p99", float(np.percentile(own, 99)), OWN if judged else 0.0),
        _line(f"{when}: own work between two, most", float(own.max())),
        _line(f"{when}: lateness, p50", float(np.median(late))),
        _line(f"{when}: lateness, p99", float(np.percentile(late, 99)), TYPICAL if judged else 0.0),
        _line(f"{when}: lateness, latest", float(late.max()), WORST if judged else 0.0),
        Line(f"{when}: later than {WORST:g} ms", f"{int((late > WORST).sum())}"),
    ]


def _line(what: str, measured: float, target: float = 0.0) -> Line:
    return Line(what, f"{measured:.1f} ms", *((f"≤ {target:g} ms", against(measured, target)) if target else ()))


if __name__ == "__main__":
    main(*map(float, sys.argv[1:2]))
