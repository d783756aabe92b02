"""Names of repositories: what a hub takes, and what a model is called there whose name it does not take."""

import pytest

from slm_studio.core.hub_names import is_repository_name, is_whole_name, loses_letters, proposed_name
from slm_studio.core.saved import SavedModel


def model(name: str, task: str = "classify", language: str = "zh") -> SavedModel:
    return SavedModel(folder="", name=name, task=task, base="b", language=language, created="2026-11-28T20:31:15+00:00")


@pytest.mark.parametrize(
    ("name", "proposal"),
    [
        ("My model", "my-model"),
        ("x--y..z.", "x-y-z"),
        ("Café № 2", "cafe-no-2"),
        ("ＢＥＲＴ２", "bert2"),
        ("bert_base.v2", "bert_base.v2"),
        ("mine.git", "mine"),
        ("模型 a 😀", "text-classification-chinese-a-20261128-2031"),
        ("情感分析", "text-classification-chinese-20261128-2031"),
        ("情感分析 v2", "text-classification-chinese-v2-20261128-2031"),
        ("😀😀", "text-classification-chinese-20261128-2031"),
        ("！—…", "text-classification-chinese-20261128-2031"),
        ("a" * 200, "a" * 96),
    ],
)
def test_a_model_is_called_as_a_hub_takes_it(name: str, proposal: str) -> None:
    assert proposed_name(model(name)) == proposal
    assert is_repository_name(proposal)


@pytest.mark.parametrize(
    "name", ["词" * 200, "word " * 60, "a词" * 200, "-" * 300, "a.git.git", "._-", "x" * 95 + "-y", ""]
)
def test_whatever_it_is_called_there_is_a_name(name: str) -> None:
    assert is_repository_name(proposed_name(model(name)))
    assert is_repository_name(proposed_name(model(name, task="", language="")))


def test_the_language_is_named_where_it_is_known() -> None:
    assert proposed_name(model("Ü 模", "search", "en")) == "sentence-similarity-english-u-20261128-2031"
    assert proposed_name(model("模", "search", "")) == "sentence-similarity-20261128-2031"


@pytest.mark.parametrize(
    "name", ["情感", "a b", ".a", "a.", "-a", "a-", "a--b", "a..b", "a" * 97, "", "a.git", "a/b", "é"]
)
def test_what_no_hub_takes_is_told(name: str) -> None:
    assert not is_repository_name(name)
    assert not is_whole_name(f"ada/{name}")


@pytest.mark.parametrize("name", ["ada/情感", "情感/ada", "ada", "ada/", "/ada", "a/b/c"])
def test_a_whole_name_has_an_owner(name: str) -> None:
    assert not is_whole_name(name)
    assert is_whole_name("ada-l/bert_base.v2")


def test_punctuation_is_no_loss() -> None:
    assert [loses_letters(name) for name in ("a! b 😀", "café", "情感", "!!", "")] == [False, False, True, True, True]
