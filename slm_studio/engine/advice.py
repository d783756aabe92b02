"""Third-party exception → StudioError: what happened and what to do now."""

import errno
import math
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from slm_studio.core.errors import StudioError, Value, system_error
from slm_studio.engine.proxies import proxy_for

_RATE_LIMIT = re.compile(r";\s*t=(\d{1,6})")
_OS_ERROR = re.compile(r"\(os error (\d{1,5})\)")
# On a CPU torch says it as a plain RuntimeError, and C++ by the name of its exception: the text is all there is.
_NO_MEMORY = re.compile(
    r"can't allocate memory|cannot allocate memory|bad_alloc|alloc_cpu|out of memory", re.IGNORECASE
)


@contextmanager
def advising() -> Iterator[None]:
    """Let StudioErrors pass and turn the others that a person can act on into one."""
    try:
        yield
    except (StudioError, GeneratorExit, KeyboardInterrupt):
        raise
    except BaseException as error:
        # BaseException: a Rust panic from tokenizers is not an Exception.
        raise advise(error) from error


def advise(error: BaseException) -> StudioError:
    """Return the StudioError that says what `error` means for the person."""
    if is_out_of_memory(error):
        return StudioError(
            "out-of-memory",
            "The memory is full.",
            "Halve the batch size or the maximum length, choose a smaller size, or close other programs.",
        )
    if found := advise_hub(error):  # before OSError: the hub client's errors are some
        return found
    if isinstance(error, OSError):
        return system_error(error)
    if refused := _refused_in_rust(error):
        return system_error(refused)
    if type(error).__name__ == "PanicException":
        return StudioError(
            "native-panic",
            "A library stopped: {reason}.",
            "Try again; if it returns, the file or model is damaged.",
            reason=str(error)[:300],
        )
    return StudioError(
        "unexpected",
        "Something we did not foresee happened: {kind}: {reason}.",
        "Your work is on disk. The log file holds the details.",
        kind=type(error).__name__,
        reason=str(error)[:500],
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether `error` means that there was no memory left, whichever library met it."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    return isinstance(error, RuntimeError) and bool(_NO_MEMORY.search(str(error)))


def _refused_in_rust(error: BaseException) -> OSError | None:
    """Return the system's refusal that safetensors or tokenizers met, or None.

    They raise errors of their own; the number of the system's error stands in the text alone, as Rust's std writes it.
    """
    found = _OS_ERROR.search(str(error))
    if found is None:
        return None
    number = int(found[1])
    return OSError(0, found[0], None, number) if sys.platform == "win32" else OSError(number, os.strerror(number))


def advise_hub(error: BaseException, endpoint: str = "", name: str = "", token: str = "") -> StudioError | None:
    """Return what an error of the hub's client means, or None where it is no such error.

    The client wraps the first cause, so the chain is followed. The library is not imported: an error of its can only
    arrive where it is loaded.
    """
    httpx = sys.modules.get("httpx2")
    link: BaseException | None = error
    while httpx is not None and link is not None:
        response = getattr(link, "response", None)
        if isinstance(response, httpx.Response):
            return refusal(response.status_code, response.headers, endpoint or _origin(response.url), name, token)
        if isinstance(link, httpx.TransportError | httpx.InvalidURL):
            request = getattr(link, "_request", None)
            return _advise_transport(link, endpoint or (_origin(request.url) if request else ""))
        link = link.__cause__
    return None


def refusal(status: int, headers: Mapping[str, str], endpoint: str, name: str, token: str = "") -> StudioError:
    """Return what a status that is no success means. `token` is only compared with, so that it is never repeated."""
    code = headers.get("x-error-code", "")
    said = headers.get("x-error-message", "")[:200]
    values: dict[str, Value] = {"endpoint": endpoint, "name": name, "status": status}
    values["reason"] = said.replace(token, "…") if token else said
    wait = pause_asked(headers)
    values["seconds"] = 60 if wait is None else math.ceil(wait)
    key = min(status, 500)
    if status == 401 and (not token or ("credentials" not in said.lower() and code == "RepoNotFound")):
        key = 404  # the hub says 401 for what only its owner may know of
    found = _BY_CODE.get(code) or (_ANONYMOUS if status == 403 and not token else _BY_STATUS.get(key, _BY_STATUS[0]))
    return StudioError(found.code, found.message, found.hint, **values)


def pause_asked(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a server asks to wait, or None where it says nothing that can be read.

    Retry-After is a number or a date (RFC 9110, 10.2.3); the hub's RateLimit says `"api";r=0;t=55`.
    Example: pause_asked({"retry-after": "1.5"}) == 1.5
    """
    said = headers.get("retry-after", "").strip()
    try:
        seconds = float(said)
    except ValueError:
        seconds = _until(said)
    if not math.isfinite(seconds):
        found = _RATE_LIMIT.search(headers.get("ratelimit", ""))
        return float(found[1]) if found else None
    return min(max(0.0, seconds), 86_400.0)


def _until(date: str) -> float:
    try:
        moment = parsedate_to_datetime(date)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - time.time()
    except (ValueError, OverflowError):
        return math.nan


def _advise_transport(error: BaseException, endpoint: str) -> StudioError:
    kind = type(error).__name__
    if kind in ("ReadTimeout", "WriteTimeout", "PoolTimeout"):
        return StudioError(
            "hub-timeout",
            "“{endpoint}” has stopped answering.",
            "Try again: what has arrived is kept, and the rest follows.",
            endpoint=endpoint,
        )
    if kind in ("ConnectError", "ConnectTimeout", "ProxyError", "UnsupportedProtocol", "InvalidURL"):
        if proxy := proxy_for(endpoint):
            return StudioError(
                "hub-unreachable",
                "“{endpoint}” cannot be reached through the proxy of this computer, “{proxy}” ({reason}).",
                "Check that the proxy runs. Where none is needed, empty {variable} and start SLM Studio again.",
                endpoint=endpoint,
                proxy=proxy.address,
                variable=proxy.variable,
                reason=str(error)[:120] or kind,
            )
        return StudioError(
            "hub-unreachable",
            "“{endpoint}” cannot be reached ({reason}).",
            "Check the network, a proxy, and the hub's address in the settings.",
            endpoint=endpoint,
            reason=str(error)[:120] or kind,
        )
    return StudioError(
        "hub-dropped",
        "The connection broke off.",
        "Try again: what has arrived is kept, and the rest follows.",
    )


def _origin(url: object) -> str:
    parts = urlsplit(str(url))
    return f"{parts.scheme}://{parts.hostname}"


# What the hub's refusals mean; the values are filled in where one arrives.
_BY_CODE = {
    "GatedRepo": StudioError(
        "hub-gated",
        "The owners of “{name}” want you to accept their terms first.",
        "Open its page at {endpoint} in a browser, accept, then fetch it with your token.",
    ),
    "RevisionNotFound": StudioError(
        "hub-no-revision",
        "“{name}” has no such version.",
        "Leave the version empty for the newest one, or check its spelling.",
    ),
    "EntryNotFound": StudioError(
        "hub-no-file",
        "A file of “{name}” is no longer there.",
        "Try again: the model may have changed a moment ago.",
    ),
}
_ANONYMOUS = StudioError(
    "hub-no-token",
    "{endpoint} does not allow this without a token, and none was given. {reason}",
    "Make one at huggingface.co/settings/tokens, and enter it under Hub, or set HF_TOKEN.",
)
_BY_STATUS = {
    401: StudioError(
        "hub-token",
        "{endpoint} does not know this token.",
        "Make a new one at huggingface.co/settings/tokens, and enter it under Hub, or set HF_TOKEN.",
    ),
    403: StudioError(
        "hub-forbidden",
        "Your token does not allow this at {endpoint}. {reason}",
        "Use a token with the right to write to this name, or another name.",
    ),
    404: StudioError(
        "hub-not-found",
        "There is no model “{name}” at {endpoint} that you may see.",
        "Check the spelling. A private model needs a token of somebody who may read it.",
    ),
    409: StudioError(
        "hub-conflict",
        "{endpoint} is busy with another change of “{name}”.",
        "Wait a moment, then try again.",
    ),
    412: StudioError(
        "hub-moved-on",
        "Somebody changed “{name}” while it was being published; nothing was overwritten.",
        "Look at the change, then publish again.",
    ),
    429: StudioError(
        "hub-busy",
        "{endpoint} asks for a pause: too many requests.",
        "Try again in {seconds} {seconds:second|seconds}. A token allows more requests.",
    ),
    500: StudioError(
        "hub-server",
        "{endpoint} has a problem of its own (status {status}).",
        "Try again later; nothing is lost.",
    ),
    0: StudioError(
        "hub-refused",
        "{endpoint} refused the request (status {status}). {reason}",
        "Check the name and the token.",
    ),
}
