"""Which columns are a text and what it becomes: named so, or in two languages; and what must not be taken for that."""

from dataclasses import replace

import pytest

from slm_studio.core.dataset import Column
from slm_studio.core.pair_columns import is_chinese, language_in, pair_roles


def column(name: str, kind: str = "text", distinct: int = 90, examples: tuple[str, ...] = ("Some words.",)) -> Column:
    return Column(name=name, kind=kind, filled=100, distinct=distinct, examples=examples)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("en", "zh"), ("en", "zh", "translation")),
        (("translation.de", "translation.fr"), ("translation.de", "translation.fr", "translation")),
        (("id", "document", "summary"), ("document", "summary", "summary")),
        (("wrong", "right"), ("wrong", "right", "correction")),
        (("正文", "摘要"), ("正文", "摘要", "summary")),
        (("source", "target"), ("source", "target", "")),
    ],
)
def test_names_say_it(names: tuple[str, ...], found: tuple[str, str, str]) -> None:
    assert pair_roles([column(name) for name in names]) == found


def test_two_columns_without_names_are_a_pair_where_one_alone_is_chinese() -> None:
    english, chinese = column("column_1"), column("column_2", examples=("今天天气很好。",))

    assert pair_roles([english, chinese]) == ("column_1", "column_2", "translation")
    assert pair_roles([english, column("column_2")]) is None
    assert pair_roles([column("title"), column("comment", examples=("今天天气很好。",))]) is None


def test_a_line_with_more_fields_does_not_hide_a_pair() -> None:
    pair = [column("column_1"), column("column_2", examples=("今天天气很好。",))]

    assert pair_roles([*pair, replace(column("column_3"), filled=1, distinct=1)]) == (
        "column_1",
        "column_2",
        "translation",
    )
    assert pair_roles([*pair, column("column_3")]) is None


@pytest.mark.parametrize(
    "columns",
    [
        [column("text"), column("label", "label", 3)],
        [column("source"), column("target", "label", 3)],  # a label that is called target
        [column("sentence1"), column("sentence2"), column("label", "label", 2)],
        [column("question"), column("answer")],
        [column("query"), column("passage")],
        [column("messages", "messages"), column("source"), column("target")],
        [column("id", "id"), column("en")],
        [column("en")],
    ],
    ids=lambda columns: "-".join(each.name for each in columns),
)
def test_other_tasks_keep_their_columns(columns: list[Column]) -> None:
    assert pair_roles(columns) is None


def test_languages_and_scripts() -> None:
    assert (language_in("zh-CN"), language_in("data.en"), language_in("note")) == ("zh", "en", "")
    assert is_chinese(["你好 Tom"]) and not is_chinese(["hello 你"]) and not is_chinese(["12"])
