"""A hub on the loopback, for tests: answers the official client as the real one does, and breaks on demand.

Two servers: the hub itself and a “CDN” on another port, where large files lie and where no token may arrive.

    with HubServer() as hub:
        hub.add_model("ada/tiny", {"config.json": b"{}", "model.safetensors": …})
        hub.faults.append(Fault("/resolve/.*safetensors", kind="drop", after=1000))
"""

import hashlib
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer

LARGE = (".safetensors", ".bin", ".model")  # what .gitattributes sends to large storage
TOKEN = "hf_rightTokenForTests"
USER = "ada"


@dataclass
class Fault:
    """What goes wrong with requests whose "METHOD path" matches `pattern`, `times` times."""

    pattern: str
    kind: str = "status"  # status | drop | reset | stall | slow | corrupt | no-range
    status: int = 503
    after: int = 0  # bytes of the body that arrive first (drop, reset, stall)
    seconds: float = 0.0  # stall: how long; slow: per 64 KB
    times: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    message: str = ""
    body: bytes | None = None  # status: the whole body of the answer


@dataclass
class Seen:
    """One request, as it arrived."""

    server: str  # hub | cdn
    method: str
    path: str
    authorization: str
    range: str
    sent: int = 0  # bytes of the answer's body


@dataclass
class Repo:
    """One repository: commits from oldest to newest, each a table of names and bytes."""

    commits: list[tuple[str, dict[str, bytes]]] = field(default_factory=list)
    private: bool = False
    gated: bool = False

    def commit(self, files: dict[str, bytes]) -> str:
        seed = json.dumps([len(self.commits), sorted((name, sha256(data)) for name, data in files.items())])
        number = hashlib.sha1(seed.encode()).hexdigest()
        self.commits.append((number, dict(files)))
        return number

    def at(self, revision: str) -> tuple[str, dict[str, bytes]] | None:
        if revision == "main":
            return self.commits[-1] if self.commits else None
        return next((commit for commit in self.commits if commit[0] == revision), None)


class HubServer:
    """Start with `with`; `endpoint` is the address."""

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.large: dict[str, bytes] = {}  # sha256 → bytes
        self.faults: list[Fault] = []
        self.seen: list[Seen] = []
        self.tokens = {TOKEN: "write"}
        self.on_request: Callable[[Seen], None] = lambda seen: None
        self.lock = threading.RLock()
        self._closing = threading.Event()
        self._servers = [self._server("hub"), self._server("cdn")]
        self.endpoint, self.cdn = (f"http://127.0.0.1:{server.server_address[1]}" for server in self._servers)

    def _server(self, name: str) -> ThreadingHTTPServer:
        from tests.hub_handler import Handler  # it needs the tables of this file

        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"hub": self, "name": name}))
        server.daemon_threads = False
        server.block_on_close = True
        return server

    def __enter__(self) -> "HubServer":
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(0.02,), name="hub-server") for server in self._servers
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._closing.set()
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()

    def add_model(self, name: str, files: dict[str, bytes], private: bool = False, gated: bool = False) -> str:
        """Make a repository (or a new commit of one) and return the commit's number."""
        with self.lock:
            repo = self.repos.setdefault(name, Repo(private=private, gated=gated))
            for path, data in files.items():
                if is_large(path, data):
                    self.large[sha256(data)] = data
            return repo.commit({".gitattributes": b"*.safetensors filter=lfs\n", **files})

    def files(self, name: str) -> dict[str, bytes]:
        """Return the newest files of a repository."""
        return self.repos[name].commits[-1][1]

    def requests(self, pattern: str) -> list[Seen]:
        """Return the requests whose "METHOD path" matches."""
        return [seen for seen in self.seen if re.search(pattern, f"{seen.method} {seen.path}")]

    def wait(self, seconds: float) -> None:
        """Sleep, but not beyond the end of the test."""
        self._closing.wait(seconds)

    def take_fault(self, request: str) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.times > 0 and re.search(fault.pattern, request):
                    fault.times -= 1
                    return fault
        return None


def is_large(path: str, data: bytes) -> bool:
    return path.endswith(LARGE) or len(data) > 10_000_000


def entry_of(path: str, data: bytes) -> dict[str, object]:
    entry: dict[str, object] = {"type": "file", "path": path, "size": len(data), "oid": git_hash(data)}
    if is_large(path, data):
        pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256(data)}\nsize {len(data)}\n".encode()
        entry |= {
            "oid": git_hash(pointer),
            "lfs": {"oid": sha256(data), "size": len(data), "pointerSize": len(pointer)},
        }
    return entry


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def git_hash(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
