"""slm-studio rank MODEL CANDIDATE … : put texts in the order of how likely each is the best."""

import argparse
import sys
from pathlib import Path

from slm_studio.cli.command import Command, absolute, model_folder, refuse_address
from slm_studio.cli.predict import answer, written_cell
from slm_studio.cli.usage import UsageError, count
from slm_studio.core.answers import item_json
from slm_studio.core.errors import StudioError
from slm_studio.core.prompt import Cell, read_part, refuse_unasked
from slm_studio.core.results import Ranked
from slm_studio.core.tasks import TaskInfo, all_tasks

STDIN = "-"


def add(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Declare the verb."""
    info = next(info for info in all_tasks() if orders(info))
    parser = verbs.add_parser(info.verb, help="put texts in the order of how likely each is the best")
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("texts", metavar="CANDIDATE", nargs="*", help="the texts to choose from")
    parser.add_argument(
        "--list", metavar="FILE", help=f"a file with a candidate a line; {STDIN} reads what is piped in"
    )
    for role in info.asked:
        more = " (a line each, or a JSON list)" if role.reads == "candidates" else ""
        parser.add_argument(f"--{role.name}", metavar="WORDS", help=f"{role.help}{more}")
    parser.add_argument("--top", type=count, help="candidates that are given out at most (default: all)")
    parser.add_argument("--device")
    parser.set_defaults(run=run)


def orders(info: TaskInfo) -> bool:
    """Say whether models of a task put texts in order."""
    return info.answers == "order"


def run(arguments: argparse.Namespace, work: Command) -> dict[str, object] | None:
    """Return the texts, the likeliest first; people see a table."""
    known = next(info for info in all_tasks() if orders(info))
    first, *others = known.asked
    texts = _texts(arguments, first.name)
    opened = work.open(arguments.model, arguments.device)
    info = opened.info
    if not orders(info):
        raise StudioError(
            "orders-nothing",
            "“{model}” does the task “{task}” and puts nothing in order.",
            "Ask it with: slm-studio {verb} {folder} --help; or let “{rank}” learn on top of it from lists of candidates.",
            model=model_folder(arguments.model).name,
            task=opened.task,
            verb=info.verb,
            folder=arguments.model,
            rank=known.title,
        )
    given = {role.name: role.reads for role in others if getattr(arguments, role.name) is not None}
    refuse_unasked(given, info)
    prompt: dict[str, Cell] = {first.name: texts}
    prompt |= {name: written_cell(name, getattr(arguments, name), reads) for name, reads in given.items()}
    items, _ = answer(work, opened.handle, prompt, {} if arguments.top is None else {"top": arguments.top})
    ranked = [item for item in items if isinstance(item, Ranked)]
    if work.screen.as_json:
        return {"items": [item_json(item, "") for item in ranked]}
    rows = [(f"{each.score:.3f}", str(each.place), each.text) for each in ranked]
    work.screen.table("", ("likely", "was", "candidate"), rows)
    return None


def _texts(arguments: argparse.Namespace, name: str) -> tuple[str, ...]:
    """Return the candidates, however they were given. Raises UsageError."""
    written = getattr(arguments, name)
    ways = [bool(arguments.texts), arguments.list is not None, written is not None]
    if sum(ways) != 1:
        what = "The candidates are given twice." if sum(ways) else "No candidates are given."
        raise UsageError(what, f"Write them behind MODEL, or name a file: --list FILE, or: --{name} LINES")
    if arguments.texts:
        return tuple(arguments.texts)
    if written is not None:
        cell = read_part(f"--{name}", written, "candidates")
        return tuple(part for part in cell if isinstance(part, str) and part.strip())
    return tuple(line.strip() for line in _read(arguments.list).splitlines() if line.strip())


def _read(name: str) -> str:
    if name == STDIN:
        return sys.stdin.read()
    path = Path(absolute(name))
    if not path.is_file():
        refuse_address(name)
        raise StudioError("file-missing", "“{name}” is not there.", "Check how its name is spelled.", name=name)
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise StudioError(
            "file-encoding",
            "“{name}” is not written in UTF-8.",
            "Save it as UTF-8, or answer a whole table: slm-studio predict MODEL --file {name} --out OUT",
            name=name,
        ) from error
