"""Where a request would go, and whether it may be sent at all."""

import os
import re
from urllib.parse import urlsplit

from slm_studio.core.errors import StudioError
from slm_studio.core.hub_names import is_repository_name, is_whole_name
from slm_studio.core.settings import HUGGING_FACE, load_settings

_TOKEN = re.compile(r"[!-~]+")  # what may stand in the head of a request
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def check_call(name: str, endpoint: str, token: str) -> str:
    """Refuse what cannot work before anything is sent; return the endpoint without a slash at its end."""
    endpoint = (endpoint or HUGGING_FACE).rstrip("/")
    try:
        parts = urlsplit(endpoint)
        parts.port  # noqa: B018  (raises where it is no number)
    except ValueError:  # http://[::1
        parts = urlsplit("")
    local = parts.hostname in _LOOPBACK
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise StudioError(
            "hub-address",
            "“{endpoint}” is not the address of a hub.",
            "Write one that begins with https:// and holds no name or password, such as https://huggingface.co, in the settings or with --endpoint. A token has a place of its own.",
            endpoint=f"{parts.scheme}://{parts.hostname}" if parts.hostname else endpoint,
        )
    if not (is_whole_name(name) or is_repository_name(name)):
        raise StudioError(
            "hub-name",
            "“{name}” cannot be the name of a model.",
            "Write it as it stands on the hub, for example distilbert/distilgpt2.",
            name=name[:200],
        )
    if not local and (load_settings().offline or _is_offline_by_environment()):
        raise StudioError(
            "offline",
            "SLM Studio is set to work offline.",
            "Switch “Offline” off in the settings (and unset HF_HUB_OFFLINE), then try again.",
        )
    if token and parts.scheme == "http" and not local:
        raise StudioError(
            "hub-unencrypted",
            "The token was not sent: “{endpoint}” is not encrypted.",
            "Use an address that begins with https, or go on without the token.",
            endpoint=endpoint,
        )
    if token and not _TOKEN.fullmatch(token):
        raise StudioError(  # never with the token: somebody may show this sentence to others
            "hub-token",
            "The token holds letters that no token has, and was not sent.",
            "Copy it once more from huggingface.co/settings/tokens, and enter it under Hub, or set HF_TOKEN.",
        )
    return endpoint


def no_such_version(revision: str) -> StudioError:
    """Return the error of a version that no hub has."""
    return StudioError(
        "hub-no-revision",
        "“{revision}” cannot be the name of a version.",
        "Leave the version empty for the newest one, or write a branch, tag or commit.",
        revision=revision[:200],
    )


def _is_offline_by_environment() -> bool:
    return os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE")
