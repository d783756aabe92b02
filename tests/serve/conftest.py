"""Small real models of every task that is served, and servers that leave nothing behind."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core.events import Finished, Predicted
from slm_studio.core.results import Opened, Token
from slm_studio.core.saved import SavedModel, open_saved, save_facts
from slm_studio.core.tasks import all_tasks
from slm_studio.host.engines import Engines
from slm_studio.serve.limits import Limits
from slm_studio.serve.server import LocalServer
from tests.fuzz.models import make_models
from tests.serve.asking import ask

Serve = Callable[..., LocalServer]


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, SavedModel]:
    """Return a small model of each task that has a route, called by its task."""
    place, found = tmp_path_factory.mktemp("served"), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLM_STUDIO_HOME", str(place / "home"))
        for info in all_tasks():
            if info.route:
                folder = next(iter(make_models(place / "models", {info.key: (info.families[0].key,)})))
                save_facts(replace(open_saved(folder), name=f"My {info.key}"), folder)
                found[info.key] = open_saved(folder)
    return found


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function that serves models at a free port; all servers end with the test."""
    standing: list[tuple[LocalServer, Engines]] = []

    def start(*models: SavedModel, door: object = engine, **settings: object) -> LocalServer:
        engines = Engines(door=door)
        server = LocalServer(engines, "cpu", port=0, **settings)  # type: ignore[arg-type]
        standing.append((server, engines))
        for model in models:
            server.add(model)
        server.start()
        return server

    yield start
    for server, engines in standing:
        server.close()
        engines.close()


@pytest.fixture(scope="session")
def server(trained: dict[str, SavedModel], tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """Serve all models, for all tests that only ask."""
    engines = Engines(door=engine)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SLM_STUDIO_HOME", str(tmp_path_factory.mktemp("serving") / "home"))
        found = LocalServer(engines, "cpu", port=0)
        for model in trained.values():
            found.add(model)
        found.start()
        ask(found, "/v1/classify", {"text": "hello"})  # so that its threads stand before the first test
    yield found
    found.close()
    engines.close()


@pytest.fixture
def writer(tmp_path: Path) -> SavedModel:
    """Return a model without weights, for doors that need none."""
    model = SavedModel(folder=str(tmp_path / "writer"), name="writer", task="write", base="blank:llama-nano")
    Path(model.folder).mkdir()
    save_facts(model)
    return model


class SlowDoor:
    """A door whose models write one token after the other until they may end."""

    def __init__(self, pause: float = 0.005) -> None:
        self.pause = pause
        self.may_end = threading.Event()
        self.written, self.closed, self.opened = 0, 0, 0

    def open(self, folder: str, device: str) -> Iterator[object]:
        self.opened += 1
        yield Finished(Opened(handle=folder, task="write", device="cpu", seconds=0.0))

    def predict(self, handle: str, prompt: dict[str, str], options: dict[str, object]) -> Iterator[object]:
        try:
            while not self.may_end.is_set():
                time.sleep(self.pause)
                self.written += 1
                yield Predicted(Token(f"{self.written} ", 0.5, self.written))
            yield Finished({"count": self.written, "used": 1, "seconds": 0.1, "device": "cpu", "ended": True})
        except GeneratorExit:
            self.closed += 1
            raise


def limits(**figures: float) -> Limits:
    """Return limits of which some are small."""
    return Limits(**figures)  # type: ignore[arg-type]


def until(claim: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait until a claim holds."""
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end, "the claim did not come true"
        time.sleep(0.005)
