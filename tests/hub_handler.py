"""What the loopback hub answers: one method a route, and the faults on the way out."""

import base64
import json
import re
import socket
import struct
import time
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, unquote, urlsplit

from tests.hub_server import LARGE, USER, Fault, HubServer, Repo, Seen, entry_of, git_hash, is_large, sha256

LICENCES = ("apache-2.0", "mit", "cc-by-4.0", "cc0-1.0", "other")


class Handler(BaseHTTPRequestHandler):
    """Answers one request after the other on a kept connection."""

    hub: HubServer
    name: str
    protocol_version = "HTTP/1.1"
    timeout = 1.0  # an idle connection ends, so that the server can stop

    def log_message(self, *parts: object) -> None:
        pass

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def _serve(self) -> None:
        self.body = (
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if "chunked" not in self.headers.get("Transfer-Encoding", "")
            else self._read_chunked()
        )
        self.record = Seen(
            self.name, self.command, self.path, self.headers.get("Authorization", ""), self.headers.get("Range", "")
        )
        with self.hub.lock:
            self.hub.seen.append(self.record)
        self.hub.on_request(self.record)
        self.fault = self.hub.take_fault(f"{self.command} {self.path}")
        if self.fault and self.fault.kind == "status" and self.fault.body is not None:
            self._answer(self.fault.body, self.fault.status, self.fault.headers)
            return
        if self.fault and self.fault.kind == "status":
            self._refuse(self.fault.status, message=self.fault.message or "injected", headers=self.fault.headers)
            return
        if self.name == "cdn":
            self._serve_cdn()
            return
        self._route()

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _serve

    def _read_chunked(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    # The CDN: objects by their sha256, no questions asked

    def _serve_cdn(self) -> None:
        oid = urlsplit(self.path).path.rpartition("/")[2]
        if self.command == "PUT":
            if sha256(self.body) != oid:
                self._refuse(400, message="wrong checksum")
                return
            with self.hub.lock:
                self.hub.large[oid] = self.body
            self._answer(b"")
            return
        if oid not in self.hub.large:
            self._refuse(404, message="no such object")
            return
        self._send_file(self.hub.large[oid])

    # The hub

    def _route(self) -> None:
        path = unquote(urlsplit(self.path).path)
        for pattern, method in _ROUTES:
            if match := re.fullmatch(pattern, f"{self.command} {path}"):
                getattr(self, method)(*match.groups())
                return
        self._refuse(404, message=f"no such address: {path}")

    @property
    def _token(self) -> str:
        return self.headers.get("Authorization", "").removeprefix("Bearer ")

    def _repo(self, name: str) -> Repo | None:
        """Return a repository that the caller may see, or answer as the real hub does."""
        if self._token and self._token not in self.hub.tokens:
            self._refuse(401, message="Invalid credentials in Authorization header")
            return None
        repo = self.hub.repos.get(name)
        if repo is None or (repo.private and not self._token):
            anonymous = not self._token
            self._refuse(
                401 if anonymous else 404,
                "RepoNotFound",
                "Invalid username or password." if anonymous else "Repository not found",
            )
            return None
        return repo

    def _may_write(self) -> bool:
        role = self.hub.tokens.get(self._token)
        if role is None:
            self._refuse(401, message="Invalid username or password.")
        elif role != "write":
            self._refuse(403, message="You don't have the rights to create a model here.")
        return role == "write"

    def _commit_of(self, name: str, revision: str) -> tuple[str, dict[str, bytes]] | None:
        repo = self._repo(name)
        if repo is None:
            return None
        found = repo.at(revision)
        if found is None:
            self._refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return found

    def _whoami(self) -> None:
        if self._token not in self.hub.tokens:
            self._refuse(401, message="Invalid credentials in Authorization header")
            return
        role = self.hub.tokens[self._token]
        access = {"accessToken": {"displayName": "test", "role": role}}
        self._json({"type": "user", "name": USER, "fullname": "Ada", "orgs": [], "auth": access})

    def _create(self) -> None:
        if not self._may_write():
            return
        wanted = json.loads(self.body)
        name = f"{wanted.get('organization') or USER}/{wanted['name']}"
        if name.split("/")[0] != USER:
            self._refuse(403, message="You don't have the rights to create a model under this namespace.")
            return
        url = {"url": f"{self.hub.endpoint}/{name}", "name": name}
        if name in self.hub.repos:
            self._json(url | {"error": "You already created this model repo"}, 409)
            return
        self.hub.add_model(name, {}, private=wanted.get("visibility") == "private" or bool(wanted.get("private")))
        self._json(url)

    def _delete(self) -> None:
        if self._may_write():
            wanted = json.loads(self.body)
            self.hub.repos.pop(f"{wanted.get('organization') or USER}/{wanted['name']}", None)
            self._json({})

    def _settings(self, name: str) -> None:
        if self._may_write() and (repo := self._repo(name)):
            wanted = json.loads(self.body)
            if "visibility" in wanted:
                repo.private = wanted["visibility"] == "private"
            repo.private = bool(wanted.get("private", repo.private))
            self._json({"private": repo.private})

    def _info(self, name: str, revision: str | None = None) -> None:
        found = self._commit_of(name, revision or "main")
        if found:
            repo = self.hub.repos[name]
            siblings = [{"rfilename": path} for path in sorted(found[1])]
            self._json({
                "id": name, "modelId": name, "sha": found[0], "private": repo.private, "gated": "manual" if repo.gated else False,
                "tags": [], "siblings": siblings, "downloads": 0, "likes": 0, "disabled": False,
            })  # fmt: skip

    def _tree(self, name: str, revision: str) -> None:
        found = self._commit_of(name, revision)
        if not found:
            return
        entries = [entry_of(path, data) for path, data in sorted(found[1].items())]
        query = parse_qs(urlsplit(self.path).query)
        start = int(query.get("cursor", ["0"])[0])
        page = entries[start : start + 50]
        more = f'<{self.hub.endpoint}/api/models/{name}/tree/{revision}?recursive=true&cursor={start + 50}>; rel="next"'
        self._json(page, headers={"Link": more} if start + 50 < len(entries) else {})

    def _paths_info(self, name: str, revision: str) -> None:
        found = self._commit_of(name, revision)
        if found:
            wanted = parse_qs(self.body.decode()).get("paths", []) or json.loads(self.body or b"{}").get("paths", [])
            self._json([entry_of(path, found[1][path]) for path in wanted if path in found[1]])

    def _validate(self) -> None:
        content = json.loads(self.body)["content"]
        errors = [] if content.startswith("---") else [{"message": "no front matter"}]
        licence = re.search(r'^license: "?([^"\n]+)', content, re.MULTILINE)
        if licence and licence[1] not in LICENCES:
            errors.append({"message": f'"license" must be one of [{", ".join(LICENCES)}]'})
        self._json({"errors": errors, "warnings": []}, 400 if errors else 200)

    def _preupload(self, name: str, revision: str) -> None:
        found = self._commit_of(name, revision) if self._may_write() else None
        if not found:
            return
        answers = []
        for file in json.loads(self.body)["files"]:
            large = file["path"].endswith(LARGE) or file["size"] > 10_000_000
            there = found[1].get(file["path"])
            oid = None if there is None else sha256(there) if large else git_hash(there)
            mode = "lfs" if large else "regular"
            answers.append({"path": file["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        self._json({"files": answers, "commitOid": found[0]})

    def _batch(self, name: str) -> None:
        if not self._may_write():
            return
        objects = []
        for each in json.loads(self.body)["objects"]:
            upload = {"upload": {"href": f"{self.hub.cdn}/put/{each['oid']}"}}
            objects.append(each | ({} if each["oid"] in self.hub.large else {"actions": upload}))
        self._json({"transfer": "basic", "objects": objects})

    def _make_commit(self, name: str, revision: str) -> None:
        found = self._commit_of(name, revision) if self._may_write() else None
        if not found:
            return
        files = dict(found[1])
        for line in self.body.splitlines():
            item = json.loads(line)
            value = item["value"]
            if item["key"] == "header" and value.get("parentCommit", found[0]) != found[0]:
                self._refuse(412, message="A commit has happened since. Please refresh and try again.")
                return
            if item["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif item["key"] == "lfsFile":
                files[value["path"]] = self.hub.large[value["oid"]]
            elif item["key"] in ("deletedFile", "deletedFolder"):
                files.pop(value["path"], None)
        number = self.hub.repos[name].commit(files)
        self._json({"success": True, "commitOid": number, "commitUrl": f"{self.hub.endpoint}/{name}/commit/{number}"})

    def _resolve(self, name: str, revision: str, path: str) -> None:
        found = self._commit_of(name, revision)
        if not found:
            return
        if self.hub.repos[name].gated and not self._token:
            self._refuse(401, "GatedRepo", "Access to this model is restricted.")
            return
        if path not in found[1]:
            self._refuse(404, "EntryNotFound", "Entry not found")
            return
        data = found[1][path]
        headers = {"X-Repo-Commit": found[0], "Accept-Ranges": "bytes"}
        if is_large(path, data):
            headers |= {"X-Linked-Size": str(len(data)), "X-Linked-Etag": f'"{sha256(data)}"'}
            headers["Location"] = f"{self.hub.cdn}/get/{sha256(data)}"
            self._answer(b"", 302, headers)
            return
        self._send_file(data, headers | {"ETag": f'"{git_hash(data)}"'})

    # Answers

    def _send_file(self, data: bytes, headers: dict[str, str] | None = None) -> None:
        status, extra = 200, dict(headers or {})
        match = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if match and not (self.fault and self.fault.kind == "no-range"):
            start, end = int(match.group(1)), min(int(match.group(2) or len(data) - 1), len(data) - 1)
            extra["Content-Range"] = f"bytes {start}-{end}/{len(data)}"
            status, data = 206, data[start : end + 1]
        if self.fault and self.fault.kind == "corrupt":
            place = min(self.fault.after, len(data) - 1)
            data = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        self._answer(data, status, extra)

    def _json(self, value: object, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self._answer(json.dumps(value).encode(), status, {"Content-Type": "application/json", **(headers or {})})

    def _refuse(self, status: int, code: str = "", message: str = "", headers: dict[str, str] | None = None) -> None:
        extra = ({"X-Error-Code": code} if code else {}) | {"X-Error-Message": message}
        self._json({"error": message}, status, extra | (headers or {}))

    def _answer(self, body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self._send_body(body)

    def _send_body(self, body: bytes) -> None:
        fault = self.fault if self.fault and self.fault.kind in ("drop", "reset", "stall", "slow") else None
        limit = fault.after if fault and fault.kind != "slow" else len(body)
        for start in range(0, min(limit, len(body)), 65536):
            block = body[start : min(start + 65536, limit)]
            self.wfile.write(block)
            self.record.sent += len(block)
            if fault and fault.kind == "slow":
                self.hub.wait(fault.seconds)
        if fault and fault.kind != "slow":
            self._break(fault)

    def _break(self, fault: Fault) -> None:
        self.close_connection = True
        if fault.kind == "stall":
            self.hub.wait(fault.seconds)
        if fault.kind == "reset":
            self.wfile.flush()
            time.sleep(0.02)  # what was sent arrives before the reset
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.shutdown(socket.SHUT_RDWR) if fault.kind != "reset" else self.connection.close()


_NAME = r"([\w.-]+/[\w.-]+)"
_ROUTES = (
    (r"GET /api/whoami-v2", "_whoami"),
    (r"POST /api/repos/create", "_create"),
    (r"DELETE /api/repos/delete", "_delete"),
    (r"POST /api/validate-yaml", "_validate"),
    (rf"PUT /api/models/{_NAME}/settings", "_settings"),
    (rf"GET /api/models/{_NAME}/tree/([\w.-]+)(?:/.*)?", "_tree"),
    (rf"POST /api/models/{_NAME}/paths-info/([\w.-]+)", "_paths_info"),
    (rf"POST /api/models/{_NAME}/preupload/([\w.-]+)", "_preupload"),
    (rf"POST /api/models/{_NAME}/commit/([\w.-]+)", "_make_commit"),
    (rf"GET /api/models/{_NAME}/revision/(.+)", "_info"),
    (rf"GET /api/models/{_NAME}", "_info"),
    (rf"POST /{_NAME}\.git/info/lfs/objects/batch", "_batch"),
    (rf"(?:GET|HEAD) /{_NAME}/resolve/([\w.-]+)/(.+)", "_resolve"),
)
