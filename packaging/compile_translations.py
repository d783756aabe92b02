"""Compile the translations (.po → .mo). Installing or building the project does it, and so does sentences.py."""

from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def compile_translations(folder: Path) -> None:
    """Write a .mo beside every .po below `folder`."""
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        with source.open("rb") as stream:
            catalogue = read_po(stream, locale=source.parent.parent.name)
        with source.with_suffix(".mo").open("wb") as stream:
            write_mo(stream, catalogue)


if __name__ == "__main__":
    compile_translations(Path(__file__).resolve().parents[1] / "resources" / "locale")
