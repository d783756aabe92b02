"""What nobody sees is nothing; what somebody sees is something."""

import pytest

from slm_studio.core.emptiness import is_empty


@pytest.mark.parametrize("text", ["", " ", "\t\n", "\u3000", "\xa0", "\u200b", " \ufeff\u200d\n"])
def test_blanks_and_characters_without_a_shape_are_nothing(text: str) -> None:
    assert is_empty(text)


@pytest.mark.parametrize("text", ["a", "。", "\u200b-\u200b", "👩\u200d🚀", "0"])
def test_what_has_a_shape_is_something(text: str) -> None:
    assert not is_empty(text)
