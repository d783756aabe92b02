"""Replies: JSON as programs that know OpenAI's API read it, errors too. Whatever a text holds, its JSON is sound."""

import contextlib
import json
import math
import traceback
from collections.abc import Mapping

from starlette.responses import Response

from slm_studio.core import files, paths
from slm_studio.core.errors import StudioError

JSON = "application/json"
STATUSES = {
    "no-key": 401,
    "host-refused": 403,
    "origin-refused": 403,
    "no-such-path": 404,
    "no-such-served-model": 404,
    "wrong-method": 405,
    "body-late": 408,
    "body-too-large": 413,
    "line-too-long": 413,
    "body-type": 415,
    "server-busy": 429,
    "turn-late": 503,
    "server-closing": 503,
    "no-model-yet": 503,
    "answer-late": 504,
}
# What a program cannot mend by another request: the model or its engine is at fault.
OURS = (
    "unexpected", "native-panic", "engine-died", "engine-ended", "engine-no-start", "not-open", "out-of-memory", "logits-not-finite",
    "file-damaged", "file-missing", "not-a-model", "not-for-answers", "not-allowed", "disk-full", "system",
)  # fmt: skip
KINDS = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
AGAIN = (429, 503)  # the same request may do later
LATER = "seconds"  # the value of an error that says when


def encode(value: object) -> bytes:
    """Return a JSON value; numbers that are not finite become null, halves of characters their escapes."""
    return files.encode(json.dumps(_finite(value), ensure_ascii=False, separators=(",", ":")))


def status_of(error: StudioError) -> int:
    """Return the HTTP status that says whose matter an error is."""
    return STATUSES.get(error.code, 500 if error.code in OURS else 400)


def error_json(error: StudioError) -> dict[str, object]:
    """Return an error in OpenAI's shape: programs show “message” alone, so what to do now stands there too."""
    status = status_of(error)
    return {
        "error": {
            "message": f"{error} {error.advice}".rstrip(),
            "type": KINDS.get(status, "server_error" if status >= 500 else "invalid_request_error"),
            "param": error.values.get("parameter"),
            "code": error.code,
            "hint": error.advice,
        }
    }


def reply(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a reply of JSON."""
    return Response(encode(value), status, {"cache-control": "no-store", **(headers or {})}, JSON)


def error_reply(error: StudioError) -> Response:
    """Return the reply that an error is."""
    status = status_of(error)
    headers = {"x-should-retry": "true" if status in AGAIN else "false"}  # OpenAI's clients ask again by themselves
    if status in AGAIN and LATER in error.values:
        headers["retry-after"] = str(error.values[LATER])
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    return reply(error_json(error), status, headers)


def unforeseen(error: BaseException) -> StudioError:
    """Return what a program reads of a fault of ours; what a developer needs goes to the log."""
    log = paths.logs() / "serve.txt"
    with contextlib.suppress(OSError):
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write("".join(traceback.format_exception(error)))
    return StudioError(
        "unexpected",
        "Something we did not foresee happened: {kind}.",
        "Details: {log}",
        kind=type(error).__name__,
        log=str(log),
    )


def _finite(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
