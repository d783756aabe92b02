"""Serving: the local server of this window. It begins with the first model that is served and ends with the last, or with the window."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Finished, Progress
from slm_studio.core.saved import SavedModel
from slm_studio.core.settings import Settings
from slm_studio.host.engines import Engines
from slm_studio.serve.limits import PORT
from slm_studio.ui.shell.jobs import Jobs
from slm_studio.ui.shell.session import Session

if TYPE_CHECKING:
    from slm_studio.serve.server import LocalServer

SERVE, TAKE_BACK = "serve", "take back"
LOOK = 500  # milliseconds between two looks at how much was asked

Make = Callable[[Settings], Engines]


class Serving(QObject):
    """Serves models and takes them back, each by its folder.

    It has engines of its own: what a program asks must not end what a person asks here, nor the other way round.
    """

    changed = Signal()  # what is served, or how much was asked
    failed = Signal(object)  # StudioError

    def __init__(self, session: Session, make: Make = Engines, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._make = session, make
        self._jobs = Jobs(self._work)
        self._server: LocalServer | None = None
        self._engines: Engines | None = None
        self._served: dict[str, str] = {}  # folder → what programs call it
        self._busy = ""  # SERVE or TAKE_BACK while that is done
        self._is_closed = False
        self._seen = 0  # requests that were told
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK)
        self._timer.timeout.connect(self._look)
        session.closing.connect(self.close)

    @property
    def url(self) -> str:
        """Return the address, or "" where nothing is served."""
        return self._server.url if self._server and self._served else ""

    @property
    def key(self) -> str:
        """Return the key of the server that stands, or ""."""
        return self._server.key if self._server and self._served else ""

    @property
    def requests(self) -> int:
        """Return how often a model was asked since the server stands."""
        return self._server.requests if self._server else 0

    @property
    def is_busy(self) -> bool:
        """Say whether a model is being opened or taken back; meanwhile nothing else is begun."""
        return bool(self._busy)

    @property
    def is_opening(self) -> bool:
        """Say whether a model is being opened."""
        return self._busy == SERVE

    def name_of(self, model: SavedModel) -> str:
        """Return what programs call a model that is served; "" where it is not."""
        return self._served.get(model.folder, "")

    def others(self, model: SavedModel) -> list[str]:
        """Return what the other models are called that are served too."""
        return [name for folder, name in self._served.items() if folder != model.folder]

    def serve(self, model: SavedModel) -> None:
        """Serve a model from now on."""
        self._start(SERVE, model, self._on_served)

    def take_back(self, model: SavedModel) -> None:
        """Serve a model no longer; after the last one nothing listens any more."""
        self._start(TAKE_BACK, model, self._on_taken_back)

    def close(self) -> None:
        """End, and leave nothing; the window closes."""
        self._is_closed = True
        self._jobs.stop_all()
        self._end()
        self._jobs.shutdown()
        self._end()  # of a start that was on its way

    def _start(self, verb: str, model: SavedModel, then: Callable[[str, object], None]) -> None:
        if not self._busy:
            self._busy = verb
            done = partial(then, model.folder)
            self._jobs.start(verb, {"model": model}, done, None, self._on_failed, owner=self)
        self.changed.emit()

    def _work(self, verb: str, model: SavedModel) -> Iterator[Event]:
        """Do it, in a thread of its own."""
        yield Progress("Opening the model", 0, 0)
        if verb == SERVE:
            yield Finished(self._open(model))
            return
        if self._server is not None:
            self._server.remove(self._served[model.folder])
        if len(self._served) == 1:
            self._end()
        yield Finished(None)

    def _open(self, model: SavedModel) -> str:
        server = self._server or self._begin()
        try:
            return server.add(model).id
        except StudioError:
            if not self._served:
                self._end()
            raise

    def _begin(self) -> "LocalServer":
        from slm_studio.serve.server import LocalServer  # here: a window that serves nothing needs none of it

        self._engines = self._make(self._session.settings)
        device, first = self._session.settings.device, None
        for port in (PORT, 0):
            server = LocalServer(self._engines, device, port=port)
            try:
                server.start()
            except StudioError as error:
                server.close()
                if error.code != "port-taken" or port == 0:
                    self._engines.close()
                    raise first or error from error
                first = error
                continue
            self._server = server
            break
        assert self._server is not None
        if self._is_closed:
            self._end()
        return server

    def _end(self) -> None:
        """Leave nothing standing; called from either thread, more than once does no harm."""
        server, engines, self._server, self._engines = self._server, self._engines, None, None
        if server is not None:
            with suppress(StudioError):
                server.close()
        if engines is not None:
            engines.close()

    def _on_served(self, folder: str, name: object) -> None:
        self._busy = ""
        if isinstance(name, str):
            self._served[folder] = name
            self._timer.start()
        self.changed.emit()

    def _on_taken_back(self, folder: str, result: object) -> None:
        self._busy = ""
        self._served.pop(folder, None)
        if not self._served:
            self._timer.stop()
            self._seen = 0
        self.changed.emit()

    def _on_failed(self, error: StudioError) -> None:
        self._busy = ""
        self.changed.emit()
        self.failed.emit(error)

    def _look(self) -> None:
        server = self._server
        if server is not None and not server.is_answering and not self._busy:
            self._end()
            self._served.clear()
            self._timer.stop()
            self._on_failed(server.ended())
        if self.requests != self._seen:
            self._seen = self.requests
            self.changed.emit()
