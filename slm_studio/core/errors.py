"""StudioError: the only error a person ever reads."""

import errno
import math
import re
from collections.abc import Mapping

Value = str | int | float

_TEMPORARY = re.compile(r"\.partial-[0-9a-f]{8}-")  # core/files.py writes under such a name first
STOPS = (".", "。")
_NAME = re.compile(r"\{(\w+)(?::([^{}|]*)\|([^{}|]*))?\}")


class StudioError(Exception):
    """Say what happened, with the value, and what to do now.

    `code` is stable and meant for programs. `message` and `hint` are templates in English ("{rows} rows …")
    that travel together with their values, so that each face shows them in the person's language.
    """

    def __init__(self, code: str, message: str, hint: str = "", **values: Value) -> None:
        super().__init__(code, message, hint, values)
        self.code = code
        self.message = message
        self.hint = hint
        self.values = values

    def __str__(self) -> str:
        """Return the English sentence, filled in."""
        return fill(self.message, self.values)

    @property
    def advice(self) -> str:
        """Return the English hint, filled in."""
        return fill(self.hint, self.values)

    def to_json(self) -> dict[str, object]:
        """Return the form that crosses the host protocol."""
        return {"code": self.code, "message": self.message, "hint": self.hint, "values": dict(self.values)}

    @classmethod
    def from_json(cls, plain: Mapping[str, object]) -> "StudioError":
        """Rebuild an error from `to_json`."""
        values = plain.get("values")
        values = values if isinstance(values, dict) else {}
        return cls(
            str(plain.get("code", "unknown")), str(plain.get("message", "")), str(plain.get("hint", "")), **values
        )


def system_error(error: OSError) -> StudioError:
    """Return what a refusal of the operating system means for the person."""
    where = _TEMPORARY.sub("", str(error.filename or ""))
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return disk_full(where)
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return StudioError(
            "not-allowed",
            "“{path}” may not be read or written.",
            "Check the permissions, or choose another place.",
            path=where,
        )
    if isinstance(error, FileNotFoundError):
        return StudioError(
            "file-missing", "“{path}” does not exist.", "Check the name, or choose another file.", path=where
        )
    if isinstance(error, IsADirectoryError):
        return StudioError("is-a-folder", "“{path}” is a folder.", "Choose a file.", path=where)
    if isinstance(error, NotADirectoryError | FileExistsError):
        return StudioError(
            "in-the-way",
            "“{path}” is in the way: a folder is needed there, and it is a file.",
            "Move it away, or choose another place.",
            path=where,
        )
    if error.errno in (errno.ENAMETOOLONG, errno.EFBIG):
        return StudioError(
            "too-long",
            "“{path}” is more than this disk can take: {reason}.",
            "Choose a shorter name, or another disk.",
            path=where[:200],
            reason=error.strerror or str(error),
        )
    if not where:
        return StudioError(
            "system",
            "The system refused: {reason}.",
            "Check the disk and try again.",
            reason=error.strerror or str(error),
        )
    return StudioError(
        "system",
        "The system refused “{path}”: {reason}.",
        "Check the disk and try again.",
        path=where,
        reason=error.strerror or str(error),
    )


def disk_full(where: str = "", missing: int = 0) -> StudioError:
    """Return the error of a disk without room for `where` (empty: the system did not say what); `missing` is in bytes."""
    hint = "Free some space, then go on: what is done is kept."
    if missing:
        return StudioError(
            "disk-full",
            "The disk is full: {megabytes} MB more are needed in “{path}”.",
            hint,
            megabytes=-(-missing // 1_000_000),
            path=where,
        )
    if where:
        return StudioError("disk-full", "The disk is full. “{path}” could not be written.", hint, path=where)
    return StudioError("disk-full", "The disk is full.", hint)


def fill(template: str, values: Mapping[str, object]) -> str:
    """Put `values` into the {names} of `template`; names without a value and stray braces stay as they are.

    `{name:one|many}` becomes the word that fits the number: "{rows} {rows:row|rows}" (the plural of ICU MessageFormat,
    shortened to what English needs). Values may hold foreign text with braces, so each name is replaced once and never
    formatted again. Example: fill("{n} {n:row|rows}", {"n": 1}) == "1 row"
    """

    def put(found: re.Match[str]) -> str:
        name, one, many = found.groups()
        if name not in values:
            return found[0]
        if one is None:
            shown = show(values[name])
            is_twice = name == "reason" and template[found.end() :][:1] in STOPS and shown.endswith(".")
            return shown.removesuffix(".") if is_twice else shown  # a library's sentence may end one of ours
        return str(one if values[name] == 1 else many)

    return _NAME.sub(put, template)


def show(value: object) -> str:
    """Return a value as people read it: thousands grouped, floats short, strings untouched."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:,.0f}" if abs(value) >= 1000 and math.isfinite(value) else f"{value:,.4g}"
