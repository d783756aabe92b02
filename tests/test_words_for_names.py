"""No sentence that a person reads holds a name that only programs use, like mask_personal."""

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from slm_studio import engine
from slm_studio.core import texts
from slm_studio.core.cleaning import STEPS
from slm_studio.core.dataset import Dataset
from slm_studio.core.recipe import make_recipe
from slm_studio.core.texts import say
from slm_studio.engine.data.cleaning import CELLS, OF_LABELS
from slm_studio.ui.data.dataset_words import remark_words
from slm_studio.ui.parts.naming import file_words
from slm_studio.ui.train.runs_view import differences

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "packaging"))
import sentences  # noqa: E402  (packaging/ is no package: it would shadow PyPI's)

HOLE, IDENTIFIER = re.compile(r"\{[^}]*\}"), re.compile(r"\b[a-zA-Z]+(?:_[a-zA-Z0-9]+)+\b")
TYPED = {
    "shift_jis",
    "SLM_STUDIO_HOME",
    "HF_TOKEN",
    "HF_HUB_OFFLINE",
    "add_generation_prompt",
}  # what a person types as it stands here


def identifiers(sentence: str) -> set[str]:
    return set(IDENTIFIER.findall(HOLE.sub("", sentence))) - TYPED


def test_no_sentence_holds_an_identifier() -> None:
    found = {(place, sentence) for sentence, place in sentences.sentences() if identifiers(sentence)}

    assert not found


@pytest.fixture
def cleaned(tmp_path: Path) -> Dataset:
    path = tmp_path / "tickets.csv"
    path.write_text("text,label\nmail me at ada@example.org,a\n bye ,b\nhello again,a\nhello again,a\n")
    dataset = list(engine.read(str(path)))[-1].result
    recipe = make_recipe("classify", roles={"text": "text", "label": "label"})
    return list(engine.clean(dataset, tuple(STEPS), recipe))[-1].result


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_what_cleaning_did_is_said_in_words(cleaned: Dataset, language: str) -> None:
    texts.use_language(language)

    said = [remark_words(remark) for remark in cleaned.report.remarks]

    assert len(said) >= len(STEPS)
    assert not [sentence for sentence in said if identifiers(sentence)]
    in_words = "Mask personal data" if language == "en" else texts.tr("Mask personal data")
    assert any(in_words in sentence for sentence in said)
    assert (language == "en") == (file_words(cleaned.name) == "tickets.csv (cleaned)")


def test_the_command_line_says_the_steps_in_words_too(cleaned: Dataset) -> None:
    said = [say(remark.message, {"count": remark.count, **(remark.values or {})}) for remark in cleaned.report.remarks]

    assert not [sentence for sentence in said if identifiers(sentence)]


def test_what_mends_cells_is_a_step_with_a_title() -> None:
    assert set(OF_LABELS) < CELLS.keys() < STEPS.keys()
    assert all(step.title and step.help and step.word for step in STEPS.values())


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_settings_that_differ_are_named_as_their_fields_are(language: str) -> None:
    texts.use_language(language)
    one = make_recipe("classify", base="blank:bag-small", roles={"text": "text", "label": "label"}).settled()
    other = replace(
        make_recipe("classify", base="blank:lstm-small", roles=dict(one.roles)), learning_rate=0.5, eval_every=3
    ).settled()

    rows = differences([one, other])

    assert not [cell for row in rows for cell in row if identifiers(cell)]
    assert {texts.tr("Base"), texts.tr("Learning rate")} <= {row[0] for row in rows}
