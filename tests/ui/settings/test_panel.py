"""The Settings place: what it offers, and what it writes."""

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Finished
from slm_studio.core.settings import Settings, load_settings
from slm_studio.host.secrets import Secrets
from slm_studio.ui.settings.panel import SettingsPanel
from slm_studio.ui.shell.session import Session
from slm_studio.ui.widgets.fields import Choice
from tests.studio import NoSafe
from tests.ui.places import until


def session(**settings) -> Session:
    return Session(Settings(**settings), Secrets(NoSafe(), {}))


def devices_of(panel: SettingsPanel) -> Choice:
    return panel.computing.field("device")._editor


def texts(choice: Choice) -> list[str]:
    return [choice.itemText(at) for at in range(choice.count())]


def test_the_devices_of_this_computer_are_offered_and_one_is_taken(shown) -> None:
    panel = shown(SettingsPanel, session(), lambda verb, **arguments: iter([Finished(("cpu", "cuda:1", "cuda:0"))]))

    until(lambda: devices_of(panel).count() == 4)
    assert texts(devices_of(panel)) == ["the fastest device", "CPU", "GPU 2", "GPU 1"]
    assert devices_of(panel).current() == "auto"

    devices_of(panel).activated.emit(1)
    until(lambda: load_settings().device == "cpu")


def test_a_device_that_is_gone_stays_until_another_is_taken(shown) -> None:
    panel = shown(SettingsPanel, session(device="cuda:0"), lambda verb, **arguments: iter([Finished(("cpu",))]))

    until(lambda: "CPU" in texts(devices_of(panel)))
    assert devices_of(panel).current() == "cuda:0"


def test_without_an_answer_it_asks_again_at_the_next_look(shown) -> None:
    asked = []

    def fails(verb, **arguments):
        asked.append(verb)
        raise StudioError("engine-died", "The engine ended.")
        yield

    panel = shown(SettingsPanel, session(), fails)
    until(lambda: panel._asked is None)
    panel.hide()
    panel.show()

    until(lambda: asked == ["devices", "devices"])
    until(lambda: panel._asked is None)
