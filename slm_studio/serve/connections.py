"""Connections: not more than a server has room for, and none that is held open without a word."""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from slm_studio.core.errors import StudioError
from slm_studio.serve.limits import Limits
from slm_studio.serve.replies import JSON, encode, error_json


class Connection(H11Protocol):
    """One connection. Uvicorn waits for ever for the rest of a request's head; this does not."""

    limits = Limits()
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, where there is room."""
        super().connection_made(transport)
        if len(self.connections) > self.limits.connections:
            transport.abort()
        else:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._rest()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        self._wait()
        super().on_response_complete()

    def send_400_response(self, msg: str) -> None:
        """Say that something is no HTTP, and listen no longer; in the midst of an answer nothing can be said any more."""
        body = encode(
            error_json(
                StudioError(
                    "no-http",
                    "What arrived is no HTTP, or its head is too long.",
                    "Let a library ask, and keep the headers short.",
                )
            )
        )
        headers = [("content-type", JSON), ("content-length", str(len(body))), ("connection", "close")]
        try:
            for event in (h11.Response(status_code=400, headers=headers), h11.Data(data=body), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
            self.transport.close()
        except h11.LocalProtocolError:
            self.transport.abort()

    def _wait(self) -> None:
        self._rest()
        self._patience = self.loop.call_later(self.limits.head, self._give_up)

    def _rest(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _give_up(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.abort()


def connections_within(limits: Limits) -> type[Connection]:
    """Return a kind of connection with these limits: uvicorn makes each of them by itself."""
    return type("Connection", (Connection,), {"limits": limits})
