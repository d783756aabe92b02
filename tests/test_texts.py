"""Every sentence a person may read exists in every language, with the same values in it."""

import re
import sys
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from slm_studio.core import texts

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "packaging"))
import sentences  # noqa: E402  (packaging/ is no package: it would shadow PyPI's)

NAME = re.compile(r"\{[a-z_]+\}")


@pytest.mark.parametrize("language", sentences.LANGUAGES)
def test_no_sentence_is_missing_and_none_is_stale(language: str) -> None:
    lacking, unused = sentences.missing(language)

    assert not lacking, "run: python packaging/sentences.py, and translate"
    assert not unused, "run: python packaging/sentences.py"


@pytest.mark.parametrize("language", sentences.LANGUAGES)
def test_translations_keep_the_values(language: str) -> None:
    with (ROOT / "resources" / "locale" / language / "LC_MESSAGES" / "slm_studio.po").open("rb") as stream:
        catalogue = read_po(stream, locale=language)

    for message in catalogue:
        if message.id:
            assert set(NAME.findall(message.string)) == set(NAME.findall(message.id)), message.id


def test_the_language_changes_without_a_restart() -> None:
    assert texts.tr("Open…") == "Open…"
    texts.use_language("zh_CN")
    assert texts.tr("Open…") == "打开…"
    assert texts.current_language() == "zh_CN"


def test_an_unknown_language_is_english() -> None:
    assert texts.use_language("xx") == "en"


def test_values_are_filled_after_translation() -> None:
    assert texts.tr("{n} {n:row|rows}", n=1) == "1 row"
    assert texts.tr("{n} {n:row|rows}", n=12345) == "12,345 rows"
