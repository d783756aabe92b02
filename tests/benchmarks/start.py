"""How soon the window is on screen after its process starts: `python -m tests.benchmarks.start [rounds]`.

A process is started as `python -m slm_studio` is, and tells when the whole window was painted first. One more start
opens a sample, and tells whether torch or transformers came into the window's process.
"""

import faulthandler
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.benchmarks.sheet import ROOT, Line, against, answer, home, in_process, print_machine, print_table

TARGET = 1.0  # seconds
MOST = 60  # seconds until a probe gives up
HEAVY = ("torch", "transformers", "tokenizers", "sklearn", "scipy", "pandas")


def main(rounds: int = 5) -> None:
    """Print the table."""
    print_machine(f"Window on screen, median of {rounds} starts (warm disk)")
    lines = _measure("offscreen", rounds)
    with _x_server() as display:
        if display:
            lines += _measure("xcb", rounds, DISPLAY=display)
        else:
            lines.append(Line("under Xvfb", "–", "", "Xvfb is not here"))
    print_table(lines)


def _measure(platform: str, rounds: int, **environment: str) -> list[Line]:
    os.environ.update(QT_QPA_PLATFORM=platform, HF_HUB_OFFLINE="1", **environment)
    try:
        with home():
            _probe("paint")  # warms the disk
            starts = [_probe("paint") for _ in range(rounds)]
            opened = _probe("data")
            again = [_probe("paint") for _ in range(rounds)]  # with the dataset of last time
    except subprocess.CalledProcessError:
        return [Line(f"{platform}: the window", "–", "", "it did not open here")]
    painted = statistics.median(float(start["painted"]) for start in starts)
    imported = statistics.median(float(start["imported"]) for start in starts)
    alive = statistics.median(float(start["alive"]) for start in starts)
    second = statistics.median(float(start["painted"]) for start in again)
    worst = max(float(start["painted"]) for start in starts)
    first = sorted({name for start in starts for name in start["heavy"]})
    return [
        Line(f"{platform}: imports done", f"{imported:.2f} s"),
        Line(f"{platform}: first whole paint", f"{painted:.2f} s (worst {worst:.2f})", f"≤ {TARGET:g} s", against(painted, TARGET)),
        Line(f"{platform}: answers a click", f"{alive:.2f} s"),
        Line(f"{platform}: … with the last dataset", f"{second:.2f} s", f"≤ {TARGET:g} s", against(second, TARGET)),
        Line(f"{platform}: heavy modules then", _names(first), "none", "met" if not first else "NOT met"),
        Line(f"{platform}: … with a dataset in Data", _names(opened["heavy"]), "none", "NOT met" if opened["heavy"] else "met"),
    ]  # fmt: skip


def _probe(until: str) -> dict[str, object]:
    return in_process("tests.benchmarks.start", "--probe", until, str(time.time()))


def _names(modules: object) -> str:
    return ", ".join(modules) or "none"  # type: ignore[call-overload]


def probe(until: str, began: float) -> None:
    """Be the window's process: start it as `python -m slm_studio` does, tell when it was painted, and leave."""
    from PySide6.QtCore import QTimer
    from PySide6.QtGui import QPaintEvent
    from PySide6.QtWidgets import QWidget

    from slm_studio import __main__
    from slm_studio.ui import app

    found: dict[str, object] = {"imported": time.time() - began}

    class Topmost(QWidget):
        """Lies over everything, so it is painted last of all."""

        def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
            if "painted" not in found:
                found["painted"] = time.time() - began
                QTimer.singleShot(0, self.parent().after)

    class Watched(app.MainWindow):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments)
            topmost = Topmost(self)
            topmost.resize(1, 1)
            topmost.raise_()

        def after(self) -> None:
            found["alive"] = time.time() - began
            if until == "data":
                self.open_path(ROOT / "resources" / "samples" / "en" / "messages.csv")
                self.panel("data").desk.checked.connect(self.leave_soon)
            else:
                self.leave()

        def leave_soon(self) -> None:
            QTimer.singleShot(300, self.leave)

        def leave(self) -> None:
            found["heavy"] = [name for name in HEAVY if name in sys.modules]
            self.close()

    app.MainWindow = Watched
    faulthandler.dump_traceback_later(MOST, exit=True)
    __main__.main([])
    answer(found)


@contextmanager
def _x_server() -> Iterator[str]:
    """Run an X server without a screen and yield its display; "" where there is none."""
    if shutil.which("Xvfb") is None:
        yield ""
        return
    reader, writer = os.pipe()
    words = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    server = subprocess.Popen(words, pass_fds=(writer,), stderr=subprocess.DEVNULL)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        number = pipe.readline().strip()
    try:
        yield f":{number}" if number else ""
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--probe"]:
        probe(sys.argv[2], float(sys.argv[3]))
    else:
        main(*map(int, sys.argv[1:2]))
