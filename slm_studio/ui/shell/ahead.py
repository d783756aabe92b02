"""Modules that are needed soon, imported beside the window, so that it need not stand still for them."""

import importlib
import threading
from collections.abc import Sequence
from contextlib import suppress

ROWS = ("slm_studio.ui.data.opened", "pyarrow.compute")  # what shows the rows of last time
CHARTS = "slm_studio.ui.widgets.chart"  # half a second, most of it pyqtgraph


class Ahead:
    """Imports modules one after another in a thread of its own, once it is started."""

    def __init__(self, modules: Sequence[str]) -> None:
        self._modules = tuple(modules)
        self._waiting = set(modules)
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, unless it has begun."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._import, name="imports-ahead", daemon=True)
            self._thread.start()

    @property
    def is_done(self) -> bool:
        """Say whether nothing needs to be waited for any more."""
        return not self._waiting

    def stop(self) -> None:
        """Import no more; returns when the module at hand is there."""
        self._waiting.clear()
        if self._thread is not None:
            self._thread.join()

    def _import(self) -> None:
        for name in self._modules:
            if name not in self._waiting:
                return
            with suppress(
                Exception
            ):  # whoever needs a module that cannot be imported meets the same error, and says it
                importlib.import_module(name)
            self._waiting.discard(name)
