"""slm-studio import FOLDER|ZIP|GGUF|VECTORS: a model that lies on this computer becomes one of yours."""

import argparse
from pathlib import Path

from slm_studio.cli.command import Command, absolute, refuse_address
from slm_studio.cli.destination import add_out, destination_of
from slm_studio.core.files import size_of
from slm_studio.core.saved import SavedModel


def add(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Declare the verb."""
    parser = verbs.add_parser(
        "import", help="take in a model from a folder, a zip, a GGUF file or a file of word vectors"
    )
    parser.add_argument("source", metavar="FOLDER|ZIP|GGUF|VECTORS")
    parser.add_argument("--name", default="", help="what you call it (default: as its file)")
    add_out(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, work: Command) -> dict[str, object]:
    """Return model, task and bytes."""
    out = destination_of(arguments, beside=(arguments.source,))
    if not Path(absolute(arguments.source)).exists():
        refuse_address(arguments.source)
    model = work.do(SavedModel, "adopt", source=absolute(arguments.source), name=arguments.name)
    model = out.take(model) if out is not None else model
    return {"model": model.folder, "task": model.task, "base": model.base, "bytes": size_of(Path(model.folder))}
