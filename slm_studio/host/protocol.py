"""The lines between a face and an engine process: one JSON object each, at most LIMIT bytes.

To the engine: {"id": 1, "verb": "read", "arguments": {…}} and {"id": 1, "control": "pause" | "resume" | "stop"}.
Back: {"hello": 1, "pid": 71}, {"heartbeat": 5}, {"id": 1, "event": "step", "n": 20, …}, {"id": 1, "error": {…}}.
Numbers that JSON has no word for travel as {"$float": "nan" | "inf" | "-inf"}.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event
from slm_studio.core.nouns import event_from_json, event_to_json, unpack

PROTOCOL = 1
LIMIT = 1_000_000  # bytes of a line, its newline included: whatever has rows or tensors is a file, and its path travels

DESK, MODEL, TRAIN = "desk", "model", "train"
ROLES = {
    DESK: (
        "read", "check", "clean", "edit", "convert", "suggest", "describe", "keep",
        "card", "export", "adopt", "fetch", "plan_publish", "publish", "warm",
    ),
    # measure builds the net to count it: the model's process has imported what that takes seconds to import
    MODEL: (
        "devices", "measure", "open", "close", "predict", "render", "look_inside", "trace", "predict_file", "evaluate",
        "index", "look", "find", "embed",
    ),
    TRAIN: ("train", "resume"),
}  # fmt: skip
CONTROLS = ("pause", "resume", "stop")

_FLOAT = "$float"
_NAMED = ("nan", "inf", "-inf")


@dataclass(frozen=True, slots=True)
class Request:
    """Ask for a verb. `arguments` are JSON already (core.nouns.pack), so that a damaged one fails its own job only."""

    id: int
    verb: str
    arguments: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Control:
    """Pause, resume or stop the job `id`."""

    id: int
    control: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One event of the job `id`."""

    id: int
    event: Event


@dataclass(frozen=True, slots=True)
class Failure:
    """The error that ended the job `id`; id 0 = a line that named no job."""

    id: int
    error: StudioError


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A sign of life, each second."""

    n: int


@dataclass(frozen=True, slots=True)
class Hello:
    """The first line of an engine."""

    version: int
    pid: int


Message = Request | Control | Answer | Failure | Heartbeat | Hello


def role_of(verb: str) -> str:
    """Return the role that does `verb`. Raises StudioError where there is no such verb."""
    for role, verbs in ROLES.items():
        if verb in verbs:
            return role
    raise StudioError("unknown-verb", "The engine knows no work called “{verb}”.", "Update SLM Studio.", verb=verb)


def unpack_arguments(packed: Mapping[str, object]) -> dict[str, object]:
    """Return a request's arguments as the nouns that the door takes."""
    return {name: unpack(value) for name, value in packed.items()}


def to_line(message: Message) -> bytes:
    """Return a message as one line of ASCII. Raises StudioError where it is longer than LIMIT."""
    plain = _plain(message)
    try:
        text = json.dumps(plain, allow_nan=False, separators=(",", ":"))
    except ValueError:
        text = json.dumps(_name_floats(plain), allow_nan=False, separators=(",", ":"))
    line = text.encode("ascii") + b"\n"
    if len(line) > LIMIT:
        raise _too_long(len(line))
    return line


def from_line(line: bytes) -> Message:
    """Rebuild a message. An event that cannot be read is its job's failure; a strange line raises StudioError."""
    try:
        plain = json.loads(line, object_hook=_restore_float if b'"$float"' in line else None)
    except (ValueError, RecursionError) as error:
        raise _strange(line) from error
    if not isinstance(plain, dict):
        raise _strange(line)
    if "heartbeat" in plain:
        return Heartbeat(_number(plain, "heartbeat"))
    if "hello" in plain:
        return Hello(_number(plain, "hello"), _number(plain, "pid"))
    identity = _number(plain, "id")
    if "event" in plain:
        return _answer(identity, plain)
    if isinstance(plain.get("error"), dict):
        return Failure(identity, StudioError.from_json(plain["error"]))
    if isinstance(plain.get("arguments"), dict):
        return Request(identity, str(plain.get("verb")), plain["arguments"])
    if plain.get("control") in CONTROLS:
        return Control(identity, plain["control"])
    raise _strange(line)


def read_line(stream: BinaryIO) -> bytes | None:
    """Return the next whole line, or None at the end. A line beyond LIMIT is skipped and raises StudioError."""
    line = stream.readline(LIMIT)
    if line.endswith(b"\n"):
        return line
    size = len(line)
    while line and not line.endswith(b"\n"):
        line = stream.readline(LIMIT)
        size += len(line)
    if size < LIMIT:
        return None  # the end, or a last line that a death cut short
    raise _too_long(size)


def _plain(message: Message) -> dict[str, object]:
    match message:
        case Request():
            return {"id": message.id, "verb": message.verb, "arguments": dict(message.arguments)}
        case Control():
            return {"id": message.id, "control": message.control}
        case Answer():
            return {"id": message.id} | event_to_json(message.event)
        case Failure():
            return {"id": message.id, "error": message.error.to_json()}
        case Heartbeat():
            return {"heartbeat": message.n}
        case Hello():
            return {"hello": message.version, "pid": message.pid}


def _answer(identity: int, plain: Mapping[str, object]) -> Message:
    try:
        return Answer(identity, event_from_json(plain))
    except StudioError as error:
        return Failure(identity, error)
    except (KeyError, TypeError, ValueError) as error:
        return Failure(identity, _strange(str(error).encode()))


def _number(plain: Mapping[str, object], key: str) -> int:
    number = plain.get(key)
    return number if isinstance(number, int) else 0


def _name_floats(plain: object) -> object:
    if isinstance(plain, float) and not math.isfinite(plain):
        return {_FLOAT: str(float(plain))}
    if isinstance(plain, dict):
        return {key: _name_floats(item) for key, item in plain.items()}
    if isinstance(plain, list | tuple):
        return [_name_floats(item) for item in plain]
    return plain


def _restore_float(plain: dict[str, object]) -> object:
    named = plain.get(_FLOAT)
    return float(named) if len(plain) == 1 and isinstance(named, str) and named in _NAMED else plain


def _too_long(size: int) -> StudioError:
    return StudioError(
        "line-too-long",
        "That is too much at once: {size} kB, and at most {limit} kB fit.",
        "Shorten the text, or choose fewer columns or labels. Many texts belong into a file.",
        size=f"{-(-size // 1000):,}",
        limit=f"{LIMIT // 1000:,}",
    )


def _strange(line: bytes) -> StudioError:
    return StudioError(
        "strange-line",
        "The app and its engine do not understand each other: “{line}”.",
        "Restart SLM Studio. If it returns, install it again.",
        line=line[:80].decode("utf-8", "replace").strip(),
    )
