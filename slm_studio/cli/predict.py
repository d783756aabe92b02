"""slm-studio predict MODEL --text "…" or --file IN --out OUT."""

import argparse
from pathlib import Path

from slm_studio.cli.command import Command, absolute, file_out, reading_of
from slm_studio.cli.flags import (
    add_bom,
    add_knobs,
    add_overwrite,
    add_reading,
    asked_names,
    knob_of_another_task,
    settings_of,
)
from slm_studio.cli.read import remark_of
from slm_studio.cli.usage import UsageError, count, lacks_value, role_and_column
from slm_studio.core.answers import PAIR, answer_json
from slm_studio.core.events import Event, Predicted
from slm_studio.core.generation import DecodingOptions
from slm_studio.core.index import is_index
from slm_studio.core.knobs import knobs, problems
from slm_studio.core.messages import USER
from slm_studio.core.moderation import FOR_A_PERSON
from slm_studio.core.prompt import Cell, Prompt, read_part, refuse_unasked
from slm_studio.core.results import FileResult, Item, Variant, chosen_labels
from slm_studio.core.tasks import TaskInfo, all_tasks
from slm_studio.core.tasks.info import Reads

# What says how to write: common to all tasks that do, then what some have besides.
WRITERS = tuple(dict.fromkeys((DecodingOptions, *(info.writing for info in all_tasks()))))


def add(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Declare the verb."""
    parser = verbs.add_parser("predict", help="answer a text, or every row of a file")
    parser.add_argument("model", metavar="MODEL")
    for name in asked_names():
        parser.add_argument(
            f"--{name}", metavar="WORDS", help=f"one prompt: its {name}; with --file the column of IN that holds it"
        )
    parser.add_argument("--file", metavar="IN", help="a file of prompts, one a row")
    parser.add_argument("--out", metavar="OUT", help="where the answers to a file go (.csv, .jsonl …)")
    parser.add_argument("--column", default="", help="which column of IN holds the text (default: as in training)")
    parser.add_argument(
        "--role", action="append", default=[], metavar="NAME=COL", type=role_and_column,
        help="which column of IN plays which other part of a question, for example text2=COL; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--index", metavar="INDEX", default="",
        help="what a model that searches shall search (default: what was indexed last beside it)",
    )  # fmt: skip
    parser.add_argument(
        "--top", type=count, help="answers a text at most (default: 10, or all where several are right)"
    )
    parser.add_argument("--device")
    add_overwrite(parser)
    add_bom(parser)
    add_reading(parser)
    add_knobs(parser, WRITERS, "how to write, where the task does; a chat is less bold by itself")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, work: Command) -> dict[str, object] | None:
    """Return the items, or how many rows were written."""
    written = {name: text for name in asked_names() if (text := getattr(arguments, name)) is not None}
    if arguments.file is None and not written:
        raise UsageError(
            "Nothing is named that could be answered.",
            "Name a prompt, for example --text WORDS, or a file of them: --file IN --out OUT",
        )
    if arguments.file is not None and not arguments.out:
        raise UsageError("No file is named for the answers.", "Add --out, for example --out answers.csv")
    out = (
        file_out(arguments.out, overwrite=arguments.overwrite, source=arguments.file)
        if arguments.file is not None
        else ""
    )
    decoding = settings_of(arguments, WRITERS)
    common = settings_of(arguments, [DecodingOptions])
    for problem in problems(DecodingOptions(**common)):  # type: ignore[arg-type]
        raise problem
    opened = work.open(arguments.model, arguments.device)
    info = opened.info
    check_writing(decoding, info)
    columns = dict(arguments.role) | (written if arguments.file is not None else {})
    refuse_unasked(columns, info)
    own = {"column": arguments.column, "columns": columns, "bom": arguments.bom}
    own |= {"top": arguments.top} if arguments.top is not None else {}
    own |= {"index": _index_of(arguments.index, info)} if arguments.index else {}
    options = own | reading_of(arguments) | decoding
    if arguments.file is None:
        return answer_one(arguments, work, opened.handle, info, options)
    path = absolute(arguments.file)
    done = work.do(FileResult, "predict_file", handle=opened.handle, path=path, out=out, options=options)
    return {"rows": done.rows, "out": done.out} | (what_is_missing(done) if work.screen.as_json else {})


def _index_of(name: str, info: TaskInfo) -> str:
    """Return the folder of the index that was named. Raises UsageError where the model searches nothing, or it is none."""
    if "index" not in info.answer_options:
        raise UsageError("This model (task “{task}”) searches nothing.", "Leave out --index.", task=info.key)
    folder = absolute(name)
    if not is_index(Path(folder)):
        raise UsageError("“{name}” is no index.", "Make one: slm-studio index MODEL DOCUMENTS --out INDEX", name=name)
    return folder


def check_writing(decoding: dict[str, object], info: TaskInfo) -> None:
    """Refuse a knob of writing that a task does not have, or that is out of its range. Raises StudioError."""
    for name in decoding:
        able = [each.key for each in all_tasks() if each.answers == "tokens" and _has(each, name)]
        if info.answers != "tokens" or not _has(info, name):
            raise knob_of_another_task(name, info.key, able)
    for problem in problems(info.writing(**decoding)) if decoding else ():  # type: ignore[arg-type]
        raise problem


def _has(info: TaskInfo, name: str) -> bool:
    return name in {each.name for each in knobs(info.writing)}


def answer_one(
    arguments: argparse.Namespace, work: Command, handle: str, info: TaskInfo, options: dict[str, object]
) -> dict[str, object] | None:
    """Return the items of the answer to the one prompt that the flags make; people read tokens as their text."""
    reads = {role.name: role.reads for role in info.asked}
    given = {name: text for name in asked_names() if (text := getattr(arguments, name)) is not None}
    prompt = {name: written_cell(name, text, reads.get(name, "text")) for name, text in given.items()}
    items, done = answer(work, handle, prompt, options)
    found = answer_json(items, prompt, info, done)
    if info.answers != "tokens":
        if not items:
            work.screen.say("Nothing is marked in this text.")
        elif info.answers == "several" and not chosen_labels(items):
            work.screen.say("None of the labels is above its threshold.")
        if found.get(FOR_A_PERSON):
            work.screen.say("This is for a person: the model is less sure than it answers by itself.")
        return found
    if work.screen.as_json:
        return found
    begun = given.get(info.asked[0].name, "") if info.goes_on else ""  # an answer stands by itself
    work.screen.write(f"{begun}{found['text']}\n")
    if isinstance(pair := found.get(PAIR), dict):
        work.screen.say(f"This is the answer of a pair that it learnt: {pair['source']}")
    for each in items:
        if isinstance(each, Variant):
            work.screen.say(f"{each.score:.3f}  {each.text}")
    return None


def what_is_missing(done: FileResult) -> dict[str, object]:
    """Return how many rows have no answer and why, for programs; people heard it on the way."""
    return {"unanswered": done.unanswered, "remarks": [remark_of(each) for each in done.remarks]}


def written_cell(name: str, text: str, reads: Reads) -> Cell:
    """Return what a flag's words mean: messages as JSON, or a question by itself; all else as in a file."""
    if reads == "messages" and not text.lstrip().startswith("["):
        return ({"role": USER, "content": text},)
    if reads == "numbers" and not text.strip():
        raise lacks_value(f"--{name}")  # none at all is what nobody would write a flag for
    return read_part(f"--{name}", text, reads)


def answer(
    work: Command, handle: str, prompt: Prompt, options: dict[str, object]
) -> tuple[list[Item], dict[str, object]]:
    """Return all items of one answer, and what is known about it."""
    items: list[Item] = []

    def collect(event: Event) -> None:
        if isinstance(event, Predicted):
            assert isinstance(event.item, Item)
            items.append(event.item)
        else:
            work.screen.event(event)

    done = work.do(dict, "predict", on_event=collect, handle=handle, prompt=prompt, options=options)
    return items, done
