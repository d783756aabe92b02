"""Journeys: the real window, real engine processes, a real hub on loopback."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QThread
from PySide6.QtWidgets import QApplication
from safetensors.torch import load_file
from torch import equal

from slm_studio import engine
from slm_studio.core.dataset import Dataset
from slm_studio.core.events import Finished, Step
from slm_studio.core.recipe import Recipe, make_recipe
from slm_studio.core.run import FINISHED, INTERRUPTED, PAUSED, RUNNING, create_run, list_runs, open_run
from slm_studio.core.saved import SavedModel
from slm_studio.core.settings import Settings
from tests.hub_server import TOKEN, HubServer
from tests.kills import pid_at_work
from tests.studio import SMALL, Studio, customer_messages, studio


@pytest.fixture
def hub() -> Iterator[HubServer]:
    with HubServer() as server:
        yield server


def undisturbed(path: Path) -> tuple[list[float], SavedModel]:
    """Train the same plan through the door, in this thread: the reference for losses and weights."""
    dataset = list(engine.read(str(path)))[-1].result
    assert isinstance(dataset, Dataset)
    recipe = replace(make_recipe("classify", roles={"text": "text", "label": "label"}), **SMALL)
    events = list(engine.train(recipe, dataset, create_run(recipe, dataset)))
    assert isinstance(events[-1], Finished)
    return [event.loss for event in events if isinstance(event, Step)], events[-1].result  # type: ignore[return-value]


def start(window: Studio, path: Path, **settings: object) -> Recipe:
    """Drop a file, choose the small plan, press Start."""
    window.drop(path)
    train = window.panel("train")
    recipe = window.plan(**(SMALL | settings))
    window.click(train.actions_row.primary)
    window.wait(lambda: window.losses)
    return recipe


def weights(model: SavedModel) -> dict[str, object]:
    return load_file(Path(model.folder) / "model.safetensors")


def assert_same_weights(one: SavedModel, other: SavedModel) -> None:
    first, second = weights(one), weights(other)
    assert all(equal(first[name], second[name]) for name in first)


def answers(window: Studio, model: SavedModel, text: str) -> list[tuple[str, float]]:
    """Ask a model through the engine, as the playground does."""
    handle = list(window.engines.run("open", folder=model.folder, device="cpu"))[-1].result.handle
    items = list(window.engines.run("predict", handle=handle, prompt={"text": text}, options={}))
    return [(event.item.label, round(event.item.score, 6)) for event in items[:-1]]


@pytest.mark.timeout(600)
def test_from_a_dropped_file_to_a_model_that_came_back_from_the_hub(
    qapp: QApplication, tmp_path: Path, hub: HubServer
) -> None:
    path = customer_messages(tmp_path / "messages.csv")
    losses, reference = undisturbed(path)
    with studio(qapp, Settings(language="en", theme="light", endpoint=hub.endpoint, namespace="ada")) as window:
        window.session.secrets.keep(hub.endpoint, TOKEN)
        # drop, train, pause, resume
        start(window, path)
        actions = window.panel("train").actions_row
        window.click(actions.pause)
        story = window.panel("train").book.story(window.session.run)
        window.wait(lambda: story.state == PAUSED)
        paused_at = len(window.losses)
        window.click(actions.primary)  # Resume
        window.wait(lambda: not window.trainings.active)
        assert len(window.losses) >= paused_at
        assert window.losses == losses
        model = window.session.model
        assert model is not None
        assert_same_weights(model, reference)
        # evaluate
        evaluate = window.panel("evaluate")
        window.wait(lambda: evaluate.report is not None)
        assert evaluate.report.value("accuracy") == pytest.approx(reference.metrics["accuracy"])
        # classify as you type
        playground = window.panel("playground")
        view = playground.view
        view.fill("where is my parcel 3")
        window.wait(view.answers)
        assert view.answers()[0].label == answers(window, model, "where is my parcel 3")[0][0] == "delivery"
        # publish, fetch back, same predictions
        panel = window.panel("hub")
        panel.publish_button.click()
        window.wait(lambda: panel.publish.button.isEnabled())
        assert panel.publish.name.text() == "ada/messages-2"  # the reference run took the name
        window.click(panel.publish.button)
        window.wait(lambda: panel.publish.done.isVisible())
        assert "model.safetensors" in hub.files("ada/messages-2")
        panel._choose_tab("import")
        panel.bring.id.setText("ada/messages-2")
        before = window.session.model
        panel.bring.button.click()
        window.wait(lambda: window.session.model is not None and window.session.model.folder != before.folder)
        assert window.session.model.origin.startswith("hub:ada/messages-2@")
        for text in ("where is my parcel 3", "refund please for 9"):
            assert answers(window, window.session.model, text) == answers(window, model, text)


def test_in_the_windows_own_process_the_losses_are_the_same_number_for_number(
    qapp: QApplication, tmp_path: Path
) -> None:
    path = customer_messages(tmp_path / "messages.csv")
    losses, reference = undisturbed(path)
    with studio(qapp, Settings(language="en", theme="light", place="thread")) as window:
        threads: list[object] = []
        window.trainings.run_started.connect(
            lambda run_id: threads.append(window.trainings.worker(run_id).thread_of_work)
        )
        start(window, path)
        assert threads
        assert threads[0] is not QThread.currentThread()
        assert threads[0] is not qapp.thread()
        window.wait(lambda: not window.trainings.active)

        assert window.losses == losses
        assert_same_weights(window.session.model, reference)


def test_an_engine_that_is_killed_takes_no_window_and_the_run_goes_on(qapp: QApplication, tmp_path: Path) -> None:
    path = customer_messages(tmp_path / "messages.csv")
    with studio(qapp) as window:
        start(window, path, epochs=200)
        os.kill(pid_at_work(window.session.run.path), signal.SIGKILL)
        window.wait(lambda: not window.trainings.active)

        train = window.panel("train")
        window.wait(lambda: train.notes.error.isVisible())
        assert train.notes.error.error.code == "engine-died"
        assert open_run(window.session.run.path).state == INTERRUPTED
        seen = len(window.losses)
        window.click(train.actions_row.primary)  # Resume
        window.wait(lambda: len(window.losses) > seen)
        window.panel("data")  # the window lives
        window.panel("train")
        train.stop()
        window.wait(lambda: not window.trainings.active)


APP = """
import faulthandler
import sys
from pathlib import Path
from dataclasses import replace
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
sys.path.insert(0, sys.argv[2])
from tests.studio import SMALL, Studio
from slm_studio.core.settings import Settings
from slm_studio.ui.widgets.theme import Theme
faulthandler.enable()  # should it crash, it says where
application = QApplication([])
Theme(application, "light")
window = Studio(Settings(language="en", theme="light"))
window.drop(Path(sys.argv[1]))
train = window.panel("train")
window.plan(**SMALL, **{"epochs": 40})
window.click(train.actions_row.primary)
window.wait(lambda: len(window.losses) > 12)
print(window.session.run.folder, flush=True)
application.exec()
"""


@pytest.mark.timeout(600)
def test_an_app_that_was_killed_in_mid_training_resumes_to_the_same_weights(qapp: QApplication, tmp_path: Path) -> None:
    path = customer_messages(tmp_path / "messages.csv")
    script = APP.replace('**SMALL, **{"epochs": 40}', '**(SMALL | {"epochs": 40})')
    app = subprocess.Popen(
        [sys.executable, "-c", script, str(path), str(Path(__file__).parents[1])], stdout=subprocess.PIPE, text=True
    )
    assert app.stdout is not None
    told = app.stdout.readline().strip()
    assert told, f"the app ended with {app.wait()} before it trained"
    folder = Path(told)
    app.kill()  # SIGKILL: the window gets no chance to say goodbye
    app.wait()
    app.stdout.close()
    end = time.monotonic() + 60
    while open_run(folder).state == RUNNING:  # its engine sees the end of its input, saves and leaves
        assert time.monotonic() < end
        time.sleep(0.1)
    dataset = list(engine.read(str(path)))[-1].result
    recipe = replace(make_recipe("classify", roles={"text": "text", "label": "label"}), **(SMALL | {"epochs": 40}))
    reference = list(engine.train(recipe, dataset, create_run(recipe, dataset)))[-1].result
    with studio(qapp) as window:
        run = next(each for each in list_runs() if each.folder == str(folder))
        assert run.can_resume
        assert json.loads((folder / "state.json").read_text())["step"] > 0
        window.session.restore()
        train = window.panel("train")
        window.session.set_run(run)
        window.click(train.actions_row.primary)  # Resume
        window.wait(lambda: open_run(folder).state == FINISHED and not window.trainings.active, 100)

        assert_same_weights(window.session.model, reference)
