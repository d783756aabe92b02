"""slm-studio words MODEL --near W | --analogy A B C | --similarity A B | --odd A B C …: ask word vectors."""

import argparse

from slm_studio.cli.command import Command, model_folder
from slm_studio.cli.predict import answer
from slm_studio.cli.usage import UsageError, count
from slm_studio.core.answers import left_out
from slm_studio.core.errors import StudioError
from slm_studio.core.results import Hit
from slm_studio.core.tasks import TaskInfo, all_tasks, task_info

ASKS = {"near": 1, "analogy": 3, "similarity": 2, "odd": 0}  # flag → words that it takes; 0: three or more


def add(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Declare the verb."""
    verb = next(info.verb for info in all_tasks() if compares(info))
    parser = verbs.add_parser(verb, help="ask word vectors: neighbours, analogies, likeness, the odd one out")
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("--near", nargs="+", metavar="W", help="the words nearest to a word, or to several together")
    parser.add_argument("--analogy", nargs=3, metavar=("A", "B", "C"), help="A is to B as C is to …?")
    parser.add_argument("--similarity", nargs=2, metavar=("A", "B"), help="how alike two words are (-1 to 1)")
    parser.add_argument("--odd", nargs="+", metavar="W", help="which of three words or more fits the others least")
    parser.add_argument("--top", type=count, default=10, help="words that an answer names at most")
    parser.add_argument("--device")
    parser.set_defaults(run=run)


def compares(info: TaskInfo) -> bool:
    """Say whether models of a task answer with words that are alike."""
    return "ask" in info.answer_options


def run(arguments: argparse.Namespace, work: Command) -> dict[str, object] | None:
    """Return the words with their likeness; people see a table."""
    given = {name: words for name in ASKS if (words := getattr(arguments, name))}
    if len(given) != 1:
        what = "Several questions are asked at once." if given else "Nothing is asked."
        raise UsageError(what, "Name one: --near W, --analogy A B C, --similarity A B, or --odd A B C …")
    opened = work.open(arguments.model, arguments.device)
    info = task_info(opened.task)
    if not compares(info):
        raise StudioError(
            "no-vectors",
            "“{model}” does the task “{task}” and is no word vectors.",
            "Ask it with: slm-studio {verb} {folder} --help",
            model=model_folder(arguments.model).name,
            task=opened.task,
            verb=info.verb,
            folder=arguments.model,
        )
    ((what, words),) = given.items()
    # One word may be written in several, as “New York” in quotes: it is then asked as it stands.
    cell = words[0] if len(words) == 1 else tuple(words)
    prompt = {info.asked[0].name: cell}
    items, done = answer(work, opened.handle, prompt, {"ask": what, "top": arguments.top})
    hits = [item for item in items if isinstance(item, Hit)]
    if work.screen.as_json:
        return {"items": [{"text": hit.text, "score": hit.score} for hit in hits]} | left_out(done)
    work.screen.table("", ("word", "likeness"), [(hit.text, f"{hit.score:.3f}") for hit in hits])
    return None
