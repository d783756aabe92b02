"""Compile the translations by hand (building or installing the project does it too)."""

from pathlib import Path

from build_hook import compile_translations

if __name__ == "__main__":
    compile_translations(Path(__file__).resolve().parents[1] / "resources" / "locale")
