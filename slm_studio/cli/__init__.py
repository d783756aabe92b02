"""The command line: one file per verb, each a face of the same host as the window. CLI.md is its contract."""

import argparse
from collections.abc import Sequence
from typing import NoReturn

from slm_studio import __version__
from slm_studio.cli import (
    check,
    clean,
    convert,
    demo,
    evaluate,
    export,
    fetch,
    generate,
    predict,
    publish,
    read,
    runs,
    train,
)
from slm_studio.cli.screen import Screen
from slm_studio.cli.work import Stopped, Work
from slm_studio.core.errors import StudioError
from slm_studio.core.texts import use_language

VERBS = (demo, read, check, clean, convert, train, evaluate, predict, generate, runs, export, publish, fetch)
DONE, PROBLEM, USAGE, INTERRUPTED = 0, 1, 2, 130


class UsageError(Exception):
    """The words on the command line do not fit."""


class Parser(argparse.ArgumentParser):
    """An argument parser that raises instead of leaving the process."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError(message)


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit status: 0 done, 1 problem, 2 wrong usage, 130 after Ctrl-C."""
    use_language("en")
    screen = Screen(as_json="--json" in argv)
    try:
        arguments = build_parser().parse_args([word for word in argv if word != "--json"])
    except UsageError as error:
        screen.problem(StudioError("usage", "{reason}", "See: slm-studio --help", reason=str(error)))
        return USAGE
    try:
        with Work(screen, place=getattr(arguments, "place", None)) as work:
            result = arguments.run(arguments, work)
    except StudioError as error:
        screen.problem(error)
        return PROBLEM
    except Stopped as stopped:
        screen.result({"stopped": {"run": stopped.run} if stopped.run else {}})
        return INTERRUPTED
    if result is not None:
        screen.result(result)
    return DONE


def build_parser() -> Parser:
    """Return the parser of all verbs."""
    parser = Parser(
        prog="slm-studio",
        description="Build and use small language models on your own computer. Without a verb: the window.",
    )
    parser.add_argument("--version", action="version", version=f"slm-studio {__version__}")
    parser.add_argument("--json", action="store_true", help="print JSON lines for programs (may stand anywhere)")
    verbs = parser.add_subparsers(required=True, metavar="VERB", parser_class=Parser)
    for verb in VERBS:
        verb.add(verbs)
    return parser
