"""Compile the translations while the distribution is built, for wheels and editable installs alike."""

import sys
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

sys.path.insert(0, str(Path(__file__).resolve().parent))
from compile_translations import compile_translations


class TranslationHook(BuildHookInterface):
    """Hatchling calls `initialize` before it collects the files."""

    def initialize(self, version: str, build_data: dict) -> None:
        """Write a .mo beside every .po."""
        compile_translations(Path(self.root) / "resources" / "locale")
