"""Voice: how a route answers: one JSON value, or a stream of them as server-sent events."""

from starlette.types import Receive, Scope, Send

from slm_studio.core.errors import StudioError
from slm_studio.serve.replies import encode, error_json, error_reply, reply

_STREAM = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]
_DONE = b"data: [DONE]\n\n"


class Voice:
    """Belongs to one request. A stream begins with its first event, so that what goes wrong before has a status."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._has_begun = False

    async def say(self, value: object) -> None:
        """Answer with one value."""
        self._has_begun = True
        await reply(value)(self._scope, self._receive, self._send)

    async def event(self, value: object) -> None:
        """Send one event of a stream."""
        await self._begin()
        await self._body(b"data: " + encode(value) + b"\n\n", more=True)

    async def end(self) -> None:
        """End a stream."""
        await self._begin()
        await self._body(_DONE, more=False)

    async def fail(self, error: StudioError) -> None:
        """Say what is wrong: as the whole answer, or as the last event of a stream."""
        if not self._has_begun:
            self._has_begun = True
            await error_reply(error)(self._scope, self._receive, self._send)
            return
        await self._body(b"data: " + encode(error_json(error)) + b"\n\n", more=False)

    async def _begin(self) -> None:
        if not self._has_begun:
            self._has_begun = True
            await self._send({"type": "http.response.start", "status": 200, "headers": _STREAM})

    async def _body(self, body: bytes, *, more: bool) -> None:
        await self._send({"type": "http.response.body", "body": body, "more_body": more})
