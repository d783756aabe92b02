"""The command line: one file per verb, each a face of the same host as the window. CLI.md is its contract."""

import contextlib
import io
import os
import sys
import traceback
from collections.abc import Sequence

from slm_studio import __version__
from slm_studio.cli import (
    adopt,
    answer,
    chat,
    check,
    clean,
    convert,
    demo,
    evaluate,
    export,
    fetch,
    generate,
    index,
    predict,
    publish,
    rank,
    read,
    runs,
    search,
    serve,
    train,
    words,
)
from slm_studio.cli.command import Command, Stopped, ended_like_ctrl_c
from slm_studio.cli.screen import Screen
from slm_studio.cli.usage import Parser, UsageError
from slm_studio.core import paths
from slm_studio.core.errors import StudioError, system_error
from slm_studio.core.texts import use_language

VERBS = (
    demo,
    read,
    check,
    clean,
    convert,
    train,
    evaluate,
    predict,
    generate,
    answer,
    chat,
    words,
    index,
    search,
    rank,
    runs,
    serve,
    export,
    publish,
    fetch,
    adopt,
)
DONE, PROBLEM, USAGE, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit status: 0 done, 1 problem, 2 wrong usage, 130 after Ctrl-C."""
    try:
        return _main(argv)
    except BrokenPipeError:
        # Whoever read us has gone (… | head): what was at work has been stopped and kept.
        _leave_quietly()
        return PROBLEM
    except OSError as error:
        # Not even the problem can be written where results go: a full disk, a device that is gone.
        _leave_quietly()
        Screen().problem(system_error(error))
        return PROBLEM


def _main(argv: Sequence[str]) -> int:
    use_language("en")
    typed, as_json = split_json(argv)
    screen = Screen(as_json=as_json)
    try:
        return _run(typed, screen)
    except UsageError as error:
        screen.problem(error)
        return USAGE
    except StudioError as error:
        screen.problem(error)
        return PROBLEM
    except Stopped as stopped:
        screen.stopped(stopped.run)
        return INTERRUPTED
    except KeyboardInterrupt:
        screen.stopped("")
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except OSError as error:
        screen.problem(system_error(error))
        return PROBLEM
    except Exception as error:  # noqa: BLE001  (the process's edge: a person reads a sentence, the log keeps the rest)
        screen.problem(_unforeseen(error))
        return PROBLEM


def split_json(argv: Sequence[str]) -> tuple[list[str], bool]:
    """Take --json out, wherever it stands before "--". Example: ["read", "a.csv", "--json"] → ["read", "a.csv"], True"""
    end = list(argv).index("--") if "--" in argv else len(argv)
    kept = [word for word in argv[:end] if word != "--json"]
    return [*kept, *argv[end:]], len(kept) < end


def build_parser() -> Parser:
    """Return the parser of all verbs."""
    parser = Parser(
        prog="slm-studio",
        description="Build and use small language models on your own computer. Without a verb: the window; "
        "with a FILE alone: the window with that file open.",
        epilog="slm-studio VERB --help tells more of a verb. File names may follow --, whatever they begin with. "
        "Exit status: 0 done, 1 a problem, 2 wrong usage, 130 after Ctrl-C.",
    )
    parser.add_argument("--version", action="version", version=f"slm-studio {__version__}")
    parser.add_argument("--json", action="store_true", help="print JSON lines for programs (may stand anywhere)")
    verbs = parser.add_subparsers(required=True, metavar="VERB", parser_class=Parser)
    for verb in VERBS:
        verb.add(verbs)
    for each in verbs.choices.values():
        each.set_defaults(program=each.prog)
    return parser


def _run(typed: Sequence[str], screen: Screen) -> int:
    told = io.StringIO()
    try:
        with contextlib.redirect_stdout(told) if screen.as_json else contextlib.nullcontext():
            arguments = build_parser().parse_all(typed)
    except SystemExit:  # --help or --version has been printed
        if screen.as_json:
            screen.line({"text": told.getvalue()})
        return DONE
    with ended_like_ctrl_c(), Command(screen, place=getattr(arguments, "place", None)) as work:
        result = arguments.run(arguments, work)
    if result is not None:
        screen.result(result)
    return DONE


def _unforeseen(error: Exception) -> StudioError:
    log = paths.logs() / "cli.txt"
    with contextlib.suppress(OSError):
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write("".join(traceback.format_exception(error)))
    return StudioError(
        "unexpected",
        "Something we did not foresee happened: {kind}: {reason}.",
        "Your work is on disk. Details: {log}",
        kind=type(error).__name__,
        reason=str(error)[:500],
        log=str(log),
    )


def _leave_quietly() -> None:
    """Let the interpreter flush into nothing at its end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
