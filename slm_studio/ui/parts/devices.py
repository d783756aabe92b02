"""The devices of this computer as a person calls them."""

from collections.abc import Sequence
from functools import partial

from slm_studio.core.texts import tr
from slm_studio.ui.widgets.words import Words


def device_name(device: str, several: bool = False) -> str:
    """Return “CPU”, “GPU”, “Apple GPU”; of several GPUs “GPU 2”; of auto “the fastest device”."""
    kind, _, number = device.partition(":")
    if kind == "cuda":
        n = int(number or 0) + 1
        return tr("GPU {n}", n=n) if several or n > 1 else tr("GPU")
    return {"cpu": "CPU", "mps": tr("Apple GPU"), "auto": tr("the fastest device")}.get(kind, device)


def device_options(devices: Sequence[str]) -> list[tuple[object, Words]]:
    """Return the options of a choice among devices."""
    several = sum(each.startswith("cuda") for each in devices) > 1
    return [(device, partial(device_name, device, several)) for device in devices]
