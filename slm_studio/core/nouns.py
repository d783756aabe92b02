"""Every noun that may cross the host protocol, and its tagged JSON form."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from slm_studio.core import codec, events, results
from slm_studio.core.copied import Copied
from slm_studio.core.dataset import Dataset, Finding, ReadOptions
from slm_studio.core.editing import Change
from slm_studio.core.errors import StudioError
from slm_studio.core.index import Index, IndexOptions
from slm_studio.core.inside import Inside
from slm_studio.core.recipe import Recipe, recipe_from_json, recipe_to_json
from slm_studio.core.run import Run
from slm_studio.core.saved import SavedModel

_TAG = "type"
_EVENTS: dict[str, type[events.Event]] = {kind.__name__: kind for kind in events.Event.__args__}
_NOUNS = {
    kind.__name__: kind
    for kind in (
        Change, Copied, Dataset, Finding, Index, IndexOptions, Inside, ReadOptions, Run, SavedModel, results.Token, results.Label, results.Number, results.Span, results.Quote, results.Hit, results.Point, results.Candidate, results.Ranked, results.Variant, results.Report, results.Sizes,
        results.Suggestion, results.Opened, results.FileResult,
    )
}  # fmt: skip


def pack(value: object) -> object:
    """Return `value` as JSON; nouns carry their name under "type", wherever they stand."""
    if isinstance(value, Recipe):
        return {_TAG: "Recipe"} | recipe_to_json(value)
    if type(value).__name__ in _NOUNS:
        return {_TAG: type(value).__name__} | codec.to_json(value)  # type: ignore[operator]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): pack(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [pack(item) for item in value]
    return codec.to_json(value)


def unpack(plain: object) -> object:
    """Rebuild what `pack` made; sequences come back as tuples. An unknown "type" stays a dict."""
    if isinstance(plain, list):
        return tuple(unpack(item) for item in plain)
    if not isinstance(plain, dict):
        return plain
    name = plain.get(_TAG)
    if name == "Recipe":
        return recipe_from_json(plain)
    if name in _NOUNS:
        return codec.from_json(_NOUNS[name], plain)
    return {key: unpack(item) for key, item in plain.items()}


def event_to_json(event: events.Event) -> dict[str, object]:
    """Return an event as one JSON object. Example: {"event": "saved", "n": 20, "path": "…"}"""
    body = {each.name: pack(getattr(event, each.name)) for each in dataclasses.fields(event)}
    return {"event": type(event).__name__.lower()} | body


def event_from_json(plain: Mapping[str, object]) -> events.Event:
    """Rebuild an event. Raises StudioError where it is none that this version knows."""
    kind = _EVENTS.get(str(plain.get("event", "")).capitalize())
    if kind is None:
        raise StudioError(
            "unknown-event",
            "An event “{event}” is not known here.",
            "Update SLM Studio.",
            event=str(plain.get("event")),
        )
    if kind in (events.Finished, events.Predicted):
        only = dataclasses.fields(kind)[0].name
        return kind(unpack(plain[only]))
    return codec.from_json(kind, plain)
