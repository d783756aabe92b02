"""Serve on this computer: a switch with the address, a key that is shown once, code that works, and nothing left after."""

import socket

import pytest
from PySide6.QtWidgets import QApplication

from slm_studio.core import texts
from slm_studio.core.errors import StudioError
from slm_studio.core.settings import Settings
from slm_studio.host.engines import Engines
from slm_studio.serve import limits
from slm_studio.serve.port_file import folder
from slm_studio.ui.playground import serving
from slm_studio.ui.playground.panel import PlaygroundPanel
from slm_studio.ui.playground.serve_sheet import HIDDEN
from slm_studio.ui.shell.session import Session
from tests.serve.asking import ask
from tests.serve.conftest import SlowDoor
from tests.ui.places import make_model, until
from tests.ui.playground.test_panel import Engine

pytest.importorskip("uvicorn")


class Door(SlowDoor):
    def __init__(self) -> None:
        super().__init__()
        self.may_end.set()


@pytest.fixture
def panel(shown):
    """Return the place with a model that chats, and a server whose engine is quick; it ends as the window does."""
    session = Session(Settings())
    session.set_model(make_model("Alice 中", "write", reads="book"))
    found = shown(PlaygroundPanel, session, Engine())
    found.serving._make = lambda settings: Engines(door=Door())
    yield found
    session.closing.emit()


def serve(panel) -> None:
    panel.serve_button.click()
    panel.serve_sheet.switch.click()
    until(lambda: not panel.serving.is_busy)


def test_a_switch_serves_the_model_and_says_where(panel) -> None:
    panel.serve_button.click()
    sheet = panel.serve_sheet
    assert not sheet.address.isVisible() and not sheet.code.isVisible()

    sheet.switch.click()
    assert sheet.state.text() == "opening the model…"
    sheet.switch.click()  # while it is being opened nothing else is begun
    assert sheet.switch.isChecked()
    until(lambda: not panel.serving.is_busy)

    assert sheet.switch.isChecked() and sheet.address.text() == panel.serving.url + "/v1"
    assert panel.serve_button.text() == "Serving"
    told = ask(panel.serving._server, "/v1/completions", {"model": "alice-中", "prompt": "a"})
    assert told.status == 200
    until(lambda: sheet.requests.text() == "1")


def test_the_key_is_shown_until_it_was_copied_and_can_be_copied_again(panel) -> None:
    serve(panel)
    sheet, key = panel.serve_sheet, panel.serving.key
    assert sheet.key.text() == key

    sheet.copy_key.click()

    assert QApplication.clipboard().text() == key and sheet.key.text() == HIDDEN
    QApplication.clipboard().setText("")
    sheet.copy_key.click()
    assert QApplication.clipboard().text() == key
    sheet.copy_address.click()
    assert QApplication.clipboard().text() == panel.serving.url + "/v1"


def test_the_key_is_hidden_once_the_sheet_was_left(panel) -> None:
    serve(panel)

    panel.stop()
    panel.serve_button.click()

    assert panel.serve_sheet.isVisible() and panel.serve_sheet.key.text() == HIDDEN


def test_switched_off_nothing_listens_and_the_next_key_is_another(panel) -> None:
    serve(panel)
    port, key = panel.serving._server.port, panel.serving.key

    panel.serve_sheet.switch.click()
    until(lambda: not panel.serving.is_busy)

    assert panel.serving.url == "" and panel.serve_button.text() == "Serve…" and not list(folder().iterdir())
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=2)
    panel.serve_sheet.switch.click()
    until(lambda: not panel.serving.is_busy)
    assert panel.serving.key not in ("", key) and panel.serve_sheet.key.text() == panel.serving.key


def test_two_models_are_served_beside_each_other(panel) -> None:
    serve(panel)
    key = panel.serving.key
    panel.serve_sheet.copy_key.click()

    panel._session.set_model(make_model("Bob", "write", reads="book"))
    assert panel.serve_button.text() == "Serve…"
    serve(panel)

    assert panel.serving.key == key and panel.serve_sheet.key.text() == HIDDEN
    assert panel.serve_sheet.others.text() == "alice-中" and panel.serve_sheet.others.isVisible()
    assert len(ask(panel.serving._server, "/v1/models").json["data"]) == 2


def test_the_window_closes_the_server(panel) -> None:
    serve(panel)
    port = panel.serving._server.port

    panel._session.closing.emit()

    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=2)
    assert not list(folder().iterdir())


def test_a_port_that_is_taken_is_left_to_who_has_it(panel, monkeypatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        monkeypatch.setattr(serving, "PORT", other.getsockname()[1])
        serve(panel)

    assert panel.serving._server.port not in (0, limits.PORT, other)


def test_a_model_that_does_not_open_is_said_and_nothing_listens(panel) -> None:
    class Closed(Door):
        def open(self, folder, device):
            raise StudioError("file-damaged", "“{path}” cannot be read.", "Make it again.", path="weights")
            yield

    panel.serving._make = lambda settings: Engines(door=Closed())

    serve(panel)

    assert panel.problem.error.code == "file-damaged"
    assert not panel.serve_sheet.switch.isChecked() and not list(folder().iterdir())


def test_the_code_names_the_model_and_its_address_in_both_languages(panel) -> None:
    serve(panel)
    sheet = panel.serve_sheet
    assert f'base_url="{panel.serving.url}/v1"' in sheet.code.toPlainText() and "alice-中" in sheet.code.toPlainText()
    assert panel.serving.key not in sheet.code.toPlainText()

    sheet.tabs._group.button(1).click()

    assert sheet.code.toPlainText().startswith(f"curl {panel.serving.url}/v1/completions")
    texts.use_language("zh_CN")
    sheet.show_state()
    assert texts.tr("Serve on this computer") != "Serve on this computer"


def test_use_from_code_shows_the_server_too(panel) -> None:
    panel.code_button.click()

    panel.code_sheet.tabs._group.button(2).click()

    assert f"http://127.0.0.1:{limits.PORT}/v1" in panel.code_sheet.code.toPlainText()
    assert panel.code_sheet.more.toPlainText().startswith("slm-studio serve ")


def test_everything_on_the_sheet_has_a_name_and_takes_the_keyboard(panel) -> None:
    serve(panel)
    sheet = panel.serve_sheet

    assert sheet.switch.text() == "Serve on this computer"
    assert (sheet.copy_address.accessibleName(), sheet.copy_key.accessibleName()) == (
        "Copy the address",
        "Copy the key",
    )
    assert sheet.tabs.accessibleName() == "Language of the code"
