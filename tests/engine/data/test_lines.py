"""Physical lines."""

import pytest

from slm_studio.engine.data.lines import split_lines


def joined(texts: list[str], **options: bool) -> list[tuple[str, str]]:
    return [pair for lines, ends in split_lines(iter(texts), **options) for pair in zip(lines, ends, strict=True)]


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_lines_and_ends_give_the_text_back_however_it_is_cut(size: int) -> None:
    text = "a\r\nb\rc\nd\n\n\r\re\u2028f\x85g"
    texts = [text[at : at + size] for at in range(0, len(text), size)]

    found = joined(texts)

    assert "".join(line + end for line, end in found) == text
    assert [line for line, _ in found] == ["a", "b", "c", "d", "", "", "", "e\u2028f\x85g"]


def test_final_newline_opens_no_further_line() -> None:
    assert joined(["a\n"]) == [("a", "\n")]
    assert joined(["a\n\n"]) == [("a", "\n"), ("", "\n")]
    assert joined(["a\r"]) == [("a", "\r")]
    assert joined([""]) == []


def test_lone_returns_may_stay_inside() -> None:
    assert joined(["a\rb\r\nc"], lone_returns_end=False) == [("a\rb", "\r\n"), ("c", "")]
