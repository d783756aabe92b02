"""Where datasets, runs, models and caches live, and where the resources that travel with the app are."""

import os
import sys
from pathlib import Path

import platformdirs

HOME_VARIABLE = "SLM_STUDIO_HOME"
PACKAGE = Path(__file__).resolve().parents[1]


def home() -> Path:
    """Return the folder that holds everything the person owns here. SLM_STUDIO_HOME moves it."""
    chosen = os.environ.get(HOME_VARIABLE)
    return (
        Path(chosen).expanduser().absolute()
        if chosen
        else Path(platformdirs.user_data_dir("SLM Studio", appauthor=False))
    )


def datasets() -> Path:
    """Return the folder of the app-owned Arrow files."""
    return home() / "datasets"


def runs() -> Path:
    """Return the folder of the runs."""
    return home() / "runs"


def models() -> Path:
    """Return the folder of the person's models."""
    return home() / "models"


def chats() -> Path:
    """Return the folder of the conversations with models."""
    return home() / "chats"


def trash() -> Path:
    """Return where deleted things wait."""
    return home() / "trash"


def cache() -> Path:
    """Return the folder of what can be made again: partial downloads, probes."""
    return home() / "cache"


def logs() -> Path:
    """Return the folder of the engine processes' log files."""
    return home() / "logs"


def settings_file() -> Path:
    """Return the file of the person's settings."""
    return home() / "settings.json"


def absolute(file: str | os.PathLike[str] | None) -> str:
    """Return a path that means the same in the engine's process, without “..” in it; a link keeps its own name."""
    if not file:
        return ""
    path = Path(file).expanduser().absolute()
    if path.name == "..":
        return str(path.resolve())
    return str(path.parent.resolve() / path.name if ".." in path.parts else path)


def resources() -> Path:
    """Return the folder of icons, translations and samples: in a frozen app, a wheel or a checkout."""
    frozen = getattr(sys, "_MEIPASS", None)
    for folder in ([Path(frozen) / "resources"] if frozen else []) + [
        PACKAGE / "resources",
        PACKAGE.parent / "resources",
    ]:
        if folder.is_dir():
            return folder
    raise FileNotFoundError("the resources folder is missing: install SLM Studio again")
