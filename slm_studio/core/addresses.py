"""Names of models on a hub, also as people paste them from a browser: the address of a page."""

import re
from urllib.parse import urlsplit

from slm_studio.core.settings import HUGGING_FACE

_PAGE = re.compile(r"/+([^/]+/[^/]+?)(?:\.git)?(?:/(?:tree|blob|resolve|commit)/([^/]+).*)?/*")
_HUBS = ("huggingface.co", "www.huggingface.co", "hf.co", "hf-mirror.com")


def name_of(written: str, endpoint: str) -> tuple[str, str]:
    """Return name and version of a model for which the address of its page may have been pasted.

    Example: name_of("https://huggingface.co/ada/tiny/tree/v2", "") == ("ada/tiny", "v2")
    """
    written = written.strip()
    try:
        parts = urlsplit(written if "://" in written else f"https://{written}")
        own = urlsplit(endpoint or HUGGING_FACE)
    except ValueError:
        return written, ""
    page = _PAGE.fullmatch(parts.path) if parts.netloc in (*_HUBS, own.netloc) else None
    return (page[1], page[2] or "") if page else (written, "")


def is_hub_name(name: str) -> bool:
    """Say whether a name may be that of a model on a hub: owner/name."""
    parts = name.split("/")
    return len(parts) == 2 and all(parts) and ":" not in name and not name.startswith((".", "~"))


def base_of(written: str, endpoint: str) -> str:
    """Return a base as recipes name it: an address becomes a hub id, unless it names a version, which an id cannot."""
    name, version = name_of(written, endpoint)
    return written.strip() if version else name


def is_address(written: str, endpoint: str) -> bool:
    """Say whether somebody pasted the address of a page where a name or a folder is wanted."""
    return written.strip().startswith(("http://", "https://")) or name_of(written, endpoint)[0] != written.strip()
