"""Guard: who may ask at all. It stands before everything else, so that nobody learns more than that he may not.

Loopback alone does not do: a page in a browser reaches it too, under a name of its own that means 127.0.0.1 (DNS
rebinding) or across origins. So the Host must be this computer, no page may ask, and everybody needs the key.
"""

import hmac
import re
from collections.abc import Iterator

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from slm_studio.core.errors import StudioError
from slm_studio.serve.limits import Limits
from slm_studio.serve.replies import JSON, error_reply, unforeseen

HOSTS = r"(127\.0\.0\.1|localhost|\[::1\])"
_HOST = re.compile(rf"{HOSTS}(:\d{{1,5}})?", re.IGNORECASE)
_ORIGIN = re.compile(rf"http://{HOSTS}:(\d{{1,5}})", re.IGNORECASE)
_SCHEME = b"bearer "
SHOWN = 100  # characters of foreign text in a sentence


class Guard:
    """Stands before an application."""

    def __init__(self, app: ASGIApp, key: str, limits: Limits) -> None:
        self._app = app
        self._key = key.encode()
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or say why not. What nobody foresaw in the application is said here, too."""
        if scope["type"] != "http":
            return
        answered = False

        async def watch(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            problem = next(self._problems(scope), None)
            app = self._app if problem is None else error_reply(problem)
            await app(scope, receive, watch)
        except Exception as error:  # noqa: BLE001  (the server's edge: a program reads a sentence, the log keeps the rest)
            sentence = unforeseen(error)
            if not answered:
                await error_reply(sentence)(scope, receive, send)

    def _problems(self, scope: Scope) -> Iterator[StudioError]:
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1")
        if not _HOST.fullmatch(host):
            yield StudioError(
                "host-refused",
                "“{host}” is not this computer.",
                "Ask at 127.0.0.1, localhost or [::1].",
                host=host[:SHOWN],
            )
        origin = headers.get(b"origin")
        if origin is not None and not self._is_own(origin.decode("latin-1"), scope):
            yield StudioError(
                "origin-refused",
                "The page “{origin}” may not ask here.",
                "Ask from a program; pages in a browser are kept out.",
                origin=origin.decode("latin-1")[:SHOWN],
            )
        if not self._has_key(headers.get(b"authorization", b"")):
            yield StudioError(
                "no-key",
                "The request holds no key, or another one.",
                "Send the header “Authorization: Bearer KEY” with the key that was shown at the start.",
            )
        if scope["method"] in ("POST", "PUT", "PATCH"):
            yield from self._problems_of_body(headers)

    def _problems_of_body(self, headers: dict[bytes, bytes]) -> Iterator[StudioError]:
        kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower().decode("latin-1")
        if kind != JSON:
            yield StudioError(
                "body-type",
                "The request holds “{kind}”, which is not JSON.",
                "Send JSON, with the header “Content-Type: application/json”.",
                kind=kind[:SHOWN],
            )
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and (len(length) > 18 or int(length) > self._limits.body):
            yield body_too_large(self._limits.body)

    def _is_own(self, origin: str, scope: Scope) -> bool:
        found, server = _ORIGIN.fullmatch(origin), scope.get("server")
        return found is not None and server is not None and int(found[2]) == server[1]

    def _has_key(self, header: bytes) -> bool:
        """Compare in constant time: how long it takes says nothing of how much is right."""
        is_bearer = header[: len(_SCHEME)].lower() == _SCHEME
        return hmac.compare_digest(header[len(_SCHEME) :].strip(), self._key) and is_bearer


def body_too_large(limit: int) -> StudioError:
    """Return what is said of a body beyond the limit."""
    return StudioError(
        "body-too-large",
        "The request is larger than {megabytes} MB.",
        "Send less at once, for example fewer prompts.",
        megabytes=limit // 1_000_000,
    )
