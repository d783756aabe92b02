"""The command line that does what the window is set to do. Pure, no Qt."""

import os
import shlex
import subprocess
from collections.abc import Iterator, Sequence

from slm_studio.core.dataset import Dataset, ReadOptions
from slm_studio.core.knobs import knobs, written
from slm_studio.core.recipe import Recipe
from slm_studio.core.recipes import plan_of, recipes_of


def command_of(recipe: Recipe, dataset: Dataset, options: ReadOptions = ReadOptions()) -> str:  # noqa: B008  (frozen)
    """Return `slm-studio train FILE …` for a plan; a cleaned dataset is cleaned first, into a file beside."""
    steps = cleaned_steps(dataset)
    source, lines = dataset.source, []
    if steps:
        out = f"{os.path.splitext(os.path.basename(source))[0]}-cleaned.jsonl"
        lines.append(quoted(["slm-studio", "clean", source, "--steps", ",".join(steps), *_roles(recipe), "--out", out]))
        source = out
    words = ["slm-studio", "train", source, "--task", recipe.task, *_roles(recipe)]
    beneath = _beneath(recipe)
    words += ["--recipe", recipe.named] if beneath is not None else []
    words += ["--base", recipe.base] if beneath is None or recipe.base != beneath.base else []
    words += _reading(options) if not steps else []
    settled = recipe.settled()
    words += list(_flags(recipe, settled, beneath))
    if recipe.options is not None:
        words += list(_flags(recipe.options, settled.options, beneath.options if beneath is not None else None))
    if recipe.name:
        words += _pair("--name", recipe.name)
    return "\n".join([*lines, quoted(words)])


def cleaned_steps(dataset: Dataset) -> tuple[str, ...]:
    """Return the cleaning steps that made this version of a dataset."""
    return tuple(
        remark.code.removeprefix("cleaned-") for remark in dataset.report.remarks if remark.code.startswith("cleaned-")
    )


def quoted(words: Sequence[str]) -> str:
    """Return words as one line that this system's shell takes apart the same way."""
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def _roles(recipe: Recipe) -> list[str]:
    words: list[str] = []
    for role, column in recipe.roles.items():
        words += _pair(f"--{role}", column)
    return words


def _reading(options: ReadOptions) -> list[str]:
    words: list[str] = []
    for name in ("encoding", "delimiter", "validation", "test"):
        value = getattr(options, name)
        words += _pair(f"--{name}", value) if value else []
    if options.header is not None:
        words.append("--header" if options.header else "--no-header")
    return words


def _beneath(recipe: Recipe) -> Recipe | None:
    """Return the plan of the named recipe that a plan began from, as the command will take it."""
    known = recipe.named in {each.key for each in recipes_of(recipe.task)}
    return plan_of(recipe.task, named=recipe.named) if known else None


def _flags(owner: object, settled: object, beneath: object) -> Iterator[str]:
    """Yield a flag for every knob that is neither at its default nor as the plan beneath has it."""
    for each in knobs(type(owner)):
        value = getattr(owner, each.name)
        otherwise = each.default if beneath is None else getattr(beneath, each.name)
        if value is None and otherwise is not None:  # emptied: as suits the model, whatever the named recipe says
            value = getattr(settled, each.name)
        if value == otherwise or value is None:
            continue
        if each.kind is bool:
            yield each.flag if value else each.flag.replace("--", "--no-", 1)
        else:
            yield from _pair(each.flag, written(value))


def _pair(flag: str, value: str) -> list[str]:
    # A value that begins with a dash would be read as a flag of its own.
    return [f"{flag}={value}"] if value.startswith("-") else [flag, value]
