"""Collect every sentence a person may read and bring the catalogues up to date.

    python packaging/sentences.py            update and compile resources/locale/*/LC_MESSAGES/slm_studio.po
    python packaging/sentences.py --check    say what is missing or no longer used, and exit 1

Sentences stand in the code as templates: in tr(), mark(), StudioError(), knob(), Role() …, see KEYWORDS; and
wherever something of the window is given `Words`: Button("Stop"), Card("Labels"), text.set_words("…"), see words_taken.py.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import words_taken
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from compile_translations import compile_translations
from words_taken import Place, name_of

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
    "watched": (0, "what"),
    "knob": (1, 2, "label", "help"),
    "Role": ("title", "help"),
    "Family": ("title", "blurb"),
    "TaskInfo": ("title", "blurb", "sentence"),
    "Finding": ("message", "cost"),
    "Remark": ("message",),
    "Suggestion": ("reason",),
    "Machine": ("reason",),
    "insert": (1,),  # among options
    "set_value": (1, 2, "value", "second"),  # of a StatGrid; the first is a key
}
VALUE, WORDS = re.compile(r"\{[a-z_]+\}"), re.compile(r"[^\W\d_]|[,;:]")  # “{name}” and “–” are the same everywhere
WINDOW = "ui"  # the folder whose Words are looked for

Names = Mapping[str, list[ast.expr]]


def sentences(folder: Path = ROOT / "slm_studio") -> Iterator[tuple[str, str]]:
    """Yield each sentence with the place it stands at."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.py"))}
    taken = words_taken.takers(tree for path, tree in trees.items() if WINDOW in path.relative_to(folder).parts)
    for path, tree in trees.items():
        keywords: dict[str, Iterable[Place]] = dict(KEYWORDS)
        if WINDOW in path.relative_to(folder).parts:
            keywords = {**taken, **KEYWORDS}
        place = path.relative_to(folder.parent).as_posix()
        for found in _of_tree(tree, keywords):
            yield found, place


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
    wanted = {str(message.id) for message in catalogue() if message.id}
    have = {str(message.id) for message in translated if message.id and message.string}
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


def _of_tree(tree: ast.Module, keywords: Mapping[str, Iterable[Place]]) -> Iterator[str]:
    built, around = words_taken.supers(tree), words_taken.bindings(tree)
    for default in words_taken.defaults(tree):
        yield from _strings(default, {})
    for node in words_taken.nodes_of(tree):
        if isinstance(node, ast.Call):
            name, names = built.get(node) or name_of(node.func), around.get(node, {})
            call = node
            if name == "partial" and node.args:
                name, call = name_of(node.args[0]), ast.Call(node.func, node.args[1:], node.keywords)
            for place in keywords.get(name, ()):
                for argument in _argument(call, place):
                    yield from _strings(argument, names)


def _argument(node: ast.Call, place: int | str) -> Iterator[ast.expr]:
    if isinstance(place, int):
        yield from node.args[place : place + 1]
    else:
        yield from (keyword.value for keyword in node.keywords if keyword.arg == place)


def _strings(node: ast.expr, names: Names, depth: int = 0) -> Iterator[str]:
    """Yield the literals an argument may be: of a condition both, of a sequence each, of the pairs in it the last, of a name its values."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        if WORDS.search(VALUE.sub("", node.value)):
            yield node.value
    elif isinstance(node, ast.IfExp | ast.BoolOp):
        for each in node.values if isinstance(node, ast.BoolOp) else (node.body, node.orelse):
            yield from _strings(each, names, depth)
    elif isinstance(node, ast.Tuple | ast.List) and depth < 2 and node.elts:
        for each in node.elts if depth == 0 else node.elts[-1:]:
            yield from _strings(each, names, depth + 1)
    elif isinstance(node, ast.Name):
        for each in names.get(node.id, ()):
            yield from _strings(each, {}, depth)


def _po(language: str) -> Path:
    return LOCALES / language / "LC_MESSAGES" / "slm_studio.po"


def main() -> int:
    """Update, or check."""
    if "--check" not in sys.argv:
        update()
        compile_translations(LOCALES)
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
