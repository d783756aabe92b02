"""Ask a server as any program does, with nothing but the standard library."""

import http.client
import json
from dataclasses import dataclass
from typing import Any

from slm_studio.serve.server import LocalServer


@dataclass(frozen=True)
class Told:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the value that came back; anything else fails."""
        assert self.headers["content-type"] == "application/json"
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        """Return the error in OpenAI's shape: a sentence, a hint, a code."""
        error: dict[str, Any] = self.json["error"]
        assert set(error) == {"message", "type", "param", "code", "hint"}
        assert error["message"].rstrip("”").endswith((".", "?", "}")) and error["code"] != "unexpected", error
        return error


def ask(
    server: LocalServer, path: str, body: object = None, *, method: str = "", key: str | None = None, **headers: str
) -> Told:
    """Send a request and return what came back; `body` is JSON unless it is bytes."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    sent = {"Authorization": f"Bearer {server.key if key is None else key}"}
    sent |= {"Content-Type": "application/json"} if raw is not None else {}
    try:
        connection.request(
            method or ("GET" if raw is None else "POST"),
            path,
            raw,
            sent | {name.replace("_", "-"): value for name, value in headers.items()},
        )
        response = connection.getresponse()
        found = {name.lower(): value for name, value in response.getheaders()}
        return Told(response.status, found, response.read())
    finally:
        connection.close()
