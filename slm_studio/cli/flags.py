"""Flags that several verbs share, and one flag for every knob."""

import argparse
import dataclasses
import textwrap
from collections.abc import Callable, Iterable, Mapping

from slm_studio.cli.usage import number, role_and_column, whole_number, whole_numbers
from slm_studio.core.errors import StudioError
from slm_studio.core.knobs import Knob, knobs
from slm_studio.core.recipe import Recipe
from slm_studio.core.recipes import RECIPES
from slm_studio.core.shapes import shape_knobs
from slm_studio.core.tasks import Role, TaskInfo, all_tasks, task_info
from slm_studio.core.tasks.info import CONTINUED

WORDS: dict[type, tuple[Callable[[str], object], str]] = {
    int: (whole_number, "N"),
    float: (number, "X"),
    str: (str, "WORD"),
    tuple: (whole_numbers, "N,N"),
}


def add_bom(parser: argparse.ArgumentParser) -> None:
    """Add whether a csv is written for Excel."""
    parser.add_argument(
        "--bom", action=argparse.BooleanOptionalAction, default=None,
        help="begin a csv with the mark by which Excel knows UTF-8 (default: where the file came from Excel)",
    )  # fmt: skip


def add_overwrite(parser: argparse.ArgumentParser) -> None:
    """Add whether a file that stands in OUT may be replaced."""
    parser.add_argument("--overwrite", action="store_true", help="replace the file that stands in OUT")


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Add what a person may settle where a guess about a file was wrong."""
    parser.add_argument("--encoding", help="the file's encoding, for example gb18030 (default: guessed)")
    parser.add_argument(
        "--delimiter",
        help="what stands between two cells; tab for a tabulator, none where a line is one cell (default: guessed)",
    )
    parser.add_argument("--sheet", help="which sheet of an Excel file (default: the one with most rows of text)")
    parser.add_argument(
        "--header", action=argparse.BooleanOptionalAction, default=None, help="whether the first row names the columns"
    )


def add_roles(parser: argparse.ArgumentParser) -> None:
    """Add the ways to name columns."""
    parser.add_argument(
        "--role", action="append", default=[], metavar="NAME=COL", type=role_and_column,
        help="which column plays which role; may be repeated",
    )  # fmt: skip
    for name in role_names():
        parser.add_argument(f"--{name}", metavar="COL", help=f"short for --role {name}=COL")


def role_names() -> tuple[str, ...]:
    """Return the name of every role of every task, each once."""
    return tuple(dict.fromkeys(role.name for info in all_tasks() for role in info.roles))


def asked_names() -> tuple[str, ...]:
    """Return the name of every role that makes a prompt, each once."""
    return tuple(dict.fromkeys(role.name for info in all_tasks() for role in info.asked))


def flags_for(roles: Iterable[Role]) -> str:
    """Return the flags that name the columns of some roles."""
    return " ".join(f"--{role.name} COLUMN" for role in roles)


def roles_of(arguments: argparse.Namespace) -> dict[str, str]:
    """Return role → column as the person named them."""
    found = dict(arguments.role)
    for name in role_names():
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


def add_training_knobs(parser: argparse.ArgumentParser) -> None:
    """Add the knobs of training: those of every task, and of each task its own; --help after --task shows what matters."""
    add_knobs(parser, [Recipe], "settings")
    owners: dict[str, list[str]] = {}
    own: dict[str, Knob] = {}
    for info in all_tasks():
        for each in knobs(info.options):
            owners.setdefault(each.name, []).append(info.key)
            own.setdefault(each.name, each)
    groups: dict[str, argparse._ArgumentGroup] = {}
    built = {name: _built_by(name) for name in shape_knobs()}
    for name, tasks in owners.items():
        title = f"settings of --task {' | '.join(tasks)}" + (f" with --base {built[name]}" if name in built else "")
        if title not in groups:
            groups[title] = parser.add_argument_group(title)
        _add_knob(groups[title], own[name])


def _built_by(name: str) -> str:
    """Return the fresh nets that take a knob of shapes. Example: "blank:rnn-SIZE | blank:gru-SIZE | blank:lstm-SIZE\""""
    families = (
        family
        for info in all_tasks()
        if name in {each.name for each in knobs(info.options)}
        for family in info.families
    )
    return " | ".join(f"blank:{family.key}-SIZE" for family in families if name not in family.unused)


class TaskHelp(argparse.Action):
    """--help that leaves out what means nothing for the task named before it: “train --task chat --help”."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, *_: object) -> None:
        """Print and leave."""
        task = getattr(namespace, "task", "")
        if task in {info.key for info in all_tasks()}:
            _hide(parser, task)
        parser.print_help()
        parser.exit()


class RecipeList(argparse.Action):
    """--recipe NAME; “list” tells of each recipe and leaves, for which no file is needed."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, name: object, *_: object
    ) -> None:
        """Keep the name, or print what there is."""
        if name != "list":
            setattr(namespace, self.dest, name)
            return
        for each in RECIPES:
            told = textwrap.fill(each.paragraph, 96, initial_indent="    ", subsequent_indent="    ")
            print(f"{each.key}  ({each.task}: {each.title})\n{told}\n")  # noqa: T201
        parser.exit()


def _hide(parser: argparse.ArgumentParser, task: str) -> None:
    info = task_info(task)
    unused = set(info.unused) | set.intersection(*(set(family.unused) for family in info.families))
    own = {each.name: _text(each) for each in knobs(info.options)}
    others = {each.name for other in all_tasks() for each in knobs(other.options)} | set(role_names())
    others -= {*own, *(role.name for role in info.roles)}
    own["base"] = f"{_blank_bases(info)}, a folder, one of your models, or a hub id"
    for action in parser._actions:
        action.help = argparse.SUPPRESS if action.dest in others | unused else own.get(action.dest, action.help)


def _blank_bases(info: TaskInfo) -> str:
    """Return what a task can begin from without a model: families, then sizes."""
    families = [family for family in info.families if family.key != CONTINUED]
    sizes = dict.fromkeys(size.key for family in families for size in family.sizes)
    return f"blank:FAMILY-SIZE ({', '.join(family.key for family in families)}; {', '.join(sizes)})"


def settings_of(arguments: argparse.Namespace, owners: Iterable[type]) -> dict[str, object]:
    """Return the knobs that were given."""
    names = {each.name for owner in owners for each in knobs(owner)}
    return {name: value for name, value in vars(arguments).items() if name in names and value is not None}


def check_settings(settings: Mapping[str, object], task: str) -> None:
    """Refuse a knob that belongs to another task only. Raises StudioError."""
    fitting = {each.name for owner in (Recipe, task_info(task).options) for each in knobs(owner)}
    for name in settings:
        if name not in fitting:
            owners = [info.key for info in all_tasks() if name in {each.name for each in knobs(info.options)}]
            raise knob_of_another_task(name, task, owners)


def knob_of_another_task(name: str, task: str, owners: Iterable[str]) -> StudioError:
    """Return what is said of a knob that means nothing for a task."""
    return StudioError(
        "knob-of-another-task",
        "The task “{task}” has no setting {flag}.",
        "Leave it out. It belongs to: {tasks}.",
        task=task,
        flag="--" + name.replace("_", "-"),
        tasks=", ".join(owners),
    )


def training_owners() -> list[type]:
    """Return every dataclass whose knobs `train` takes."""
    return [Recipe, *(info.options for info in all_tasks())]


def _add_knob(group: argparse._ArgumentGroup, each: Knob) -> None:
    text = _text(each)
    if each.kind is bool:
        group.add_argument(each.flag, dest=each.name, action=argparse.BooleanOptionalAction, default=None, help=text)
    else:
        read, sign = WORDS[each.kind]
        group.add_argument(each.flag, dest=each.name, type=read, default=None, metavar=sign, help=text)


def _text(each: Knob) -> str:
    return f"{each.help} ({_range(each)})".replace("%", "%%")


def _range(each: Knob) -> str:
    parts = [" | ".join(each.choices)] if each.choices else []
    if each.low is not None and each.high is not None:
        parts.append(f"{each.low} to {each.high}")
    if each.default is None:
        parts.append("default: as suits the model")
    elif each.default is not dataclasses.MISSING:
        parts.append(f"default: {each.default}" if each.default != "" else "default: none")
    return "; ".join(parts)
