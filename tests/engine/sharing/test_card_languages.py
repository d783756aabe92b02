"""A card names the languages of a model's texts, or those that the person wrote, and asks in the model's own."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from slm_studio.core import files
from slm_studio.core.saved import SavedModel
from slm_studio.engine.data.languages import main_languages
from slm_studio.engine.sharing.card import write_card

TRANSLATOR = SavedModel(
    folder="", name="m", task="rewrite", base="blank:lstm-nano", facts={"target": "translation"}, language="zh", languages=("en", "zh")
)  # fmt: skip


@pytest.mark.parametrize(
    ("written", "named"),
    [
        ("", ["zh", "en"]),
        ("en", ["en"]),
        ("en,zh", ["en", "zh"]),
        ("zh、yue", ["zh", "yue"]),
        ("multilingual", ["multilingual"]),
    ],
)
def test_the_front_matter_names_them(written: str, named: list[str]) -> None:
    card = write_card(TRANSLATOR, None, language=written)

    assert yaml.safe_load(card.split("---\n")[1])["language"] == named


def test_what_is_no_code_of_a_language_is_left_out() -> None:
    assert "language:" not in write_card(replace(TRANSLATOR, language="", languages=()), None, language="Chinese!")


def test_the_examples_are_in_the_language_of_what_is_asked() -> None:
    assert "车站在哪里？" in write_card(TRANSLATOR, None)
    assert "Where is the station?" in write_card(replace(TRANSLATOR, language="en"), None)
    assert "languages “zh” and “en”" in write_card(TRANSLATOR, None)


def test_word_vectors_are_asked_a_word_that_they_know(tmp_path: Path) -> None:
    vectors = SavedModel(folder=str(tmp_path), name="v", task="words", base="blank:cbow-nano", language="zh")
    files.write_json(tmp_path / "word_vocabulary.json", {"names": ["的", "。。", "渔船", "国"]})

    assert 'vectors("渔船")' in write_card(vectors, None)
    files.write_json(tmp_path / "word_vocabulary.json", {"names": ["的", "国王"]})
    assert 'most_similar("国王")' in write_card(vectors, None)


def test_the_languages_of_texts_are_those_of_a_good_part_of_them() -> None:
    assert main_languages(["你好世界"] * 6 + ["this is a text of the sea"] * 4) == ("zh", "en")
    assert main_languages(["你好世界"] * 9 + ["this is a text of the sea"]) == ("zh",)
    assert main_languages([]) == ()
