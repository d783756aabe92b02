"""How late the window's timer ticks while a model trains: `python -m tests.benchmarks.stalls [seconds]`.

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
from tests.benchmarks.sheet import Line, against, home, print_machine, print_table
from tests.studio import studio

TICK = 16  # milliseconds
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
    """Print the table."""
    print_machine(f"Lateness of a {TICK} ms tick in the window's thread, {seconds:g} s")
    application = QApplication.instance() or QApplication([])
    with home(), studio(application) as window:
        metronome = Metronome()
        window.drop(paths.resources() / "samples" / "en" / "messages.csv")
        train = window.panel("train")
        window.plan(**PLAN)
        window.wait(lambda: train.setup.sizes is not None)
        idle = metronome.listen(seconds / 3)
        window.click(train.actions_row.primary)
        window.wait(lambda: len(window.losses) > 20)
        steps = len(window.losses)
        busy = metronome.listen(seconds)
        steps = len(window.losses) - steps
        train.stop()
        window.wait(lambda: not window.trainings.active)
    print_table(
        [
            *_lines("nothing trains", idle),
            *_lines("while it trains", busy, judged=True),
            Line("steps meanwhile", f"{steps:,}"),
        ]
    )


def _lines(when: str, ticks: np.ndarray, judged: bool = False) -> list[Line]:
    late, own = ticks.T
    typical, worst = float(np.percentile(late, 99)), float(late.max())
    return [
        Line(f"{when}: p50 of {len(late):,} ticks", f"{np.median(late):.1f} ms"),
        Line(
            f"{when}: p99", f"{typical:.1f} ms", *((f"≤ {TYPICAL:g} ms", against(typical, TYPICAL)) if judged else ())
        ),
        Line(f"{when}: latest", f"{worst:.1f} ms", *((f"≤ {WORST:g} ms", against(worst, WORST)) if judged else ())),
        Line(f"{when}: later than {WORST:g} ms", f"{int((late > WORST).sum())}"),
        # What others on a busy machine cannot do to us: the processor time of this thread between two ticks.
        Line(f"{when}: own work between ticks", f"p99 {np.percentile(own, 99):.1f} ms, most {own.max():.1f} ms"),
    ]


if __name__ == "__main__":
    main(*map(float, sys.argv[1:2]))
