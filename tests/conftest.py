"""Fixtures every test may use: an empty home, the real datasets, and a watch over what a test leaves behind."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

DATA = Path(os.environ.get("SLM_STUDIO_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give every test an app folder of its own."""
    folder = tmp_path / "home"
    monkeypatch.setenv("SLM_STUDIO_HOME", str(folder))
    return folder


@pytest.fixture
def real_data() -> Path:
    """Return the folder of real datasets, or skip."""
    if not DATA.is_dir():
        pytest.skip(f"the real datasets are not at {DATA} (set SLM_STUDIO_TEST_DATA)")
    return DATA


@pytest.fixture(autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Fail a test that leaves a thread of its own running."""
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and not thread.daemon]
    for thread in left:
        thread.join(timeout=5)
    assert not [thread.name for thread in left if thread.is_alive()]
