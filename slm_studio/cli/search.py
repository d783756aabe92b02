"""slm-studio search MODEL CORPUS --query "…": find passages, and let another model answer from them."""

import argparse
from pathlib import Path

from slm_studio.cli.command import Command, absolute, model_folder, refuse_address
from slm_studio.cli.flags import add_knobs, settings_of
from slm_studio.cli.index import NO_MODEL, make_index, opened_searcher
from slm_studio.cli.predict import answer
from slm_studio.core import paths
from slm_studio.core.answers import item_json, remarks_in
from slm_studio.core.citing import GREEDY, said_from, worth_citing
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Predicted
from slm_studio.core.index import Index, IndexOptions, indexes_of, is_index, place_beside
from slm_studio.core.knobs import problems
from slm_studio.core.results import Hit
from slm_studio.core.tasks import TaskInfo, all_tasks
from slm_studio.core.tasks.search import FindingOptions

SHOWN = 100  # characters of a passage in a table


def add(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Declare the verb."""
    verb = next(info.verb for info in all_tasks() if searches(info))
    parser = verbs.add_parser(verb, help="search documents, or an index of them, by meaning and by words")
    parser.add_argument("model", metavar="MODEL", help=f"a model that searches, or {NO_MODEL} to search by words alone")
    parser.add_argument(
        "corpus", metavar="CORPUS", nargs="?", default="",
        help="an index, a file or a folder (default: what was indexed last beside the model)",
    )  # fmt: skip
    parser.add_argument("--query", required=True, metavar="WORDS", help="what is asked")
    parser.add_argument(
        "--ask",
        metavar="MODEL",
        help="a model that answers from the passages found: one that chats, or that points at words",
    )
    parser.add_argument("--device")
    add_knobs(parser, [FindingOptions], "finding")
    add_knobs(parser, [IndexOptions], "passages, where CORPUS is not indexed yet")
    parser.set_defaults(run=run)


def searches(info: TaskInfo) -> bool:
    """Say whether models of a task find passages."""
    return "index" in info.answer_options


def run(arguments: argparse.Namespace, work: Command) -> dict[str, object] | None:
    """Return the passages; people see a table."""
    options = settings_of(arguments, [FindingOptions])
    for problem in problems(FindingOptions(**options)):  # type: ignore[arg-type]
        raise problem
    handle = opened_searcher(arguments, work)
    folder = _indexed(arguments, work, handle)
    hits, done = _find(arguments, work, handle, folder, options)
    said = _asked(arguments, work, hits) if arguments.ask else {}
    if work.screen.as_json:
        return {
            "items": [item_json(hit, "") for hit in hits],
            "index": folder,
            "found": _is_found(hits),
            **remarks_in(done),
            **said,
        }
    rows = [(f"{hit.score:.3f}", _place(hit), " ".join(hit.text.split())[:SHOWN]) for hit in hits]
    work.screen.table("", ("score", "where", "passage"), rows)
    if _is_found(hits) is False:
        work.screen.say("Probably not in these documents: none of these passages stands out from the others.")
    return None


def _find(
    arguments: argparse.Namespace, work: Command, handle: str, folder: str, options: dict[str, object]
) -> tuple[list[Hit], dict[str, object]]:
    """Return the passages, and what is known of the answer."""
    if not handle:
        return _by_words(work, folder, arguments.query, options)
    info = next(info for info in all_tasks() if searches(info))
    prompt = {info.asked[0].name: arguments.query}
    items, done = answer(work, handle, prompt, {**options, "index": folder})
    return [item for item in items if isinstance(item, Hit)], done


def _by_words(
    work: Command, folder: str, question: str, options: dict[str, object]
) -> tuple[list[Hit], dict[str, object]]:
    hits: list[Hit] = []

    def collect(event: Event) -> None:
        if isinstance(event, Predicted) and isinstance(event.item, Hit):
            hits.append(event.item)
        else:
            work.screen.event(event)

    done = work.do(dict, "find", on_event=collect, folder=folder, question=question, options=options)
    return hits, done


def _indexed(arguments: argparse.Namespace, work: Command, handle: str) -> str:
    """Return the folder of the index that shall be searched; documents are indexed where they are not yet, or have changed."""
    if not arguments.corpus:
        newest = _newest(arguments.model)
        work.screen.say(f"Searching {newest.source}, which was indexed last.")
        return newest.folder
    path = Path(absolute(arguments.corpus))
    if not path.exists():
        refuse_address(arguments.corpus)
    if is_index(path):
        return str(path)
    place = place_beside(_home(arguments.model), str(path))
    return make_index(arguments, work, handle, str(path), str(place)).folder


def _home(model: str) -> str:
    """Return the folder beside which indexes stand; without a model that of what can be made again."""
    return str(paths.cache() / "by-words") if model == NO_MODEL else str(model_folder(model))


def _newest(model: str) -> Index:
    known = indexes_of(_home(model))
    if not known:
        raise StudioError(
            "nothing-to-search",
            "There is nothing to search: no index was named, and none stands beside the model.",
            "Name documents: slm-studio search MODEL DOCUMENTS --query …; in the window, drop them into the Playground.",
        )
    return known[0]


def _asked(arguments: argparse.Namespace, work: Command, hits: list[Hit]) -> dict[str, object]:
    """Return what a model answers from the passages that are near enough, and which of them it cites."""
    given = worth_citing(hits)
    if not given:
        return {"answer": "", "cited": []}
    opened = work.open(arguments.ask, arguments.device)
    if opened.info.cites is None:
        raise StudioError(
            "cannot-cite",
            "“{model}” does the task “{task}” and cannot answer from passages.",
            "Name a model that chats, or one that finds answers in a passage.",
            model=model_folder(arguments.ask).name,
            task=opened.task,
        )
    texts = [hit.text for hit in given]
    items, _ = answer(work, opened.handle, opened.info.cites(arguments.query, texts), dict(GREEDY))  # type: ignore[arg-type]
    said = said_from(items, texts)
    if not work.screen.as_json:
        work.screen.write(f"{said.text or 'Not in these documents.'}\n")
        for number in said.cited:
            work.screen.say(f"[{number}] {_place(given[number - 1])}")
    return {"answer": said.text, "cited": [hits.index(given[number - 1]) for number in said.cited]}


def _is_found(hits: list[Hit]) -> bool | None:
    """Say whether something near enough was found; None where that is not known."""
    if not hits:
        return False
    return None if all(hit.chosen is None for hit in hits) else any(hit.chosen for hit in hits)


def _place(hit: Hit) -> str:
    if hit.last_page:
        return f"{hit.source}, pages {hit.page}–{hit.last_page}"
    if hit.page:
        return f"{hit.source}, page {hit.page}"
    return f"{hit.source}:{hit.line}" if hit.line else hit.source
