"""slm-studio fetch ID: a model from a hub, resumable and checked."""

import argparse
from pathlib import Path

from slm_studio.cli.command import Command
from slm_studio.cli.destination import add_out, destination_of
from slm_studio.core.files import size_of
from slm_studio.core.saved import SavedModel
from slm_studio.host.secrets import is_this_computer, token_for


def add(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Declare the verb."""
    parser = verbs.add_parser("fetch", help="fetch a model from a hub")
    parser.add_argument("id", metavar="ID")
    parser.add_argument("--endpoint", metavar="URL", help="default: as in Settings")
    parser.add_argument("--revision", default="", metavar="R")
    add_out(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, work: Command) -> dict[str, object]:
    """Return model, commit and bytes."""
    out = destination_of(arguments)
    endpoint = arguments.endpoint or work.settings.endpoint
    model = work.do(
        SavedModel, "fetch", id=arguments.id, endpoint=endpoint, revision=arguments.revision,
        token=token_for(endpoint, may_leave=work.settings.send_token_to_mirrors or is_this_computer(endpoint)),
    )  # fmt: skip
    model = out.take(model) if out is not None else model
    return {"model": model.folder, "commit": model.origin.rpartition("@")[2], "bytes": size_of(Path(model.folder))}
