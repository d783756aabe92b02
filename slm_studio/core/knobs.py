"""knob(): one setting is declared once, and gives the form, the flag, the check and the line in the model card."""

import dataclasses
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args, get_origin, get_type_hints

from slm_studio.core.errors import StudioError
from slm_studio.core.numerals import plain_numbers
from slm_studio.core.texts import mark

_METADATA = "knob"
NOT_A = {
    bool: mark("“{label}” is {value}, which is neither true nor false."),
    int: mark("“{label}” is {value}, which is not a whole number."),
    float: mark("“{label}” is {value}, which is not a number."),
    str: mark("“{label}” is {value}, which is not a text."),
    tuple: mark("“{label}” is {value}, which is not a list of whole numbers."),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Knob:
    """What every face must know about one setting."""

    name: str
    kind: type  # bool, int, float, str, or tuple: of whole numbers, each in the range
    optional: bool  # None is allowed and means "as suits the model"
    default: object
    label: str
    help: str
    low: float | None
    high: float | None
    choices: Mapping[str, str]  # value → the word for it; empty where any value in range will do
    models: str = ""  # what models answer, of which it names one by folder or name: “hits”
    # the values of others beside which it means nothing
    idle_beside: Mapping[str, object] = dataclasses.field(default_factory=dict)

    @property
    def flag(self) -> str:
        """Return the command line's name. Example: learning_rate → --learning-rate"""
        return "--" + self.name.replace("_", "-")


def knob(
    default: Any,
    label: str,
    help: str,  # noqa: A002  (the field's standard name)
    low: float | None = None,
    high: float | None = None,
    choices: Mapping[str, str] | None = None,
    models: str = "",
    idle_beside: Mapping[str, object] | None = None,
) -> Any:
    """Declare a setting on a frozen dataclass: default, label, one line of help and the range it may take.

    Example: epochs: int = knob(3, "Epochs", "How often the model reads the whole dataset.", low=1, high=1000)
    """
    parts = {
        "label": label, "help": help, "low": low, "high": high, "choices": choices or {}, "models": models,
        "idle_beside": idle_beside or {},
    }  # fmt: skip
    return dataclasses.field(default=default, metadata={_METADATA: parts})


def knobs(owner: type) -> tuple[Knob, ...]:
    """Return the knobs of a dataclass in the order of their declaration."""
    hints = get_type_hints(owner)
    return tuple(
        Knob(
            name=field.name,
            kind=_plain(hints[field.name]),
            optional=_is_optional(hints[field.name]),
            default=field.default,
            **field.metadata[_METADATA],
        )
        for field in dataclasses.fields(owner)
        if _METADATA in field.metadata
    )


def idle(owner: type, values: Mapping[str, object]) -> frozenset[str]:
    """Return the knobs of a dataclass that mean nothing beside the values of others. A value that is not told is the default."""
    found = knobs(owner)
    known = {each.name: values.get(each.name, each.default) for each in found}
    return frozenset(
        each.name for each in found if any(known.get(name) == value for name, value in each.idle_beside.items())
    )


def problems(owner: object) -> list[StudioError]:
    """Return one error for every knob of `owner` whose value is out of range, of the wrong type or not a choice."""
    return [error for each in knobs(type(owner)) if (error := _problem(each, getattr(owner, each.name)))]


def _problem(knob_: Knob, value: object) -> StudioError | None:
    if value is None and knob_.optional:
        return None
    if not _has_type(value, knob_.kind):
        return not_a(knob_.kind, knob_.label, written(value), knob_.name)
    if knob_.choices and value not in knob_.choices:
        return StudioError(
            "knob-choice",
            "“{label}” is {value}.",
            "Choose one of: {choices}.",
            label=knob_.label,
            value=str(value),
            choices=", ".join(knob_.choices),
            knob=knob_.name,
        )
    numbers = value if isinstance(value, tuple) else (value,)
    if not all(_in_range(knob_, each) for each in numbers if isinstance(each, int | float)):
        return StudioError(
            "knob-range",
            "“{label}” is {value}.",
            "Choose a number from {low} to {high}.",
            label=knob_.label,
            value=written(value) if isinstance(value, tuple) else value,  # type: ignore[arg-type]
            low=_bound(knob_.low),
            high=_bound(knob_.high),
            knob=knob_.name,
        )
    return None


def not_a(kind: type, label: str, value: str, name: str = "") -> StudioError:
    """Return what is said of a value of another type; `name` is what programs call what a window calls `label`."""
    return StudioError("knob-type", NOT_A[kind], "Enter another value.", label=label, value=value, knob=name or label)


def written(value: object) -> str:
    """Return a value as it is typed: no grouping, short floats, lists with commas. Example: written(0.003) == "0.003\""""
    if isinstance(value, tuple | list):
        return ", ".join(map(written, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def listed(text: str) -> tuple[int, ...]:
    """Read whole numbers with commas or blanks between them. Raises ValueError. Example: listed("64, 32") == (64, 32)"""
    return tuple(int(part) for part in plain_numbers(text).replace(",", " ").split())


def _in_range(knob_: Knob, value: float) -> bool:
    # Written so that NaN, which compares false with everything, is out of range.
    return (knob_.low is None or value >= knob_.low) and (knob_.high is None or value <= knob_.high) and value == value


def _has_type(value: object, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is tuple:
        return isinstance(value, tuple) and all(_has_type(each, int) for each in value)
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))


def _bound(value: float | None) -> float | str:
    return "∞" if value is None else value


def _is_optional(hint: object) -> bool:
    return get_origin(hint) is types.UnionType and type(None) in get_args(hint)


def _plain(hint: object) -> type:
    if _is_optional(hint):
        hint = next(kind for kind in get_args(hint) if kind is not type(None))
    hint = get_origin(hint) or hint
    assert isinstance(hint, type)
    return hint


def check_name(what: str, name: str, known: Sequence[str]) -> None:
    """Raise StudioError where a program gives a setting or an option a name that it has not."""
    if name not in known:
        raise StudioError(
            "no-such-name",
            "There is no {what} “{name}” here.",
            "Choose one of: {known}.",
            what=what,
            name=name,
            known=", ".join(known),
        )
