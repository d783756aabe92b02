"""The samples that travel with the app: something to look at before one's own file is at hand. No Qt here."""

from dataclasses import dataclass
from pathlib import Path

from slm_studio.core import paths
from slm_studio.core.texts import current_language, mark


@dataclass(frozen=True, slots=True)
class Example:
    """One sample file and what it is, as a template."""

    path: Path
    title: str


_KNOWN = (
    ("en", "messages.csv", mark("English messages to sort")),
    ("zh", "messages.csv", mark("Chinese messages to sort")),
    ("en", "alice.txt", mark("Alice in Wonderland, to write like")),
    ("zh", "lunyu.txt", mark("The Analects in Chinese, to write like")),
)


def examples() -> tuple[Example, ...]:
    """Return the samples that are here, those in the person's language first."""
    own = "zh" if current_language().startswith("zh") else "en"
    ordered = sorted(_KNOWN, key=lambda known: (known[1] != "messages.csv", known[0] != own))
    found = [(paths.resources() / "samples" / folder / name, title) for folder, name, title in ordered]
    return tuple(Example(path, title) for path, title in found if path.is_file())
