"""An HTTP client that works under the proxies people have, or says which of them it cannot use."""

from huggingface_hub.utils import httpx  # type: ignore[attr-defined]

from slm_studio.core.errors import StudioError
from slm_studio.engine.proxies import is_free, unknown_proxy


def make_client(endpoint: str, **options: object) -> httpx.Client:
    """Return a client for `endpoint`. Raises StudioError("hub-proxy") where the way there leads over an unknown proxy.

    The library refuses every request where any proxy is of a kind that it does not know, also where none is needed.
    """
    try:
        return httpx.Client(**options)
    except (ValueError, ImportError, httpx.InvalidURL) as error:
        if is_free(endpoint):
            return httpx.Client(trust_env=False, **options)
        proxy = unknown_proxy()
        raise StudioError(
            "hub-proxy",
            "The proxy of this computer, “{proxy}”, is of a kind that does not work here.",
            "Give {variable} an address that begins with http, https or socks5 (or empty it), then start SLM Studio again.",
            proxy=proxy.address if proxy else "",
            variable=proxy.variable if proxy else "",
        ) from error
