"""Hub tokens: kept in the system's own safe, or in memory where there is none; never in a file of ours, never in a log."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from slm_studio.core.addresses import is_hub_name, name_of
from slm_studio.core.settings import Settings

SERVICE = "SLM Studio"
VARIABLE = "HF_TOKEN"
HUGGING_FACE_HOSTS = ("huggingface.co", "hf.co")
ENVIRONMENT, KEYRING, MEMORY, NOWHERE = "environment", "keyring", "memory", ""


class Safe(Protocol):
    """What we ask of the system's safe (the `keyring` package has this form)."""

    def get_password(self, service_name: str, username: str) -> str | None:
        """Return a secret, or None."""

    def set_password(self, service_name: str, username: str, password: str) -> None:
        """Keep a secret."""

    def delete_password(self, service_name: str, username: str) -> None:
        """Forget a secret."""


class Secrets:
    """Finds, keeps and forgets the token of a hub. Each hub (by its host name) has its own.

    HF_TOKEN counts for Hugging Face only and goes before what was kept. Calls may wait for the system's safe to be
    unlocked.
    """

    def __init__(self, safe: Safe | None = None, environment: Mapping[str, str] | None = None) -> None:
        self._safe = safe
        self._environment = os.environ if environment is None else environment
        self._memory: dict[str, str] = {}

    def token(self, endpoint: str) -> str:
        """Return the token for a hub, or ""."""
        return self._find(endpoint)[0]

    def where(self, endpoint: str) -> str:
        """Return where the token for a hub is: environment, keyring, memory, or "" where there is none."""
        return self._find(endpoint)[1]

    def keep(self, endpoint: str, token: str) -> str:
        """Keep a token and return where it went."""
        host = host_of(endpoint)
        try:
            self._open_safe().set_password(SERVICE, host, token)
        except Exception:  # noqa: BLE001  (safes of many makers raise what they like; memory always works)
            self._memory[host] = token
            return MEMORY
        self._memory.pop(host, None)
        return KEYRING

    def forget(self, endpoint: str) -> None:
        """Forget the kept token of a hub. One in the environment stays: it is not ours."""
        host = host_of(endpoint)
        self._memory.pop(host, None)
        try:
            if self._open_safe().get_password(SERVICE, host) is not None:
                self._open_safe().delete_password(SERVICE, host)
        except Exception:  # noqa: BLE001  (no safe, nothing in it)
            return

    def _find(self, endpoint: str) -> tuple[str, str]:
        host = host_of(endpoint)
        given = self._environment.get(VARIABLE, "").strip()
        if given and host in HUGGING_FACE_HOSTS:
            return given, ENVIRONMENT
        if host in self._memory:
            return self._memory[host], MEMORY
        try:
            kept = self._open_safe().get_password(SERVICE, host)
        except Exception:  # noqa: BLE001  (no safe, or a locked one)
            kept = None
        return (kept, KEYRING) if kept else ("", NOWHERE)

    def _open_safe(self) -> Safe:
        if self._safe is None:
            import keyring  # looks for safes on import: not at start

            self._safe = keyring
        return self._safe


def host_of(endpoint: str) -> str:
    """Return the host name of an address. Example: host_of("https://hf-mirror.com/x") == "hf-mirror.com\""""
    return (urlsplit(endpoint).hostname or endpoint).lower()


def is_this_computer(endpoint: str) -> bool:
    """Say whether an address never leaves this computer, so that nothing can be given away to it."""
    return host_of(endpoint) in ("127.0.0.1", "localhost", "::1")


def token_for_base(base: str, settings: Settings, secrets: "Secrets | None" = None) -> str:
    """Return the token that fetching a base may need; "" for a base that is no hub id."""
    name, _ = name_of(base, settings.endpoint)
    if not is_hub_name(name) or Path(base).expanduser().is_dir():
        return ""
    endpoint = settings.endpoint
    may_leave = settings.send_token_to_mirrors or is_this_computer(endpoint)
    return token_for(endpoint, may_leave=may_leave, secrets=secrets)


def token_for(endpoint: str, *, may_leave: bool = False, secrets: "Secrets | None" = None) -> str:
    """Return the token to use at `endpoint`, or "".

    The token of Hugging Face goes to Hugging Face only, unless the person allowed it to leave: by the setting for
    mirrors, or by publishing to an address that they named in the same breath.
    """
    secrets = secrets or Secrets()
    own = secrets.token(endpoint)
    return own or (secrets.token(f"https://{HUGGING_FACE_HOSTS[0]}") if may_leave else "")
