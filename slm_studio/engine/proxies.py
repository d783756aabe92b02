"""Proxies: which one of this computer the way to a hub leads over, told without its password."""

import os
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

KNOWN = ("http", "https", "socks5", "socks5h")  # what the HTTP client of the hub's library speaks

IN_SETTINGS = "the proxy in the system's settings"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy, and the variable of the environment that names it."""

    address: str  # without the password that may stand in it
    variable: str  # or words, where it stands in the settings of the system

    @property
    def is_known(self) -> bool:
        """Say whether the hub's library speaks with proxies of this kind."""
        return "://" not in self.address or self.address.partition("://")[0].lower() in KNOWN


def proxy_for(endpoint: str) -> Proxy | None:
    """Return the proxy on the way to `endpoint`, or None where the way is free."""
    parts = urlsplit(endpoint)
    found = getproxies()
    scheme = next((each for each in (parts.scheme, "all") if found.get(each)), "")
    return None if not scheme or is_free(endpoint) else _proxy(scheme, found[scheme])


def is_free(endpoint: str) -> bool:
    """Say whether the way to a hub leads past all proxies (no_proxy)."""
    return bool(proxy_bypass(urlsplit(endpoint).hostname or ""))


def unknown_proxy() -> Proxy | None:
    """Return the first proxy of a kind that the hub's library does not know, wherever it leads."""
    proxies = [_proxy(scheme, address) for scheme, address in getproxies().items() if scheme != "no"]
    return next((each for each in proxies if not each.is_known), proxies[0] if proxies else None)


def _proxy(scheme: str, address: str) -> Proxy:
    names = (f"{scheme}_proxy", f"{scheme}_PROXY".upper())
    return Proxy(
        _without_password(address), next((name for name in names if os.environ.get(name) == address), IN_SETTINGS)
    )


def _without_password(address: str) -> str:
    scheme, mark, rest = address.rpartition("://")
    return scheme + mark + rest.rpartition("@")[2]
