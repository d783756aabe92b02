"""Compile the translations (.po → .mo) while the distribution is built, for wheels and editable installs alike."""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class TranslationHook(BuildHookInterface):
    """Hatchling calls `initialize` before it collects the files."""

    def initialize(self, version: str, build_data: dict) -> None:
        """Write a .mo beside every .po."""
        compile_translations(Path(self.root) / "resources" / "locale")


def compile_translations(folder: Path) -> None:
    """Compile every catalogue below `folder`."""
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        with source.open("rb") as stream:
            catalogue = read_po(stream, locale=source.parent.parent.name)
        with source.with_suffix(".mo").open("wb") as stream:
            write_mo(stream, catalogue)
