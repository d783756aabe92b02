"""Bodies: what a request says, read within limits, then field by field. What nobody took is refused by its name."""

import asyncio
import json
from collections.abc import Mapping
from typing import TypeVar

from starlette.types import Receive

from slm_studio.core import files
from slm_studio.core.errors import StudioError
from slm_studio.serve.guard import body_too_large
from slm_studio.serve.limits import Limits

T = TypeVar("T")
SHOWN = 80  # characters of foreign text in a sentence
KINDS = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    dict: "an object",
    list: "a list",
}


class Gone(Exception):
    """Whoever asked went away."""


class Body:
    """The fields of a request; null is the same as nothing."""

    def __init__(self, fields: Mapping[str, object]) -> None:
        self._left = {name: value for name, value in fields.items() if value is not None}

    def __contains__(self, name: str) -> bool:
        """Say whether a field is there and was not taken yet."""
        return name in self._left

    def any(self, name: str) -> object:
        """Take a field of whatever kind; None where it is not there."""
        return self._left.pop(name, None)

    def take(self, name: str, kind: type[T]) -> T | None:
        """Take a field that must be of a kind, if it is there. Raises StudioError."""
        value = self._left.pop(name, None)
        if value is None:
            return None
        is_number = kind is float and isinstance(value, int)
        if (not isinstance(value, kind) and not is_number) or (isinstance(value, bool) and kind is not bool):
            raise not_a(KINDS[kind], name, value)
        return value  # type: ignore[return-value]

    def need(self, name: str, kind: type[T]) -> T:
        """Take a field that must be there. Raises StudioError."""
        found = self.take(name, kind)
        if found is None:
            raise lacks(name)
        return found

    def only(self, name: str, *allowed: object) -> None:
        """Take a field that can be nothing but what it means where it is not there. Raises StudioError."""
        value = self._left.pop(name, None)
        if value is not None and not any(value == each and type(value) is type(each) for each in allowed):
            raise StudioError(
                "body-unsupported",
                "“{parameter}” is {value}, which this server does not do.",
                "Leave it out.",
                parameter=name,
                value=shown(value),
            )

    def finish(self, harmless: frozenset[str], known: str) -> None:
        """Refuse what is left but would not be harmless to ignore. Raises StudioError."""
        for name in self._left:
            if name not in harmless:
                raise StudioError(
                    "body-unknown",
                    "“{parameter}” means nothing here, and left out of account it might change the answer.",
                    "Leave it out. Known are: {known}.",
                    parameter=name[:SHOWN],
                    known=known,
                )


async def read_body(receive: Receive, limits: Limits) -> Body:
    """Read the JSON object that a request is. Raises StudioError; Gone where whoever asked left before its end."""
    parts: list[bytes] = []
    try:
        async with asyncio.timeout(limits.read):
            more = True
            while more:
                message = await receive()
                if message["type"] != "http.request":
                    raise Gone
                parts.append(message.get("body", b""))
                more = message.get("more_body", False)
                if sum(map(len, parts)) > limits.body:
                    raise body_too_large(limits.body)
    except TimeoutError:
        raise StudioError(
            "body-late",
            "The request did not arrive within {seconds} seconds.",
            "Send it again.",
            seconds=round(limits.read),
        ) from None
    return Body(_object(b"".join(parts)))


def _object(raw: bytes) -> dict[str, object]:
    try:
        value = files.parse_json(raw)
    except ValueError as error:
        raise StudioError(
            "body-not-json",
            "The request is no JSON: {reason}.",
            "Let a library write it: in Python json.dumps.",
            reason=str(error)[:SHOWN],
        ) from error
    if not isinstance(value, dict):
        raise StudioError(
            "body-no-object",
            "The request is {value}, and no object.",
            "Write it like {example}.",
            value=shown(value),
            example='{"model": "…"}',
        )
    return value


def not_a(kind: str, name: str, value: object) -> StudioError:
    """Return what is said of a field of another kind."""
    return StudioError(
        "body-field",
        "“{parameter}” is {value}: it should be {kind}.",
        "Correct it, or leave it out.",
        parameter=name,
        value=shown(value),
        kind=kind,
    )


def lacks(name: str) -> StudioError:
    """Return what is said where a field is not there that must be."""
    return StudioError("body-lacks", "The request holds no “{parameter}”.", "Add it.", parameter=name)


def shown(value: object) -> str:
    """Return a foreign value, short enough for a sentence."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"
