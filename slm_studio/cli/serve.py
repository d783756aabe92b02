"""slm-studio serve MODEL…: let other programs of this computer ask models, until Ctrl-C."""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from slm_studio.cli.command import Command, deaf_to_interrupts, saved_model
from slm_studio.cli.usage import whole_number
from slm_studio.core.events import Progress
from slm_studio.core.snippets import KEY_VARIABLE
from slm_studio.serve.limits import PORT
from slm_studio.serve.models import Models

if TYPE_CHECKING:
    from slm_studio.serve.server import LocalServer


def add(verbs: argparse._SubParsersAction) -> None:  # type: ignore[type-arg]
    """Declare the verb."""
    parser = verbs.add_parser(
        "serve",
        help="let other programs of this computer ask models",
        epilog="Only this computer can ask, and only with the key. Models are asked one request at a time, whatever "
        "model it is for; a few wait. GET /v1/models says what each one is called and where it is asked.",
    )
    parser.add_argument("models", metavar="MODEL", nargs="+")
    parser.add_argument(
        "--port", type=whole_number, default=PORT, help=f"where to listen (default {PORT}; 0 picks a free port)"
    )
    parser.add_argument(
        "--key",
        help="what programs must show to be answered (default: one is made and shown once). Whoever uses this computer can "
        f"read it in the list of programs; {KEY_VARIABLE} in the environment says the same and is not seen there",
    )
    parser.add_argument("--device")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace, work: Command) -> None:
    """Serve until somebody stops it."""
    models = [saved_model(each) for each in arguments.models]
    names = Models()
    for model in models:  # what is wrong with one is said before the first is opened
        names.add(model)
    from slm_studio.serve.server import LocalServer  # here: no other verb needs its libraries

    device = arguments.device or work.settings.device
    key = arguments.key if arguments.key is not None else os.environ.get(KEY_VARIABLE) or None
    server = LocalServer(work.engines, device, port=arguments.port, key=key)
    with _closed_in_peace(server):
        server.start()
        for model in models:
            work.screen.event(Progress("Opening the model", 0, 0))
            server.add(model)
        _tell(server, work, is_own_key=key is not None)
        while not server.wait(0.5):  # bounded: on Windows Ctrl-C does not wake a thread that waits for ever
            continue
        raise server.ended()


def _tell(server: "LocalServer", work: Command, *, is_own_key: bool) -> None:
    """Say where models are asked, and how; a key that was made is shown this once."""
    work.screen.quiet()
    models = [{"id": each.id, "task": each.info.key, "route": each.info.route} for each in server.models]
    shown = {} if is_own_key else {"key": server.key}
    if work.screen.as_json:
        work.screen.line(
            {"url": server.url, "base_url": server.base_url, **shown, "models": models, "file": str(server.file)}
        )
        return
    work.screen.table(
        "", ("model", "task", "address"), [(each["id"], each["task"], server.url + each["route"]) for each in models]
    )
    if shown:
        work.screen.write(f"Key: {server.key}\n")
        work.screen.say(f"It is shown this once; while the server runs it stands in {server.file}, for you alone.")
    work.screen.say("Ctrl-C ends it.")


@contextmanager
def _closed_in_peace(server: "LocalServer") -> Iterator[None]:
    """Close a server at the end, whatever is pressed meanwhile."""
    try:
        yield
    finally:
        with deaf_to_interrupts():
            server.close()
