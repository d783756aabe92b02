"""Frozen dataclasses to plain JSON values and back, driven by their type annotations."""

import dataclasses
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from slm_studio.core import files
from slm_studio.core.errors import StudioError

T = TypeVar("T")
FORMAT = 1  # rises when a version writes what those before would misread; what bears no number is older than numbers
_FORMAT = "format"
NEWER = "newer-version"  # the code of the error
DAMAGE = (TypeError, ValueError, KeyError, AttributeError)  # what decoding raises where a value has the wrong shape


def to_json(value: object) -> object:
    """Return `value` as dicts, lists, strings, numbers, booleans and None.

    Example: to_json(Column(name="text", kind="text", …)) == {"name": "text", "kind": "text", …}
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise TypeError(f"{type(value).__name__} has no JSON form")


def from_json(kind: type[T], plain: object) -> T:
    """Rebuild a dataclass from `to_json`. Unknown fields are ignored, so that older versions read newer files.

    Raises StudioError("damaged-json") where a field is missing or has the wrong shape.
    """
    try:
        return _decode(kind, plain)  # type: ignore[return-value]
    except DAMAGE as error:
        raise StudioError(
            "damaged-json",
            "A “{kind}” record cannot be read: {reason}.",
            "The file was changed or damaged. Restore it from a copy, or make it again.",
            kind=kind.__name__,
            reason=str(error),
        ) from error


def write(path: Path, plain: object) -> None:
    """Write the JSON form of a noun (an object) atomically, with the number of its form."""
    assert isinstance(plain, dict)
    files.write_json(path, {_FORMAT: FORMAT, **plain})


def refuse_newer(plain: object, path: Path) -> None:
    """Raise StudioError where a later version wrote this file in a form that this one would misread."""
    written = plain.get(_FORMAT, 0) if isinstance(plain, dict) else 0
    if not isinstance(written, int) or written > FORMAT:
        raise StudioError(
            NEWER,
            "“{path}” was written by a newer version of SLM Studio (its form is {written}, this one knows {known}).",
            "Update SLM Studio. Nothing in the folder was changed.",
            path=str(path),
            written=str(written),
            known=FORMAT,
        )


def read(kind: type[T], path: Path) -> T:
    """Rebuild a dataclass from the JSON file that holds it. Raises StudioError, which names the file."""
    plain = files.read_json(path)
    refuse_newer(plain, path)
    try:
        return _decode(kind, plain)  # type: ignore[return-value]
    except DAMAGE as error:
        raise files.damaged(path, error) from error


def _decode(kind: object, plain: object) -> object:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _decode_union(arguments, plain)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _decode_dataclass(kind, plain)
    if origin is tuple:
        return _decode_tuple(arguments, plain)
    if origin is list:
        return [_decode(arguments[0], item) for item in _expect(plain, list)]
    if origin is dict or origin is Mapping:
        return {str(key): _decode(arguments[1], item) for key, item in _expect(plain, dict).items()}
    if kind is Path:
        return Path(_expect(plain, str))
    if kind is float and isinstance(plain, int) and not isinstance(plain, bool):
        return float(plain)
    if kind in (str, int, float, bool):
        return _expect(plain, kind)
    return plain


def _decode_dataclass(kind: type, plain: object) -> object:
    hints = get_type_hints(kind)
    source = _expect(plain, dict)
    known = {field.name for field in dataclasses.fields(kind)}
    needed = (each.name for each in dataclasses.fields(kind) if _is_needed(each))
    if lacking := [name for name in needed if name not in source]:
        raise TypeError(f"it lacks {', '.join(lacking)}")
    return kind(**{name: _decode(hints[name], item) for name, item in source.items() if name in known})


def _is_needed(field: dataclasses.Field[Any]) -> bool:
    return field.init and field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _decode_union(choices: tuple[object, ...], plain: object) -> object:
    if plain is None and type(None) in choices:
        return None
    reasons = []
    for choice in choices:
        if choice is type(None):
            continue
        try:
            return _decode(choice, plain)
        except (TypeError, ValueError) as error:
            reasons.append(str(error))
    raise TypeError("; ".join(reasons))


def _decode_tuple(arguments: tuple[object, ...], plain: object) -> object:
    items = _expect(plain, list)
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        return tuple(_decode(arguments[0], item) for item in items)
    if len(arguments) != len(items):
        raise TypeError(f"expected {len(arguments)} items, found {len(items)}")
    return tuple(_decode(kind, item) for kind, item in zip(arguments, items, strict=True))


def _expect(plain: object, kind: type[T]) -> T:
    if (isinstance(plain, bool) and kind is not bool) or not isinstance(plain, kind):
        raise TypeError(f"expected {kind.__name__}, found {type(plain).__name__}")
    return plain
