"""One warm engine with the fake door serves the whole session."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from slm_studio.host.engines import Engines
from slm_studio.host.process import Patience
from tests.host import fake_door

COMMAND = (sys.executable, str(Path(__file__).with_name("fake_engine.py")))
HASTE = Patience(stop=1.0, silence=2.5, saving=5.0, tick=0.1)


@pytest.fixture(scope="session")
def warm_engines() -> Iterator[Engines]:
    with Engines(command=COMMAND, patience=HASTE) as engines:
        yield engines


@pytest.fixture
def local_engines() -> Iterator[Engines]:
    with Engines(door=fake_door) as engines:
        yield engines


@pytest.fixture(params=["process", "thread"])
def engines(request: pytest.FixtureRequest, warm_engines: Engines, local_engines: Engines) -> Engines:
    """Run a test in both places."""
    return warm_engines if request.param == "process" else local_engines
