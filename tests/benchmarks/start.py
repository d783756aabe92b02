"""How soon the window is on screen after its process starts: `python -m tests.benchmarks.start [rounds]`.

A process is started as an installed `python -m slm_studio` is (with bytecode), and tells when the whole window was
painted first: in an empty home and in one of some datasets, runs and models, from a warm disk and from one whose pages
the system has forgotten. Some more starts tell how long the window stands still while the other places are made, and
whether torch or transformers came into its process.
"""

import faulthandler
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.benchmarks.sheet import ROOT, Line, against, answer, in_process, print_machine, print_table

TARGET = 1.0  # seconds
STILL = 0.25  # seconds that the window may stand still at most
MOST = 60  # seconds until a probe gives up
SETTLING = 8.0  # seconds that are watched for stalls at most
HEAVY = ("torch", "transformers", "tokenizers", "sklearn", "scipy", "pandas")
SAMPLE = ROOT / "resources" / "samples" / "en" / "messages.csv"
COPIES = {"datasets": 12, "runs": 40, "models": 12}  # in the used home


def main(rounds: int = 10) -> None:
    """Print the table."""
    print_machine(
        f"First whole paint of the window, {rounds} starts each: least and median of wall clock, median of processor time"
    )
    with (
        tempfile.TemporaryDirectory(prefix="slm-studio-start-", ignore_cleanup_errors=True) as folder,
        _x_server() as display,
    ):
        homes = {"an empty home": Path(folder) / "empty", "a used home": _used_home(Path(folder) / "used")}
        platforms = {"offscreen": {}, "xcb": {"DISPLAY": display}} if display else {"offscreen": {}}
        lines: list[Line] = []
        for platform, more in platforms.items():
            environment = _as_installed(Path(folder) / "bytecode") | {"QT_QPA_PLATFORM": platform} | more
            try:
                for name, home in homes.items():
                    lines += _measure(f"{platform}, {name}", environment | {"SLM_STUDIO_HOME": str(home)}, rounds)
            except subprocess.CalledProcessError:
                lines.append(Line(f"{platform}: the window", "–", "", "it did not open here"))
        if not display:
            lines.append(Line("under Xvfb", "–", "", "Xvfb is not here"))
    print_table(lines)


def _as_installed(bytecode: Path) -> dict[str, str]:
    """Return this environment with bytecode kept, as an installer makes it, but not in the checkout."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(bytecode), "HF_HUB_OFFLINE": "1"}


def _used_home(home: Path) -> Path:
    """Return a home in which somebody trained: one true run, and copies of its folders."""
    words = ["train", str(SAMPLE), "--base", "blank:lstm-nano", "--epochs", "1", "--max-length", "16", "--json"]
    command = [sys.executable, "-m", "slm_studio", *words]
    subprocess.run(
        command, cwd=ROOT, env=os.environ | {"SLM_STUDIO_HOME": str(home)}, stdout=subprocess.DEVNULL, check=True
    )
    for folder, copies in COPIES.items():
        first = next(each for each in (home / folder).iterdir() if each.is_dir())
        for number in range(copies - 1):
            shutil.copytree(first, first.with_name(f"{first.name}-{number}"))
    return home


def _measure(what: str, environment: Mapping[str, str], rounds: int) -> list[Line]:
    for place in ("data", "train"):  # warms the disk, and leaves the window at that place
        _probe(f"leave-{place}", environment)
        if place == "data":
            warm = [_probe("paint", environment) for _ in range(rounds)]
            cold = [_probe("paint", environment, forget=first["files"]) for first in warm[: max(1, rounds // 2)]]
            settled = [_probe("settle", environment) for _ in range(max(1, rounds // 3))]
    training = [_probe("paint", environment) for _ in range(max(1, rounds // 2))]
    opened = _probe("rows", environment)
    still = max(float(each["still"]) for each in settled)
    heavy = sorted({name for each in (*warm, *training, opened) for name in each["heavy"]})
    _probe("leave-data", environment)
    return [
        _line(f"{what}: warm", warm),
        _line(f"{what}: after the disk's pages were forgotten", cold),
        _line(f"{what}: opened at Train", training),
        Line(f"{what}: imports done (warm)", _times(warm, "imported")),
        Line(f"{what}: longest stall after it", f"{still:.2f} s", f"≤ {STILL:g} s", against(still, STILL)),
        Line(f"{what}: heavy modules, with rows open too", ", ".join(heavy) or "none", "none", "NOT met" if heavy else "met"),
    ]  # fmt: skip


def _line(what: str, starts: list[dict[str, object]]) -> Line:
    middle = statistics.median(float(start["painted"]) for start in starts)
    busy = statistics.median(float(start["processor"]) for start in starts)
    return Line(what, f"{_times(starts, 'painted')} (processor {busy:.2f})", f"≤ {TARGET:g} s", against(middle, TARGET))


def _times(starts: list[dict[str, object]], key: str) -> str:
    found = [float(start[key]) for start in starts]
    return f"{min(found):.2f} / {statistics.median(found):.2f} s"


def _probe(until: str, environment: Mapping[str, str], forget: object = ()) -> dict[str, object]:
    for path in forget:  # type: ignore[attr-defined]
        with suppress(OSError), open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return in_process("tests.benchmarks.start", "--probe", until, str(time.time()), environment=environment)


def probe(until: str, began: float) -> None:
    """Be the window's process: start it as `python -m slm_studio` does, tell when it was painted, and leave."""
    from slm_studio import __main__
    from slm_studio.ui.shell import app

    found: dict[str, object] = {"imported": time.time() - began}
    _watch(app, until, began, found)
    faulthandler.dump_traceback_later(MOST, exit=True)
    __main__.main([])
    answer(found)


def _watch(app: object, until: str, began: float, found: dict[str, object]) -> None:
    from PySide6.QtCore import Qt, QTimer
    from PySide6.QtGui import QPaintEvent
    from PySide6.QtWidgets import QWidget

    class Topmost(QWidget):
        """Lies over everything, so it is painted last of all."""

        def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
            if "painted" not in found:
                found["painted"], found["processor"] = time.time() - began, time.process_time()
                QTimer.singleShot(0, self.parent().after)

    class Watched(app.MainWindow):  # type: ignore[name-defined]
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments)
            topmost = Topmost(self)
            topmost.resize(1, 1)
            topmost.raise_()
            self._ticks = QTimer(self, interval=5, timerType=Qt.TimerType.PreciseTimer)
            self._ticks.timeout.connect(self._on_tick)
            self._ticked = self._began = 0.0

        def after(self) -> None:
            if until == "settle":
                self._ticked = self._began = time.time()
                self._ticks.start()
            elif until == "rows":
                self.open_path(SAMPLE)
                self.panel("data").desk.checked.connect(self.leave_soon)
            else:
                if until.startswith("leave-"):
                    self.show_place(until.removeprefix("leave-"))
                self.leave()

        def _on_tick(self) -> None:
            now = time.time()
            found["still"] = max(float(found.get("still", 0.0)), now - self._ticked)
            self._ticked = now
            if now - self._began > SETTLING:
                self.leave()

        def leave_soon(self) -> None:
            QTimer.singleShot(300, self.leave)

        def leave(self) -> None:
            self._ticks.stop()
            found["heavy"] = [name for name in HEAVY if name in sys.modules]
            found["files"] = _files()
            self.close()

    app.MainWindow = Watched  # type: ignore[attr-defined]


def _files() -> list[str]:
    """Return the files that this process has read code from."""
    modules = {
        each
        for module in list(sys.modules.values())
        for each in (getattr(module, "__cached__", None), getattr(module, "__file__", None))
        if each
    }
    with suppress(OSError):
        modules |= {
            line.split(maxsplit=5)[5].strip()
            for line in Path("/proc/self/maps").read_text().splitlines()
            if "/" in line
        }
    return sorted(modules)


@contextmanager
def _x_server() -> Iterator[str]:
    """Run an X server without a screen and yield its display; "" where there is none."""
    if shutil.which("Xvfb") is None:
        yield ""
        return
    reader, writer = os.pipe()
    words = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "1280x800x24", "-nolisten", "tcp", "-noreset"]
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
