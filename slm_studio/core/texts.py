"""Every sentence a person reads, in the person's language.

A sentence is an English template ("{n} {n:row|rows}", see `fill`) that is its own key. Templates travel with their values and are
translated where they are shown. packaging/sentences.py collects them from the code; a test fails where one is missing
in resources/locale.
"""

import gettext
import locale
from collections.abc import Iterable, Mapping

from slm_studio.core import paths
from slm_studio.core.errors import StudioError, fill

DOMAIN = "slm_studio"
LANGUAGES = {"en": "English", "zh_CN": "简体中文"}
FULL_WIDTH = "。！？；：，、）》…"


class Translator:
    """Turns templates into sentences of one language."""

    def __init__(self, language: str = "en") -> None:
        self.language = language
        folder = str(paths.resources() / "locale")
        self._catalogue = gettext.translation(DOMAIN, folder, [language], fallback=True)

    def sentence(self, template: str, values: Mapping[str, object] | None = None) -> str:
        """Return the translated template with its values filled in."""
        return fill(self._catalogue.gettext(template) if template else "", values or {})


_current = Translator()


def use_language(language: str) -> str:
    """Choose the language of all later sentences; "auto" follows the system. Returns the one in use."""
    global _current
    chosen = system_language() if language == "auto" else language
    _current = Translator(chosen if chosen in LANGUAGES else "en")
    return _current.language


def current_language() -> str:
    """Return the language in use."""
    return _current.language


def system_language() -> str:
    """Return zh_CN on a Chinese system, else en."""
    name = locale.getlocale()[0] or locale.getlocale(locale.LC_CTYPE)[0] or ""
    return "zh_CN" if name.lower().startswith(("zh", "chinese")) else "en"


def tr(template: str, **values: object) -> str:
    """Return a sentence in the person's language. Example: tr("{n} {n:row|rows}", n=3) == "3 rows\""""
    return _current.sentence(template, values)


def say(template: str, values: Mapping[str, object] | None) -> str:
    """Return a template that travelled (in a Note, Finding or Remark) as a sentence."""
    return _current.sentence(template, values)


def explain(error: StudioError) -> tuple[str, str]:
    """Return what happened and what to do now, in the person's language."""
    return _current.sentence(error.message, error.values), _current.sentence(error.hint, error.values)


def in_line(sentences: Iterable[str]) -> str:
    """Return sentences one behind the other, empty ones left out; behind a full-width sign no blank stands (GB/T 15834)."""
    line = ""
    for sentence in filter(None, sentences):
        line += ("" if not line or line[-1] in FULL_WIDTH else " ") + sentence
    return line


def mark(template: str) -> str:
    """Name a template for the catalogue without translating it yet."""
    return template
