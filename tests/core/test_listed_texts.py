"""Texts that are kept as lists: which columns are read so, and what they read as."""

import pytest

from slm_studio.core.dataset import Column, Kind
from slm_studio.core.listed_texts import read_as
from slm_studio.core.prompt import read_cell
from slm_studio.core.tasks import all_tasks
from slm_studio.core.tasks.info import Role


def column(kind: Kind, *examples: str) -> Column:
    return Column(name="a", kind=kind, filled=1, distinct=1, examples=examples)


def test_a_list_is_the_lines_of_a_text_or_its_words() -> None:
    assert read_cell('["One.", "Two\\n\\"three\\"."]', "lines") == 'One.\nTwo\n"three".'
    assert read_cell('["在", "New", "York", "。"]', "sentence") == "在New York。"
    assert read_cell("[]", "lines") == ""


@pytest.mark.parametrize("cell", ["plain", "[1, 2]", "[sic] a text", '["a", {"b": 1}]', ""])
def test_what_is_no_list_of_texts_stays_as_it_is(cell: str) -> None:
    assert read_cell(cell, "lines") == read_cell(cell, "sentence") == cell


@pytest.mark.parametrize("role", [role for info in all_tasks() for role in info.roles], ids=lambda role: role.name)
def test_only_texts_are_put_together(role: Role) -> None:
    found = read_as(role, column("list", '["a", "b"]'))

    assert found == ("lines" if role.reads == "text" and not role.takes_lists else role.reads)
    assert read_as(role, column("text", "[a] text")) == role.reads


def test_words_in_a_list_stay_words_but_lines_are_none() -> None:
    role = Role(name="text", title="Text", help="texts", reads="words")

    assert read_as(role, column("list", '["one", "two"]', '["three", "."]')) == "words"
    assert read_as(role, column("list", '["气和玉烛，睿化著鸿明。", "缇管一阳生。"]')) == "lines"
    assert read_as(role, column("list", '["to be or not", "that is"]')) == "lines"
    assert read_as(role, column("words", '["a b", "c d"]')) == "words"
