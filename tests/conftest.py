"""Fixtures every test may use: an empty home, the real datasets, and a watch over what a test leaves behind."""

import gc
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from slm_studio.core import texts
from slm_studio.engine.writing import room
from slm_studio.host.environment import prepare_own_environment
from tests.leavings import let_the_window_live, standing

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
if workers := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "0")):  # all of them together take the cores once
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // workers)))
prepare_own_environment()

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's job in the background: tests and their children
    signal.signal(signal.SIGINT, signal.default_int_handler)  # hear Ctrl-C all the same

BRIEF = 16  # tokens of what a model writes while it learns and is scored
THOROUGH = 100  # tests between two looks at all that is old: each takes half a second
_tests: list[str] = []  # after which garbage was collected

DATA = Path(os.environ.get("SLM_STUDIO_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture(scope="session", autouse=True)
def nobodys_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let what several tests share be made outside the home of whoever runs them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLM_STUDIO_HOME", str(tmp_path_factory.mktemp("shared") / "home"))
        yield


@pytest.fixture(scope="session", autouse=True)
def brief_texts() -> Iterator[dict[str, int]]:
    """Let models write in few tokens while they learn and are scored, and return in how many otherwise.

    One that learnt little writes up to every limit: ten answers took three quarters of all work of a chat's training.
    """
    with pytest.MonkeyPatch.context() as patch:
        otherwise = {name: getattr(room, name) for name in ("SAMPLED_TEXT", "SAMPLED_ANSWER", "COMPARED", "LONGEST")}
        for name in otherwise:
            patch.setattr(room, name, BRIEF)
        yield otherwise


@pytest.fixture
def whole_texts(brief_texts: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    """Let models write as much as they do for people."""
    for name, tokens in brief_texts.items():
        monkeypatch.setattr(room, name, tokens)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give every test an app folder of its own."""
    folder = tmp_path / "home"
    monkeypatch.setenv("SLM_STUDIO_HOME", str(folder))
    # Nothing that a test deletes goes to the trash of whoever runs it, nor does a child process put it there.
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.delenv("XDG_CURRENT_DESKTOP", raising=False)
    monkeypatch.setattr("slm_studio.host.trash.has_system_trash", lambda: False)
    return folder


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Let every test begin in English, whatever language the one before it ended in."""
    texts.use_language("en")
    yield
    texts.use_language("en")


@pytest.fixture
def real_data() -> Path:
    """Return the folder of real datasets, or skip."""
    if not DATA.is_dir():
        pytest.skip(f"the real datasets are not at {DATA} (set SLM_STUDIO_TEST_DATA)")
    return DATA


@pytest.fixture(autouse=True)
def collected_here(request: pytest.FixtureRequest) -> Iterator[None]:
    """Collect garbage between tests, in this thread, from the first test of the window on.

    What is dropped of a window and found by a worker's thread, in whatever test that runs, is deleted a second time: Qt
    then crashes, or waits for ever for a lock that is gone.
    """
    if "qapp" not in request.fixturenames and "PySide6.QtWidgets" not in sys.modules:
        yield
        return
    gc.disable()
    yield
    let_the_window_live()  # deletions that wait make garbage, too
    _tests.append(request.node.name)
    gc.collect(1 if len(_tests) % THOROUGH else 2)


@pytest.fixture(scope="session")
def qapp() -> "QApplication":
    """Return the one application, offscreen."""
    from PySide6.QtWidgets import QApplication

    return QApplication.instance() or QApplication([])


@pytest.fixture(autouse=True)
def nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test that leaves a thread, a process, a window or a ticking timer behind."""
    shared = "warm_engines" in request.fixturenames  # these engines serve the whole session
    before = standing(engines=not shared)
    yield
    end = time.monotonic() + 5.0
    while (left := standing(engines=not shared) - before) and time.monotonic() < end:
        let_the_window_live()
        time.sleep(0.01)
    assert not left
