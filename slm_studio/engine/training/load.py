"""How busy others keep the machine: a choice that a busy moment made is not one for quieter ones."""

import time

import psutil


class Load:
    """Counts from when it is made, or from the last `others`."""

    def __init__(self) -> None:
        self._before = _read()

    def others(self) -> float:
        """Return the share of all cores (0…1) that other processes took since the last call."""
        before, self._before = self._before, _read()
        busy, own, whole = (now - then for now, then in zip(self._before, before, strict=True))
        return min(1.0, max(0.0, (busy - own) / whole)) if whole > 0 else 0.0


def _read() -> tuple[float, float, float]:
    """Return the seconds in which the cores worked, in which they worked for us, and all of them."""
    times = psutil.cpu_times()._asdict()
    # On Linux a guest's time stands in user and nice too.
    whole = sum(times.values()) - times.get("guest", 0.0) - times.get("guest_nice", 0.0)
    return whole - times["idle"] - times.get("iowait", 0.0), time.process_time(), whole
