"""Collect every sentence a person may read and bring the catalogues up to date.

    python packaging/sentences.py            update resources/locale/*/LC_MESSAGES/slm_studio.po
    python packaging/sentences.py --check    say what is missing or no longer used, and exit 1

Sentences stand in the code as templates: in tr(), tr_many(), mark(), StudioError(), knob(), Role() …; see KEYWORDS.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
LOCALES = ROOT / "resources" / "locale"
LANGUAGES = ("zh_CN",)
# What is called → which of its arguments are sentences: places, or names of keywords.
KEYWORDS: dict[str, tuple[int | str, ...]] = {
    "tr": (0,),
    "mark": (0,),
    "StudioError": (1, 2, "message", "hint"),
    "Note": (1, "message"),
    "Progress": (0, "what"),
    "knob": (1, 2, "label", "help"),
    "Role": ("title", "help"),
    "Family": ("title", "blurb"),
    "TaskInfo": ("title", "blurb", "sentence"),
    "Finding": ("message", "cost"),
    "Remark": ("message",),
    "Suggestion": ("reason",),
    "Machine": ("reason",),
}
PLURALS = {"tr_many": (0, 1)}


def sentences(folder: Path = ROOT / "slm_studio") -> Iterator[tuple[str | tuple[str, str], str]]:
    """Yield each sentence (or its two forms) with the place it stands at."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                for found in _of_call(node):
                    yield found, f"{path.relative_to(ROOT).as_posix()}"


def catalogue() -> Catalog:
    """Return all sentences as an empty catalogue."""
    template = Catalog(project="SLM Studio", domain="slm_studio")
    for sentence, place in sentences():
        template.add(sentence, locations=[(place, 0)])
    return template


def missing(language: str) -> tuple[list[str], list[str]]:
    """Return the sentences without a translation, and the translations without a sentence."""
    with _po(language).open("rb") as stream:
        translated = read_po(stream, locale=language)
    wanted = {_first(message.id) for message in catalogue() if message.id}
    have = {_first(message.id) for message in translated if message.id and _is_whole(message.string)}
    return sorted(wanted - have), sorted(have - wanted)


def update() -> None:
    """Add new sentences to the catalogues and drop those that no longer stand in the code."""
    template = catalogue()
    for language in LANGUAGES:
        path = _po(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        old = Catalog(locale=language, project="SLM Studio", domain="slm_studio")
        if path.exists():
            with path.open("rb") as stream:
                old = read_po(stream, locale=language)
        old.update(template, no_fuzzy_matching=True)
        old.obsolete.clear()
        with path.open("wb") as stream:
            write_po(stream, old, sort_output=True, include_lineno=False, omit_header=False, width=0)


def _of_call(node: ast.Call) -> Iterator[str | tuple[str, str]]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    for place in KEYWORDS.get(name, ()):
        for argument in _argument(node, place):
            yield from _strings(argument)
    if name in PLURALS and len(node.args) >= 2:
        one, many = (next(_strings(argument), "") for argument in node.args[:2])
        if one and many:
            yield (one, many)


def _argument(node: ast.Call, place: int | str) -> Iterator[ast.expr]:
    if isinstance(place, int):
        yield from node.args[place : place + 1]
    else:
        yield from (keyword.value for keyword in node.keywords if keyword.arg == place)


def _strings(node: ast.expr) -> Iterator[str]:
    """Yield a literal, or both literals of a conditional expression."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _strings(node.body)
        yield from _strings(node.orelse)


def _first(message_id: str | tuple[str, ...]) -> str:
    return message_id if isinstance(message_id, str) else message_id[0]


def _is_whole(string: str | tuple[str, ...]) -> bool:
    return bool(string) if isinstance(string, str) else all(string)


def _po(language: str) -> Path:
    return LOCALES / language / "LC_MESSAGES" / "slm_studio.po"


def main() -> int:
    """Update, or check."""
    if "--check" not in sys.argv:
        update()
    problems = 0
    for language in LANGUAGES:
        lacking, unused = missing(language)
        problems += len(lacking) + len(unused)
        for sentence in lacking:
            print(f"{language}: missing: {sentence!r}")
        for sentence in unused:
            print(f"{language}: no longer used: {sentence!r}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
