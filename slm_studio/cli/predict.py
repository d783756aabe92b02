"""slm-studio predict MODEL --text "…" or --file IN --out OUT."""

import argparse

from slm_studio.cli.work import Work, absolute
from slm_studio.core import codec
from slm_studio.core.errors import StudioError
from slm_studio.core.events import Event, Predicted
from slm_studio.core.results import FileResult


def add(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Declare the verb."""
    parser = verbs.add_parser("predict", help="answer a text, or every row of a file")
    parser.add_argument("model", metavar="MODEL")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--text", help="one text")
    what.add_argument("--file", metavar="IN", help="a file of texts")
    parser.add_argument("--out", metavar="OUT", help="where the answers to a file go (.csv, .jsonl …)")
    parser.add_argument("--column", default="", help="which column of IN holds the text (default: as in training)")
    parser.add_argument("--top", type=int, default=10, help="answers a text at most")
    parser.add_argument("--device")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, work: Work) -> dict[str, object]:
    """Return the items, or how many rows were written."""
    if arguments.file and not arguments.out:
        raise StudioError("out-missing", "No file is named for the answers.", "Add --out OUT.csv")
    opened = work.open(arguments.model, arguments.device)
    options = {"top": arguments.top, "column": arguments.column}
    if arguments.file:
        done = work.do(
            FileResult,
            "predict_file",
            handle=opened.handle,
            path=absolute(arguments.file),
            out=absolute(arguments.out),
            options=options,
        )
        return {"rows": done.rows, "out": done.out}
    return {"items": answer(work, opened.handle, arguments.text, options)}


def answer(work: Work, handle: str, prompt: str, options: dict[str, object]) -> list[object]:
    """Return all items of one answer as JSON."""
    items: list[object] = []

    def collect(event: Event) -> None:
        if isinstance(event, Predicted):
            items.append(codec.to_json(event.item))

    work.do(dict, "predict", on_event=collect, handle=handle, prompt=prompt, options=options)
    return items
