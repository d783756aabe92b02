"""slm-studio answer MODEL --question "…" --passage "…" | --file TEXT: the words of a passage that answer a question."""

import argparse
from pathlib import Path

from slm_studio.cli.command import Command, absolute, model_folder, refuse_address
from slm_studio.cli.predict import answer
from slm_studio.cli.usage import UsageError, count
from slm_studio.core.answers import answer_json
from slm_studio.core.errors import StudioError
from slm_studio.core.results import Quote
from slm_studio.core.tasks import TaskInfo, all_tasks

ENCODINGS = ("utf-8-sig", "gb18030")  # of a file that holds a passage
SHOWN = 100  # characters of an answer in a table


def add(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Declare the verb."""
    verb = next(info.verb for info in all_tasks() if points(info))
    parser = verbs.add_parser(verb, help="find the words of a passage that answer a question")
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--question", required=True, metavar="WORDS", help="what is asked")
    parser.add_argument("--passage", metavar="WORDS", help="the text in which the answer stands")
    parser.add_argument(
        "--file", metavar="TEXT", help="a text file in which it stands; for a table of questions: predict"
    )
    parser.add_argument("--top", type=count, default=3, help="stretches that are named at most (default: 3)")
    parser.add_argument("--device")
    parser.set_defaults(run=run)


def points(info: TaskInfo) -> bool:
    """Say whether models of a task answer with words of a passage."""
    return info.answers == "quotes"


def run(arguments: argparse.Namespace, work: Command) -> dict[str, object] | None:
    """Return the answer and what else it may be; people see a table."""
    if (arguments.passage is None) == (arguments.file is None):
        what = "Both a passage and a file are named." if arguments.file else "No passage is named."
        raise UsageError(what, "Name one: --passage WORDS or --file TEXT")
    passage = arguments.passage if arguments.file is None else _text_of(arguments.file)
    opened = work.open(arguments.model, arguments.device)
    info = opened.info
    if not points(info):
        raise StudioError(
            "no-quotes-here",
            "“{model}” does the task “{task}” and points at no words of a passage.",
            "Ask it with: slm-studio {verb} {folder} --help",
            model=model_folder(arguments.model).name,
            task=opened.task,
            verb=info.verb,
            folder=arguments.model,
        )
    asked, read = info.asked
    prompt = {asked.name: arguments.question, read.name: passage}
    items, done = answer(work, opened.handle, prompt, {"top": arguments.top})
    if work.screen.as_json:
        return answer_json(items, prompt, info, done)
    quotes = [item for item in items if isinstance(item, Quote)]
    work.screen.write(f"{next((each.text for each in quotes if each.chosen), '') or 'Not in this passage.'}\n")
    rows = [(f"{each.score:.3f}", " ".join(each.text.split())[:SHOWN] or "(no answer)") for each in quotes]
    work.screen.table("", ("share", "may be"), rows)
    return None


def _text_of(name: str) -> str:
    """Return the text of a file. Raises StudioError where it is none."""
    path = Path(absolute(name))
    if not path.exists():
        refuse_address(name)
    raw = path.read_bytes()
    for encoding in ENCODINGS:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise StudioError(
        "no-text-file",
        "“{file}” is no text file.",
        "Save it as text (UTF-8), or name the words by --passage.",
        file=path.name,
    )
