"""slm-studio index MODEL FILE|FOLDER --out INDEX: make passages ready to be searched."""

import argparse

from slm_studio.cli.command import Command, absolute
from slm_studio.cli.flags import add_knobs, settings_of
from slm_studio.cli.read import remark_of
from slm_studio.core.index import Index, IndexOptions

NO_MODEL = "-"  # in place of a model: then words alone are searched


def add(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Declare the verb."""
    parser = verbs.add_parser("index", help="index documents, or a column of a table, for a model that searches")
    parser.add_argument("model", metavar="MODEL", help=f"a model that searches, or {NO_MODEL} to search by words alone")
    parser.add_argument("source", metavar="FILE|FOLDER")
    parser.add_argument("--out", metavar="INDEX", default="", help="where the index goes (default: beside the model)")
    parser.add_argument("--device")
    add_knobs(parser, [IndexOptions], "passages")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, work: Command) -> dict[str, object]:
    """Return what the index holds."""
    index = make_index(arguments, work, opened_searcher(arguments, work), arguments.source, arguments.out)
    remarks = [remark_of(each) for each in index.remarks] if work.screen.as_json else []  # people heard them on the way
    return index_json(index) | {"remarks": remarks}


def opened_searcher(arguments: argparse.Namespace, work: Command) -> str:
    """Return the handle of the model that searches, "" where none is wanted."""
    return "" if arguments.model == NO_MODEL else work.open(arguments.model, arguments.device).handle


def make_index(arguments: argparse.Namespace, work: Command, handle: str, source: str, out: str) -> Index:
    """Make an index and return it; what it holds is told on the way."""
    options = IndexOptions(**settings_of(arguments, [IndexOptions]))  # type: ignore[arg-type]
    place = absolute(out) if out else ""
    return work.do(Index, "index", handle=handle, source=absolute(source), out=place, options=options)


def index_json(index: Index) -> dict[str, object]:
    """Return what programs want to know of an index."""
    return {
        "index": index.folder,
        "source": index.source,
        "documents": index.documents,
        "passages": index.passages,
        "repeated": index.repeated,
        "left_out": index.left_out,
        "cut": index.cut,
        "model": index.model,
        "bytes": index.bytes,
        "seconds": index.seconds,
    }
