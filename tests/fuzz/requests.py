"""What a server is asked that nobody would ask on purpose: odd bodies, headers, paths and methods; and what must come back."""

import http.client
import json
import random
from pathlib import Path
from typing import Any

from slm_studio import engine
from slm_studio.core.errors import StudioError
from slm_studio.core.generation import DecodingOptions
from slm_studio.core.routes import CHAT_COMPLETIONS, COMPLETIONS, MODELS
from slm_studio.core.saved import open_saved
from slm_studio.core.tasks import task_info
from slm_studio.core.tasks.info import TaskInfo
from slm_studio.host.engines import Engines
from slm_studio.serve.parameters import HARMLESS, LENGTHS, REFUSED
from slm_studio.serve.server import LocalServer
from tests.fuzz.materials import NAMES, ODD, Named, mutate, mutate_json
from tests.fuzz.prompts import OPTIONS, odd_prompt, odd_text

FIELDS = (
    "model", "prompt", "prompts", "messages", "stream", "stream_options", "logprobs", "top_logprobs", "stop", "top", *LENGTHS, *HARMLESS,
    *REFUSED, *DecodingOptions.__dataclass_fields__,
)  # fmt: skip
PATHS = (
    "/",
    "/v1",
    "/v1/",
    "/v1/models/",
    "/v1/models/%00",
    "/v1/models/%ff",
    "/v1/models/../x",
    "//v1/models",
    "/v1/chat/completions/",
    "*",
    "/v1/models?x=%",
)
METHODS = ("GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "POST", "ODD")
HEADERS = (
    {"Content-Type": "text/plain"}, {"Content-Type": "application/json; charset=\xff"}, {"Host": "evil.example"}, {"Origin": "null"},
    {"Authorization": "Bearer \xff"}, {"Transfer-Encoding": "gzip"}, {"Content-Length": "-1"}, {"Content-Length": "99999999999999999999"},
    {"Expect": "100-continue"}, {"Connection": "close"}, {"X-Forwarded-For": "1.2.3.4"}, {"Upgrade": "websocket", "Connection": "upgrade"}, {"Cookie": "a" * 70_000},
)  # fmt: skip
STATUSES = (200, 400, 401, 403, 404, 405, 413, 415)


class Asked:
    """A server of small models, asked by number."""

    def __init__(self, models: list[Path]) -> None:
        self.engines = Engines(door=engine)
        self.server = LocalServer(self.engines, "cpu", port=0)
        for folder in models:
            model = open_saved(folder)
            if all(each.info.key != model.task for each in self.server.models):
                self.server.add(model)
        self.server.start()

    def close(self) -> None:
        """Leave nothing."""
        self.server.close()
        self.engines.close()

    def one(self, dice: random.Random, others: list[Named]) -> None:
        """Ask something odd. Raises StudioError with what was said, AssertionError where that is no answer."""
        info = task_info(dice.choice([each.info.key for each in self.server.models]))
        raw = self._body(dice, info, others)
        path, method, headers = info.route, "POST", {"Content-Type": "application/json"}
        if dice.random() < 0.1:
            path, method = dice.choice((MODELS, *PATHS)), dice.choice(METHODS)
        odd = dice.choice(HEADERS) if dice.random() < 0.1 else {}
        sent = {"Authorization": f"Bearer {self.server.key}", **headers, **odd}
        try:
            _check(*self._ask(method, path, raw, sent))
        except ConnectionError:
            if not odd:  # what is no HTTP any more is not listened to any longer
                raise

    def _body(self, dice: random.Random, info: TaskInfo, others: list[Named]) -> bytes:
        body = _request(dice, info, others)
        while dice.random() < 0.4:
            body[dice.choice((*FIELDS, *NAMES))] = dice.choice(ODD)
        plain = mutate_json(body, dice, 0.1) if dice.random() < 0.3 else body
        raw = json.dumps(plain, default=str).encode()
        return mutate(raw, dice, others) if dice.random() < 0.15 else raw

    def _ask(
        self, method: str, path: str, raw: bytes, headers: dict[str, str]
    ) -> tuple[str, http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        try:
            connection.request(method, path, raw, {name: value.encode("latin-1") for name, value in headers.items()})  # type: ignore[misc]
            response = connection.getresponse()
            return method, response, response.read()
        finally:
            connection.close()


def _request(dice: random.Random, info: TaskInfo, others: list[Named]) -> dict[str, Any]:
    """Return a request that is mostly as it should be, with an odd prompt."""
    prompt = odd_prompt(dice, info, others)
    body: dict[str, Any] = dict(prompt) if isinstance(prompt, dict) else {"prompts": prompt}
    if info.route == COMPLETIONS:
        body = {"prompt": odd_text(dice, others)}
    if info.route == CHAT_COMPLETIONS:
        body = {"messages": body.get("messages", [{"role": "user", "content": odd_text(dice, others)}])}
    elif info.route != COMPLETIONS and dice.random() < 0.3:
        body = {"prompts": [prompt, "again", dice.choice(ODD)]}
    if info.answers == "tokens":
        body |= {"max_tokens": 4, "stream": dice.random() < 0.4}
    for name in dice.sample(sorted(OPTIONS), dice.randrange(3)):
        body[name] = dice.choice(OPTIONS[name])
    return body


def _check(method: str, response: http.client.HTTPResponse, body: bytes) -> None:
    """Look at what came back: JSON or events, never a trace, never nothing."""
    assert b"Traceback" not in body, body[-2000:]
    assert response.status in STATUSES, (response.status, body[:2000])
    if method == "HEAD":
        return
    assert body, f"{response.status} without a body"
    if response.getheader("content-type", "").startswith("text/event-stream"):
        values = [
            json.loads(part.removeprefix(b"data: ")) for part in body.split(b"\n\n") if part and part != b"data: [DONE]"
        ]
        assert values and (body.endswith(b"data: [DONE]\n\n") or "error" in values[-1]), body[-2000:]
        value = values[-1]
    else:
        value = json.loads(body)
    if error := value.get("error"):
        assert error["code"] != "unexpected", error
        raise StudioError(error["code"], error["message"], error["hint"])
    assert response.status == 200 and _says_something(value), body[:2000]


def _says_something(value: dict[str, Any]) -> bool:
    """Say whether an answer is one: choices, items, answers, models."""
    return any(value.get(key) is not None for key in ("choices", "items", "answers", "data", "id"))
