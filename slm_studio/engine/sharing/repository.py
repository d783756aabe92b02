"""One repository of one hub, seen through a client of our own: nothing waits for ever, and a token stays with its origin."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from urllib.parse import quote, urljoin, urlsplit

from huggingface_hub.utils import httpx  # type: ignore[attr-defined]

from slm_studio.core.errors import StudioError
from slm_studio.core.files import parse_json
from slm_studio.core.saved import STUDIO_FILE
from slm_studio.engine.advice import advise_hub, pause_asked, refusal
from slm_studio.engine.sharing.address import no_such_version
from slm_studio.engine.sharing.client import make_client
from slm_studio.engine.sharing.contents import CARD
from slm_studio.engine.sharing.download import Dropped, HubFile, Patience
from slm_studio.engine.sharing.standing import PRIVATE, PUBLIC, Standing

AGENT = "slm-studio"
_REVISION = re.compile(r"[\w./-]{1,200}")
_MOST_PAGES = 1000  # of a listing; the hub gives up to 1,000 files a page
_MOST_SAID = 300  # letters of what a hub finds wrong
_MAX_ANSWER = 32 * 1024 * 1024  # bytes of a listing


class Repository:
    """Ask for its commit, its files and their bytes. Use it with `with`."""

    def __init__(self, endpoint: str, name: str, token: str, patience: Patience) -> None:
        self.endpoint, self.name, self.token, self.patience = endpoint, name, token, patience
        self.commit = ""
        limits = httpx.Timeout(patience.read, connect=patience.connect)
        self._client = make_client(endpoint, timeout=limits, follow_redirects=False, headers={"user-agent": AGENT})

    def __enter__(self) -> "Repository":
        return self

    def __exit__(self, *problem: object) -> None:
        self._client.close()

    def find_commit(self, revision: str) -> str:
        """Return the commit that a branch, tag or commit means now."""
        if not _REVISION.fullmatch(revision):
            raise no_such_version(revision)
        plain, _ = self._ask(f"{self.endpoint}/api/models/{self.name}/revision/{quote(revision, safe='')}")
        commit = plain.get("sha") if isinstance(plain, dict) else None
        if not isinstance(commit, str) or not re.fullmatch(r"[0-9a-f]{40,64}", commit):
            raise strange(self.endpoint)
        return commit

    def standing(self) -> Standing | None:
        """Return what stands under the name now, or None where nothing does that the token may see."""
        try:
            plain, _ = self._ask(f"{self.endpoint}/api/models/{self.name}")
        except StudioError as error:
            if error.code == "hub-not-found":
                return None
            raise
        if not isinstance(plain, dict):
            raise strange(self.endpoint)
        self.commit = str(plain.get("sha") or "")
        # What does not say that it is private is taken for public: the mistake that shows nothing to anybody.
        visibility = PRIVATE if plain.get("private") is True else PUBLIC
        listed = tuple(self.files()) if self.commit else ()
        names = {file.path for file in listed}
        card, studio = (self._text(each) if each in names else "" for each in (CARD, STUDIO_FILE))
        return Standing(commit=self.commit, visibility=visibility, files=listed, card=card, studio=studio)

    def files(self) -> list[HubFile]:
        """Return every file of the commit."""
        found: list[HubFile] = []
        seen: set[str] = set()
        url = f"{self.endpoint}/api/models/{self.name}/tree/{self.commit}?recursive=true"
        while url:
            if url in seen or len(seen) >= _MOST_PAGES:
                raise strange(self.endpoint)  # a listing without an end
            seen.add(url)
            plain, url = self._ask(url)
            if not isinstance(plain, list) or not all(isinstance(entry, dict) for entry in plain):
                raise strange(self.endpoint)
            found += [_file(entry, self.endpoint) for entry in plain if entry.get("type") == "file"]
        return found

    def refuse_card(self, card: str) -> None:
        """Raise StudioError where the hub does not take a model card. It is asked before anything is made or sent there."""
        own = {"authorization": f"Bearer {self.token}"} if self.token else {}
        plain, url = {"content": card, "repoType": "model"}, f"{self.endpoint}/api/validate-yaml"
        try:
            with self._dropping(), self._client.stream("POST", url, json=plain, headers=own) as response:
                is_refused = response.status_code == 400  # whatever else it says, it says again when files are sent
                raw = b"".join(_bounded(response.iter_bytes(), self.endpoint)) if is_refused else b""
        except Dropped as drop:
            raise drop.error from drop
        if said := "; ".join(_complaints(raw)):
            raise StudioError(
                "hub-card",
                "“{endpoint}” does not take the model card: {reason}",
                "Publish with another licence or language.",
                endpoint=self.endpoint,
                reason=(said.replace(self.token, "…") if self.token else said)[:_MOST_SAID],
            )

    @contextmanager
    def open_file(self, path: str, start: int) -> Iterator[tuple[int, Iterator[bytes]]]:
        """Open a file from byte `start` on."""
        url = f"{self.endpoint}/{self.name}/resolve/{self.commit}/{quote(path)}"
        headers = {"accept-encoding": "identity"} | ({"range": f"bytes={start}-"} if start else {})
        with self._dropping(), self._stream(url, headers) as response:
            resumed = response.status_code == 206
            if resumed and not response.headers.get("content-range", "").startswith(f"bytes {start}-"):
                raise strange(self.endpoint)
            yield start if resumed else 0, response.iter_raw()

    def _text(self, path: str) -> str:
        try:
            with self.open_file(path, 0) as (_, blocks):
                return b"".join(_bounded(blocks, self.endpoint)).decode("utf-8", "replace")
        except Dropped as drop:
            raise drop.error from drop

    def _ask(self, url: str) -> tuple[object, str]:
        """Return a JSON answer and the address of its next page, or ""."""
        for attempt in range(1, self.patience.attempts + 1):
            try:
                with self._dropping(), self._stream(url, {}) as response:
                    raw = b"".join(_bounded(response.iter_bytes(), self.endpoint))
                    plain = parse_json(raw)
                    following = response.links.get("next", {}).get("url", "")
                target = urljoin(url, following) if following else ""
                return plain, target if target and self._is_home(target) else ""
            except Dropped as drop:
                # Somebody waits for the first answer: only a server that is there is asked again.
                if attempt == min(3, self.patience.attempts) or drop.error.code == "hub-unreachable" or drop.wait > 2:
                    raise drop.error from drop
            except ValueError as error:  # no JSON, JSON that is too deep, no address
                raise strange(self.endpoint) from error
        raise AssertionError("the last attempt returns or raises")

    @contextmanager
    def _stream(self, url: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """GET with redirects followed by hand, so that the token stays with its origin."""
        for _ in range(10):
            own = {"authorization": f"Bearer {self.token}"} if self.token and self._is_home(url) else {}
            with self._client.stream("GET", url, headers={**headers, **own}) as response:
                if not response.has_redirect_location:
                    self._check_status(response)
                    yield response
                    return
                url = self._elsewhere(url, response.headers["location"])
        raise strange(self.endpoint)

    def _elsewhere(self, url: str, location: str) -> str:
        """Return where a redirect leads, as the real hub writes it: an address, or a path on the same host."""
        try:
            target = urljoin(url, location)
            _origin(target)
        except ValueError as error:
            raise strange(self.endpoint) from error
        return target

    def _is_home(self, url: str) -> bool:
        return _origin(url) == _origin(self.endpoint)

    def _check_status(self, response: httpx.Response) -> None:
        if response.status_code < 400:
            return
        error = refusal(response.status_code, response.headers, self.endpoint, self.name, self.token)
        if response.status_code in (408, 429, 500, 502, 503, 504):
            wait = pause_asked(response.headers)
            raise Dropped(error, self.patience.pause if wait is None else wait)
        raise error

    @contextmanager
    def _dropping(self) -> Iterator[None]:
        """Turn whatever a network does into Dropped."""
        try:
            yield
        except (httpx.RequestError, httpx.InvalidURL) as error:
            known = advise_hub(error, self.endpoint, self.name, self.token)
            raise Dropped(known or strange(self.endpoint)) from error


def _file(entry: Mapping[str, object], endpoint: str) -> HubFile:
    lfs = entry.get("lfs")
    sha256 = str(lfs.get("oid", "")).removeprefix("sha256:") if isinstance(lfs, dict) else ""
    path, size, blob = entry.get("path"), entry.get("size"), entry.get("oid")
    if not isinstance(path, str) or type(size) is not int or size < 0 or not isinstance(blob, str):
        raise strange(endpoint)
    return HubFile(path=path, size=size, sha256=sha256, blob=blob)


def _complaints(raw: bytes) -> Iterator[str]:
    """Yield what a hub finds wrong in a card."""
    with suppress(ValueError):
        plain = parse_json(raw)
        errors = plain.get("errors") if isinstance(plain, dict) else None
        for each in errors if isinstance(errors, list) else ():
            if isinstance(each, dict) and each.get("message"):
                yield str(each["message"])


def _bounded(blocks: Iterator[bytes], endpoint: str) -> Iterator[bytes]:
    size = 0
    for block in blocks:
        size += len(block)
        if size > _MAX_ANSWER:
            raise strange(endpoint)
        yield block


def _origin(url: str) -> tuple[str, str, int]:
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)


def strange(endpoint: str) -> StudioError:
    """Return the error of an answer that makes no sense."""
    return StudioError(
        "hub-strange",
        "“{endpoint}” gave an answer that no hub gives.",
        "Check the hub's address in the settings; a network may also ask you to sign in first.",
        endpoint=endpoint,
    )
