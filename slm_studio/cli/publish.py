"""slm-studio publish MODEL NAMESPACE/NAME: one commit to a hub, private first, loaded back and checked."""

import argparse

from slm_studio.cli.command import Command, model_folder
from slm_studio.core.errors import fill
from slm_studio.core.hub_names import MADE_UP, loses_letters
from slm_studio.core.saved import open_saved
from slm_studio.host.secrets import token_for


def add(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Declare the verb."""
    parser = verbs.add_parser("publish", help="publish a model to a hub, privately unless --public")
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("name", metavar="NAMESPACE/NAME", help="NAMESPACE/ alone: a name is made for it, and shown")
    parser.add_argument("--endpoint", metavar="URL", help="default: as in Settings")
    parser.add_argument("--license", default="", metavar="ID", help="for example apache-2.0 or cc-by-4.0")
    parser.add_argument(
        "--language", default="", help="for example en or zh, several as en,zh (default: what it learnt)"
    )
    parser.add_argument("--public", action="store_true", help="everybody may see it, once the copy has been checked")
    parser.add_argument("--overwrite", action="store_true", help="replace another model that stands there")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, work: Command) -> dict[str, object]:
    """Return url, commit, visibility, files, and what became of those that stood there."""
    endpoint = arguments.endpoint or work.settings.endpoint
    folder = model_folder(arguments.model)
    if arguments.name.endswith("/") and loses_letters((model := open_saved(folder)).name):
        work.screen.say(fill(MADE_UP, {"name": model.name}))
    options = {
        "license": arguments.license, "language": arguments.language, "private": not arguments.public,
        "overwrite": arguments.overwrite,
    }  # fmt: skip
    return work.do(
        dict, "publish", folder=str(folder), name=arguments.name, endpoint=endpoint, options=options,
        token=token_for(endpoint, may_leave=work.settings.send_token_to_mirrors or bool(arguments.endpoint)),
    )  # fmt: skip
