"""Start SLM Studio: an engine process, the window, or a verb of the command line."""

import os
import sys
from collections.abc import Sequence
from pathlib import PurePath


def main(arguments: Sequence[str] | None = None) -> int:
    """Start what the arguments ask for and return the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _start(given)
    except KeyboardInterrupt:  # before the verb itself could take it: nothing has begun
        if "--json" in given:
            sys.stdout.write('{"stopped": {}}\n')
        return 130


def _start(given: list[str]) -> int:
    _speak_every_script()
    if given[:1] == ["--engine"]:
        # First, before any other import: an engine needs no Qt, and starts in a fifth of a second.
        from slm_studio.host import server

        server.main(given[1] if len(given) > 1 else "desk")
        return 0
    if given[:1] == ["--trial"] and len(given) == 2:
        from slm_studio.engine.models import trial_child

        return trial_child.main(given[1])
    _replace_missing_streams()
    if given[:1] == ["--"] and len(given) == 2:
        return _open_window(given[1])
    if not given or (len(given) == 1 and looks_like_path(given[0])):
        return _open_window(given[0] if given else None)
    if given[0] == "demo" and not {"--no-window", "--json", "--help", "-h"} & set(given) and has_screen():
        from slm_studio.core import paths

        language = "zh" if "zh" in given else "en"
        return _open_window(str(paths.resources() / "samples" / language / "messages.csv"))
    from slm_studio import cli

    return int(cli.main(given) or 0)


def _speak_every_script() -> None:
    """Start again in Python's UTF-8 mode where the locale cannot write every name: models and runs are called as people call them.

    What is printed stays in the encoding that the terminal asked for.
    """
    if sys.flags.utf8_mode or sys.getfilesystemencoding() == "utf-8" or not hasattr(os, "execve"):
        return
    environment = dict(os.environ, PYTHONUTF8="1")
    if sys.stdout is not None and sys.stdout.encoding:
        environment.setdefault("PYTHONIOENCODING", sys.stdout.encoding)
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)  # noqa: S606  (ourselves, as we were called)


def looks_like_path(word: str) -> bool:
    """Say whether an argument names a file and not a verb: it has a suffix or a slash. Example: "reviews.csv"."""
    return not word.startswith("-") and bool(PurePath(word).suffix or "/" in word or os.sep in word)


def has_screen() -> bool:
    """Say whether a window can be shown here."""
    if not sys.platform.startswith("linux"):
        return True
    if not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    from slm_studio.ui.shell import prerequisites

    missing = prerequisites.missing_for_screen()
    return missing is None or missing.code != "no-screen"


def _open_window(path: str | None) -> int:
    from slm_studio.ui.shell import prerequisites

    missing = prerequisites.missing_for_screen()
    if missing is None:
        try:
            from slm_studio.ui.shell import app

            return int(app.main(path) or 0)
        except ImportError as error:
            missing = prerequisites.missing_library(error)
            if missing is None:
                raise
    sys.stderr.write(f"{missing}\n{missing.advice}\n")
    return 1


def _replace_missing_streams() -> None:
    """Give a windowed app, which has neither stdout nor stderr, streams that libraries may write to."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  (open as long as the app)


if __name__ == "__main__":
    sys.exit(main())
