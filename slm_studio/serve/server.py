"""The local server: a thread in which models answer this computer's programs, until it is closed and leaves nothing."""

import asyncio
import contextlib
import logging
import secrets
import socket
import string
import threading
from collections.abc import Callable
from pathlib import Path

import uvicorn

from slm_studio.core.errors import StudioError, system_error
from slm_studio.core.routes import VERSION
from slm_studio.core.saved import SavedModel
from slm_studio.core.snippets import KEY_VARIABLE
from slm_studio.core.texts import mark
from slm_studio.host.engines import Engines
from slm_studio.serve.answering import Answering
from slm_studio.serve.app import make_app
from slm_studio.serve.connections import connections_within
from slm_studio.serve.limits import PORT, Limits
from slm_studio.serve.models import Models, Served
from slm_studio.serve.port_file import PortFile
from slm_studio.serve.replies import unforeseen
from slm_studio.serve.sockets import bind

MARK, LETTERS = "slm-", frozenset(string.ascii_letters + string.digits + string.punctuation)
LONGEST_KEY = 512
EMPTY_KEY = mark("The key is empty.")
LONG_KEY = mark("The key has {count} letters, which is too many.")
ODD_KEY = mark("The key holds a blank, or a letter that no header of HTTP takes.")
STOPPING = 10.0  # seconds in which the thread must end; its own waits are shorter


class LocalServer:
    """`add` models, `start`, `close`. All methods block a moment and may be called from any thread. Raises StudioError.

    The engines belong to whoever made them; nobody else should ask them meanwhile, for a newer question to a model ends
    an older one there.
    """

    def __init__(
        self,
        engines: Engines,
        device: str = "auto",
        *,
        port: int = PORT,
        key: str | None = None,
        limits: Limits = Limits(),  # noqa: B008  (frozen)
        asked: Callable[[], None] = lambda: None,
    ) -> None:
        self.key = checked_key(key) if key is not None else MARK + secrets.token_urlsafe(24)
        self.models = Models()
        self.requests = 0  # that a model was asked
        self.port = port
        self._limits, self._asked = limits, asked
        self._file: PortFile | None = None
        self._server: _Server | None = None
        self._answering = Answering(engines, device, limits)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._has_begun, self._has_ended = threading.Event(), threading.Event()

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        """Return the address as OpenAI's clients want it."""
        return self.url + VERSION

    @property
    def file(self) -> Path | None:
        """Return the file in which address and key stand while it answers."""
        return self._file.path if self._file else None

    @property
    def is_answering(self) -> bool:
        """Say whether it stands."""
        return self._has_begun.is_set() and not self._has_ended.is_set()

    def add(self, model: SavedModel) -> Served:
        """Open a model and serve it from now on."""
        served = self.models.add(model)
        try:
            self._answering.open(served)
        except BaseException:
            self.models.remove(served.id)
            raise
        self._write()
        return served

    def remove(self, identity: str) -> None:
        """Serve a model no longer."""
        self.models.remove(identity)
        self._write()

    def start(self) -> None:
        """Listen; returns when it answers."""
        sockets = bind(self.port)
        self.port = sockets[0].getsockname()[1]
        try:
            self._file = PortFile(self.port)
            self._write()
            self._thread = threading.Thread(target=self._run, args=(sockets,), name="serve", daemon=True)
            self._thread.start()
        except BaseException:
            for each in sockets:
                each.close()
            self.close()
            raise
        self._has_begun.wait()
        if not self.is_answering:
            self.close()
            raise self.ended()

    def close(self) -> None:
        """Stop what is being answered, end, and leave nothing; more than once does no harm."""
        if self._loop is not None and not self._has_ended.is_set():
            with contextlib.suppress(RuntimeError):  # it ended a moment ago
                self._loop.call_soon_threadsafe(self._leave)
        if self._thread is not None:
            self._thread.join(STOPPING)
        if self._file is not None:
            self._file.remove()
        self._answering.close()

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended, but not longer; return whether it has."""
        return self._has_ended.wait(seconds)  # not join(): a Ctrl-C that comes into that takes the thread for ended

    def ended(self) -> StudioError:
        """Return what is said where nobody closed it and it answers no more."""
        return StudioError("server-ended", "The server ended by itself.", "Start it again.")

    def _write(self) -> None:
        if self._file is not None:
            try:
                self._file.write(self.url, self.key, [each.id for each in self.models])
            except OSError as error:
                raise system_error(error) from error

    def _count(self) -> None:
        self.requests += 1
        self._asked()

    def _run(self, sockets: list[socket.socket]) -> None:
        try:
            asyncio.run(self._serve(sockets))
        finally:
            for each in sockets:
                each.close()
            self._has_ended.set()
            self._has_begun.set()

    async def _serve(self, sockets: list[socket.socket]) -> None:
        app = make_app(self.models, self._answering, self.key, self._limits, self._count)
        self._server = _Server(_config(app, self._limits), self._has_begun)
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(_log)  # asyncio's own prints
        await self._server.serve(sockets)
        await self._answering.leave()
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # so that they hear of it

    def _leave(self) -> None:
        """End, called in the loop: who waits is told, and who is answered hears no more."""
        assert self._server is not None
        self._server.should_exit = True
        self._leaving = asyncio.ensure_future(self._answering.leave())


class _Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config, has_begun: threading.Event) -> None:
        super().__init__(config)
        self._has_begun = has_begun

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        self._has_begun.set()


def _log(loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
    """Write what the loop met to the log."""
    error = context.get("exception")
    unforeseen(error if isinstance(error, BaseException) else RuntimeError(str(context.get("message"))))


def checked_key(key: str) -> str:
    """Return a person's own key. Raises StudioError where it cannot stand in a header."""
    if key and len(key) <= LONGEST_KEY and set(key) <= LETTERS:
        return key
    fault = EMPTY_KEY if not key else LONG_KEY if len(key) > LONGEST_KEY else ODD_KEY
    raise StudioError(
        "bad-key",
        fault,
        "Give another one (by --key, or by {variable} in the environment): up to {longest} letters, digits and signs of ASCII. Or give none, and one is made.",
        longest=LONGEST_KEY,
        count=len(key),
        variable=KEY_VARIABLE,
    )


def _config(app: object, limits: Limits) -> uvicorn.Config:
    """Return uvicorn's settings: nothing printed, no header believed that a proxy would write, no web sockets."""
    logging.getLogger("uvicorn").addHandler(logging.NullHandler())  # else its warnings go to the terminal
    return uvicorn.Config(
        app,  # type: ignore[arg-type]
        http=connections_within(limits),
        loop="none",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=max(1, round(limits.close)),
    )
