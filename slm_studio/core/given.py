"""Given: what a program gives as plain values. Arrays, columns of tables and generators of texts are lists of them."""

import os
from collections.abc import Iterable, Mapping
from typing import Any

from slm_studio.core import codec
from slm_studio.core.errors import StudioError
from slm_studio.core.knobs import not_a

LISTS = ("tolist", "to_list", "to_pylist")  # what arrays and columns call the way to plain values
SHOWN = 80  # characters of a value that a sentence shows


def plain(value: object) -> object:
    """Return a value of numpy, pandas, pyarrow or pathlib as what Python itself has for it; all else as it is.

    Example: plain({"scores": numpy.array([1.5])}) == {"scores": [1.5]}
    """
    if isinstance(value, str):
        return str(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(plain, value)) if type(value) in (list, tuple) else [*map(plain, value)]
    to_list = next((found for name in LISTS if callable(found := getattr(value, name, None))), None)
    return to_list() if to_list is not None else value


def listed(value: object) -> list[object] | None:
    """Return many values as a list; None where a value is no list of any kind, but one by itself.

    Example: listed(numpy.array(["a"])) == ["a"], listed(word for word in ("a", "b")) == ["a", "b"], listed("a") is None
    """
    if isinstance(value, str | bytes | bytearray | Mapping) or getattr(value, "ndim", 1) != 1:
        return None  # a table would give the names of its columns
    found = plain(value)
    return [*found] if isinstance(found, Iterable) else None


def check_plain(options: Mapping[str, object]) -> None:
    """Refuse an option that cannot be written down. Raises StudioError."""
    for name, value in options.items():
        try:
            codec.to_json(value)
        except TypeError as error:
            raise StudioError(
                "option-form",
                "“{name}” is {value}: no text, no number, and no list of some.",
                "Enter another value.",
                name=name,
                value=_shown(value),
            ) from error


def need_list(name: str, value: object) -> list[Any]:
    """Return many values as a list. Raises StudioError where it is one by itself."""
    found = listed(value)
    if found is None:
        raise StudioError(
            "list-form",
            "“{name}” is {value}, which is no list.",
            "Give a list, even of one.",
            name=name,
            value=_shown(value),
        )
    return found


def check_files(files: Mapping[str, object], *, needed: bool = True) -> None:
    """Refuse what names no file; what is not needed may be None. Raises StudioError."""
    for name, value in files.items():
        if isinstance(value, str | os.PathLike) or (value is None and not needed):
            continue
        raise StudioError(
            "file-form",
            "“{name}” is {value}, which names no file.",
            "Give the name of a file, as a text or a path. Rows in memory are written to one first, for example as CSV.",
            name=name,
            value=_shown(value),
        )


def check_texts(texts: Mapping[str, object], *, needed: bool = False) -> None:
    """Refuse what is no text; what is not needed may be None. Raises StudioError."""
    for name, value in texts.items():
        if not isinstance(value, str) and (value is not None or needed):
            raise not_a(str, name, _shown(value))


def check_columns(name: str, value: object) -> None:
    """Refuse what does not say which column plays which part. Raises StudioError."""
    is_known = isinstance(value, Mapping) and all(isinstance(each, str) for pair in value.items() for each in pair)
    if value is None or is_known:
        return
    raise StudioError(
        "columns-form",
        "“{name}” is {value}, which does not say which column plays which part.",
        "Write it like {example}.",
        name=name,
        value=_shown(value),
        example='{"PART": "COLUMN"}',
    )


def _shown(value: object) -> str:
    text = " ".join(repr(value).split())
    return text[:SHOWN] + "…" * (len(text) > SHOWN)
