"""Sentences stand one behind the other as each language sets them."""

import pytest

from slm_studio.core.texts import in_line


@pytest.mark.parametrize(
    ("sentences", "line"),
    [
        (("It stops.", "It keeps the best."), "It stops. It keeps the best."),
        (("读 60 遍。", "提前停止。"), "读 60 遍。提前停止。"),
        (("没有“ű”", "换一个。"), "没有“ű” 换一个。"),
        (("", "Only one.", ""), "Only one."),
        ((), ""),
    ],
)
def test_a_blank_parts_sentences_but_not_behind_a_full_width_sign(sentences: tuple[str, ...], line: str) -> None:
    assert in_line(sentences) == line
