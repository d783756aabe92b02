"""Settings: what the person chose once for the whole app."""

import dataclasses
from dataclasses import dataclass

from slm_studio.core import codec, files, knobs, paths
from slm_studio.core.errors import StudioError
from slm_studio.core.knobs import knob
from slm_studio.core.texts import LANGUAGES, mark

HUGGING_FACE = "https://huggingface.co"


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Every field has a default that works, so that a missing or damaged file never stops the app."""

    language: str = knob(
        "auto", "Language", "Automatic follows the system.", choices={"auto": mark("Automatic"), **LANGUAGES}
    )
    theme: str = knob(
        "auto",
        "Theme",
        "Automatic follows the system.",
        choices={"auto": mark("Automatic"), "light": mark("Light"), "dark": mark("Dark")},
    )
    device: str = knob("auto", "Device", "Where models compute. The fastest is a GPU when there is one.")
    place: str = knob(
        "process",
        "Training runs in",
        "A crash in a process of its own cannot take the window.",
        choices={"process": mark("A process of its own"), "thread": mark("The window's process")},
    )
    threads: int = knob(0, "CPU threads", "0 takes what the machine can spare.", low=0, high=1024)
    endpoint: str = knob(HUGGING_FACE, "Hub address", "Where models are fetched from and published to.")
    send_token_to_mirrors: bool = knob(
        False, "Send the token to this address", "Off: a token is only ever sent to Hugging Face."
    )
    offline: bool = knob(False, "Offline", "On: nothing is fetched or sent.")
    notify: bool = knob(
        True, "Say when a run ends", "On: the system says so while another window is in front of this one."
    )
    namespace: str = knob("", "Hub name", "Your user or organisation name on the hub.")


def load_settings() -> Settings:
    """Read the settings; what is missing or out of range takes its default."""
    try:
        plain = files.read_json(paths.settings_file())
    except StudioError:
        return Settings()
    if not isinstance(plain, dict):
        return Settings()
    sound: dict[str, object] = {}
    for each in knobs.knobs(Settings):
        try:
            candidate = codec.from_json(Settings, {each.name: plain.get(each.name, each.default)})
        except StudioError:
            continue
        if not knobs.problems(candidate):
            sound[each.name] = getattr(candidate, each.name)
    return dataclasses.replace(Settings(), **sound)  # type: ignore[arg-type]


def save_settings(settings: Settings) -> None:
    """Write the settings atomically."""
    files.write_json(paths.settings_file(), codec.to_json(settings))
