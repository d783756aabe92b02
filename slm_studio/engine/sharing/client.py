"""An HTTP client that works under the proxies people have, or says which of them it cannot use."""

import os
from collections.abc import Mapping
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from huggingface_hub.utils import httpx  # type: ignore[attr-defined]

from slm_studio.core.errors import StudioError

_VARIABLES = ("all_proxy", "https_proxy", "http_proxy")


def make_client(endpoint: str, **options: object) -> httpx.Client:
    """Return a client for `endpoint`. Raises StudioError("hub-proxy") where the way there leads over an unknown proxy.

    The library refuses every request where any proxy is of a kind that it does not know, also where none is needed.
    """
    try:
        return httpx.Client(**options)
    except (ValueError, ImportError, httpx.InvalidURL) as error:
        host = urlsplit(endpoint).hostname or ""
        if proxy_bypass(host):
            return httpx.Client(trust_env=False, **options)
        variable, proxy = _to_blame(os.environ)
        raise StudioError(
            "hub-proxy",
            "The proxy of this computer, “{proxy}”, is of a kind that does not work here.",
            "Give {variable} an address that begins with http, https or socks5 (or empty it), then start SLM Studio again.",
            proxy=proxy,
            variable=variable,
        ) from error


def _to_blame(environment: Mapping[str, str]) -> tuple[str, str]:
    """Return the variable that names the proxy and the proxy itself, without the password that may stand in it."""
    for name in _VARIABLES:
        for each in (name, name.upper()):
            if environment.get(each) and not _is_known(environment[each]):
                return each, _without_password(environment[each])
    return "the proxy in the system's settings", _without_password(next(iter(getproxies().values()), ""))


def _is_known(proxy: str) -> bool:
    return "://" not in proxy or proxy.partition("://")[0].lower() in ("http", "https", "socks5", "socks5h")


def _without_password(proxy: str) -> str:
    return proxy.partition("://")[0] + "://" + proxy.rpartition("@")[2].rpartition("://")[2]
