"""Flags that several verbs share, and one flag for every knob."""

import argparse
import dataclasses
from collections.abc import Iterable

from slm_studio.core.knobs import Knob, knobs
from slm_studio.core.recipe import Recipe
from slm_studio.core.tasks import all_tasks


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Add what a person may settle where a guess about a file was wrong."""
    parser.add_argument("--encoding", help="the file's encoding, for example gb18030 (default: guessed)")
    parser.add_argument("--delimiter", help="what stands between two cells (default: guessed)")
    parser.add_argument(
        "--header", action=argparse.BooleanOptionalAction, default=None, help="whether the first row names the columns"
    )


def add_roles(parser: argparse.ArgumentParser) -> None:
    """Add the ways to name columns."""
    parser.add_argument(
        "--role", action="append", default=[], metavar="NAME=COL", help="which column plays which role; may be repeated"
    )
    parser.add_argument("--text", metavar="COL", help="short for --role text=COL")
    parser.add_argument("--label", metavar="COL", help="short for --role label=COL")


def roles_of(arguments: argparse.Namespace) -> dict[str, str]:
    """Return role → column as the person named them."""
    found = dict(pair.partition("=")[::2] for pair in arguments.role)
    for name in ("text", "label"):
        if getattr(arguments, name, None):
            found[name] = getattr(arguments, name)
    return found


def add_knobs(parser: argparse.ArgumentParser, owners: Iterable[type], title: str) -> None:
    """Add a flag for every knob of some dataclasses; a flag that is not given leaves the knob as it is."""
    group = parser.add_argument_group(title)
    seen: set[str] = set()
    for owner in owners:
        for each in knobs(owner):
            if each.name not in seen:
                seen.add(each.name)
                _add_knob(group, each)


def settings_of(arguments: argparse.Namespace, owners: Iterable[type]) -> dict[str, object]:
    """Return the knobs that were given."""
    names = {each.name for owner in owners for each in knobs(owner)}
    return {name: value for name, value in vars(arguments).items() if name in names and value is not None}


def training_owners() -> list[type]:
    """Return every dataclass whose knobs `train` takes."""
    return [Recipe, *(info.options for info in all_tasks())]


def _add_knob(group: argparse._ArgumentGroup, each: Knob) -> None:
    text = f"{each.help} ({_range(each)})".replace("%", "%%")
    if each.kind is bool:
        group.add_argument(each.flag, dest=each.name, action=argparse.BooleanOptionalAction, default=None, help=text)
    else:
        group.add_argument(
            each.flag, dest=each.name, type=each.kind, default=None, metavar=each.kind.__name__.upper(), help=text
        )


def _range(each: Knob) -> str:
    default = (
        "as suits the model"
        if each.default is None
        else each.default
        if each.default is not dataclasses.MISSING
        else ""
    )
    if each.choices:
        return f"{' | '.join(each.choices)}; default {default}"
    return f"default {default}"
