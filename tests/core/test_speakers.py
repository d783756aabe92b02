"""Speakers: who says what in a cell, whichever way a file names them."""

import pytest

from slm_studio.core.speakers import turns_in


@pytest.mark.parametrize(
    ("cell", "turns"),
    [
        ('[{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]', [("system", "Be kind."), ("user", "Hi")]),
        ('[{"from": "human", "value": "Hi"}, {"from": "gpt", "value": "Hello"}]', [("user", "Hi"), ("assistant", "Hello")]),
        ('[{"speaker": "客服", "text": "您好"}]', [("assistant", "您好")]),
        ('[{"human": "1 + 1?", "assistant": "2"}]', [("user", "1 + 1?"), ("assistant", "2")]),
        ('[{"role": "tool", "content": "{}"}]', [("tool", "{}")]),
        ('["Hi", "Hello"]', []),
        ('[{"role": "user", "content": ["Hi"]}]', []),
        ('{"role": "user"}', []),
        ("Hi", []),
        ("[" * 100_000, []),
        ("", []),
    ],
)  # fmt: skip
def test_a_cell_says_who_says_what_or_nothing(cell: str, turns: list[tuple[str, str]]) -> None:
    assert turns_in(cell) == turns
