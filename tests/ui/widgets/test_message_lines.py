"""The little Markdown of messages: line by line, and every letter knows where it stands in the source."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slm_studio.ui.widgets.message_lines import LineReader, Run, read_line, runs


@pytest.mark.parametrize(
    ("line", "kind", "level", "sign", "words"),
    [
        ("plain", "text", 0, "", "plain"),
        ("", "blank", 0, "", ""),
        ("## Two", "heading", 2, "", "Two"),
        ("#hashtag", "text", 0, "", "#hashtag"),
        ("- one", "item", 0, "•", "one"),
        ("  * two", "item", 1, "•", "two"),
        ("3. three", "item", 0, "3.", "three"),
        ("3.5 is a number", "text", 0, "", "3.5 is a number"),
        ("> said", "quote", 0, "", "said"),
        ("---", "rule", 0, "", ""),
        ("你好，**世界**", "text", 0, "", "你好，世界"),
    ],
)
def test_lines_are_what_they_look_like(line, kind, level, sign, words):
    found = read_line(line)

    assert (found.kind, found.level, found.sign) == (kind, level, sign)
    assert "".join(run.text for run in found.runs) == words


def test_marks_are_looks_where_they_are_closed():
    assert runs("a **b** `c*d*` *e* _f_") == [
        Run("a ", 0),
        Run("b", 4, strong=True),
        Run(" ", 7),
        Run("c*d*", 9, code=True),
        Run(" ", 14),
        Run("e", 16, slanted=True),
        Run(" ", 18),
        Run("f", 20, slanted=True),
    ]


@pytest.mark.parametrize(
    "line", ["2 * 3 * 4", "snake_case_name", "**open", "`open", "a ** b ** c", "* * spaces", "<b>x</b>"]
)
def test_what_is_no_mark_stays_as_it_is(line):
    assert "".join(run.text for run in runs(line)) == line


def test_a_block_of_code_is_code_until_it_closes():
    reader = LineReader()

    kinds = [reader.read(line).kind for line in ["```python", "# no heading", "~~~", "", "```", "# heading"]]

    assert kinds == ["fence", "code", "code", "code", "fence", "heading"]


def test_a_fence_that_is_still_coming_is_held_back():
    reader = LineReader()

    assert all(reader.may_be_fence(line) for line in ("`", "``", "```", "```py", "~~"))
    assert not any(reader.may_be_fence(line) for line in ("`a`", "a ```", "text"))


@given(st.text(alphabet="a *_`#->1.~\t你🙂", max_size=40))
def test_every_letter_stands_where_it_says(line):
    for run in read_line(line).runs:
        assert line[run.start : run.start + len(run.text)] == run.text
